//! The hash chain of one ledger: which entry may come next.
//!
//! Whoever takes entries from elsewhere (a follower, a reader of an export, a service at start) folds them
//! through this, and compares its root with a verified checkpoint before believing any of them.

use crate::entry::{Entry, Header};
use crate::hash::{Hash, ZERO, from_hex};
use crate::tree::Tree;

/// Why an entry cannot be the next one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// The entry belongs to another ledger.
    #[error("entry belongs to ledger {found:?}, not to {expected:?}")]
    Origin {
        /// Ledger that is being read.
        expected: String,
        /// Ledger that the entry names.
        found: String,
    },
    /// The entry has another index.
    #[error("entry has sequence {found} where {expected} was due")]
    Sequence {
        /// Index that was due.
        expected: u64,
        /// Index in the header.
        found: u64,
    },
    /// The entry does not name the entry before it.
    #[error("entry {index} does not name the hash of the entry before it")]
    Previous {
        /// Index of the entry.
        index: u64,
    },
}

/// The chain so far.
#[derive(Clone, Debug)]
pub struct Chain {
    origin: String,
    tree: Tree,
    previous: Hash,
}

impl Chain {
    /// The empty chain of the ledger `<accord>/<service>`.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), tree: Tree::new(), previous: ZERO }
    }

    /// Takes the next entry, or refuses it and stays as it was.
    ///
    /// # Errors
    /// Says what keeps the entry from being the next one.
    pub fn append(&mut self, entry: &Entry) -> Result<(), ChainError> {
        self.check(entry.header())?;
        self.push(entry.leaf_hash());
        Ok(())
    }

    /// Whether an entry of that header may come next.
    ///
    /// # Errors
    /// Says what keeps it from being the next one.
    pub fn check(&self, header: &Header) -> Result<(), ChainError> {
        let accord = self.origin.strip_suffix(&header.service).and_then(|rest| rest.strip_suffix('/'));
        if accord != Some(&header.accord) {
            return Err(ChainError::Origin { expected: self.origin.clone(), found: header.origin() });
        }
        if header.sequence != self.size() {
            return Err(ChainError::Sequence { expected: self.size(), found: header.sequence });
        }
        if from_hex(&header.previous) != Some(self.previous) {
            return Err(ChainError::Previous { index: header.sequence });
        }
        Ok(())
    }

    /// Takes the next leaf hash unseen; for bytes whose chain was checked when they were first written and whose
    /// root the caller compares with a checkpoint.
    pub fn push(&mut self, leaf: Hash) {
        self.tree.append(leaf);
        self.previous = leaf;
    }

    /// Drops every entry from `size` on: what was taken in and then did not agree with a verified checkpoint.
    pub fn truncate(&mut self, size: u64) {
        self.tree.truncate(size);
        self.previous = size.checked_sub(1).and_then(|last| self.tree.leaf(last)).unwrap_or(ZERO);
    }

    /// Name of the ledger.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of entries.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Root over all entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Leaf hash of the last entry, which the next one must name; zeros where there is none.
    #[must_use]
    pub fn previous(&self) -> Hash {
        self.previous
    }

    /// The tree over the entries.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::{chained, entry, header, part};

    #[test]
    fn only_the_next_entry_of_the_same_ledger_is_taken() {
        let entries = chained(3);
        let mut chain = Chain::new("accord-1/registry");
        chain.append(&entries[0]).unwrap();
        let late = chain.append(&entries[2]).unwrap_err();
        assert_eq!(late, ChainError::Sequence { expected: 1, found: 2 });
        assert_eq!(chain.append(&entry(1, &ZERO)), Err(ChainError::Previous { index: 1 }));
        let mut foreign = header(1, &chain.previous());
        foreign.accord = "accord-2".into();
        let foreign = Entry::compose(foreign, vec![(part("body", b""), Vec::new())]).unwrap();
        assert!(matches!(chain.append(&foreign), Err(ChainError::Origin { .. })));
        assert_eq!(chain.size(), 1);
        chain.append(&entries[1]).unwrap();
        chain.append(&entries[2]).unwrap();
        assert_eq!(chain.root(), chain.tree().root_at(3).unwrap());
        for size in (0..=3).rev() {
            let mut shorter = chain.clone();
            shorter.truncate(size);
            assert_eq!((shorter.size(), Some(shorter.root())), (size, chain.tree().root_at(size)));
            for entry in entries.iter().skip(usize::try_from(size).unwrap()) {
                shorter.append(entry).unwrap();
            }
            assert_eq!(shorter.root(), chain.root());
        }
    }
}
