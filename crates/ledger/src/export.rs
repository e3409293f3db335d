//! The exported ledger: a text file of JSON lines that anyone can verify with the log's public key alone.
//!
//! The first line names format and ledger; each further line is one group with the checkpoint that closed it.
//! Lines are built and read here; files are the caller's.

use serde::{Deserialize, Serialize};

use crate::chain::{Chain, ChainError};
use crate::checkpoint::{Checkpoint, CheckpointError, LogVerifier};
use crate::entry::{Entry, EntryError, Part, base64_text};
use crate::hash::{Hash, from_hex, to_hex};

/// `format` of an export.
pub const FORMAT: &str = "concord-ledger/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    origin: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupLine {
    entries: Vec<EntryLine>,
    trailer: TrailerLine,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryLine {
    #[serde(with = "base64_text")]
    header: Vec<u8>,
    parts: Vec<Part>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrailerLine {
    size: u64,
    root: String,
    checkpoint: String,
}

/// The first thing wrong with an export, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct ExportError {
    /// Line number, from 1.
    pub line: u64,
    /// What is wrong there.
    pub fault: ExportFault,
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExportFault {
    /// The file has no first line.
    #[error("the first line, with format and origin, is missing")]
    Empty,
    /// Not the JSON of the format.
    #[error("not a line of format {FORMAT}: {0}")]
    Form(String),
    /// The file is of another format or ledger.
    #[error("names {0}")]
    Head(String),
    /// The checkpoint does not hold.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The trailer and its own checkpoint say different things.
    #[error("size or root of the trailer is not that of its checkpoint")]
    Trailer,
    /// A group without entries.
    #[error("a group without entries")]
    NoEntries,
    /// An entry does not hold.
    #[error("entry {index}: {error}")]
    Entry {
        /// Index that the entry should have.
        index: u64,
        /// What is wrong with it.
        error: EntryError,
    },
    /// An entry is not the next one.
    #[error("chain: {0}")]
    Chain(#[from] ChainError),
    /// The entries do not lead to the signed size and root.
    #[error("the entries lead to size {size} and root {root}, the checkpoint says otherwise")]
    Root {
        /// Size over the entries read.
        size: u64,
        /// Root over the entries read.
        root: String,
    },
}

/// The first line of an export.
///
/// # Errors
/// Where the encoder fails, which no origin makes it do.
pub fn head_line(origin: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Head { format: FORMAT.to_owned(), origin: origin.to_owned() })
}

/// The line of one group: its entries, and size, root and note of the checkpoint that closed it.
///
/// # Errors
/// Where the encoder fails, which no entry makes it do.
pub fn group_line(
    entries: &[Entry],
    size: u64,
    root: &Hash,
    checkpoint: &str,
) -> Result<String, serde_json::Error> {
    let line =
        |entry: &Entry| EntryLine { header: entry.header_bytes().to_vec(), parts: entry.parts().to_vec() };
    serde_json::to_string(&GroupLine {
        entries: entries.iter().map(line).collect(),
        trailer: TrailerLine { size, root: to_hex(root), checkpoint: checkpoint.to_owned() },
    })
}

/// An export that holds.
#[derive(Clone, Debug)]
pub struct VerifiedExport {
    /// Name of the ledger.
    pub origin: String,
    /// All entries, from index 0.
    pub entries: Vec<Entry>,
    /// The last checkpoint; `None` where the export has no group.
    pub head: Option<Checkpoint>,
}

/// Verifies an export line by line, for those who do not want to hold all of it.
#[derive(Debug)]
pub struct ExportVerifier<'a> {
    log: &'a LogVerifier,
    chain: Chain,
    line: u64,
    head: Option<Checkpoint>,
}

impl<'a> ExportVerifier<'a> {
    /// A verifier that has read nothing yet.
    #[must_use]
    pub fn new(log: &'a LogVerifier) -> Self {
        Self { log, chain: Chain::new(log.origin()), line: 0, head: None }
    }

    /// Verifies the next line and gives its entries; the first line has none.
    ///
    /// # Errors
    /// The line and the first thing wrong with it; after that the verifier must not be used further.
    pub fn line(&mut self, line: &str) -> Result<Vec<Entry>, ExportError> {
        self.line += 1;
        let read = if self.line == 1 { self.first(line) } else { self.group(line) };
        read.map_err(|fault| ExportError { line: self.line, fault })
    }

    /// The last checkpoint that was verified.
    #[must_use]
    pub fn head(&self) -> Option<&Checkpoint> {
        self.head.as_ref()
    }

    /// The chain over all entries so far.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    fn first(&self, line: &str) -> Result<Vec<Entry>, ExportFault> {
        let head: Head = serde_json::from_str(line).map_err(|error| ExportFault::Form(error.to_string()))?;
        if head.format != FORMAT || head.origin != self.log.origin() {
            return Err(ExportFault::Head(format!("{} {}", head.format, head.origin)));
        }
        Ok(Vec::new())
    }

    fn group(&mut self, line: &str) -> Result<Vec<Entry>, ExportFault> {
        let line: GroupLine =
            serde_json::from_str(line).map_err(|error| ExportFault::Form(error.to_string()))?;
        let GroupLine { entries: lines, trailer: TrailerLine { size, root, checkpoint } } = line;
        let checkpoint = self.log.verify(&checkpoint)?;
        if checkpoint.size != size || from_hex(&root) != Some(checkpoint.root) {
            return Err(ExportFault::Trailer);
        }
        if lines.is_empty() {
            return Err(ExportFault::NoEntries);
        }
        let mut entries = Vec::with_capacity(lines.len());
        for EntryLine { header, parts } in lines {
            let index = self.chain.size();
            let entry = Entry::parse(header, parts).map_err(|error| ExportFault::Entry { index, error })?;
            self.chain.append(&entry)?;
            entries.push(entry);
        }
        let (size, root) = (self.chain.size(), self.chain.root());
        if size != checkpoint.size || root != checkpoint.root {
            return Err(ExportFault::Root { size, root: to_hex(&root) });
        }
        self.head = Some(checkpoint);
        Ok(entries)
    }
}

/// Verifies a whole export: form, every checkpoint signature, every entry, the chain and every root.
///
/// That nothing follows its last group only a later checkpoint can show.
///
/// # Errors
/// The line and the first thing wrong with it.
pub fn verify_export<L: AsRef<str>>(
    lines: impl IntoIterator<Item = L>,
    log: &LogVerifier,
) -> Result<VerifiedExport, ExportError> {
    let mut verifier = ExportVerifier::new(log);
    let mut entries = Vec::new();
    for line in lines {
        entries.append(&mut verifier.line(line.as_ref())?);
    }
    if verifier.line == 0 {
        return Err(ExportError { line: 1, fault: ExportFault::Empty });
    }
    Ok(VerifiedExport { origin: log.origin().to_owned(), entries, head: verifier.head })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::LogKey;
    use crate::entry::tests::chained;
    use crate::keys::PrivateKey;

    fn key() -> LogKey {
        LogKey::new("accord-1/registry", PrivateKey::from_seed(&[1; 32])).unwrap()
    }

    /// Nine entries in groups of 1, 3 and 5.
    fn export() -> Vec<String> {
        let entries = chained(9);
        let mut chain = Chain::new("accord-1/registry");
        let mut lines = vec![head_line("accord-1/registry").unwrap()];
        for group in [&entries[..1], &entries[1..4], &entries[4..]] {
            group.iter().for_each(|entry| chain.append(entry).unwrap());
            let note = key().sign(chain.size(), &chain.root());
            lines.push(group_line(group, chain.size(), &chain.root(), &note).unwrap());
        }
        lines
    }

    #[test]
    fn a_whole_export_verifies_to_its_entries() {
        let verified = verify_export(export(), key().verifier()).unwrap();
        assert_eq!(verified.entries, chained(9));
        assert_eq!(verified.head.unwrap().size, 9);
    }

    #[test]
    fn a_missing_repeated_or_swapped_line_is_named() {
        let lines = export();
        for at in 1..lines.len() - 1 {
            let mut missing = lines.clone();
            missing.remove(at);
            let error = verify_export(missing, key().verifier()).unwrap_err();
            assert_eq!(error.line, at as u64 + 1, "{error}");
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert_eq!(verify_export(swapped, key().verifier()).unwrap_err().line, at as u64 + 1);
            let mut repeated = lines.clone();
            repeated.insert(at, lines[at].clone());
            assert_eq!(verify_export(repeated, key().verifier()).unwrap_err().line, at as u64 + 2);
        }
        let none = verify_export(Vec::<String>::new(), key().verifier()).unwrap_err();
        assert_eq!(none.fault, ExportFault::Empty);
        assert!(verify_export(&lines[1..], key().verifier()).is_err());
    }

    #[test]
    fn no_changed_character_gives_another_entry() {
        let lines = export();
        let genuine = chained(9);
        for (number, line) in lines.iter().enumerate() {
            for at in 0..line.len() {
                let mut bytes = line.clone().into_bytes();
                bytes[at] ^= 1;
                let mut changed = lines.clone();
                changed[number] = String::from_utf8(bytes).unwrap();
                match verify_export(changed, key().verifier()) {
                    Ok(verified) => assert_eq!(verified.entries, genuine, "line {number} byte {at}"),
                    Err(error) => assert_eq!(error.line, number as u64 + 1, "byte {at}: {error}"),
                }
            }
        }
    }

    #[test]
    fn a_part_may_be_withheld_from_an_export() {
        let mut chain = Chain::new("accord-1/registry");
        let withheld: Vec<Entry> = chained(2).iter().map(|entry| entry.with_parts(|_| false)).collect();
        withheld.iter().for_each(|entry| chain.append(entry).unwrap());
        let note = key().sign(2, &chain.root());
        let lines = [
            head_line("accord-1/registry").unwrap(),
            group_line(&withheld, 2, &chain.root(), &note).unwrap(),
        ];
        assert_eq!(verify_export(lines, key().verifier()).unwrap().entries, withheld);
    }
}
