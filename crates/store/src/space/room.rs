//! The files in which room is held. None of them is synced before it is a segment: what a loss of power takes of them is
//! missed at the next start, and made anew.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FallocateFlags, fallocate};

use crate::index::IndexStore;
use crate::journal::write_zeros;

/// The next segment, in the folder of the journal.
pub(super) const SPARE: &str = "spare";
/// The next segment while it is made.
const SPARE_NEW: &str = "spare.new";
/// A segment for one group that is longer than a segment.
const SPARE_LARGE: &str = "spare.large";
/// The reserve, in the folder of the ledger.
const RESERVE: &str = "reserve";

/// What is left untouched for whatever cannot be held ahead: names, logs, the index's snapshot at a start.
const MARGIN_BYTES: u64 = 16 << 20;
/// What a start may need before anything is held again: the index writes down where its pages lie.
const START_BYTES: u64 = 8 << 20;
/// Unit in which the system counts blocks.
const BLOCK_BYTES: u64 = 512;

/// The next segment.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) file: File,
    pub(super) bytes: u64,
    /// Whether zeros have been written to all of it: only then does appending change no extents.
    pub(super) zeroed: bool,
}

impl Next {
    pub(super) fn fill_with_zeros(&mut self) -> io::Result<()> {
        if !self.zeroed {
            write_zeros(&self.file, 0, self.bytes)?;
            self.file.sync_all()?;
            self.zeroed = true;
        }
        Ok(())
    }
}

/// Fails with `StorageFull` where the file system of `directory` has not that much left beyond the margin.
pub(super) fn afford(directory: &Path, bytes: u64) -> io::Result<()> {
    let left = disk_left(directory)?;
    if left >= bytes.saturating_add(MARGIN_BYTES) {
        return Ok(());
    }
    let wanted = format!("{left} bytes are left, and {bytes} and a margin of {MARGIN_BYTES} are needed");
    Err(io::Error::new(ErrorKind::StorageFull, wanted))
}

/// Bytes that the file system of `directory` has left for this process.
pub(crate) fn disk_left(directory: &Path) -> io::Result<u64> {
    let system = rustix::fs::statvfs(directory)?;
    Ok(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Bytes of the blocks that a file has been given.
pub(crate) fn allocated_bytes(found: &Metadata) -> u64 {
    found.blocks() * BLOCK_BYTES
}

/// Whether all of a file lies on disk, and none of it in holes.
fn is_real(file: &File) -> io::Result<bool> {
    let found = file.metadata()?;
    Ok(found.is_file() && allocated_bytes(&found) >= found.len())
}

/// Makes a file that long, with blocks of its own for all of it.
fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        // Such a file system gives blocks only to what is written.
        Err(rustix::io::Errno::OPNOTSUPP) => write_zeros(file, 0, bytes),
        allocated => Ok(allocated?),
    }
}

/// Holds blocks for a file up to `end`, beyond its length, which stays as it is. Where the file system cannot, nothing is
/// held.
pub(crate) fn allocate_ahead(file: &File, end: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, end) {
        Err(rustix::io::Errno::OPNOTSUPP) => Ok(()),
        allocated => Ok(allocated?),
    }
}

fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

/// The next segment that an earlier run left ready; whatever it left half made is removed.
pub(super) fn left_ready(journal: &Path, bytes: u64) -> io::Result<Option<Next>> {
    for name in [SPARE_NEW, SPARE_LARGE] {
        // What cannot be removed is met when it stands in the way.
        let _ = fs::remove_file(journal.join(name));
    }
    let path = journal.join(SPARE);
    let file = match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    if length < bytes || !is_real(&file)? {
        fs::remove_file(&path)?;
        return Ok(None);
    }
    Ok(Some(Next { file, bytes: length, zeroed: false }))
}

/// Makes the next segment; it has its name only once it is whole.
pub(super) fn made(journal: &Path, bytes: u64) -> io::Result<Next> {
    let path = journal.join(SPARE_NEW);
    let make = || {
        afford(journal, bytes)?;
        let file = opened(&path)?;
        allocate(&file, bytes)?;
        fs::rename(&path, journal.join(SPARE))?;
        Ok(Next { file, bytes, zeroed: false })
    };
    make().inspect_err(|_| {
        // It is made anew at the next pass.
        let _ = fs::remove_file(&path);
    })
}

/// Makes a segment for one group that is longer than a segment, and says where it lies.
pub(super) fn made_large(journal: &Path, bytes: u64) -> io::Result<(PathBuf, Next)> {
    let path = journal.join(SPARE_LARGE);
    let make = || {
        afford(journal, bytes)?;
        let mut next = Next { file: opened(&path)?, bytes, zeroed: false };
        next.fill_with_zeros()?;
        Ok((path.clone(), next))
    };
    make().inspect_err(|_| {
        let _ = fs::remove_file(&path);
    })
}

/// Before a start: gives back what it may need, where the disk has nothing else left.
pub(crate) fn lend_for_a_start(directory: &Path) {
    let lend = || {
        let file = OpenOptions::new().write(true).open(directory.join(RESERVE))?;
        if disk_left(directory)? < START_BYTES {
            file.set_len(file.metadata()?.len().saturating_sub(START_BYTES))?;
        }
        Ok::<(), io::Error>(())
    };
    // Without a reserve there is nothing to lend, and the start tells what it lacks.
    let _ = lend();
}

/// What is kept for what must get through.
#[derive(Debug)]
pub(super) struct Reserve {
    directory: PathBuf,
    /// For the journal, and as much again for the index.
    bytes: u64,
    file: Option<(File, u64)>,
    index: Arc<IndexStore>,
}

impl Reserve {
    pub(super) fn new(directory: &Path, bytes: u64, index: Arc<IndexStore>) -> Self {
        Self { directory: directory.to_owned(), bytes, file: None, index }
    }

    /// Fills the reserve's file up.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            let file = opened(&self.directory.join(RESERVE))?;
            if !is_real(&file)? {
                file.set_len(0)?;
            }
            let length = file.metadata()?.len();
            self.file = Some((file, length));
        }
        let Some((file, length)) = &mut self.file else { return Ok(()) };
        if *length < self.bytes {
            afford(&self.directory, self.bytes - *length)?;
            allocate(file, self.bytes)?;
            *length = self.bytes;
        }
        Ok(())
    }

    /// Fails where the disk has less left than the margin.
    pub(super) fn watch(&self) -> io::Result<()> {
        afford(&self.directory, 0)
    }

    /// Holds as much for the index.
    pub(super) fn hold_for_the_index(&self) -> io::Result<()> {
        self.index.hold_ahead(self.bytes, &|missing| afford(&self.directory, missing))
    }

    /// Makes the reserve the next segment, where it is long enough.
    pub(super) fn as_segment(&mut self, journal: &Path, bytes: u64) -> io::Result<Option<Next>> {
        let Some((file, length)) = self.file.take_if(|(_, length)| *length >= bytes) else { return Ok(None) };
        fs::rename(self.directory.join(RESERVE), journal.join(SPARE))?;
        tracing::error!(journal = %journal.display(), bytes = length, "the reserve of disk is the next segment");
        Ok(Some(Next { file, bytes: length, zeroed: false }))
    }

    /// Shortens the reserve's file.
    pub(super) fn give_back(&mut self, bytes: u64) {
        let Some((file, length)) = &mut self.file else { return };
        let kept = length.saturating_sub(bytes);
        match file.set_len(kept) {
            Ok(()) => *length = kept,
            Err(error) => tracing::error!(%error, "nothing of the reserve of disk could be given back"),
        }
    }
}
