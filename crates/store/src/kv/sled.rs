//! The store on sled 0.34: the only place that names it.
//!
//! sled is given no sync of its own (its flush is no power-loss barrier on Linux, and the journal is the truth), and
//! nothing it does is believed: a panic of its is an error here, and what it holds is compared with the journal at
//! start. Everything lies in one tree because its batches are atomic for one tree only.

use std::fs;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{Batch, Change, Kv, KvError, KvPlace, Pair, Visit, bounded};
use crate::space::{allocate_ahead, allocated_bytes};

/// Bytes of cache; sled's own default is 1 GiB.
const CACHE_BYTES: u64 = 64 << 20;

/// How often a lock is tried again: sled's own threads may hold it for a moment after its last handle has gone.
const LOCK_TRIES: u32 = 100;
/// Time between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// A folder for sled.
#[derive(Clone, Debug)]
pub struct SledPlace {
    path: PathBuf,
}

impl SledPlace {
    /// The folder `path`, which sled makes where it is missing.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Where a broken folder is moved; only the newest is kept, so that a crash loop does not fill the disk.
    fn aside(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".aside");
        self.path.with_file_name(name)
    }
}

impl KvPlace for SledPlace {
    fn open(&self) -> Result<Arc<dyn Kv>, KvError> {
        let config = sled::Config::new()
            .path(&self.path)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None)
            .mode(sled::Mode::HighThroughput);
        let mut tries = LOCK_TRIES;
        loop {
            match guard(|| config.open()) {
                Err(KvError::Locked(_)) if tries > 0 => {
                    tries -= 1;
                    thread::sleep(LOCK_PAUSE);
                }
                opened => {
                    let file = self.path.join("db");
                    return opened.map(|db| Arc::new(SledKv { db, file }) as Arc<dyn Kv>);
                }
            }
        }
    }

    fn set_aside(&self) -> Result<Option<PathBuf>, KvError> {
        let aside = self.aside();
        let moved = match fs::remove_dir_all(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fs::rename(&self.path, &aside),
        };
        match moved {
            Ok(()) => Ok(Some(aside)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(KvError::Failed(format!("cannot set {} aside: {error}", self.path.display()))),
        }
    }
}

struct SledKv {
    db: sled::Db,
    /// Where sled keeps everything but values that are longer than a quarter of its segments.
    file: PathBuf,
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        guard(|| self.db.get(key)).map(|found| found.map(|value| value.to_vec()))
    }

    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), KvError> {
        let mut pairs = self.db.scan_prefix(prefix);
        while let Some((key, value)) = guard(|| pairs.next().transpose())? {
            visit(&key, &value)?;
        }
        Ok(())
    }

    fn last_before(&self, prefix: &[u8], end: &[u8]) -> Result<Option<Pair>, KvError> {
        let end = bounded(prefix, end);
        if prefix >= end.as_slice() {
            return Ok(None);
        }
        let last = guard(|| self.db.range(prefix..end.as_slice()).next_back().transpose())?;
        Ok(last.map(|(key, value)| (key.to_vec(), value.to_vec())))
    }

    fn commit(&self, batch: Batch) -> Result<(), KvError> {
        let mut changes = sled::Batch::default();
        for change in batch.0 {
            match change {
                Change::Put(key, value) => changes.insert(key, value),
                Change::Remove(key) => changes.remove(key),
            }
        }
        guard(|| self.db.apply_batch(changes)).inspect_err(|_| {
            // After a failed write sled waits for ever when it is closed; so it never is, and ends with the process.
            mem::forget(self.db.clone());
        })
    }

    fn hold_ahead(&self, bytes: u64, afford: &dyn Fn(u64) -> io::Result<()>) -> io::Result<()> {
        let found = fs::metadata(&self.file)?;
        let end = found.len().saturating_add(bytes);
        let missing = end.saturating_sub(allocated_bytes(&found));
        if missing <= bytes / 8 {
            return Ok(());
        }
        afford(missing)?;
        // sled's file keeps its length, by which sled knows where it ends.
        allocate_ahead(&fs::File::options().write(true).open(&self.file)?, end)
    }
}

/// Turns sled's errors and panics into ours.
fn guard<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, KvError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let text = error.to_string();
            let locked = text.contains("could not acquire lock");
            Err(if locked { KvError::Locked(text) } else { KvError::Failed(text) })
        }
        Err(_) => Err(KvError::Failed("it panicked".into())),
    }
}
