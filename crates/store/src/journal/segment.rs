//! Segment files: named by number, zero-filled ahead and synced, so that appending changes neither size nor extents
//! and one `fdatasync` is enough.
//!
//! The next segment is held ahead of need (`crates/store/src/space.rs`), so that no group waits for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

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

/// Makes the name of `directory` durable, and those of the folders above it in its file system: whoever made them, now or
/// in an earlier run that was ended, may not have come to it, and what lies in a folder without a name is lost.
///
/// # Errors
/// Where one of the folders cannot be looked at or synced. One that this process may not open is passed over: it has
/// made no name in there.
pub fn settle_names(directory: &Path) -> io::Result<()> {
    let directory = fs::canonicalize(directory)?;
    let device = fs::metadata(&directory)?.dev();
    for above in directory.ancestors().skip(1) {
        if fs::metadata(above)?.dev() != device {
            break;
        }
        match sync_directory(above) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    Ok(())
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
