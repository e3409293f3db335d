//! Every whole group that can still be read out of a journal's files, wherever damage lies between them.
//!
//! Nothing of it is believed here: a group counts once its signature, chain and root are verified by whoever takes it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use concord_ledger::LogVerifier;
use concord_ledger::hash::Hash;

use super::JournalError;
use super::book::Group;
use super::format::{GROUP_MAGIC, SEGMENT_HEADER_BYTES, SegmentHeader, decode_group, origin_digest};
use super::scan::Files;
use super::segment::open_to_read;

/// Where a whole group lies.
#[derive(Clone, Copy, Debug)]
struct Piece {
    file: usize,
    offset: u64,
    bytes: u32,
    /// Number of entries in the ledger, this group included.
    size: u64,
    root: Hash,
}

/// The whole groups of a journal.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    directory: PathBuf,
    files: Vec<File>,
    /// By index of the first entry; of damaged files two may claim the same.
    pieces: BTreeMap<u64, Vec<Piece>>,
}

impl Pieces {
    /// Looks through every segment in `directory`, as far as there is one.
    pub(crate) fn of(directory: &Path, log: &LogVerifier) -> Result<Self, JournalError> {
        let mut found = Self { directory: directory.to_owned(), ..Self::default() };
        if !directory.exists() {
            return Ok(found);
        }
        let files = Files::open(directory, open_to_read)?;
        for (number, file) in files.each() {
            let path = directory.join(super::segment::segment_name(number));
            let bytes = fs::read(&path).map_err(|source| JournalError::Io { path: path.clone(), source })?;
            if SegmentHeader::decode(&bytes).is_ok_and(|header| header.origin != origin_digest(log.origin()))
            {
                return Err(JournalError::OtherLedger { expected: log.origin().to_owned() });
            }
            found.files.push(file.try_clone().map_err(|source| JournalError::Io { path, source })?);
            found.look_through(&bytes);
        }
        Ok(found)
    }

    fn look_through(&mut self, bytes: &[u8]) {
        let file = self.files.len().saturating_sub(1);
        let mut at = SEGMENT_HEADER_BYTES.min(bytes.len());
        while let Some(next) = bytes.get(at..).and_then(|rest| find(rest, GROUP_MAGIC)) {
            at += next;
            let Some(group) = bytes.get(at..).and_then(decode_group) else {
                at += 1;
                continue;
            };
            let piece = Piece {
                file,
                offset: at as u64,
                bytes: group.shape.bytes,
                size: group.trailer.size,
                root: group.trailer.root,
            };
            self.pieces.entry(group.shape.first_index).or_default().push(piece);
            at += group.shape.bytes as usize;
        }
    }

    /// What is left, from `index` on, of the groups that hold entry `index`.
    pub(crate) fn holding(&self, index: u64) -> Result<Vec<Group>, JournalError> {
        let Some((first, pieces)) = self.pieces.range(..=index).next_back() else { return Ok(Vec::new()) };
        let holding = pieces.iter().filter(|piece| piece.size > index);
        let mut groups = Vec::new();
        for piece in holding {
            let mut group = self.read(piece)?;
            let skipped = usize::try_from(index - first).unwrap_or(usize::MAX);
            group.entries.drain(..skipped.min(group.entries.len()));
            groups.push(group);
        }
        Ok(groups)
    }

    /// Index of the first entry, from `index` on, of which a whole group is held.
    pub(crate) fn next_after(&self, index: u64) -> Option<u64> {
        self.pieces.range(index..).next().map(|(first, _)| *first)
    }

    /// The groups whose root is not the one that `root_at` gives for their size.
    pub(crate) fn other_than(
        &self,
        root_at: impl Fn(u64) -> Option<Hash>,
    ) -> impl Iterator<Item = Result<Group, JournalError>> {
        let other = move |piece: &&Piece| root_at(piece.size) != Some(piece.root);
        self.pieces.values().flatten().filter(other).map(|piece| self.read(piece))
    }

    fn read(&self, piece: &Piece) -> Result<Group, JournalError> {
        let failed = |source| JournalError::Io { path: self.directory.clone(), source };
        let changed = || failed(std::io::Error::other("a group changed while it was read"));
        let mut bytes = vec![0; piece.bytes as usize];
        let file = self.files.get(piece.file).ok_or_else(changed)?;
        file.read_exact_at(&mut bytes, piece.offset).map_err(failed)?;
        let group = decode_group(&bytes).ok_or_else(changed)?;
        let entries = group.records.iter().map(|record| record.entry()).collect::<Result<_, _>>();
        let entries = entries.map_err(|error| failed(std::io::Error::other(error)))?;
        Ok(Group { entries, trailer: group.trailer })
    }
}

fn find(bytes: &[u8], what: &[u8; 4]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
