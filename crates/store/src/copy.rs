//! A followed copy: another service's ledger, verified and kept, so that restart and replay work while it is down.
//!
//! It lies in a journal like the own one and is closed by the other's checkpoints. It takes nothing that is not
//! signed by the other's log key and does not extend what it holds.

use std::path::Path;

use concord_ledger::hash::{Hash, ZERO, from_hex};
use concord_ledger::{ChainError, Checkpoint, CheckpointError, Edge, Entry, LogVerifier};

use crate::journal::{Group, Journal, JournalError, ReadError, Syncs, TornTail, Trailer};
use crate::planted::{self, Bug};
use crate::reader::Head;

/// Why something offered is not taken into a copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The checkpoint does not hold.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An entry is not the next one.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// No entries.
    #[error("no entries were given")]
    Empty,
    /// The checkpoint covers another number of entries than would then be held.
    #[error("the entries lead to size {held}, the checkpoint covers {signed}")]
    Size {
        /// Entries that would be held.
        held: u64,
        /// Entries that the checkpoint covers.
        signed: u64,
    },
    /// The other ledger has signed two histories.
    #[error("the checkpoint at size {size} has another root than the copy: the ledger has forked")]
    Forked {
        /// Size at which they differ.
        size: u64,
    },
    /// An earlier write failed; the copy must be opened again.
    #[error("an earlier write failed; the copy must be opened again")]
    Spent,
    /// Writing failed.
    #[error("the copy could not be written: {0}")]
    Io(#[from] std::io::Error),
}

/// How a checkpoint stands to a copy that it is consistent with as far as both go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Everything that it covers is held.
    Held(Checkpoint),
    /// It covers more; whether it extends what is held shows when the entries come.
    Ahead(Checkpoint),
}

/// A group that is offered to a copy; nothing of it is verified yet.
#[derive(Clone, Copy, Debug)]
pub struct Offered<'a> {
    /// Its entries.
    pub entries: &'a [Entry],
    /// The note that closes it.
    pub checkpoint: &'a str,
    /// Digest over the rows that the entries so far give; zeros where it is not known.
    pub rows_digest: Hash,
}

impl<'a> Offered<'a> {
    /// A group of a ledger whose rows are not known.
    #[must_use]
    pub fn new(entries: &'a [Entry], checkpoint: &'a str) -> Self {
        Self { entries, checkpoint, rows_digest: ZERO }
    }
}

/// The end of a history: what the next group must extend.
#[derive(Clone, Debug)]
pub(crate) struct Sequel {
    pub(crate) size: u64,
    previous: Hash,
    edge: Edge,
}

impl Sequel {
    /// Takes the next group, or refuses it and stays as it was.
    pub(crate) fn take(
        &mut self,
        log: &LogVerifier,
        entries: &[Entry],
        checkpoint: &str,
    ) -> Result<Head, CopyError> {
        if entries.is_empty() {
            return Err(CopyError::Empty);
        }
        let signed = log.verify(checkpoint)?;
        let mut next = self.clone();
        next.size += entries.len() as u64;
        if signed.size != next.size {
            return Err(CopyError::Size { held: next.size, signed: signed.size });
        }
        for (due, entry) in (self.size..).zip(entries) {
            check(log.origin(), entry, due, &next.previous)?;
            next.previous = entry.leaf_hash();
            next.edge.append(next.previous);
        }
        if next.edge.root() != signed.root {
            return Err(CopyError::Forked { size: signed.size });
        }
        *self = next;
        Ok(Head { size: signed.size, root: signed.root })
    }
}

fn check(origin: &str, entry: &Entry, due: u64, previous: &Hash) -> Result<(), ChainError> {
    let header = entry.header();
    let found = header.origin();
    if found != origin {
        return Err(ChainError::Origin { expected: origin.to_owned(), found });
    }
    if header.sequence != due {
        return Err(ChainError::Sequence { expected: due, found: header.sequence });
    }
    if from_hex(&header.previous) != Some(*previous) && !planted::is(Bug::NoChainCheck) {
        return Err(ChainError::Previous { index: due });
    }
    Ok(())
}

/// A verified copy of another ledger.
pub struct FollowedCopy {
    journal: Journal,
    log: LogVerifier,
    checkpoint: Option<String>,
}

impl FollowedCopy {
    /// Opens the copy in `directory`, makes it where there is none, and says what was cut from its end.
    ///
    /// # Errors
    /// Where it cannot be read or does not hold.
    pub fn open(
        directory: &Path,
        log: LogVerifier,
        segment_bytes: u64,
    ) -> Result<(Self, Option<TornTail>), JournalError> {
        let (journal, torn) = Journal::open(directory, &log, segment_bytes, Syncs::EachBatch, || Ok(0))?;
        journal.space().hold();
        let mut copy = Self { journal, log, checkpoint: None };
        if let Some(last) = copy.size().checked_sub(1) {
            let read = copy.journal.book().trailer(last);
            let trailer = read.map_err(|error| JournalError::Io {
                path: directory.to_owned(),
                source: std::io::Error::other(error.to_string()),
            })?;
            copy.checkpoint = Some(trailer.checkpoint);
        }
        Ok((copy, torn))
    }

    /// Name of the ledger that is followed.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.log.origin()
    }

    /// Number of entries held.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.journal.book().size()
    }

    /// Size and root of what is held.
    #[must_use]
    pub fn head(&self) -> Head {
        let size = self.size();
        Head { size, root: self.journal.book().root_after(std::iter::empty()) }
    }

    /// Root when the copy had that size; `None` where it is not that long.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.journal.book().root_at(size)
    }

    /// Proof that the tree of `new` entries extends that of `old`; `None` where the copy is not that long.
    #[must_use]
    pub fn consistency_proof(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        self.journal.book().consistency_proof(old, new)
    }

    /// The note that covers what is held; `None` where nothing is.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&str> {
        self.checkpoint.as_deref()
    }

    /// Verifies a checkpoint and says how it stands to what is held.
    ///
    /// # Errors
    /// Where it does not hold, or is of another history than the one held.
    pub fn standing(&self, checkpoint: &str) -> Result<Standing, CopyError> {
        let checkpoint = self.log.verify(checkpoint)?;
        match self.root_at(checkpoint.size) {
            None => Ok(Standing::Ahead(checkpoint)),
            Some(root) if root == checkpoint.root => Ok(Standing::Held(checkpoint)),
            Some(_) => Err(CopyError::Forked { size: checkpoint.size }),
        }
    }

    /// Appends the next entries with the checkpoint that covers exactly what is then held, and syncs.
    ///
    /// # Errors
    /// Where they do not extend what is held up to that checkpoint; then nothing is taken.
    pub fn append(&mut self, entries: &[Entry], checkpoint: &str) -> Result<Head, CopyError> {
        self.append_all([Offered::new(entries, checkpoint)])
    }

    /// Appends the next groups, each with the checkpoint that closes it, with one sync for all of them.
    ///
    /// # Errors
    /// Where one does not extend what comes before it up to its checkpoint; then none is taken.
    pub fn append_all<'a>(
        &mut self,
        groups: impl IntoIterator<Item = Offered<'a>>,
    ) -> Result<Head, CopyError> {
        if self.journal.is_broken() {
            return Err(CopyError::Spent);
        }
        let mut sequel = self.sequel();
        let mut taken = Vec::new();
        for Offered { entries, checkpoint, rows_digest } in groups {
            let Head { size, root } = sequel.take(&self.log, entries, checkpoint)?;
            taken.push((entries, Trailer { size, root, rows_digest, checkpoint: checkpoint.to_owned() }));
        }
        let written = self.journal.append_all(taken.iter().map(|(entries, trailer)| (*entries, trailer)));
        // Where there was no room for all of them, those before are held.
        let size = self.size();
        if let Some((_, last)) = taken.iter().rev().find(|(_, trailer)| trailer.size <= size) {
            self.checkpoint = Some(last.checkpoint.clone());
        }
        written?;
        Ok(self.head())
    }

    /// What comes after everything that is held.
    pub(crate) fn sequel(&self) -> Sequel {
        let book = self.journal.book();
        Sequel { size: book.size(), previous: book.previous(), edge: book.edge() }
    }

    /// At most `max` entries from index `from` on.
    ///
    /// # Errors
    /// Where an entry cannot be read back.
    pub fn entries(&self, from: u64, max: usize) -> Result<Vec<Entry>, ReadError> {
        self.journal.book().entries(from, max)
    }

    /// The rest, from `index` on, of the batch that was appended with entry `index`; `None` at the end.
    ///
    /// # Errors
    /// Where an entry cannot be read back.
    pub fn group(&self, index: u64) -> Result<Option<Group>, ReadError> {
        self.journal.book().group(index)
    }
}
