//! The bounded queue in front of a writer thread.
//!
//! Who finds it full is told so at once. A reserve is kept for what must get through then (a suspension, a hotline
//! message); it is room, not precedence: everything is taken in the order in which it came.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Which room a submission may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// The ordinary room.
    #[default]
    Ordinary,
    /// The ordinary room and the reserve, of the queue and of the disk.
    Vital,
}

/// Why something was not queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotQueued {
    Full,
    Closed(String),
}

/// A queue of `T`.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    ordinary: usize,
    reserve: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: Option<String>,
}

impl<T> Queue<T> {
    pub(super) fn new(ordinary: usize, reserve: usize) -> Self {
        let state = State { waiting: VecDeque::new(), closed: None };
        Self { state: Mutex::new(state), filled: Condvar::new(), ordinary, reserve }
    }

    pub(super) fn push(&self, item: T, priority: Priority) -> Result<(), NotQueued> {
        let mut state = self.lock();
        if let Some(why) = &state.closed {
            return Err(NotQueued::Closed(why.clone()));
        }
        let room = match priority {
            Priority::Ordinary => self.ordinary,
            Priority::Vital => self.ordinary.saturating_add(self.reserve),
        };
        if state.waiting.len() >= room {
            return Err(NotQueued::Full);
        }
        state.waiting.push_back(item);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Everything that waits, at most `max`; waits for the first. `None` once the queue is closed and empty.
    pub(super) fn take(&self, max: usize) -> Option<VecDeque<T>> {
        let state = self.lock();
        let waits = |state: &mut State<T>| state.waiting.is_empty() && state.closed.is_none();
        let mut state = self.filled.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        if state.waiting.is_empty() {
            return None;
        }
        let rest = if state.waiting.len() > max { state.waiting.split_off(max) } else { VecDeque::new() };
        Some(std::mem::replace(&mut state.waiting, rest))
    }

    /// Takes nothing more; what waits is still taken out.
    pub(super) fn close(&self, why: &str) {
        self.lock().closed.get_or_insert_with(|| why.to_owned());
        self.filled.notify_all();
    }

    /// Takes nothing more, and gives what waits to the caller.
    pub(super) fn abandon(&self, why: &str) -> VecDeque<T> {
        let mut state = self.lock();
        state.closed = Some(why.to_owned());
        std::mem::take(&mut state.waiting)
    }

    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_for_vital_submissions_alone() {
        let queue = Queue::new(2, 1);
        assert_eq!(queue.push(1, Priority::Ordinary), Ok(()));
        assert_eq!(queue.push(2, Priority::Vital), Ok(()));
        assert_eq!(queue.push(3, Priority::Ordinary), Err(NotQueued::Full));
        assert_eq!(queue.push(4, Priority::Vital), Ok(()));
        assert_eq!(queue.push(5, Priority::Vital), Err(NotQueued::Full));
        assert_eq!(queue.take(2).unwrap(), [1, 2]);
        assert_eq!(queue.take(2).unwrap(), [4]);
    }

    #[test]
    fn a_closed_queue_gives_out_what_waits_and_then_ends() {
        let queue = Queue::new(2, 0);
        queue.push(1, Priority::Ordinary).unwrap();
        queue.close("stopping");
        assert_eq!(queue.push(2, Priority::Vital), Err(NotQueued::Closed("stopping".into())));
        assert_eq!(queue.take(9).unwrap(), [1]);
        assert_eq!(queue.take(9), None);
    }
}
