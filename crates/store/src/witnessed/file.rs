//! The file of what others have seen: a line of its own for each signed note, with a checksum.
//!
//! A line whose checksum does not hold is passed over, told, and left as it is; an unfinished last one is cut. After a
//! failed write or sync nothing more is taken until the file is opened again.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use concord_ledger::{Checkpoint, LogVerifier};

use super::WitnessedError;
use crate::journal::sync_directory;
use crate::space::allocate_ahead;

/// Name of the file in the folder of the ledger.
const NAME: &str = "witnessed";
/// What is held ahead of need, in bytes.
const AHEAD_BYTES: u64 = 64 << 10;
/// Hexadecimal digits of a line's checksum.
const CHECKSUM_DIGITS: usize = 8;

/// Where a line lies, without its line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// In bytes from the start of the file.
    offset: u64,
    bytes: usize,
}

/// What a line holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) checkpoint: Checkpoint,
    /// Name in the cosignature under the log's signature; nothing where there is none.
    pub(super) witness: Option<String>,
}

impl Kept {
    /// Reads a note that was verified when it was kept.
    pub(super) fn read(log: &LogVerifier, note: &str) -> Option<Self> {
        let checkpoint = log.read_kept(note).ok()?;
        let cosignature = note.rsplit_once("\n\n")?.1.lines().nth(1);
        let witness = cosignature.and_then(|line| line.split(' ').nth(1)).map(str::to_owned);
        Some(Self { checkpoint, witness })
    }
}

/// The open file.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    file: fs::File,
    /// Where the next line goes.
    end: u64,
    /// Up to where blocks are held.
    held: u64,
    failed: bool,
}

impl File {
    /// Opens the file in `directory`, makes it where there is none, and hands on each note whose checksum holds; `take`
    /// says whether it could be read.
    pub(super) fn open(
        directory: &Path,
        origin: &str,
        mut take: impl FnMut(&str, Spot) -> bool,
    ) -> Result<Self, WitnessedError> {
        let path = directory.join(NAME);
        let io_error = |source| WitnessedError::Io { path: path.clone(), source };
        fs::create_dir_all(directory).map_err(io_error)?;
        let mut options = fs::File::options();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut opened =
            Self { path: path.clone(), file: file.map_err(io_error)?, end: 0, held: 0, failed: false };
        let damaged = opened.scan(origin, &mut take)?;
        if damaged > 0 {
            let path = path.display();
            tracing::warn!(%path, damaged, "lines do not hold; witnesses will show them again");
        }
        opened.settle(origin).and_then(|()| sync_directory(directory)).map_err(io_error)?;
        Ok(opened)
    }

    /// What went wrong with this file.
    pub(super) fn error(&self, source: io::Error) -> WitnessedError {
        WitnessedError::Io { path: self.path.clone(), source }
    }

    /// Reads every whole line, and gives the number of those that do not hold.
    fn scan(
        &mut self,
        origin: &str,
        take: &mut dyn FnMut(&str, Spot) -> bool,
    ) -> Result<usize, WitnessedError> {
        let (mut reader, mut line, mut damaged) = (BufReader::new(&self.file), Vec::new(), 0);
        let mut end = 0;
        loop {
            line.clear();
            reader.read_until(b'\n', &mut line).map_err(|source| self.error(source))?;
            let Some(text) = line.strip_suffix(b"\n") else { break };
            if end == 0 && text != header(origin).as_bytes() {
                return Err(WitnessedError::Foreign { path: self.path.clone(), expected: origin.to_owned() });
            }
            let spot = Spot { offset: end, bytes: text.len() };
            if end > 0 && !decode(text).is_some_and(|note| take(&note, spot)) {
                damaged += 1;
            }
            end += line.len() as u64;
        }
        self.end = end;
        Ok(damaged)
    }

    /// Cuts an unfinished last line, and begins an empty file.
    fn settle(&mut self, origin: &str) -> io::Result<()> {
        self.file.set_len(self.end)?;
        if self.end == 0 {
            let header = format!("{}\n", header(origin));
            self.file.write_all_at(header.as_bytes(), 0)?;
            self.end = header.len() as u64;
        }
        self.file.sync_all()
    }

    /// Appends a note and syncs.
    pub(super) fn append(&mut self, note: &str) -> io::Result<Spot> {
        if self.failed {
            return Err(io::Error::other("an earlier write failed; the ledger must be opened again"));
        }
        let line = encode(note);
        let spot = Spot { offset: self.end, bytes: line.len() };
        let line = format!("{line}\n");
        let end = self.end + line.len() as u64;
        if end > self.held {
            // A disk that is full is met before anything is written, and costs nothing but this line.
            allocate_ahead(&self.file, end + AHEAD_BYTES)?;
            self.held = end + AHEAD_BYTES;
        }
        // A failed sync must not be retried: the kernel has by then marked the pages clean.
        self.failed = true;
        self.file.write_all_at(line.as_bytes(), self.end)?;
        self.file.sync_data()?;
        self.failed = false;
        self.end = end;
        Ok(spot)
    }

    /// Reads a note back.
    pub(super) fn read(&self, spot: Spot) -> io::Result<String> {
        let mut line = vec![0; spot.bytes];
        self.file.read_exact_at(&mut line, spot.offset)?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a line is damaged on disk");
        decode(&line).ok_or_else(damaged)
    }
}

fn header(origin: &str) -> String {
    format!("concord-witnessed/1 {origin}")
}

fn encode(note: &str) -> String {
    format!("{:08x} {}", crc32c::crc32c(note.as_bytes()), STANDARD.encode(note))
}

fn decode(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let (checksum, note) = line.split_once(' ').filter(|(sum, _)| sum.len() == CHECKSUM_DIGITS)?;
    let note = String::from_utf8(STANDARD.decode(note).ok()?).ok()?;
    (encode(&note).starts_with(checksum)).then_some(note)
}
