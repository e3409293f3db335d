//! The keeper: makes whole what is held, whenever it is asked and, while it watches or something is missing, by itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::room::{Next, made};
use super::{Held, Need, State};

/// How often the keeper looks at the disk by itself.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What the keeper's thread owns.
pub(super) struct Keeper {
    journal: PathBuf,
    segment_bytes: u64,
    held: Arc<Held>,
}

impl Keeper {
    pub(super) fn new(journal: &Path, segment_bytes: u64, held: &Arc<Held>) -> Self {
        Self { journal: journal.to_owned(), segment_bytes, held: Arc::clone(held) }
    }

    /// Keeps until it is told to stop.
    pub(super) fn until_stopped(self) {
        // However it ends: a keeper that panics must not leave the writer waiting.
        let _gone = Gone(Arc::clone(&self.held));
        let mut looks = false;
        while let Some((asked, need)) = self.asked(looks) {
            let kept = self.pass(need);
            self.tell(&kept);
            looks = kept.is_err() || self.held.reserve().is_some();
            self.held.lock().done = asked;
            self.held.turned.notify_all();
        }
    }

    /// Waits until a pass is asked for, or due by itself where it `looks`; `None` once it is to stop.
    fn asked(&self, looks: bool) -> Option<(u64, Need)> {
        let (state, turned) = (self.held.lock(), &self.held.turned);
        let rests = |state: &mut State| state.asked == state.done && !state.stopped;
        let state = if looks {
            turned.wait_timeout_while(state, LOOK_EVERY, rests).unwrap_or_else(PoisonError::into_inner).0
        } else {
            turned.wait_while(state, rests).unwrap_or_else(PoisonError::into_inner)
        };
        (!state.stopped).then_some((state.asked, state.need))
    }

    /// Makes whole what is not; tries all of it, and gives the first thing that could not be done.
    fn pass(&self, need: Need) -> Result<(), String> {
        let mut kept = Ok(());
        let mut note = |what: &str, done: io::Result<()>| {
            if let (Ok(()), Err(error)) = (&kept, done) {
                kept = Err(format!("{what}: {error}"));
            }
        };
        note("the next segment", self.segment(need));
        if let Some(reserve) = self.held.reserve().as_mut() {
            note("the reserve", reserve.fill());
            note("room for the index", reserve.hold_for_the_index());
            note("the disk", reserve.watch());
        }
        kept
    }

    /// Makes the next segment where there is none, out of the reserve where somebody waits and it cannot be had otherwise, and
    /// fills it with zeros where it is needed soon.
    fn segment(&self, need: Need) -> io::Result<()> {
        let present = self.held.lock().next.as_ref().map(|next| next.zeroed);
        if present.is_some_and(|zeroed| zeroed || need == Need::Later) {
            return Ok(());
        }
        // Nobody can take it while it is being filled.
        let present = self.held.lock().next.take();
        let made = present.map_or_else(|| made(&self.journal, self.segment_bytes), Ok);
        let (next, kept) = match made.and_then(|next| readied(next, need)) {
            Ok(next) => (Some(next), Ok(())),
            // Where the reserve cannot be had either, the first fault is the one to tell.
            Err(error) if need == Need::Now => (self.out_of_the_reserve().unwrap_or_default(), Err(error)),
            Err(error) => (None, Err(error)),
        };
        self.held.ready_bytes.store(next.as_ref().map_or(0, |next| next.bytes), Ordering::Release);
        self.held.lock().next = next;
        kept
    }

    /// The reserve as the next segment; `None` where it is not long enough.
    fn out_of_the_reserve(&self) -> io::Result<Option<Next>> {
        let reserve =
            self.held.reserve().as_mut().map(|reserve| reserve.as_segment(&self.journal, self.segment_bytes));
        reserve.transpose()?.flatten().map(|next| readied(next, Need::Now)).transpose()
    }

    /// Tells once of each turn.
    fn tell(&self, kept: &Result<(), String>) {
        let was_short = self.held.short.swap(kept.is_err(), Ordering::Relaxed);
        let journal = self.journal.display();
        match kept {
            Err(cause) if !was_short => {
                tracing::error!(%journal, %cause, "the disk is short; only what is vital is taken");
            }
            Ok(()) if was_short => tracing::warn!(%journal, "the disk has room again"),
            _ => {}
        }
    }
}

/// A next segment, filled with zeros where it is needed soon.
fn readied(mut next: Next, need: Need) -> io::Result<Next> {
    if need > Need::Later {
        next.fill_with_zeros()?;
    }
    Ok(next)
}

/// However the keeper ends, nobody waits for it, and what is ordinary is not taken without it.
struct Gone(Arc<Held>);

impl Drop for Gone {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if !state.stopped {
            self.0.short.store(true, Ordering::Relaxed);
        }
        state.ended = true;
        drop(state);
        self.0.turned.notify_all();
    }
}
