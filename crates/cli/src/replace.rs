//! A file that is whole or not there: written under a temporary name, synced, renamed, and its folder synced.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes a file in place of the one of that name, if any; when this returns it outlives a loss of power.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(folder)?.sync_all()
}
