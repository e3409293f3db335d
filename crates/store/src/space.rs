//! Room on disk, held ahead of need, so that a full disk is met before a group is in the making and not while one is
//! written.
//!
//! A keeper, a thread of its own, holds the next segment of the journal, room for the index to grow, and a reserve that
//! becomes a segment when none can be made otherwise. All three are blocks that the file system has given out, so that
//! nobody else can fill them. While one of them is not whole, or the disk has less left than the margin, the disk is
//! short: only what is vital is taken, and it lives on what is held. The keeper looks again and again, and once all is
//! whole everything is taken as before.
//!
//! A group costs the writer no look at the disk: it reads what the keeper found.

mod keeper;
mod room;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::index::IndexStore;
use crate::journal::{segment_name, sync_directory};
use crate::writer::Priority;

use keeper::Keeper;
use room::{Next, Reserve, SPARE, afford, made_large};
pub(crate) use room::{allocate_ahead, allocated_bytes, disk_left, lend_for_a_start};

/// What a group that is about to be made may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Anything.
    All,
    /// What is vital: the disk is short.
    Vital,
    /// Nothing that writes: what was held is used up.
    Nothing,
}

impl Claim {
    /// Whether a submission of that priority may write.
    pub(crate) fn admits(self, priority: Priority) -> bool {
        match self {
            Self::All => true,
            Self::Vital => priority == Priority::Vital,
            Self::Nothing => false,
        }
    }
}

/// How soon the next segment is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// Nobody can tell.
    #[default]
    Later,
    /// The one in use is half full: it is filled with zeros now.
    Soon,
    /// Somebody waits for it: where it cannot be made, the reserve becomes it.
    Now,
}

/// What the keeper holds for one journal.
#[derive(Debug)]
struct Held {
    state: Mutex<State>,
    turned: Condvar,
    /// Bytes of the next segment; 0 where there is none. It is read without the lock.
    ready_bytes: AtomicU64,
    short: AtomicBool,
    /// For the own ledger alone.
    reserve: Mutex<Option<Reserve>>,
}

#[derive(Debug, Default)]
struct State {
    next: Option<Next>,
    need: Need,
    /// Passes that were asked for, and the newest of them that is done.
    asked: u64,
    done: u64,
    stopped: bool,
    /// The keeper has gone, so that nothing is held any more.
    ended: bool,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve(&self) -> MutexGuard<'_, Option<Reserve>> {
        self.reserve.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a pass and waits until it is done.
    fn pass(&self, need: Need) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.need = state.need.max(need);
        state.asked += 1;
        let ticket = state.asked;
        self.turned.notify_all();
        let waits = |state: &mut State| state.done < ticket && !state.ended;
        self.turned.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a pass and does not wait.
    fn ask(&self, need: Need) {
        let mut state = self.lock();
        state.need = state.need.max(need);
        state.asked += 1;
        drop(state);
        self.turned.notify_all();
    }
}

/// Tells whether the disk is short; clones tell of the same.
#[derive(Clone, Debug)]
pub(crate) struct Shortness(Arc<Held>);

impl Shortness {
    pub(crate) fn is_short(&self) -> bool {
        self.0.short.load(Ordering::Relaxed)
    }
}

/// The room of one journal, and of the ledger that it is the journal of.
#[derive(Debug)]
pub(crate) struct Space {
    journal: PathBuf,
    segment_bytes: u64,
    held: Arc<Held>,
    keeper: Option<JoinHandle<()>>,
}

impl Space {
    /// The room of the journal in that folder, whose segments have `segment_bytes`; a next one that an earlier run left ready
    /// is taken over. Nothing more is held before it is asked for.
    pub(crate) fn open(journal: &Path, segment_bytes: u64) -> io::Result<Self> {
        let next = room::left_ready(journal, segment_bytes)?;
        let held = Arc::new(Held {
            ready_bytes: AtomicU64::new(next.as_ref().map_or(0, |next| next.bytes)),
            state: Mutex::new(State { next, ..State::default() }),
            turned: Condvar::new(),
            short: AtomicBool::new(false),
            reserve: Mutex::new(None),
        });
        let keeper = Keeper::new(journal, segment_bytes, &held);
        let keeper = thread::Builder::new().name("space".into()).spawn(move || keeper.until_stopped())?;
        Ok(Self { journal: journal.to_owned(), segment_bytes, held, keeper: Some(keeper) })
    }

    /// Holds a reserve in `directory` as well, half of `bytes` for the journal and half for the growth of the index, and
    /// watches the disk from now on. Returns when that was done, or could not be.
    pub(crate) fn reserve(&self, directory: &Path, bytes: u64, index: &Arc<IndexStore>) {
        *self.held.reserve() = Some(Reserve::new(directory, bytes / 2, Arc::clone(index)));
        drop(self.held.pass(Need::Later));
    }

    /// Whether the disk is short.
    pub(crate) fn is_short(&self) -> bool {
        self.held.short.load(Ordering::Relaxed)
    }

    /// What readers may know of it.
    pub(crate) fn shortness(&self) -> Shortness {
        Shortness(Arc::clone(&self.held))
    }

    /// What the next group may hold, where the segment in use has `left` bytes and a group mostly needs no more than `group`.
    ///
    /// INVARIANT (STO-4): what is ordinary is claimed for only while all that is held for what is vital is whole.
    pub(crate) fn claim(&self, left: u64, group: u64) -> Claim {
        let enough = || left >= group || self.held.ready_bytes.load(Ordering::Acquire) > 0;
        if !enough() {
            drop(self.held.pass(Need::Now));
        }
        match (enough(), self.is_short()) {
            (false, _) => Claim::Nothing,
            (true, true) => Claim::Vital,
            (true, false) => Claim::All,
        }
    }

    /// Begins to hold the next segment.
    pub(crate) fn hold(&self) {
        self.held.ask(Need::Later);
    }

    /// Tells that the next segment is needed soon.
    pub(crate) fn soon(&self) {
        if self.held.lock().need == Need::Later {
            self.held.ask(Need::Soon);
        }
    }

    /// A zero-filled segment of at least `bytes` under the name of `number`, both durable, and its length; `None` where there
    /// is no room for it, and then nothing has changed.
    pub(crate) fn take(&self, number: u64, bytes: u64) -> io::Result<Option<(File, u64)>> {
        let (path, next) = if bytes <= self.segment_bytes.max(self.held.ready_bytes.load(Ordering::Acquire)) {
            let serves = |next: &mut Next| next.zeroed && next.bytes >= bytes;
            let mut state = self.held.lock();
            let mut next = state.next.take_if(serves);
            if next.is_none() {
                drop(state);
                state = self.held.pass(Need::Now);
                next = state.next.take_if(serves);
            }
            let Some(next) = next else { return Ok(None) };
            state.need = Need::Later;
            self.held.ready_bytes.store(0, Ordering::Release);
            drop(state);
            (self.journal.join(SPARE), next)
        } else {
            match made_large(&self.journal, bytes) {
                Ok(made) => made,
                Err(error) if error.kind() == io::ErrorKind::StorageFull => return Ok(None),
                Err(error) => return Err(error),
            }
        };
        std::fs::rename(path, self.journal.join(segment_name(number)))?;
        sync_directory(&self.journal)?;
        self.held.ask(Need::Later);
        Ok(Some((next.file, next.bytes)))
    }

    /// Whether the disk has that much to spare, for room that cannot be held ahead.
    pub(crate) fn affords(&self, bytes: u64) -> bool {
        afford(&self.journal, bytes).is_ok()
    }

    /// Gives room of the reserve back to the file system for something that lies in a file of its own; it does nothing while
    /// the disk is not short.
    pub(crate) fn give_back(&self, bytes: u64) {
        if let Some(reserve) = self.held.reserve().as_mut().filter(|_| self.is_short()) {
            reserve.give_back(bytes);
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.held.lock().stopped = true;
        self.held.turned.notify_all();
        if let Some(keeper) = self.keeper.take() {
            // What it holds stays for the next start; here it only must not outlive the directory's owner.
            let _ = keeper.join();
        }
    }
}
