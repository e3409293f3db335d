//! The journal: the files that are the truth.
//!
//! Groups of entries are appended with one write and one `fdatasync` each and are taken whole or not at all. Nothing
//! is ever rewritten. The bytes are written down in `docs/formats/journal.md`.
//!
//! Deliberately absent: retrying a failed sync (the kernel has by then marked the pages clean, so that a second sync
//! proves nothing), and any repair of damage before the tail.

mod book;
mod format;
mod pieces;
mod scan;
mod segment;
mod survey;

use std::borrow::Borrow;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_ledger::hash::Hash;
use concord_ledger::{CheckpointError, Entry, EntryError, LogVerifier};

use crate::planted::{self, Bug};
use crate::space::Space;
pub(crate) use book::Book;
pub use book::Group;
pub use format::Trailer;
use format::{SEGMENT_HEADER_BYTES, SegmentHeader, encode_group, group_bytes, origin_digest};
pub(crate) use pieces::Pieces;
pub use scan::TornTail;
pub use segment::settle_names;
pub(crate) use segment::{segment_name, sync_directory, write_zeros};
pub use survey::{SegmentSurvey, Survey};

/// Name of the journal's folder in the folder of a ledger.
pub const JOURNAL: &str = "journal";
/// Length of a segment unless configured otherwise, in bytes.
pub const SEGMENT_BYTES: u64 = 16 << 20;

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it open.
    #[error("{} is in use by another process", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// Written by a newer version of this software; nothing was touched.
    #[error("segment {segment} is of journal format {version}, newer than this version reads")]
    NewerFormat {
        /// Number of the segment.
        segment: u64,
        /// Format version that it names.
        version: u32,
    },
    /// The files are another ledger's.
    #[error("the journal is not that of {expected}")]
    OtherLedger {
        /// Ledger that was to be opened.
        expected: String,
    },
    /// Something before the tail no longer is what was written; nothing was touched.
    #[error("{} is damaged at byte {offset}: {what}; the first {good_entries} entries hold, with root {good_root}", segment.display())]
    Damaged {
        /// The segment file.
        segment: PathBuf,
        /// Where, in bytes from its start.
        offset: u64,
        /// Number of entries before the damage.
        good_entries: u64,
        /// Root over them, in hexadecimal.
        good_root: String,
        /// What does not hold.
        what: String,
    },
    /// The last checkpoint is not signed by the key that is given.
    #[error("the checkpoint at size {size} does not verify: {error}")]
    Checkpoint {
        /// Size that it names.
        size: u64,
        /// What is wrong with it.
        error: CheckpointError,
    },
}

/// Why an entry cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading failed.
    #[error("entry {index}: {source}")]
    Io {
        /// Index of the entry.
        index: u64,
        /// What the system said.
        source: io::Error,
    },
    /// A checksum does not hold.
    #[error("entry {index} is damaged on disk")]
    Damaged {
        /// Index of the entry.
        index: u64,
    },
    /// A commitment does not hold.
    #[error("entry {index} is damaged on disk: {error}")]
    Entry {
        /// Index of the entry.
        index: u64,
        /// What is wrong with it.
        error: EntryError,
    },
    /// There is no such entry.
    #[error("there is no entry {index}")]
    Beyond {
        /// Index asked for.
        index: u64,
    },
}

/// A journal open for appending; there is one for each ledger in a process.
pub(crate) struct Journal {
    origin: Hash,
    file: Option<Arc<File>>,
    number: u64,
    /// Where the next group goes; 0 where the segment has no header yet.
    end: u64,
    capacity: u64,
    space: Space,
    broken: bool,
    buffer: Vec<u8>,
    unsettled: Vec<Unsettled>,
    book: Arc<Book>,
    _lock: Lock,
}

/// A group that was written and is not yet synced.
struct Unsettled {
    spot: book::GroupSpot,
    records: Vec<u32>,
    leaves: Vec<Hash>,
}

/// How many groups may have been in flight when a journal's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syncs {
    /// One at most: each has a sync of its own.
    EachGroup,
    /// Several, in any order: a copy, which can be fetched again, is synced by the page.
    EachBatch,
}

impl Journal {
    /// Opens the journal in `directory`, makes it where there is none, and cuts an unfinished tail, unless a checkpoint
    /// was seen elsewhere that covers more than is left: `signed` says how much, where that matters.
    pub(crate) fn open(
        directory: &Path,
        log: &LogVerifier,
        segment_bytes: u64,
        syncs: Syncs,
        signed: impl FnOnce() -> Result<u64, JournalError>,
    ) -> Result<(Self, Option<TornTail>), JournalError> {
        let io_error = |source| JournalError::Io { path: directory.to_owned(), source };
        fs::create_dir_all(directory).and_then(|()| settle_names(directory)).map_err(io_error)?;
        let lock = Lock::take(directory)?;
        let scanned = scan::scan(directory, log, segment_bytes, syncs, signed)?;
        let mut journal = Self {
            origin: origin_digest(log.origin()),
            file: None,
            number: 0,
            end: 0,
            capacity: 0,
            space: Space::open(directory, segment_bytes).map_err(io_error)?,
            broken: false,
            buffer: Vec::new(),
            unsettled: Vec::new(),
            book: Arc::new(scanned.book),
            _lock: lock,
        };
        if let Some(last) = scanned.last {
            let torn = scanned.torn.map_or(0, |torn| torn.bytes);
            journal.resume(&last, torn).and_then(|()| sync_directory(directory)).map_err(io_error)?;
        }
        if let Some(TornTail { segment, offset, bytes }) = scanned.torn {
            let journal = directory.display();
            tracing::warn!(%journal, segment, offset, bytes, "cut an unfinished group from the end of the journal");
        }
        Ok((journal, scanned.torn))
    }

    /// What readers share.
    pub(crate) fn book(&self) -> &Arc<Book> {
        &self.book
    }

    /// What is held for it.
    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    /// Whether a write or a sync has failed, so that it must not be used again.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Bytes that the segment in use has left.
    pub(crate) fn left(&self) -> u64 {
        self.capacity - self.end
    }

    /// Goes on to a segment with room for a group of those entries, under a note of at most `note` bytes, where the one in use
    /// has none. False where there is none to be had; then nothing has changed.
    pub(crate) fn make_room<E: Borrow<Entry>>(&mut self, entries: &[E], note: usize) -> io::Result<bool> {
        let bytes = (SEGMENT_HEADER_BYTES + group_bytes(entries, note)) as u64;
        if self.file.is_some() && bytes <= self.left() {
            return Ok(true);
        }
        self.roll(bytes)
    }

    /// Appends one group: one write, one `fdatasync`. After an error that leaves it broken the journal must not be used again.
    pub(crate) fn append<E: Borrow<Entry>>(&mut self, entries: &[E], trailer: &Trailer) -> io::Result<()> {
        self.write(entries, trailer)?;
        self.settle()
    }

    /// Appends groups with one `fdatasync` for all of them that lie in one segment, in a journal that was opened for
    /// [`Syncs::EachBatch`]. After an error that leaves it broken the journal must not be used again; after another one the
    /// groups that the book knows are there.
    pub(crate) fn append_all<'a>(
        &mut self,
        groups: impl IntoIterator<Item = (&'a [Entry], &'a Trailer)>,
    ) -> io::Result<()> {
        groups.into_iter().try_for_each(|(entries, trailer)| self.write(entries, trailer))?;
        self.settle()
    }

    /// Writes one group, which is durable and in the book once it is settled.
    fn write<E: Borrow<Entry>>(&mut self, entries: &[E], trailer: &Trailer) -> io::Result<()> {
        let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "a group without entries, or too long");
        self.buffer.clear();
        if self.end == 0 {
            self.buffer.resize(SEGMENT_HEADER_BYTES, 0);
        }
        let mut shape = encode_group(&mut self.buffer, entries, trailer).ok_or_else(too_long)?;
        if self.file.is_none() || self.end + self.buffer.len() as u64 > self.capacity {
            self.settle()?;
            self.buffer.clear();
            self.buffer.resize(SEGMENT_HEADER_BYTES, 0);
            shape = encode_group(&mut self.buffer, entries, trailer).ok_or_else(too_long)?;
            if !self.roll(self.buffer.len() as u64)? {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        let mut group_at = self.end;
        if self.end == 0 {
            self.write_header();
            group_at = SEGMENT_HEADER_BYTES as u64;
        }
        let file = self.file.as_ref().ok_or_else(|| io::Error::other("no segment is open"))?;
        file.write_all_at(&self.buffer, self.end).inspect_err(|_| self.broken = true)?;
        self.end += self.buffer.len() as u64;
        let spot = book::GroupSpot::new(self.number, group_at, &shape);
        let leaves = entries.iter().map(|entry| entry.borrow().leaf_hash()).collect();
        self.unsettled.push(Unsettled { spot, records: shape.records, leaves });
        Ok(())
    }

    /// Makes durable what was written, and only then known.
    fn settle(&mut self) -> io::Result<()> {
        if self.unsettled.is_empty() {
            return Ok(());
        }
        let file = self.file.as_ref().ok_or_else(|| io::Error::other("no segment is open"))?;
        if !planted::is(Bug::NoSync) {
            file.sync_data().inspect_err(|_| self.broken = true)?;
        }
        self.book.note_sync();
        for Unsettled { spot, records, leaves } in self.unsettled.drain(..) {
            self.book.push_group(spot, &records, leaves.into_iter());
        }
        if self.end > self.capacity / 2 {
            self.space.soon();
        }
        Ok(())
    }

    /// Puts the segment's header in front of the first group, where room for it was left.
    fn write_header(&mut self) {
        let header = SegmentHeader {
            number: self.number,
            first_index: self.book.size(),
            bytes: self.capacity,
            root: self.book.root_after(std::iter::empty()),
            origin: self.origin,
        };
        let mut bytes = Vec::with_capacity(SEGMENT_HEADER_BYTES);
        header.encode(&mut bytes);
        if let Some(room) = self.buffer.get_mut(..SEGMENT_HEADER_BYTES) {
            room.copy_from_slice(&bytes);
        }
    }

    /// Goes on to a new segment that has room for `needed` bytes; false where there is none to be had, and then nothing has
    /// changed. After an error it is broken.
    fn roll(&mut self, needed: u64) -> io::Result<bool> {
        self.rolled(needed).inspect_err(|_| self.broken = true)
    }

    fn rolled(&mut self, needed: u64) -> io::Result<bool> {
        if let (Some(file), 0) = (&self.file, self.end) {
            // A segment without its header yet grows, so that none is left empty between others.
            if !self.space.affords(needed - self.capacity) {
                return Ok(false);
            }
            segment::write_zeros(file, self.capacity, needed - self.capacity)?;
            file.sync_all()?;
            self.capacity = needed;
            return Ok(true);
        }
        let number = if self.file.is_some() { self.number + 1 } else { 0 };
        let Some((file, capacity)) = self.space.take(number, needed)? else { return Ok(false) };
        let file = Arc::new(file);
        self.book.push_segment(Arc::clone(&file));
        (self.file, self.number, self.end, self.capacity) = (Some(file), number, 0, capacity);
        Ok(true)
    }

    /// Goes on in the last segment, zeroed from its last whole group on.
    ///
    /// INVARIANT (STO-1): that group was perhaps written by a process that ended before its sync, or whose sync failed and
    /// left it in memory as if it were on disk. So it is written once more before it is synced and anybody is told of it.
    fn resume(&mut self, last: &scan::LastSegment, torn_bytes: u64) -> io::Result<()> {
        let scan::LastSegment { number, last_group, end, capacity, length } = *last;
        let file = self.book.segment(number).ok_or_else(|| io::Error::other("segment vanished"))?;
        self.buffer.resize(usize::try_from(end - last_group).unwrap_or(usize::MAX), 0);
        file.read_exact_at(&mut self.buffer, last_group)?;
        file.write_all_at(&self.buffer, last_group)?;
        if torn_bytes > 0 {
            segment::write_zeros(&file, end, torn_bytes)?;
        }
        if length < capacity {
            segment::write_zeros(&file, length.max(end), capacity - length.max(end))?;
        }
        file.sync_all()?;
        (self.file, self.number, self.end, self.capacity) = (Some(file), number, end, capacity);
        Ok(())
    }
}

/// Keeps a second process out.
pub(crate) struct Lock(File);

impl Lock {
    pub(crate) fn take(directory: &Path) -> Result<Self, JournalError> {
        let path = directory.join("lock");
        let io_error = |source| JournalError::Io { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(fs::TryLockError::WouldBlock) => Err(JournalError::Locked { path: directory.to_owned() }),
            Err(fs::TryLockError::Error(source)) => Err(io_error(source)),
        }
    }
}

impl Drop for Lock {
    /// Unlocks by name: closing does not while a process forked meanwhile has not yet begun its own program.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "could not unlock the journal; the lock goes with the process");
        }
    }
}

#[cfg(test)]
mod tests;
