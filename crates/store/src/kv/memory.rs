//! A store in memory: for tests, and to serve on from when the one on disk has failed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Batch, Change, Kv, KvError, KvPlace, Pair, Visit, bounded};

/// An ordered map in memory.
#[derive(Debug, Default)]
pub struct MemoryKv {
    map: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Kv for MemoryKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self.map.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), KvError> {
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let from = map.range(prefix.to_vec()..);
        for (key, value) in from.take_while(|(key, _)| key.starts_with(prefix)) {
            visit(key, value)?;
        }
        Ok(())
    }

    fn last_before(&self, prefix: &[u8], end: &[u8]) -> Result<Option<Pair>, KvError> {
        let end = bounded(prefix, end);
        if prefix >= end.as_slice() {
            return Ok(None);
        }
        let map = self.map.read().unwrap_or_else(PoisonError::into_inner);
        let last = map.range(prefix.to_vec()..end).next_back();
        Ok(last.map(|(key, value)| (key.clone(), value.clone())))
    }

    fn commit(&self, batch: Batch) -> Result<(), KvError> {
        let mut map = self.map.write().unwrap_or_else(PoisonError::into_inner);
        for change in batch.0 {
            match change {
                Change::Put(key, value) => map.insert(key, value),
                Change::Remove(key) => map.remove(&key),
            };
        }
        Ok(())
    }
}

/// A place in memory; clones of it are the same place, so that what is written outlives one opening.
#[derive(Clone, Debug, Default)]
pub struct MemoryPlace {
    kv: Arc<RwLock<Arc<MemoryKv>>>,
}

impl KvPlace for MemoryPlace {
    fn open(&self) -> Result<Arc<dyn Kv>, KvError> {
        let kv = self.kv.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(&*kv) as Arc<dyn Kv>)
    }

    fn set_aside(&self) -> Result<Option<PathBuf>, KvError> {
        *self.kv.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        Ok(None)
    }
}
