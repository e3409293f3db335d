//! What readers see of a ledger: the published snapshot, entries, proofs and receipts.
//!
//! Nothing here waits for the writer, and nothing shows what is not durable.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use concord_ledger::hash::Hash;
use concord_ledger::{Checkpoint, Entry, Receipt};
use tokio::sync::watch;

use crate::index::IndexStore;
use crate::journal::{Book, Group, ReadError};
use crate::kv::KvError;
use crate::space::{Shortness, disk_left};
use crate::witnessed::{Account, Witnessed};

/// How far a ledger has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

/// A state, and the checkpoint under which it stands; never changed once published.
#[derive(Clone, Debug)]
pub struct Published<M> {
    /// The state.
    pub state: M,
    /// Number of entries that it is the fold of.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
    /// The signed note over size and root.
    pub checkpoint: String,
}

impl<M> Published<M> {
    /// Size and root.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { size: self.size, root: self.root }
    }
}

/// Entries in order, without gaps, that end where a checkpoint does.
#[derive(Clone, Debug)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The signed notes of the groups that end before the last of them, in order.
    pub earlier_checkpoints: Vec<String>,
    /// The signed note over everything up to the last of them.
    pub checkpoint: String,
}

/// What writer and readers of one ledger share.
pub(crate) struct Shared<M> {
    pub(crate) origin: String,
    pub(crate) directory: PathBuf,
    pub(crate) published: ArcSwap<Published<M>>,
    pub(crate) head: watch::Sender<Head>,
    pub(crate) fault: watch::Sender<Option<String>>,
    pub(crate) book: Arc<Book>,
    pub(crate) index: Arc<IndexStore>,
    pub(crate) witnessed: Witnessed,
    pub(crate) shortness: Shortness,
}

/// A reader of one ledger; clones are cheap and read the same.
pub struct Ledger<M> {
    shared: Arc<Shared<M>>,
}

impl<M> Clone for Ledger<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<M> Ledger<M> {
    pub(crate) fn new(shared: Arc<Shared<M>>) -> Self {
        Self { shared }
    }

    /// Name of the ledger, `<accord>/<service>`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// The newest published state.
    #[must_use]
    pub fn published(&self) -> Arc<Published<M>> {
        self.shared.published.load_full()
    }

    /// The newest published head.
    #[must_use]
    pub fn head(&self) -> Head {
        self.shared.published.load().head()
    }

    /// Tells of each new head; a slow reader skips to the newest.
    #[must_use]
    pub fn watch_head(&self) -> watch::Receiver<Head> {
        self.shared.head.subscribe()
    }

    /// Tells when the ledger can take nothing more, and why; the process should then exit.
    #[must_use]
    pub fn fault(&self) -> watch::Receiver<Option<String>> {
        self.shared.fault.subscribe()
    }

    /// The signed note of the newest published head.
    #[must_use]
    pub fn checkpoint(&self) -> String {
        self.shared.published.load().checkpoint.clone()
    }

    /// At most `max` entries from index `from` on, without gaps; none at the end of the ledger.
    ///
    /// # Errors
    /// Where an entry cannot be read back.
    pub fn entries(&self, from: u64, max: usize) -> Result<Vec<Entry>, ReadError> {
        let published = self.head().size.saturating_sub(from);
        self.shared.book.entries(from, max.min(usize::try_from(published).unwrap_or(usize::MAX)))
    }

    /// Entries from index `from` on that end where a group does, with the checkpoint that closed it: at least the rest
    /// of one group, and no further group once `max` entries are reached. `None` at the end of the ledger.
    ///
    /// # Errors
    /// Where an entry cannot be read back.
    pub fn page(&self, from: u64, max: usize) -> Result<Option<Page>, ReadError> {
        let Some(Group { mut entries, mut trailer }) = self.group(from)? else { return Ok(None) };
        let mut earlier_checkpoints = Vec::new();
        while entries.len() < max {
            let Some(mut group) = self.group(trailer.size)? else { break };
            entries.append(&mut group.entries);
            earlier_checkpoints.push(std::mem::replace(&mut trailer, group.trailer).checkpoint);
        }
        Ok(Some(Page { entries, earlier_checkpoints, checkpoint: trailer.checkpoint }))
    }

    /// The groups from the one on that holds entry `from_index` (of which only the rest is given), for an export.
    pub fn groups(&self, from_index: u64) -> impl Iterator<Item = Result<Group, ReadError>> + use<M> {
        let ledger = self.clone();
        let mut next = Some(from_index);
        std::iter::from_fn(move || {
            let group = ledger.group(next?).transpose();
            next = match &group {
                Some(Ok(group)) => Some(group.trailer.size),
                _ => None,
            };
            group
        })
    }

    fn group(&self, index: u64) -> Result<Option<Group>, ReadError> {
        if index < self.head().size { self.shared.book.group(index) } else { Ok(None) }
    }

    /// The receipt of an entry, under the checkpoint of the group that it was written with: the same bytes each time.
    ///
    /// # Errors
    /// Where there is no such entry, or it cannot be read back.
    pub fn receipt(&self, index: u64) -> Result<Receipt, ReadError> {
        if index < self.head().size {
            self.shared.book.receipt(index)
        } else {
            Err(ReadError::Beyond { index })
        }
    }

    /// The receipt of an entry that was just written, under the checkpoint that was published with it: the same as
    /// [`Ledger::receipt`], without reading the entry back.
    ///
    /// # Errors
    /// Where the entry lies beyond the checkpoint.
    pub fn receipt_under(&self, entry: &Entry, published: &Published<M>) -> Result<Receipt, ReadError> {
        let index = entry.index();
        let proof = self.inclusion_proof(index, published.size).ok_or(ReadError::Beyond { index })?;
        Ok(Receipt::new(entry, &proof, published.checkpoint.clone()))
    }

    /// Audit path of entry `index` in the tree of `size` entries; `None` where that was never published.
    #[must_use]
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        (size <= self.head().size).then(|| self.shared.book.inclusion_proof(index, size)).flatten()
    }

    /// Proof that the tree of `new` entries extends that of `old`; `None` where that was never published.
    #[must_use]
    pub fn consistency_proof(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        (new <= self.head().size).then(|| self.shared.book.consistency_proof(old, new)).flatten()
    }

    /// The first `width` hashes of a tile (C2SP tlog-tiles); `None` where so many were never published.
    #[must_use]
    pub fn tile(&self, level: u32, index: u64, width: u64) -> Option<Vec<Hash>> {
        self.shared.book.tile(level, index, width, self.head().size)
    }

    /// Root at a size; `None` where that was never published.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        (size <= self.head().size).then(|| self.shared.book.root_at(size)).flatten()
    }

    /// How a checkpoint that this ledger's key signed stands to the ledger.
    #[must_use]
    pub fn account(&self, shown: &Checkpoint) -> Account {
        Account::of(shown, |size| self.root_at(size))
    }

    /// The signed note over exactly `size` entries; `None` where no published group ends there.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn checkpoint_at(&self, size: u64) -> Result<Option<String>, ReadError> {
        let Some(last) = size.checked_sub(1).filter(|last| *last < self.head().size) else { return Ok(None) };
        let trailer = self.shared.book.trailer(last)?;
        Ok((trailer.size == size).then_some(trailer.checkpoint))
    }

    /// Keeps a witness's verified cosignature `line` under `checkpoint`, the note over `size` entries, and says whether it
    /// was new. It blocks until it is durable.
    ///
    /// # Errors
    /// Where it cannot be kept.
    pub fn cosign(&self, size: u64, checkpoint: &str, witness: &str, line: &str) -> std::io::Result<bool> {
        self.shared.witnessed.cosign(size, witness, &format!("{checkpoint}{line}"))
    }

    /// The newest checkpoint that a witness cosigned, with all its cosignatures; `None` before the first. It may block on
    /// the disk.
    ///
    /// # Errors
    /// Where it cannot be read back.
    pub fn cosigned(&self) -> Result<Option<String>, ReadError> {
        self.shared.witnessed.newest().map_or(Ok(None), |size| self.with_cosignatures(size))
    }

    /// The receipt of an entry under the smallest checkpoint that at least `quorum` witnesses cosigned, with their
    /// cosignatures; `None` where there is none yet. It may block on the disk.
    ///
    /// # Errors
    /// Where there is no such entry, or something cannot be read back.
    pub fn completed_receipt(&self, index: u64, quorum: usize) -> Result<Option<Receipt>, ReadError> {
        let own = self.receipt(index)?;
        if quorum == 0 {
            return Ok(Some(own));
        }
        let Some(size) = self.shared.witnessed.smallest(index, quorum) else { return Ok(None) };
        let Some(checkpoint) = self.with_cosignatures(size)? else { return Ok(None) };
        let proof = self.inclusion_proof(index, size).ok_or(ReadError::Beyond { index })?;
        Ok(Some(own.under(&proof, checkpoint)))
    }

    fn with_cosignatures(&self, size: u64) -> Result<Option<String>, ReadError> {
        let Some(checkpoint) = self.checkpoint_at(size)? else { return Ok(None) };
        let index = size.saturating_sub(1);
        let lines = self.shared.witnessed.lines(size).map_err(|source| ReadError::Io { index, source })?;
        Ok(Some(format!("{checkpoint}{lines}")))
    }

    /// A row as the index holds it. It may block on the disk.
    ///
    /// # Errors
    /// Where the index fails.
    pub fn row(&self, table: &str, id: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.shared.index.row(table, id)
    }

    /// How many entries were recorded up to a time, in nanoseconds since 1970-01-01T00:00:00Z and itself included. An
    /// entry counts as recorded at the newest time up to it. It may block on the disk.
    ///
    /// # Errors
    /// Where the index fails.
    pub fn size_at(&self, at_ns: i64) -> Result<u64, KvError> {
        Ok(self.shared.index.size_at(at_ns)?.min(self.head().size))
    }

    /// Index of the entry that made a row what it was when there were `size` entries; `None` where there was no such row.
    /// It may block on the disk.
    ///
    /// # Errors
    /// Where the index fails.
    pub fn version(&self, table: &str, id: &str, size: u64) -> Result<Option<u64>, KvError> {
        self.shared.index.version(table, id, size)
    }

    /// The signed note of the group that holds the last of `size` entries; `None` where there are not so many, or `size`
    /// is 0.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub fn checkpoint_over(&self, size: u64) -> Result<Option<String>, ReadError> {
        let Some(last) = size.checked_sub(1).filter(|last| *last < self.head().size) else { return Ok(None) };
        Ok(Some(self.shared.book.trailer(last)?.checkpoint))
    }

    /// Number of entries that the index reflects. It may block on the disk.
    ///
    /// # Errors
    /// Where the index fails.
    pub fn indexed(&self) -> Result<u64, KvError> {
        self.shared.index.size()
    }

    /// When the journal was last synced since the start.
    #[must_use]
    pub fn last_sync(&self) -> Option<SystemTime> {
        self.shared.book.last_sync()
    }

    /// Bytes that are left to the process in the file system of the ledger.
    ///
    /// # Errors
    /// Where the system does not say.
    pub fn disk_left(&self) -> std::io::Result<u64> {
        disk_left(&self.shared.directory)
    }

    /// Whether the disk is short, so that only what is vital is taken.
    #[must_use]
    pub fn disk_short(&self) -> bool {
        self.shared.shortness.is_short()
    }

    /// Each witness with the size of the newest checkpoint that it cosigned.
    #[must_use]
    pub fn newest_cosigned(&self) -> Vec<(String, Option<u64>)> {
        self.shared.witnessed.newest_of_each()
    }

    /// Number of groups in the journal.
    #[must_use]
    pub fn groups_count(&self) -> u64 {
        self.shared.book.groups()
    }

    /// How often the index failed since the start; where not 0, it is rebuilt at the next one.
    #[must_use]
    pub fn index_failures(&self) -> u64 {
        self.shared.index.failures()
    }
}
