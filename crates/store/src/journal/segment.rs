//! Segment files: named by number, zero-filled ahead and synced, so that appending changes neither size nor extents
//! and one `fdatasync` is enough.
//!
//! The next segment is made ready on its own thread while the present one fills, so that no group waits for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

const SPARE: &str = "spare";
const ZEROS: &[u8] = &[0; 1 << 20];

/// Name of the segment file of that number.
pub(crate) fn segment_name(number: u64) -> String {
    format!("{number:08}.seg")
}

/// Numbers of the segments in `directory`, ascending; anything else ending in `.seg` is an error.
pub(crate) fn list(directory: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for found in fs::read_dir(directory)? {
        let name = found?.file_name();
        let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".seg")) else { continue };
        let number: u64 = stem
            .parse()
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("unexpected file {stem}.seg")))?;
        numbers.push(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Opens the segment of that number for reading and writing.
pub(crate) fn open(directory: &Path, number: u64) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(directory.join(segment_name(number)))
}

/// Opens the segment of that number for reading alone.
pub(crate) fn open_to_read(directory: &Path, number: u64) -> io::Result<File> {
    File::open(directory.join(segment_name(number)))
}

/// Makes names in `directory` durable.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The next segment, being made ready.
pub(crate) struct Spare {
    directory: PathBuf,
    making: Option<(u64, JoinHandle<io::Result<File>>)>,
}

impl Spare {
    /// Removes what an earlier run left half ready.
    pub(crate) fn new(directory: &Path) -> io::Result<Self> {
        match fs::remove_file(directory.join(SPARE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Self { directory: directory.to_owned(), making: None }),
        }
    }

    /// Begins to make a segment of `bytes` ready; does nothing where one is being made already.
    pub(crate) fn begin(&mut self, bytes: u64) {
        if self.making.is_none() {
            let path = self.directory.join(SPARE);
            let made = thread::Builder::new().name("segment".into()).spawn(move || make(&path, bytes));
            // Without a thread the segment is made when it is needed.
            self.making = made.ok().map(|handle| (bytes, handle));
        }
    }

    /// A zero-filled segment of `bytes` under the name of `number`, both durable.
    pub(crate) fn take(&mut self, number: u64, bytes: u64) -> io::Result<File> {
        let path = self.directory.join(SPARE);
        let ready = match self.making.take() {
            Some((made, handle)) => {
                let file = handle.join().map_err(|_| io::Error::other("making a segment panicked"))??;
                (made == bytes).then_some(file)
            }
            None => None,
        };
        let file = match ready {
            Some(file) => file,
            None => make(&path, bytes)?,
        };
        fs::rename(&path, self.directory.join(segment_name(number)))?;
        sync_directory(&self.directory)?;
        Ok(file)
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        if let Some((_, handle)) = self.making.take() {
            // What it made is removed at the next start; here it only must not outlive the directory's owner.
            let _ = handle.join();
        }
    }
}

/// Writes `bytes` zeros at `offset`.
pub(crate) fn write_zeros(file: &File, mut offset: u64, mut bytes: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    while bytes > 0 {
        let step = bytes.min(ZEROS.len() as u64);
        let zeros = ZEROS.get(..usize::try_from(step).unwrap_or(ZEROS.len())).unwrap_or(ZEROS);
        file.write_all_at(zeros, offset)?;
        offset += step;
        bytes -= step;
    }
    Ok(())
}

fn make(path: &Path, bytes: u64) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
    write_zeros(&file, 0, bytes)?;
    file.flush()?;
    file.sync_all()?;
    Ok(file)
}
