//! The writer thread: drain the queue, decide, append all with one sync, index, publish, answer all.
//!
//! The sync in flight is the batching window: what arrives meanwhile is the next group. There is no timer.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use concord_ledger::{Entry, LogKey};

use super::group::{GroupDraft, Keeper, Outcome, Waiting};
use super::queue::Queue;
use super::salts::Salts;
use super::{Committed, SubmitError, WriterConfig};
use crate::index::Index;
use crate::journal::{Journal, Trailer};
use crate::machine::Machine;
use crate::planted::{self, Bug};
use crate::reader::{Head, Published, Shared};

/// What the writer thread owns.
pub(super) struct Run<M: Machine> {
    journal: Journal,
    index: Index<M>,
    key: LogKey,
    keeper: Keeper,
    salts: Salts,
    shared: Arc<Shared<M>>,
    queue: Arc<Queue<Waiting<M>>>,
    group_commands: usize,
    group_bytes: usize,
    /// What a group mostly needs in the journal, in bytes.
    claim_bytes: u64,
}

/// Bytes that headers, notes and the last submission add to a group's bodies, mostly.
const GROUP_REST_BYTES: u64 = 64 << 10;
/// Bytes that a note may be longer than the one before it: its size has a digit more at most.
const NOTE_GROWTH_BYTES: usize = 32;
/// A row of this length or more may come to lie in a file of its own in the index, for which no room is held ahead.
const LARGE_ROW_BYTES: usize = 32 << 10;

impl<M: Machine> Run<M> {
    pub(super) fn new(
        config: &WriterConfig,
        journal: Journal,
        index: Index<M>,
        key: LogKey,
        keeper: Keeper,
        shared: &Arc<Shared<M>>,
        queue: &Arc<Queue<Waiting<M>>>,
    ) -> Self {
        Self {
            journal,
            index,
            key,
            keeper,
            salts: Salts::default(),
            shared: Arc::clone(shared),
            queue: Arc::clone(queue),
            group_commands: config.group_commands.max(1),
            group_bytes: config.group_bytes,
            claim_bytes: (config.group_bytes as u64 + GROUP_REST_BYTES).min(config.segment_bytes / 4),
        }
    }

    /// Serves the queue until it is closed and empty, or until something fails that must not be retried.
    pub(super) fn until_closed(mut self) {
        let shared = Arc::clone(&self.shared);
        let queue = Arc::clone(&self.queue);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            while let Some(mut waiting) = self.queue.take(self.group_commands) {
                while !waiting.is_empty() {
                    if let Err(fault) = self.unhalted().and_then(|()| self.group(&mut waiting)) {
                        fail(waiting, &fault);
                        return Err(fault);
                    }
                }
            }
            Ok(())
        }));
        let fault = match ended {
            Ok(Ok(())) => return,
            Ok(Err(fault)) => fault,
            Err(_) => "the writer panicked".to_owned(),
        };
        tracing::error!(ledger = %shared.origin, %fault, "the ledger takes nothing more");
        fail(queue.abandon(&fault), &fault);
        shared.fault.send_replace(Some(fault));
    }

    /// Refuses where the ledger was halted meanwhile.
    fn unhalted(&self) -> Result<(), String> {
        self.shared.fault.borrow().clone().map_or(Ok(()), Err)
    }

    /// Makes and finishes one group out of the front of `waiting`.
    fn group(&mut self, waiting: &mut VecDeque<Waiting<M>>) -> Result<(), String> {
        let before = self.shared.published.load_full();
        let claim = self.journal.space().claim(self.journal.left(), self.claim_bytes);
        let mut draft = GroupDraft::new(before.state.clone(), before.size, self.journal.book().previous());
        while let Some(next) = waiting.pop_front() {
            let (index, book) = (&mut self.index, self.journal.book());
            draft.take(next, &self.keeper, &mut self.salts, claim, |name| {
                index.request(name, book).map_err(|error| error.to_string())
            });
            if draft.bytes >= self.group_bytes {
                break;
            }
        }
        if planted::is(Bug::AnswerBeforeWrite) {
            self.answer_own(&mut draft, &before);
        }
        match self.room_for(&draft, &before).and_then(|room| match room {
            true => self.finish(&mut draft, &before).map(Some),
            false => Ok(None),
        }) {
            Ok(Some(published)) => {
                self.answer(draft, &published);
                Ok(())
            }
            Ok(None) => {
                draft.fail(|| SubmitError::DiskFull);
                Ok(())
            }
            Err(fault) => {
                draft.fail(|| SubmitError::Fault(fault.clone()));
                Err(fault)
            }
        }
    }

    /// Whether the journal has room for the group; where it has none, nothing of the group has been done.
    fn room_for(&mut self, draft: &GroupDraft<M>, before: &Published<M>) -> Result<bool, String> {
        if draft.entries.is_empty() {
            return Ok(true);
        }
        let room = self.journal.make_room(&draft.entries, before.checkpoint.len() + NOTE_GROWTH_BYTES);
        room.map_err(|error| format!("the journal could not be written: {error}"))
    }

    /// Makes the group durable, then visible.
    fn finish(
        &mut self,
        draft: &mut GroupDraft<M>,
        before: &Arc<Published<M>>,
    ) -> Result<Arc<Published<M>>, String> {
        if !draft.changed {
            return Ok(Arc::clone(before));
        }
        let mut published = Published {
            state: draft.state.clone(),
            size: before.size,
            root: before.root,
            checkpoint: before.checkpoint.clone(),
        };
        if planted::is(Bug::PublishBeforeWrite) {
            self.shared.published.store(Arc::new(published.clone()));
        }
        if !draft.entries.is_empty() {
            let trailer = self.append(draft)?;
            (published.size, published.root) = (trailer.size, trailer.root);
            published.checkpoint = trailer.checkpoint;
        }
        if planted::is(Bug::StaleSnapshot) {
            published.state = before.state.clone();
        }
        let published = Arc::new(published);
        self.shared.published.store(Arc::clone(&published));
        if published.size != before.size {
            self.shared.head.send_replace(Head { size: published.size, root: published.root });
        }
        Ok(published)
    }

    /// Signs, appends, syncs, and brings the index up to date.
    fn append(&mut self, draft: &mut GroupDraft<M>) -> Result<Trailer, String> {
        let changes = std::mem::take(&mut draft.changes);
        let book = Arc::clone(self.journal.book());
        let size = book.size() + draft.entries.len() as u64;
        let root = book.root_after(draft.entries.iter().map(|entry| entry.leaf_hash()));
        let rows_digest = self.index.digest_after(&changes);
        let trailer = Trailer { size, root, rows_digest, checkpoint: self.key.sign(size, &root) };
        // INVARIANT (STO-1): nothing of the group is visible or answered before this has returned.
        self.journal
            .append(&draft.entries, &trailer)
            .map_err(|error| format!("the journal could not be written: {error}"))?;
        if self.journal.space().is_short() {
            let large = changes.row_bytes().filter(|bytes| *bytes >= LARGE_ROW_BYTES);
            // Twice: the row, and the page on which it lies.
            large.for_each(|bytes| self.journal.space().give_back(2 * bytes as u64));
        }
        self.index.commit(changes, &trailer, &book).map_err(|error| error.to_string())?;
        Ok(trailer)
    }

    /// The bug of that name: answers what the group in the making holds.
    fn answer_own(&self, draft: &mut GroupDraft<M>, before: &Arc<Published<M>>) {
        for (reply, outcome) in std::mem::take(&mut draft.answers) {
            let own = match &outcome {
                Outcome::Entries { first, count, replayed: false } => draft.own(*first, *count),
                _ => None,
            };
            match own {
                Some(entries) => {
                    let published = Arc::clone(before);
                    let _ = reply.send(Ok(Committed { entries, replayed: false, published }));
                }
                None => draft.answers.push((reply, outcome)),
            }
        }
    }

    fn answer(&self, mut draft: GroupDraft<M>, published: &Arc<Published<M>>) {
        for (reply, outcome) in std::mem::take(&mut draft.answers) {
            let committed =
                |entries, replayed| Committed { entries, replayed, published: Arc::clone(published) };
            let answer = match outcome {
                Outcome::Failed(error) => Err(error),
                Outcome::Validated(entries) => Ok(committed(entries, false)),
                Outcome::Entries { first, count, replayed } => {
                    let entries = match draft.own(first, count) {
                        Some(entries) => Ok(entries),
                        None => self.read(first, count).map_err(SubmitError::Internal),
                    };
                    entries.map(|entries| committed(entries, replayed))
                }
            };
            // Who no longer waits needs no answer.
            let _ = reply.send(answer);
        }
    }

    fn read(&self, first: u64, count: u32) -> Result<Vec<Arc<Entry>>, String> {
        let entries =
            self.journal.book().entries(first, count as usize).map_err(|error| error.to_string())?;
        if entries.len() == count as usize {
            Ok(entries.into_iter().map(Arc::new).collect())
        } else {
            Err(format!("entry {first} is not in the journal"))
        }
    }
}

/// Tells all who wait that the ledger takes nothing more.
pub(super) fn fail<M: Machine>(waiting: VecDeque<Waiting<M>>, fault: &str) {
    for Waiting { reply, submission: _ } in waiting {
        // Who no longer waits needs no answer.
        let _ = reply.send(Err(SubmitError::Fault(fault.to_owned())));
    }
}
