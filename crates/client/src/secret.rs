//! Private keys in files: read only where nobody but their owner can, never shown, and wiped from memory when they go.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

/// Largest key file that is read, in bytes; a PEM of any key in use is far smaller.
const FILE_MAX_BYTES: u64 = 64 * 1024;

/// The text of a key file.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Reads a file that its owner alone may read: a secret that others can read is none.
    ///
    /// # Errors
    /// Names the file, and what is wrong with it; never anything of what it holds.
    pub fn read(path: &Path) -> Result<Self, String> {
        let fault = |e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        let mut file = File::open(path).map_err(|e| fault(&e))?;
        // Of the file that was opened, so that no other takes its place in between.
        let metadata = file.metadata().map_err(|e| fault(&e))?;
        refuse_readable_by_others(&metadata, path)?;
        if metadata.len() > FILE_MAX_BYTES {
            return Err(fault(&"is no key file, since it is too large"));
        }
        // Room for all of it at once: text that grows leaves copies behind.
        let room = usize::try_from(metadata.len()).unwrap_or_default().saturating_add(1);
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        (&mut file).take(metadata.len()).read_to_end(&mut bytes).map_err(|e| fault(&e))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| fault(&"is no text"))?;
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    /// Leaves the text out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(unix)]
fn refuse_readable_by_others(metadata: &std::fs::Metadata, path: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!("{} must be readable by its owner alone (mode 0600); it has {mode:o}", path.display()))
}

#[cfg(not(unix))]
fn refuse_readable_by_others(_metadata: &std::fs::Metadata, _path: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_can_read_is_refused_and_one_of_its_owner_is_read_and_not_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, "quiet").unwrap();
        for (mode, read) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            match Secret::read(&path) {
                Ok(secret) => {
                    assert!(read, "{mode:o}");
                    assert_eq!((secret.expose(), format!("{secret:?}").as_str()), ("quiet", "Secret"));
                }
                Err(told) => {
                    assert!(!read, "{mode:o}: {told}");
                    assert!(told.contains("mode 0600") && !told.contains("quiet"), "{told}");
                }
            }
        }
    }
}
