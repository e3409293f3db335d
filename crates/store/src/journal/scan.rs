//! Reading a journal at start: every checksum, every root, and the one decision that must be right, whether what
//! does not hold was never finished (and is cut) or was finished and has been damaged since (and is named).
//!
//! A group is one write and at most one is in flight (in a copy, those of one page), so an unfinished one can only be the
//! last, and, as the segment was zero before, it lacks at least one whole sector or its end. Anything else is damage.

use std::fs;
use std::io;
use std::path::Path;

use concord_ledger::hash::{Hash, empty_root, leaf, to_hex};
use concord_ledger::{Checkpoint, LogVerifier, Tree};

use super::book::{Book, GroupSpot};
use super::format::{
    GROUP_HEADER_BYTES, GroupHeader, HeaderFault, RawGroup, SEGMENT_HEADER_BYTES, SegmentHeader, Trailer,
    decode_group, origin_digest,
};
use super::segment;
use super::survey::SegmentSurvey;
use super::{JournalError, Syncs};
use crate::planted::{self, Bug};

/// The smallest unit that a disk writes whole, in bytes.
const SECTOR_BYTES: usize = 512;

/// The end of a journal that a crash left unfinished, and that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// Number of the segment.
    pub segment: u64,
    /// Where the last whole group in it ends, in bytes from its start.
    pub offset: u64,
    /// Bytes from there to the last one that was written.
    pub bytes: u64,
}

/// What a scan found; nothing has been changed on disk yet.
pub(super) struct Scanned {
    pub(super) book: Book,
    pub(super) last: Option<LastSegment>,
    pub(super) torn: Option<TornTail>,
}

/// The segment that appending goes on in.
pub(super) struct LastSegment {
    pub(super) number: u64,
    /// Where what was written last in it begins: the last group, with the header where it is the first.
    pub(super) last_group: u64,
    /// Where the next group goes; 0 where the segment has no header yet.
    pub(super) end: u64,
    /// Length that the file should have, in bytes.
    pub(super) capacity: u64,
    /// Length that it has.
    pub(super) length: u64,
}

pub(super) struct Scan<'a> {
    directory: &'a Path,
    log: &'a LogVerifier,
    syncs: Syncs,
    tree: Tree,
    groups: Vec<GroupSpot>,
    offsets: Vec<u32>,
    pub(super) last_trailer: Option<Trailer>,
    /// Where the groups of the segment before end.
    end: u64,
}

/// Scans all segments of `directory`; `signed` says how many entries a checkpoint that was seen elsewhere covers, and is
/// asked only where something would be cut: what has been seen was finished.
pub(super) fn scan(
    directory: &Path,
    log: &LogVerifier,
    segment_bytes: u64,
    syncs: Syncs,
    signed: impl FnOnce() -> Result<u64, JournalError>,
) -> Result<Scanned, JournalError> {
    let files = Files::open(directory, segment::open)?;
    let Walk { scan, segments: _, last, torn, fault } = walk(directory, log, &files, segment_bytes, syncs)?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    if let Some(TornTail { segment, offset, .. }) = torn {
        let (held, signed) = (scan.tree.size(), signed()?);
        if signed > held {
            let what = format!("a group does not hold, and a checkpoint over {signed} entries was signed");
            return Err(scan.damaged(segment, offset, &what));
        }
    }
    Ok(Scanned { book: scan.into_book(files), last, torn })
}

/// The segment files of a journal.
pub(super) struct Files {
    numbers: Vec<u64>,
    files: Vec<fs::File>,
}

impl Files {
    pub(super) fn open(
        directory: &Path,
        open: impl Fn(&Path, u64) -> io::Result<fs::File>,
    ) -> Result<Self, JournalError> {
        let io_error = |source| JournalError::Io { path: directory.to_owned(), source };
        let numbers = segment::list(directory).map_err(io_error)?;
        let files = numbers.iter().map(|number| open(directory, *number)).collect::<Result<_, _>>();
        let opened = Self { numbers, files: files.map_err(io_error)? };
        refuse_newer(directory, &opened.files, &opened.numbers)?;
        Ok(opened)
    }

    /// Each with its number.
    pub(super) fn each(&self) -> impl Iterator<Item = (u64, &fs::File)> {
        self.numbers.iter().copied().zip(&self.files)
    }
}

/// How far a scan came, and what ended it before the end.
pub(super) struct Walk<'a> {
    pub(super) scan: Scan<'a>,
    pub(super) segments: Vec<SegmentSurvey>,
    pub(super) last: Option<LastSegment>,
    pub(super) torn: Option<TornTail>,
    pub(super) fault: Option<JournalError>,
}

/// Reads every segment up to the first thing that does not hold.
pub(super) fn walk<'a>(
    directory: &'a Path,
    log: &'a LogVerifier,
    files: &Files,
    segment_bytes: u64,
    syncs: Syncs,
) -> Result<Walk<'a>, JournalError> {
    let scan = Scan {
        directory,
        log,
        syncs,
        tree: Tree::new(),
        groups: Vec::new(),
        offsets: Vec::new(),
        last_trailer: None,
        end: 0,
    };
    let mut walk = Walk { scan, segments: Vec::new(), last: None, torn: None, fault: None };
    match walk.through(&files.numbers, segment_bytes) {
        Err(fault @ (JournalError::Damaged { .. } | JournalError::Checkpoint { .. })) => {
            walk.fault = Some(fault);
        }
        walked => walked?,
    }
    Ok(walk)
}

impl Walk<'_> {
    fn through(&mut self, numbers: &[u64], segment_bytes: u64) -> Result<(), JournalError> {
        for (at, number) in numbers.iter().enumerate() {
            if *number != at as u64 {
                return Err(self.scan.damaged(at as u64, 0, "the segment is missing"));
            }
            let path = self.scan.directory.join(segment::segment_name(*number));
            let bytes = fs::read(&path).map_err(|source| JournalError::Io { path, source })?;
            let is_last = at + 1 == numbers.len();
            let first_index = self.scan.tree.size();
            let walked = self.scan.segment(*number, &bytes, is_last, segment_bytes);
            let entries = self.scan.tree.size() - first_index;
            self.segments.push(SegmentSurvey {
                number: *number,
                bytes: bytes.len() as u64,
                first_index,
                entries,
            });
            let (end, capacity, cut) = walked?;
            self.torn = cut;
            self.scan.end = end;
            let last_group = self.scan.groups.last().and_then(|spot| spot.offset_in(*number));
            let last_group = last_group.filter(|at| *at > SEGMENT_HEADER_BYTES as u64).unwrap_or_default();
            let length = bytes.len() as u64;
            self.last = Some(LastSegment { number: *number, last_group, end, capacity, length });
        }
        self.scan.verify_last_checkpoint()
    }
}

/// A newer format is refused before anything else is looked at, and nothing is touched.
fn refuse_newer(directory: &Path, files: &[fs::File], numbers: &[u64]) -> Result<(), JournalError> {
    use std::os::unix::fs::FileExt as _;
    for (file, number) in files.iter().zip(numbers) {
        let mut start = [0; SEGMENT_HEADER_BYTES];
        match file.read_exact_at(&mut start, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
            Err(source) => return Err(JournalError::Io { path: directory.to_owned(), source }),
        }
        if let Err(HeaderFault::Newer(version)) = SegmentHeader::decode(&start) {
            return Err(JournalError::NewerFormat { segment: *number, version });
        }
    }
    Ok(())
}

impl Scan<'_> {
    pub(super) fn into_book(self, files: Files) -> Book {
        Book::new(self.tree, files.files, self.groups, self.offsets)
    }

    /// Reads one segment: where its groups end, how long the file should be, and what was cut.
    fn segment(
        &mut self,
        number: u64,
        bytes: &[u8],
        is_last: bool,
        segment_bytes: u64,
    ) -> Result<(u64, u64, Option<TornTail>), JournalError> {
        let header = match SegmentHeader::decode(bytes) {
            Ok(header) => header,
            Err(HeaderFault::Unwritten) if is_last => {
                if let Some(at) = self.finished_after(bytes, 0) {
                    return Err(self.damaged(number, 0, &format!("no header, yet a whole group at {at}")));
                }
                let torn = self.torn(number, bytes, 0);
                return Ok((0, segment_bytes.max(bytes.len() as u64), torn));
            }
            Err(_) => return Err(self.damaged(number, 0, "the segment header does not hold")),
        };
        if header.origin != origin_digest(self.log.origin()) {
            return Err(JournalError::OtherLedger { expected: self.log.origin().to_owned() });
        }
        if header.number == number && number > 0 && header.first_index > self.tree.size() {
            return Err(self.damaged(number - 1, self.end, "groups are missing from the end of the segment"));
        }
        if header.number != number
            || header.first_index != self.tree.size()
            || header.root != self.tree.root()
        {
            return Err(self.damaged(number, 0, "the segment does not begin where the one before it ends"));
        }
        let mut at = SEGMENT_HEADER_BYTES;
        while let Some(rest) = bytes.get(at..) {
            if is_zero(rest) {
                break;
            }
            let Some(group) = decode_group(rest) else {
                if !is_last || !is_unfinished(bytes, at) {
                    return Err(self.damaged(number, at, "a group does not hold"));
                }
                let beyond = GroupHeader::decode(rest).map_or(at + 1, |header| at + header.bytes as usize);
                if let Some(found) = self.finished_after(bytes, beyond) {
                    let what = format!("a group does not hold, and a whole one follows at {found}");
                    return Err(self.damaged(number, at, &what));
                }
                return Ok((at as u64, header.bytes, self.torn(number, bytes, at)));
            };
            let length = group.shape.bytes as usize;
            self.group(number, at, group)?;
            at += length;
        }
        if !is_last && (bytes.len() as u64) < header.bytes {
            return Err(self.damaged(number, at, "the segment is cut short"));
        }
        // A last segment that lost only zeros is filled up again without a word.
        Ok((at as u64, header.bytes, None))
    }

    /// Where a whole group lies that shows that the ones before it were finished too.
    fn finished_after(&self, bytes: &[u8], from: usize) -> Option<usize> {
        match self.syncs {
            Syncs::EachGroup => whole_group_after(bytes, from),
            Syncs::EachBatch => None,
        }
    }

    fn group(&mut self, number: u64, at: usize, group: RawGroup<'_>) -> Result<(), JournalError> {
        let RawGroup { shape, records, trailer } = group;
        if shape.first_index != self.tree.size() {
            return Err(self.damaged(number, at, "a group does not begin where the one before it ends"));
        }
        let leaves: Vec<Hash> = records.iter().map(|record| leaf(record.header)).collect();
        let root = self.tree.root_after(leaves.iter().copied());
        if root != trailer.root && !planted::is(Bug::NoRootCheck) {
            return Err(self.damaged(number, at, "the entries of a group do not lead to its root"));
        }
        let origin = self.log.origin().to_owned();
        let text = Checkpoint { origin, size: trailer.size, root }.text();
        let over = trailer.checkpoint.strip_prefix(&text).is_some_and(|rest| rest.starts_with('\n'));
        if !over && !planted::is(Bug::NoRootCheck) {
            return Err(self.damaged(number, at, "the checkpoint of a group is not over its size and root"));
        }
        leaves.into_iter().for_each(|leaf| self.tree.append(leaf));
        self.groups.push(GroupSpot::new(number, at as u64, &shape));
        self.offsets.extend_from_slice(&shape.records);
        self.last_trailer = Some(trailer);
        Ok(())
    }

    /// The last signature covers, by its root, everything before it.
    fn verify_last_checkpoint(&self) -> Result<(), JournalError> {
        let Some(trailer) = self.last_trailer.as_ref().filter(|_| !planted::is(Bug::NoSignatureCheck)) else {
            return Ok(());
        };
        self.log
            .verify(&trailer.checkpoint)
            .map(drop)
            .map_err(|error| JournalError::Checkpoint { size: trailer.size, error })
    }

    fn torn(&self, segment: u64, bytes: &[u8], offset: usize) -> Option<TornTail> {
        let written = bytes.iter().rposition(|byte| *byte != 0)? + 1;
        Some(TornTail { segment, offset: offset as u64, bytes: written.saturating_sub(offset) as u64 })
    }

    fn damaged(&self, segment: u64, offset: impl TryInto<u64>, what: &str) -> JournalError {
        let root = self.tree.root_at(self.tree.size()).unwrap_or_else(empty_root);
        JournalError::Damaged {
            segment: self.directory.join(segment::segment_name(segment)),
            offset: offset.try_into().unwrap_or(u64::MAX),
            good_entries: self.tree.size(),
            good_root: to_hex(&root),
            what: what.to_owned(),
        }
    }
}

/// Whether the group at `at` was never written to its end: bytes beyond the file, a zero last byte where a mark
/// should be, or a sector of it that is still zero.
fn is_unfinished(bytes: &[u8], at: usize) -> bool {
    let Some(head) = bytes.get(at..at + GROUP_HEADER_BYTES) else { return true };
    if planted::is(Bug::CutDamage) {
        return true;
    }
    if head.ends_with(&[0]) {
        return true;
    }
    let length = GroupHeader::decode(head).map_or(GROUP_HEADER_BYTES, |header| header.bytes as usize);
    let Some(frame) = bytes.get(at..at + length) else { return true };
    if frame.ends_with(&[0]) {
        return true;
    }
    let (first, rest) = frame.split_at(frame.len().min(SECTOR_BYTES - at % SECTOR_BYTES));
    is_zero(first) || rest.chunks(SECTOR_BYTES).any(is_zero)
}

/// Where the first whole group lies at or after `from`, if there is one.
fn whole_group_after(bytes: &[u8], from: usize) -> Option<usize> {
    let end = bytes.iter().rposition(|byte| *byte != 0)? + 1;
    (from..end).find(|at| bytes.get(*at..end).is_some_and(|rest| decode_group(rest).is_some()))
}

/// Whether all bytes are zero.
fn is_zero(bytes: &[u8]) -> bool {
    const ZEROS: [u8; 4096] = [0; 4096];
    bytes.chunks(ZEROS.len()).all(|chunk| ZEROS.starts_with(chunk))
}
