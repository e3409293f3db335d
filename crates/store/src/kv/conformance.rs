//! What every key-value store must do; run on each of them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::memory::MemoryPlace;
use super::sled::SledPlace;
use super::{Batch, Change, Kv, KvError, KvPlace, Pair};

fn scan(kv: &dyn Kv, prefix: &[u8]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let visited = kv.scan(prefix, &mut |key, value| {
        pairs.push((key.to_vec(), value.to_vec()));
        Ok(())
    });
    visited.unwrap();
    pairs
}

/// Keys over a small alphabet, with the bytes that ordered stores get wrong.
fn key() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(0), Just(b'/'), Just(b'a'), Just(0xff)], 0..5)
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (key(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(k, v)| Change::Put(k, v)),
        1 => key().prop_map(Change::Remove),
    ]
}

/// Any batches: get, scan and the last before a key agree with a plain map, also after the place was opened again.
fn behaves_as_a_map(place: &dyn KvPlace, batches: &[Vec<Change>]) {
    let mut map = BTreeMap::new();
    let kv = place.open().unwrap();
    for batch in batches {
        for change in batch.clone() {
            match change {
                Change::Put(key, value) => map.insert(key, value),
                Change::Remove(key) => map.remove(&key),
            };
        }
        kv.commit(Batch(batch.clone())).unwrap();
    }
    let check = |kv: &dyn Kv| {
        for prefix in [&b""[..], b"a", b"\xff", b"a/", b"\0"] {
            let expected: Vec<Pair> = map
                .iter()
                .filter(|(k, _)| k.starts_with(prefix))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect();
            assert_eq!(scan(kv, prefix), expected);
        }
        for prefix in [&b""[..], b"a", b"\xff", b"a/"] {
            for end in map.keys().map(Vec::as_slice).chain([
                &b""[..],
                b"a\0",
                b"a\xff\xff",
                b"\xff\xff\xff\xff\xff\xff",
            ]) {
                let last = map.iter().rfind(|(k, _)| k.starts_with(prefix) && k.as_slice() < end);
                let expected = last.map(|(k, v)| (k.clone(), v.clone()));
                assert_eq!(kv.last_before(prefix, end).unwrap(), expected, "{prefix:?} {end:?}");
            }
        }
        for (key, value) in &map {
            assert_eq!(kv.get(key).unwrap().as_ref(), Some(value));
        }
        assert_eq!(kv.get(b"never written").unwrap(), None);
    };
    check(&*kv);
    drop(kv);
    check(&*place.open().unwrap());
    place.set_aside().unwrap();
    assert_eq!(scan(&*place.open().unwrap(), b""), Vec::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_store_in_memory_behaves_as_a_map(batches in proptest::collection::vec(proptest::collection::vec(change(), 0..8), 0..8)) {
        behaves_as_a_map(&MemoryPlace::default(), &batches);
    }

    #[test]
    fn a_store_on_sled_behaves_as_a_map(batches in proptest::collection::vec(proptest::collection::vec(change(), 0..8), 0..8)) {
        let folder = tempfile::tempdir().unwrap();
        behaves_as_a_map(&SledPlace::new(&folder.path().join("index")), &batches);
    }
}

#[test]
fn a_visitor_that_fails_ends_the_scan() {
    let folder = tempfile::tempdir().unwrap();
    let places: [Box<dyn KvPlace>; 2] =
        [Box::new(MemoryPlace::default()), Box::new(SledPlace::new(&folder.path().join("index")))];
    for place in places {
        let kv = place.open().unwrap();
        let mut batch = Batch::default();
        batch.put("a", "1");
        batch.put("b", "2");
        kv.commit(batch).unwrap();
        let mut seen = 0;
        let ended = kv.scan(b"", &mut |_, _| {
            seen += 1;
            Err(KvError::Failed("enough".into()))
        });
        assert_eq!((ended, seen), (Err(KvError::Failed("enough".into())), 1));
    }
}

#[test]
fn a_folder_in_use_is_locked_and_not_broken() {
    let folder = tempfile::tempdir().unwrap();
    let place = SledPlace::new(&folder.path().join("index"));
    let first = place.open().unwrap();
    assert!(matches!(place.open(), Err(KvError::Locked(_))));
    drop(first);
}
