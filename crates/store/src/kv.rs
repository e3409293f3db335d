//! Where the queryable state lies: an ordered map from bytes to bytes with atomic batches.
//!
//! It is written after the journal and can be thrown away and rebuilt from it, so it needs no durability of its own.
//! It is small on purpose: a distributed store can stand here for those who outgrow one machine.

pub mod memory;
pub mod sled;

#[cfg(test)]
mod conformance;

use std::path::PathBuf;
use std::sync::Arc;

/// Why a key-value store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// Another user has it open; it is not broken and must not be set aside.
    #[error("the index is in use: {0}")]
    Locked(String),
    /// It failed; whatever it holds is to be rebuilt.
    #[error("the index failed: {0}")]
    Failed(String),
}

/// One change of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Sets a key.
    Put(Vec<u8>, Vec<u8>),
    /// Removes a key.
    Remove(Vec<u8>),
}

/// Changes that are made all or none, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch(pub Vec<Change>);

impl Batch {
    /// Adds a key to be set.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0.push(Change::Put(key.into(), value.into()));
    }

    /// Adds a key to be removed.
    pub fn remove(&mut self, key: impl Into<Vec<u8>>) {
        self.0.push(Change::Remove(key.into()));
    }
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// What is called with each key and value of a scan.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), KvError> + 'a;

/// Where keys end that begin with `prefix` and come before `end`.
pub(crate) fn bounded(prefix: &[u8], end: &[u8]) -> Vec<u8> {
    let mut after = prefix.to_vec();
    // What begins with it ends where its last byte that can grow has grown; what consists of the highest bytes has no end.
    while after.pop_if(|last| *last == u8::MAX).is_some() {}
    match after.last_mut() {
        Some(last) => *last += 1,
        None => return end.to_vec(),
    }
    after.min(end.to_vec())
}

/// An ordered key-value store.
pub trait Kv: Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// Where the store fails.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError>;

    /// Hands every pair whose key begins with `prefix` to `visit`, in the order of the keys; stops at its first error.
    ///
    /// # Errors
    /// Where the store fails, or the visitor.
    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), KvError>;

    /// The last pair whose key begins with `prefix` and comes before `end`.
    ///
    /// # Errors
    /// Where the store fails.
    fn last_before(&self, prefix: &[u8], end: &[u8]) -> Result<Option<Pair>, KvError>;

    /// Makes the changes of a batch, all or none; readers see none or all.
    ///
    /// # Errors
    /// Where the store fails; then it may hold all or none of the batch.
    fn commit(&self, batch: Batch) -> Result<(), KvError>;

    /// Holds so many bytes of disk for the store to grow, beyond what it has; `afford` says whether the disk has what is
    /// missing. A store that lies on no disk holds nothing.
    ///
    /// # Errors
    /// Where they cannot be held.
    fn hold_ahead(&self, _bytes: u64, _afford: &dyn Fn(u64) -> std::io::Result<()>) -> std::io::Result<()> {
        Ok(())
    }
}

/// Where a store can be opened, and be set aside when it turns out to be broken.
pub trait KvPlace: Send {
    /// Opens the store; makes an empty one where there is none.
    ///
    /// # Errors
    /// Where it is locked, or will not open.
    fn open(&self) -> Result<Arc<dyn Kv>, KvError>;

    /// Moves what is there out of the way; gives the folder where it now lies, where it has one.
    ///
    /// # Errors
    /// Where it cannot be moved.
    fn set_aside(&self) -> Result<Option<PathBuf>, KvError>;
}
