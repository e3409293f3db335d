//! One group in the making: submissions decided one after the other against the newest state, before anything of it
//! is durable or answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use concord_ledger::hash::{Hash, to_hex};
use concord_ledger::{Entry, Header, Part};
use tokio::sync::oneshot;

use super::salts::Salts;
use super::{Committed, Mode, Submission, SubmitError};
use crate::index::{GroupChanges, Request, request_name};
use crate::machine::{Context, Draft, Machine};
use crate::planted::{self, Bug};
use crate::space::Claim;

/// Where an answer goes.
pub(super) type Reply<M> = oneshot::Sender<Result<Committed<M>, SubmitError<<M as Machine>::Refusal>>>;

/// A submission and where its answer goes.
pub(super) struct Waiting<M: Machine> {
    pub(super) submission: Submission<M::Command>,
    pub(super) reply: Reply<M>,
}

/// What will be answered once the group is durable.
pub(super) enum Outcome<R> {
    /// The entries at these indexes; they lie in this group or before it.
    Entries { first: u64, count: u32, replayed: bool },
    /// The entries as they would be.
    Validated(Vec<Arc<Entry>>),
    /// No entries.
    Failed(SubmitError<R>),
}

/// Who keeps the ledger.
pub(super) struct Keeper {
    pub(super) accord: String,
    pub(super) service: String,
}

/// A group in the making.
pub(super) struct GroupDraft<M: Machine> {
    pub(super) state: M,
    pub(super) entries: Vec<Arc<Entry>>,
    pub(super) answers: Vec<(Reply<M>, Outcome<M::Refusal>)>,
    /// Bytes of the bodies so far.
    pub(super) bytes: usize,
    /// Whether the state differs from the published one.
    pub(super) changed: bool,
    /// What the entries change in the index.
    pub(super) changes: GroupChanges,
    first_index: u64,
    previous: Hash,
}

impl<M: Machine> GroupDraft<M> {
    pub(super) fn new(state: M, first_index: u64, previous: Hash) -> Self {
        Self {
            state,
            entries: Vec::new(),
            answers: Vec::new(),
            bytes: 0,
            changed: false,
            changes: GroupChanges::default(),
            first_index,
            previous,
        }
    }

    /// Decides one submission, which may write only where the claim admits it; `earlier` looks up a request that an earlier group answered.
    pub(super) fn take(
        &mut self,
        waiting: Waiting<M>,
        keeper: &Keeper,
        salts: &mut Salts,
        claim: Claim,
        earlier: impl FnOnce(&[u8]) -> Result<Option<Request>, String>,
    ) {
        let Waiting { submission, reply } = waiting;
        let remembered = submission.mode == Mode::Commit && !submission.request_id.is_empty();
        let name = remembered.then(|| request_name(&submission.caller.actor, &submission.request_id));
        let known = match name.as_ref().filter(|_| !planted::is(Bug::DoubleApply)) {
            Some(name) => match self.changes.request(name) {
                Some(request) => Ok(Some(request.clone())),
                None => earlier(name),
            },
            None => Ok(None),
        };
        let outcome = match known {
            Err(error) => Outcome::Failed(SubmitError::Internal(error)),
            Ok(Some(Request { first, count, digest })) => {
                if digest == submission.request_digest || planted::is(Bug::ReusedIdentifier) {
                    Outcome::Entries { first, count, replayed: true }
                } else {
                    Outcome::Failed(SubmitError::RequestIdReused)
                }
            }
            Ok(None) => {
                let decided = self.decide(submission, keeper, salts, claim);
                decided.unwrap_or_else(Outcome::Failed)
            }
        };
        self.answers.push((reply, outcome));
    }

    fn decide(
        &mut self,
        submission: Submission<M::Command>,
        keeper: &Keeper,
        salts: &mut Salts,
        claim: Claim,
    ) -> Result<Outcome<M::Refusal>, SubmitError<M::Refusal>> {
        let next_index = self.first_index + self.entries.len() as u64;
        let Submission { caller, request_id, request_digest, at_ns, at, command, mode, priority } =
            submission;
        let context = Context { at: at.clone(), at_ns, next_index };
        let mut state = self.state.clone();
        // A panic costs this submission and its clone of the state, and nothing else.
        let decided = catch_unwind(AssertUnwindSafe(|| state.execute(command, &context)));
        let decided = decided.map_err(|_| SubmitError::Internal("deciding the command panicked".into()))?;
        let writes = mode == Mode::Commit && !matches!(&decided, Ok(drafts) if drafts.is_empty());
        if writes && !claim.admits(priority) {
            return Err(SubmitError::DiskFull);
        }
        let drafts = decided.map_err(SubmitError::Refused)?;
        let mut previous = self.previous;
        let mut entries = Vec::with_capacity(drafts.len());
        let mut changed_rows = Vec::with_capacity(drafts.len());
        let mut bytes = 0;
        for (sequence, Draft { kind, body, rows }) in (next_index..).zip(drafts) {
            bytes += body.len();
            let header = Header {
                accord: keeper.accord.clone(),
                service: keeper.service.clone(),
                sequence,
                kind,
                actor: caller.actor.clone(),
                participant: caller.participant.clone(),
                request_id: request_id.clone(),
                request_digest: if request_id.is_empty() { String::new() } else { request_digest.clone() },
                time: at.clone(),
                previous: to_hex(&previous),
                parts: Vec::new(),
            };
            let entry = compose(header, body, salts).map_err(SubmitError::Internal)?;
            previous = entry.leaf_hash();
            entries.push(Arc::new(entry));
            changed_rows.push(rows);
        }
        if mode == Mode::ValidateOnly {
            return Ok(Outcome::Validated(entries));
        }
        let count = u32::try_from(entries.len())
            .map_err(|_| SubmitError::Internal("too many entries for one command".into()))?;
        for (entry, rows) in entries.iter().zip(changed_rows) {
            self.changes.note(entry, rows);
        }
        self.entries.append(&mut entries);
        let state = if planted::is(Bug::LostUpdate) { self.state.clone() } else { state };
        (self.state, self.previous, self.changed) = (state, previous, true);
        self.bytes += bytes;
        Ok(Outcome::Entries { first: next_index, count, replayed: false })
    }

    /// Answers everybody in the group with one failure.
    pub(super) fn fail(self, error: impl Fn() -> SubmitError<M::Refusal>) {
        for (reply, _) in self.answers {
            // Who no longer waits needs no answer.
            let _ = reply.send(Err(error()));
        }
    }

    /// Entries of this group at these indexes; `None` where they lie before it.
    pub(super) fn own(&self, first: u64, count: u32) -> Option<Vec<Arc<Entry>>> {
        let at = usize::try_from(first.checked_sub(self.first_index)?).ok()?;
        self.entries.get(at..at + count as usize).map(<[Arc<Entry>]>::to_vec)
    }
}

/// An entry with one part, `body`, that everyone may read.
pub(super) fn compose(header: Header, body: Vec<u8>, salts: &mut Salts) -> Result<Entry, String> {
    let part = Part { name: concord_ledger::entry::BODY.to_owned(), salt: salts.next()?, bytes: body };
    Entry::compose(header, vec![(part, Vec::new())]).map_err(|error| error.to_string())
}
