//! Where every entry lies, and the tree over them: what readers and the writer share of a journal.
//!
//! It is built by the scan at start and grows after each sync, so what is in it is durable. The index of places is
//! kept in memory (4 bytes for each entry and some for each group) because the scan gives it for nothing and it can
//! then never disagree with the files.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use concord_ledger::hash::Hash;
use concord_ledger::{Edge, Entry, Receipt, Tree};

use super::ReadError;
use super::format::{Cursor, GroupShape, Trailer, decode_record, decode_trailer};

/// Where one group lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupSpot {
    first_index: u64,
    count: u32,
    segment: u64,
    /// In bytes from the start of the segment.
    offset: u64,
    /// In bytes from the start of the group.
    trailer: u32,
    bytes: u32,
}

impl GroupSpot {
    pub(crate) fn new(segment: u64, offset: u64, shape: &GroupShape) -> Self {
        let GroupShape { first_index, records, trailer, bytes } = shape;
        let count = u32::try_from(records.len()).unwrap_or(u32::MAX);
        Self { first_index: *first_index, count, segment, offset, trailer: *trailer, bytes: *bytes }
    }

    /// Where it begins, where it lies in that segment.
    pub(super) fn offset_in(&self, segment: u64) -> Option<u64> {
        (self.segment == segment).then_some(self.offset)
    }

    fn end_index(&self) -> u64 {
        self.first_index + u64::from(self.count)
    }
}

/// A group, read back.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// What closes it.
    pub trailer: Trailer,
}

#[derive(Debug)]
struct Pages {
    tree: Tree,
    segments: Vec<Arc<File>>,
    groups: Vec<GroupSpot>,
    /// For each entry, in bytes from the start of its group.
    offsets: Vec<u32>,
}

/// What readers and the writer share of a journal.
#[derive(Debug)]
pub(crate) struct Book {
    pages: RwLock<Pages>,
    last_sync: Mutex<Option<SystemTime>>,
}

/// A stretch of one group's records, to be read without the lock.
struct Stretch {
    file: Arc<File>,
    from: u64,
    bytes: usize,
    count: usize,
}

impl Book {
    pub(crate) fn new(tree: Tree, segments: Vec<File>, groups: Vec<GroupSpot>, offsets: Vec<u32>) -> Self {
        let segments = segments.into_iter().map(Arc::new).collect();
        let pages = RwLock::new(Pages { tree, segments, groups, offsets });
        Self { pages, last_sync: Mutex::new(None) }
    }

    /// Takes a new segment file.
    pub(super) fn push_segment(&self, file: Arc<File>) {
        self.write().segments.push(file);
    }

    /// The file of a segment.
    pub(super) fn segment(&self, number: u64) -> Option<Arc<File>> {
        self.read().segments.get(usize::try_from(number).ok()?).cloned()
    }

    /// Takes a group that is durable now.
    pub(super) fn push_group(&self, spot: GroupSpot, offsets: &[u32], leaves: impl Iterator<Item = Hash>) {
        let mut pages = self.write();
        leaves.for_each(|leaf| pages.tree.append(leaf));
        pages.groups.push(spot);
        pages.offsets.extend_from_slice(offsets);
    }

    /// Takes note that a sync has just ended well.
    pub(super) fn note_sync(&self) {
        *self.last_sync.lock().unwrap_or_else(PoisonError::into_inner) = Some(SystemTime::now());
    }

    /// When the last sync ended well, since the start.
    pub(crate) fn last_sync(&self) -> Option<SystemTime> {
        *self.last_sync.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of durable entries.
    pub(crate) fn size(&self) -> u64 {
        self.read().tree.size()
    }

    /// Number of groups.
    pub(crate) fn groups(&self) -> u64 {
        self.read().groups.len() as u64
    }

    /// Root at a size.
    pub(crate) fn root_at(&self, size: u64) -> Option<Hash> {
        self.read().tree.root_at(size)
    }

    /// Leaf hash of the last entry; zeros where there is none.
    pub(crate) fn previous(&self) -> Hash {
        let pages = self.read();
        pages.tree.size().checked_sub(1).and_then(|last| pages.tree.leaf(last)).unwrap_or_default()
    }

    /// The root that these leaves would lead to.
    pub(crate) fn root_after(&self, leaves: impl Iterator<Item = Hash>) -> Hash {
        self.read().tree.root_after(leaves)
    }

    /// The right edge of the tree.
    pub(crate) fn edge(&self) -> Edge {
        self.read().tree.edge()
    }

    /// Audit path of an entry at a size.
    pub(crate) fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        self.read().tree.inclusion_proof(index, size)
    }

    /// Hashes of a tile of the tree of a size.
    pub(crate) fn tile(&self, level: u32, index: u64, width: u64, size: u64) -> Option<Vec<Hash>> {
        self.read().tree.tile(level, index, width, size).map(<[Hash]>::to_vec)
    }

    /// Proof between two sizes.
    pub(crate) fn consistency_proof(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        self.read().tree.consistency_proof(old, new)
    }

    /// At most `max` entries from index `from` on.
    pub(crate) fn entries(&self, from: u64, max: usize) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::new();
        while entries.len() < max {
            let index = from.saturating_add(entries.len() as u64);
            let Some(stretch) = self.stretch(index, max - entries.len()) else { break };
            let bytes = read(&stretch.file, stretch.from, stretch.bytes, index)?;
            let mut cursor = Cursor(&bytes);
            for _ in 0..stretch.count {
                let index = from + entries.len() as u64;
                let record = decode_record(&mut cursor).ok_or(ReadError::Damaged { index })?;
                entries.push(record.entry().map_err(|error| ReadError::Entry { index, error })?);
            }
        }
        Ok(entries)
    }

    /// The entry at `index`.
    pub(crate) fn entry(&self, index: u64) -> Result<Entry, ReadError> {
        self.entries(index, 1)?.pop().ok_or(ReadError::Beyond { index })
    }

    /// What closes the group that holds the entry at `index`.
    pub(crate) fn trailer(&self, index: u64) -> Result<Trailer, ReadError> {
        let (spot, file) = {
            let pages = self.read();
            let spot = pages.group_of(index).ok_or(ReadError::Beyond { index })?;
            let file = pages.file(spot.segment).ok_or(ReadError::Damaged { index })?;
            (spot, file)
        };
        let bytes = spot.bytes.saturating_sub(spot.trailer) as usize;
        let bytes = read(&file, spot.offset + u64::from(spot.trailer), bytes, index)?;
        decode_trailer(&bytes, spot.count).ok_or(ReadError::Damaged { index })
    }

    /// The rest, from `index` on, of the group that holds the entry at `index`; `None` beyond the last.
    pub(crate) fn group(&self, index: u64) -> Result<Option<Group>, ReadError> {
        let Some(spot) = self.read().group_of(index) else { return Ok(None) };
        let count = usize::try_from(spot.end_index() - index).unwrap_or(usize::MAX);
        Ok(Some(Group { entries: self.entries(index, count)?, trailer: self.trailer(index)? }))
    }

    /// The receipt of the entry at `index`, under the checkpoint of its own group.
    pub(crate) fn receipt(&self, index: u64) -> Result<Receipt, ReadError> {
        let entry = self.entry(index)?;
        let trailer = self.trailer(index)?;
        let proof = self.inclusion_proof(index, trailer.size).ok_or(ReadError::Beyond { index })?;
        Ok(Receipt::new(&entry, &proof, trailer.checkpoint))
    }

    fn stretch(&self, index: u64, max: usize) -> Option<Stretch> {
        let pages = self.read();
        let spot = pages.group_of(index)?;
        let count = usize::try_from(spot.end_index() - index).ok()?.min(max);
        let at = usize::try_from(index).ok()?;
        let start = *pages.offsets.get(at)?;
        let next = at + count;
        let end = if next as u64 == spot.end_index() { spot.trailer } else { *pages.offsets.get(next)? };
        let bytes = end.checked_sub(start)? as usize;
        Some(Stretch { file: pages.file(spot.segment)?, from: spot.offset + u64::from(start), bytes, count })
    }

    fn read(&self) -> RwLockReadGuard<'_, Pages> {
        self.pages.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Pages> {
        self.pages.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn group_of(&self, index: u64) -> Option<GroupSpot> {
        let at = self.groups.partition_point(|spot| spot.end_index() <= index);
        self.groups.get(at).copied()
    }

    fn file(&self, segment: u64) -> Option<Arc<File>> {
        self.segments.get(usize::try_from(segment).ok()?).cloned()
    }
}

fn read(file: &File, offset: u64, bytes: usize, index: u64) -> Result<Vec<u8>, ReadError> {
    let mut read = vec![0; bytes];
    file.read_exact_at(&mut read, offset).map_err(|source| ReadError::Io { index, source })?;
    Ok(read)
}
