//! The exact bytes of a journal segment, as `docs/formats/journal.md` writes them down.
//!
//! Numbers are little-endian. Every frame ends in a mark without a zero byte, so that a write that stopped short is
//! told from one that was damaged later: the segment was zero before.

use std::borrow::Borrow;

use concord_ledger::hash::{Hash, sha256};
use concord_ledger::{Entry, EntryError, Part};
use crc32c::crc32c;

/// Newest format version that this code reads, and the one that it writes.
pub(crate) const VERSION: u32 = 1;
/// Length of the header of a segment file, in bytes.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 128;
/// Length of the header of a group, in bytes.
pub(crate) const GROUP_HEADER_BYTES: usize = 28;
/// Longest group, in bytes; a caller's mistake is refused before it fills the disk.
pub(crate) const GROUP_BYTES_MAX: usize = 1 << 30;

const SEGMENT_MAGIC: &[u8; 8] = b"CONCRDJL";
const SEGMENT_END: &[u8; 4] = b"cseg";
/// What a group begins with.
pub(crate) const GROUP_MAGIC: &[u8; 4] = b"CGRP";
const GROUP_END: &[u8; 4] = b"cgrp";
const TRAILER_MAGIC: &[u8; 4] = b"CTRL";
const TRAILER_END: &[u8; 4] = b"ctrl";
/// Length of a trailer without its note, in bytes.
const TRAILER_BYTES: usize = 92;

/// What the first bytes of a segment file say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// Number of the segment, from 0, as in the file's name.
    pub(crate) number: u64,
    /// Index of the first entry in it.
    pub(crate) first_index: u64,
    /// Length of the file, in bytes.
    pub(crate) bytes: u64,
    /// Root of the tree before the first entry in it.
    pub(crate) root: Hash,
    /// SHA-256 of the ledger's origin.
    pub(crate) origin: Hash,
}

/// Why a segment header is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    /// Not written to its end.
    Unwritten,
    /// Written by a newer version.
    Newer(u32),
    /// Damaged, or no segment at all.
    Damaged,
}

impl SegmentHeader {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(SEGMENT_MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(SEGMENT_HEADER_BYTES as u32).to_le_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.first_index.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.root);
        out.extend_from_slice(&self.origin);
        out.resize(start + SEGMENT_HEADER_BYTES - 8, 0);
        seal(out, start, SEGMENT_END);
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HeaderFault> {
        let mut cursor = Cursor(bytes);
        let magic = cursor.take(8);
        let version = cursor.u32();
        if let (Some(magic), Some(version)) = (magic, version)
            && magic == SEGMENT_MAGIC
            && version > VERSION
        {
            return Err(HeaderFault::Newer(version));
        }
        let frame = bytes.get(..SEGMENT_HEADER_BYTES).ok_or(HeaderFault::Unwritten)?;
        if frame.ends_with(&[0]) {
            return Err(HeaderFault::Unwritten);
        }
        let mut read = || {
            open_seal(frame, SEGMENT_END)?;
            let length = cursor.u32()?;
            let header = Self {
                number: cursor.u64()?,
                first_index: cursor.u64()?,
                bytes: cursor.u64()?,
                root: cursor.hash()?,
                origin: cursor.hash()?,
            };
            (magic? == SEGMENT_MAGIC && version? == VERSION && length as usize == SEGMENT_HEADER_BYTES)
                .then_some(header)
        };
        read().ok_or(HeaderFault::Damaged)
    }
}

/// What closes a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// Number of entries in the ledger, this group included.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
    /// Digest over the rows that the entries so far give; zeros in a followed copy, which has none.
    pub rows_digest: Hash,
    /// The signed note over size and root.
    pub checkpoint: String,
}

/// Where the pieces of an encoded group lie, in bytes from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupShape {
    pub(crate) first_index: u64,
    pub(crate) records: Vec<u32>,
    pub(crate) trailer: u32,
    pub(crate) bytes: u32,
}

/// Appends the bytes of a group to `out`; `None` where it would be too long.
pub(crate) fn encode_group<E: Borrow<Entry>>(
    out: &mut Vec<u8>,
    entries: &[E],
    trailer: &Trailer,
) -> Option<GroupShape> {
    let start = out.len();
    let first_index = entries.first()?.borrow().index();
    let count = u32::try_from(entries.len()).ok()?;
    out.resize(start + GROUP_HEADER_BYTES, 0);
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        records.push(u32::try_from(out.len() - start).ok()?);
        encode_record(out, entry.borrow())?;
        if out.len() - start > GROUP_BYTES_MAX {
            return None;
        }
    }
    let trailer_at = out.len();
    out.extend_from_slice(TRAILER_MAGIC);
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&trailer.size.to_le_bytes());
    out.extend_from_slice(&trailer.root);
    out.extend_from_slice(&trailer.rows_digest);
    out.extend_from_slice(&u32::try_from(trailer.checkpoint.len()).ok()?.to_le_bytes());
    out.extend_from_slice(trailer.checkpoint.as_bytes());
    seal(out, trailer_at, TRAILER_END);

    let bytes = u32::try_from(out.len() - start).ok()?;
    let mut header = Vec::with_capacity(GROUP_HEADER_BYTES);
    header.extend_from_slice(GROUP_MAGIC);
    header.extend_from_slice(&bytes.to_le_bytes());
    header.extend_from_slice(&first_index.to_le_bytes());
    header.extend_from_slice(&count.to_le_bytes());
    seal(&mut header, 0, GROUP_END);
    out.get_mut(start..start + GROUP_HEADER_BYTES)?.copy_from_slice(&header);
    Some(GroupShape { first_index, records, trailer: u32::try_from(trailer_at - start).ok()?, bytes })
}

/// Bytes that a group of those entries takes under a note of at most `note` bytes.
pub(crate) fn group_bytes<E: Borrow<Entry>>(entries: &[E], note: usize) -> usize {
    let part = |part: &Part| 12 + part.name.len() + part.salt.len() + part.bytes.len();
    let record =
        |entry: &Entry| 12 + entry.header_bytes().len() + entry.parts().iter().map(part).sum::<usize>();
    let records: usize = entries.iter().map(|entry| record(entry.borrow())).sum();
    GROUP_HEADER_BYTES + records + TRAILER_BYTES + note
}

fn encode_record(out: &mut Vec<u8>, entry: &Entry) -> Option<()> {
    let start = out.len();
    out.extend_from_slice(&u32::try_from(entry.header_bytes().len()).ok()?.to_le_bytes());
    out.extend_from_slice(&u32::try_from(entry.parts().len()).ok()?.to_le_bytes());
    for part in entry.parts() {
        let checksum = crc32c::crc32c_append(crc32c(&part.salt), &part.bytes);
        out.extend_from_slice(&u32::try_from(part.name.len()).ok()?.to_le_bytes());
        out.extend_from_slice(&u32::try_from(part.bytes.len()).ok()?.to_le_bytes());
        out.extend_from_slice(&checksum.to_le_bytes());
    }
    out.extend_from_slice(entry.header_bytes());
    for part in entry.parts() {
        out.extend_from_slice(part.name.as_bytes());
    }
    let checksum = crc32c(out.get(start..)?);
    out.extend_from_slice(&checksum.to_le_bytes());
    for part in entry.parts() {
        out.extend_from_slice(&part.salt);
        out.extend_from_slice(&part.bytes);
    }
    Some(())
}

/// What the first bytes of a group say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GroupHeader {
    pub(crate) bytes: u32,
    pub(crate) first_index: u64,
    pub(crate) count: u32,
}

impl GroupHeader {
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let frame = bytes.get(..GROUP_HEADER_BYTES)?;
        open_seal(frame, GROUP_END)?;
        let mut cursor = Cursor(frame);
        let magic = cursor.take(4)?;
        let header = Self { bytes: cursor.u32()?, first_index: cursor.u64()?, count: cursor.u32()? };
        (magic == GROUP_MAGIC && header.bytes as usize <= GROUP_BYTES_MAX).then_some(header)
    }
}

/// A record as it lies in a segment; its checksums hold.
pub(crate) struct RawRecord<'a> {
    pub(crate) header: &'a [u8],
    parts: Vec<(&'a [u8], &'a [u8; 16], &'a [u8])>,
}

impl RawRecord<'_> {
    /// The entry, its commitments checked.
    pub(crate) fn entry(&self) -> Result<Entry, EntryError> {
        let part = |(name, salt, bytes): &(&[u8], &[u8; 16], &[u8])| Part {
            name: String::from_utf8_lossy(name).into_owned(),
            salt: **salt,
            bytes: bytes.to_vec(),
        };
        Entry::parse(self.header.to_vec(), self.parts.iter().map(part).collect())
    }
}

/// Reads one record from the front of `cursor`.
pub(crate) fn decode_record<'a>(cursor: &mut Cursor<'a>) -> Option<RawRecord<'a>> {
    let whole = cursor.0;
    let (header_bytes, count) = (cursor.u32()?, cursor.u32()?);
    let mut table = Vec::new();
    for _ in 0..count {
        table.push((cursor.u32()?, cursor.u32()?, cursor.u32()?));
    }
    let header = cursor.take(header_bytes as usize)?;
    let mut names = Vec::with_capacity(table.len());
    for (name_bytes, _, _) in &table {
        names.push(cursor.take(*name_bytes as usize)?);
    }
    let covered = whole.get(..whole.len() - cursor.0.len())?;
    if cursor.u32()? != crc32c(covered) {
        return None;
    }
    let mut parts = Vec::with_capacity(table.len());
    for ((_, bytes, checksum), name) in table.into_iter().zip(names) {
        let salt = cursor.take(16)?.first_chunk::<16>()?;
        let bytes = cursor.take(bytes as usize)?;
        if crc32c::crc32c_append(crc32c(salt), bytes) != checksum {
            return None;
        }
        parts.push((name, salt, bytes));
    }
    Some(RawRecord { header, parts })
}

/// Reads the trailer that `bytes` is, from its first to its last byte.
pub(crate) fn decode_trailer(bytes: &[u8], count: u32) -> Option<Trailer> {
    open_seal(bytes, TRAILER_END)?;
    let mut cursor = Cursor(bytes);
    if cursor.take(4)? != TRAILER_MAGIC || cursor.u32()? != count {
        return None;
    }
    let (size, root, rows_digest) = (cursor.u64()?, cursor.hash()?, cursor.hash()?);
    let note_bytes = cursor.u32()?;
    let note = cursor.take(note_bytes as usize)?;
    let checkpoint = String::from_utf8(note.to_vec()).ok()?;
    (cursor.0.len() == 8).then_some(Trailer { size, root, rows_digest, checkpoint })
}

/// A group as it lies in a segment; all its checksums hold.
pub(crate) struct RawGroup<'a> {
    pub(crate) shape: GroupShape,
    pub(crate) records: Vec<RawRecord<'a>>,
    pub(crate) trailer: Trailer,
}

/// Reads the group at the front of `bytes`; `None` where anything about it does not hold.
pub(crate) fn decode_group(bytes: &[u8]) -> Option<RawGroup<'_>> {
    let header = GroupHeader::decode(bytes)?;
    let frame = bytes.get(..header.bytes as usize)?;
    let mut cursor = Cursor(frame);
    cursor.take(GROUP_HEADER_BYTES)?;
    let (mut offsets, mut records) = (Vec::new(), Vec::new());
    for _ in 0..header.count {
        offsets.push(u32::try_from(frame.len() - cursor.0.len()).ok()?);
        records.push(decode_record(&mut cursor)?);
    }
    let trailer_at = u32::try_from(frame.len() - cursor.0.len()).ok()?;
    let trailer = decode_trailer(cursor.0, header.count)?;
    let ends_at = header.first_index.checked_add(u64::from(header.count));
    let shape = GroupShape {
        first_index: header.first_index,
        records: offsets,
        trailer: trailer_at,
        bytes: header.bytes,
    };
    (header.count > 0 && ends_at == Some(trailer.size)).then_some(RawGroup { shape, records, trailer })
}

/// SHA-256 of an origin, as segment headers hold it.
pub(crate) fn origin_digest(origin: &str) -> Hash {
    sha256(&[origin.as_bytes()])
}

/// Appends the CRC-32C of everything from `start`, and the end mark.
fn seal(out: &mut Vec<u8>, start: usize, mark: &[u8; 4]) {
    let checksum = crc32c(out.get(start..).unwrap_or_default());
    out.extend_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(mark);
}

/// Checks what `seal` wrote at the end of `frame`.
fn open_seal(frame: &[u8], mark: &[u8; 4]) -> Option<()> {
    let (rest, end) = frame.split_last_chunk::<4>()?;
    let (covered, checksum) = rest.split_last_chunk::<4>()?;
    (end == mark && u32::from_le_bytes(*checksum) == crc32c(covered)).then_some(())
}

/// Reads from the front of bytes.
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    fn hash(&mut self) -> Option<Hash> {
        self.take(32)?.first_chunk().copied()
    }
}
