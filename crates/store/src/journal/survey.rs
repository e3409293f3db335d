//! A journal that nobody has open, or a copy of one, read and never changed: what it holds, and the first thing wrong.
//!
//! It rests on the scan of a start, so that both say the same of the same files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use concord_ledger::LogVerifier;
use concord_ledger::hash::Hash;

use super::book::{Book, Group};
use super::format::{VERSION, origin_digest};
use super::scan::{Files, TornTail, walk};
use super::segment::{self, open_to_read};
use super::{JOURNAL, JournalError, ReadError, SEGMENT_BYTES, SegmentHeader, Syncs};

/// A segment, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSurvey {
    /// Its number.
    pub number: u64,
    /// Length of the file.
    pub bytes: u64,
    /// Index of the first entry in it.
    pub first_index: u64,
    /// Entries in it that hold.
    pub entries: u64,
}

/// What a journal holds, up to the first thing that does not hold.
#[derive(Debug)]
pub struct Survey {
    /// Version of the format.
    pub format_version: u32,
    /// Its segments, as far as they were read.
    pub segments: Vec<SegmentSurvey>,
    /// An unfinished group at the end, which the next start would cut.
    pub torn_tail: Option<TornTail>,
    /// The first thing wrong, for which a start would refuse to serve.
    pub damage: Option<JournalError>,
    /// The note of the last group that holds.
    pub checkpoint: Option<String>,
    book: Book,
}

impl Survey {
    /// Reads the journal of the ledger of `log` in `directory`.
    ///
    /// # Errors
    /// Where nothing can be said of it: it cannot be read, is another ledger's, or of a newer format.
    pub fn of(directory: &Path, log: &LogVerifier) -> Result<Self, JournalError> {
        let files = Files::open(directory, open_to_read)?;
        let walked = walk(directory, log, &files, SEGMENT_BYTES, Syncs::EachGroup)?;
        let checkpoint = walked.scan.last_trailer.as_ref().map(|trailer| trailer.checkpoint.clone());
        Ok(Self {
            format_version: VERSION,
            segments: walked.segments,
            torn_tail: walked.torn,
            damage: walked.fault,
            checkpoint,
            book: walked.scan.into_book(files),
        })
    }

    /// Whether the journal is of that ledger: by the first segment header that holds, else by the notes in it.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn is_of(directory: &Path, origin: &str) -> io::Result<bool> {
        let note = format!("{origin}\n");
        let mut named = false;
        for number in segment::list(directory)? {
            let bytes = fs::read(directory.join(segment::segment_name(number)))?;
            if let Ok(header) = SegmentHeader::decode(&bytes) {
                return Ok(header.origin == origin_digest(origin));
            }
            named |= bytes.windows(note.len()).any(|window| window == note.as_bytes());
        }
        Ok(named)
    }

    /// Where under `folder` a journal lies: itself, its `journal`, or those of its folder `service`.
    #[must_use]
    pub fn place(folder: &Path, service: &str) -> Option<PathBuf> {
        let of_service = folder.join(service);
        let places = [folder.to_owned(), folder.join(JOURNAL), of_service.join(JOURNAL), of_service];
        places.into_iter().find(|place| segment::list(place).is_ok_and(|numbers| !numbers.is_empty()))
    }

    /// Number of entries that hold.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.book.size()
    }

    /// Number of groups that hold.
    #[must_use]
    pub fn groups_count(&self) -> u64 {
        self.book.groups()
    }

    /// Root over the entries that hold.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.book.edge().root()
    }

    /// The groups that hold, from the first on.
    pub fn groups(&self) -> impl Iterator<Item = Result<Group, ReadError>> + '_ {
        let mut next = Some(0);
        std::iter::from_fn(move || {
            let group = self.book.group(next?).transpose();
            next = match &group {
                Some(Ok(group)) => Some(group.trailer.size),
                _ => None,
            };
            group
        })
    }
}
