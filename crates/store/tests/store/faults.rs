//! An index that fails while serving costs nothing that was written.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use concord_store::{Batch, IndexStart, Kv, KvError, KvPlace, MemoryPlace, Pair, Visit};

use crate::counter::{Command, add, open, stop, submit, try_open_at};

/// A place whose store fails from a moment on.
struct Failing {
    inner: MemoryPlace,
    broken: Arc<AtomicBool>,
}

struct FailingKv {
    inner: Arc<dyn Kv>,
    broken: Arc<AtomicBool>,
}

impl FailingKv {
    fn works(&self) -> Result<(), KvError> {
        if self.broken.load(Ordering::SeqCst) { Err(KvError::Failed("broken".into())) } else { Ok(()) }
    }
}

impl KvPlace for Failing {
    fn open(&self) -> Result<Arc<dyn Kv>, KvError> {
        Ok(Arc::new(FailingKv { inner: self.inner.open()?, broken: Arc::clone(&self.broken) }))
    }
    fn set_aside(&self) -> Result<Option<PathBuf>, KvError> {
        self.inner.set_aside()
    }
}

impl Kv for FailingKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.works()?;
        self.inner.get(key)
    }
    fn scan(&self, prefix: &[u8], visit: &mut Visit<'_>) -> Result<(), KvError> {
        self.works()?;
        self.inner.scan(prefix, visit)
    }
    fn last_before(&self, prefix: &[u8], end: &[u8]) -> Result<Option<Pair>, KvError> {
        self.works()?;
        self.inner.last_before(prefix, end)
    }
    fn commit(&self, batch: Batch) -> Result<(), KvError> {
        self.works()?;
        self.inner.commit(batch)
    }
}

#[test]
fn a_failing_index_is_replaced_in_memory_and_caught_up_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let place = Failing { inner: MemoryPlace::default(), broken: Arc::default() };
    let opened = try_open_at(folder.path(), &place).unwrap();
    let first = submit(&opened.0, Command::Add("a".into(), 1), "r-1").unwrap();
    place.broken.store(true, Ordering::SeqCst);
    add(&opened.0, "a", "r-2");
    let again = submit(&opened.0, Command::Add("a".into(), 1), "r-1").unwrap();
    assert_eq!((again.replayed, &again.entries), (true, &first.entries));
    assert!(add(&opened.0, "a", "r-2").replayed);
    assert_eq!(opened.1.row("counters", "a").unwrap().unwrap(), 2u64.to_be_bytes());
    assert_eq!((opened.1.index_failures(), opened.0.fault().borrow().clone()), (1, None));
    stop(opened);

    place.broken.store(false, Ordering::SeqCst);
    let opened = try_open_at(folder.path(), &place).unwrap();
    assert_eq!(opened.2.index, IndexStart::FoldedForward { from: 2 });
    assert!(add(&opened.0, "a", "r-2").replayed);
    stop(opened);
}

#[test]
fn two_openings_of_one_folder_agree_in_every_byte_that_readers_see() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    for number in 0..10 {
        add(&opened.0, "a", &format!("r-{number}"));
    }
    let seen = |ledger: &concord_store::Ledger<crate::counter::Counter>| {
        let receipts: Vec<_> = (0..ledger.head().size).map(|index| ledger.receipt(index).unwrap()).collect();
        (ledger.head(), ledger.checkpoint(), receipts)
    };
    let before = seen(&opened.1);
    stop(opened);
    assert_eq!(seen(&open(folder.path()).1), before);
}

#[test]
fn a_start_that_can_make_no_index_on_disk_serves_from_memory() {
    let folder = tempfile::tempdir().unwrap();
    let place = Failing { inner: MemoryPlace::default(), broken: Arc::default() };
    let opened = try_open_at(folder.path(), &place).unwrap();
    add(&opened.0, "a", "r-1");
    stop(opened);

    place.broken.store(true, Ordering::SeqCst);
    let opened = try_open_at(folder.path(), &place).unwrap();
    assert!(matches!(opened.2.index, IndexStart::Rebuilt { .. }));
    assert!(add(&opened.0, "a", "r-1").replayed);
    add(&opened.0, "a", "r-2");
    stop(opened);

    place.broken.store(false, Ordering::SeqCst);
    let opened = try_open_at(folder.path(), &place).unwrap();
    assert!(add(&opened.0, "a", "r-2").replayed);
}
