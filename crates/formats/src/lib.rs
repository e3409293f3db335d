//! Readers of outside files: bytes in, typed rows and row errors out. A file that is not whole gives nothing.
//!
//! Deliberately absent: I/O, and anything about natural persons beyond their number.

pub mod geojson;
pub mod un_xml;

/// Why a file is refused as a whole; nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{format}: {what}{}; {remedy}", .offset.map(|at| format!(" at byte {at}")).unwrap_or_default())]
pub struct FormatError {
    /// The format that was expected.
    pub format: &'static str,
    /// What is wrong.
    pub what: String,
    /// Where, in bytes from the beginning.
    pub offset: Option<u64>,
    /// What to do.
    pub remedy: &'static str,
}

/// Why one row is refused; the other rows stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} ({key}): {reason}")]
pub struct RowError {
    /// Number of the row in the file, from 1.
    pub row: u32,
    /// The row's key in the file.
    pub key: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// Whether the bytes are a page of the web saved under another name.
fn is_html(bytes: &[u8]) -> bool {
    let start: Vec<u8> = bytes.iter().take(1024).map(u8::to_ascii_lowercase).collect();
    let start = String::from_utf8_lossy(&start);
    start.contains("<!doctype html") || start.contains("<html")
}
