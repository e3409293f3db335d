//! The index: rows, what their versions were and when, and request ids, in a key-value store that is kept in step with
//! the journal.
//!
//! At start it is compared with the journal (position, root, digest over everything in it), folded forward where it
//! lags, and set aside and rebuilt where it disagrees. A failure while running costs it its place: a copy in memory is
//! rebuilt from the journal and serves on.

mod digest;
mod keys;
mod past;
mod start;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use concord_ledger::Entry;
use concord_ledger::hash::Hash;

use crate::journal::{Book, Trailer};
use crate::kv::memory::MemoryKv;
use crate::kv::{Batch, Kv, KvError};
use crate::machine::{Machine, Row};

use digest::RowsDigest;
use keys::{Anchor, Position};
pub(crate) use keys::{Request, request_name};
use past::Recorded;
pub use start::{IndexStart, StartError};
pub(crate) use start::{signed_size, start};

/// The store behind the index, for readers; it is exchanged when it fails.
pub(crate) struct IndexStore {
    kv: RwLock<Arc<dyn Kv>>,
    failures: AtomicU64,
}

impl fmt::Debug for IndexStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexStore").field("failures", &self.failures).finish_non_exhaustive()
    }
}

impl IndexStore {
    fn new(kv: Arc<dyn Kv>) -> Self {
        Self { kv: RwLock::new(kv), failures: AtomicU64::new(0) }
    }

    fn kv(&self) -> Arc<dyn Kv> {
        Arc::clone(&self.kv.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes of a row.
    pub(crate) fn row(&self, table: &str, id: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.kv().get(&keys::row(table, id))
    }

    /// Number of entries that the index reflects.
    pub(crate) fn size(&self) -> Result<u64, KvError> {
        let position = self.kv().get(keys::POSITION)?.and_then(|bytes| Position::decode(&bytes));
        position
            .map(|position| position.size)
            .ok_or_else(|| KvError::Failed("its position is damaged".into()))
    }

    /// Holds room on disk for the store to grow.
    pub(crate) fn hold_ahead(&self, bytes: u64, afford: &dyn Fn(u64) -> io::Result<()>) -> io::Result<()> {
        self.kv().hold_ahead(bytes, afford)
    }

    /// How often the store failed since the start.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

/// The writer's side of the index.
pub(crate) struct Index<M: Machine> {
    store: Arc<IndexStore>,
    digest: RowsDigest,
    recorded: Recorded,
    initial: M,
}

/// What one group changes in the index.
#[derive(Default)]
pub(crate) struct GroupChanges {
    /// Rows, each with the index of the entry that changes it, in the order of the entries.
    rows: Vec<(u64, Row)>,
    requests: HashMap<Vec<u8>, Request>,
    /// Times of the entries, in their order.
    times: Vec<Recorded>,
}

impl GroupChanges {
    /// Takes note of an entry: of its time, of the rows that it changes, and of the request that it answers.
    pub(crate) fn note(&mut self, entry: &Entry, rows: Vec<Row>) {
        let header = entry.header();
        self.times.push(Recorded::of(header));
        self.rows.extend(rows.into_iter().map(|row| (header.sequence, row)));
        if header.request_id.is_empty() {
            return;
        }
        let name = request_name(&header.actor, &header.request_id);
        let noted = self.requests.entry(name).or_insert_with(|| Request {
            first: header.sequence,
            count: 0,
            digest: header.request_digest.clone(),
        });
        noted.count += 1;
    }

    /// What is noted of a request.
    pub(crate) fn request(&self, name: &[u8]) -> Option<&Request> {
        self.requests.get(name)
    }

    /// Bytes of each row.
    pub(crate) fn row_bytes(&self) -> impl Iterator<Item = usize> {
        self.rows.iter().map(|(_, row)| row.bytes.len())
    }
}

impl<M: Machine> Index<M> {
    /// What readers share.
    pub(crate) fn store(&self) -> &Arc<IndexStore> {
        &self.store
    }

    /// What is remembered of a request.
    pub(crate) fn request(&mut self, name: &[u8], book: &Book) -> Result<Option<Request>, StartError> {
        let key = keys::request(name);
        let found = match self.store.kv().get(&key) {
            Ok(found) => found,
            Err(error) => {
                self.fall_back(book, &error)?;
                self.store.kv().get(&key).map_err(StartError::Index)?
            }
        };
        let decode = |bytes: Vec<u8>| {
            Request::decode(&bytes)
                .ok_or_else(|| StartError::Index(KvError::Failed("a request is damaged".into())))
        };
        found.map(decode).transpose()
    }

    /// Takes the changes of a group into the digest, which its trailer is to hold.
    pub(crate) fn digest_after(&mut self, changes: &GroupChanges) -> Hash {
        absorb(&mut self.digest, changes);
        self.digest.value()
    }

    /// Writes the changes of a group that is durable now; where the store fails, goes on in memory.
    pub(crate) fn commit(
        &mut self,
        changes: GroupChanges,
        trailer: &Trailer,
        book: &Book,
    ) -> Result<(), StartError> {
        let position = Position {
            version: keys::form::<M>(),
            anchor: Anchor::Trailer,
            size: trailer.size,
            root: trailer.root,
            rows_digest: trailer.rows_digest,
            checkpoint: trailer.checkpoint.clone(),
        };
        match self.store.kv().commit(batch(changes, &position, &mut self.recorded)) {
            Ok(()) => Ok(()),
            Err(error) => self.fall_back(book, &error),
        }
    }

    /// Rebuilds the index in memory from the journal and serves on; the next start deals with the one on disk.
    fn fall_back(&mut self, book: &Book, error: &KvError) -> Result<(), StartError> {
        self.store.failures.fetch_add(1, Ordering::Relaxed);
        tracing::error!(%error, "the index failed; it is rebuilt in memory and on disk at the next start");
        let kv: Arc<dyn Kv> = Arc::new(MemoryKv::default());
        let folded = start::fold_all(&self.initial, book, &*kv)?;
        (self.digest, self.recorded) = (folded.digest, folded.recorded);
        *self.store.kv.write().unwrap_or_else(PoisonError::into_inner) = kv;
        Ok(())
    }
}

fn absorb(digest: &mut RowsDigest, changes: &GroupChanges) {
    for (_, row) in &changes.rows {
        digest.set(&row.table, &row.id, &row.bytes);
    }
    for (name, request) in &changes.requests {
        digest.add_once("requests", name, &request.encode());
    }
}

/// The changes of a group as a batch; `recorded` is the newest time before it, and then the newest with it.
fn batch(changes: GroupChanges, position: &Position, recorded: &mut Recorded) -> Batch {
    let mut batch = Batch::default();
    for (index, Row { table, id, bytes }) in changes.rows {
        batch.put(keys::version(&table, &id, index), Vec::new());
        batch.put(keys::row(&table, &id), bytes);
    }
    for time in changes.times {
        *recorded = recorded.then(time);
        batch.put(recorded.key(), recorded.value());
    }
    for (name, request) in changes.requests {
        batch.put(keys::request(&name), request.encode());
    }
    batch.put(keys::POSITION, position.encode());
    batch
}

/// Folds entries into `machine`, from index 1 on, and notes what they change.
fn fold<M: Machine>(
    machine: &mut M,
    entries: &[Entry],
    changes: &mut GroupChanges,
) -> Result<(), StartError> {
    for entry in entries {
        let rows = match entry.index() {
            0 => Vec::new(),
            index => machine.replay(entry).map_err(|what| StartError::Replay { index, what })?,
        };
        changes.note(entry, rows);
    }
    Ok(())
}
