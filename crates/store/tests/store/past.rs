//! What the index says about the past agrees with the entries, whatever was written, lost and built again.

use concord_store::{IndexStart, KvPlace, MemoryPlace, SledPlace};
use proptest::prelude::*;

use crate::counter::{Command, Opened, log, stop, submission, try_open_at};

/// Nanoseconds of 2026-01-01T00:00:00Z.
const START_NS: i64 = 1_767_225_600_000_000_000;

/// What is written: how often a counter is raised in one request, and its time in halves of a second from the start.
type Written = (usize, u32, i64);

const NAMES: [&str; 3] = ["a", "a/b", "b"];

fn text(halves: i64) -> String {
    let fraction = if halves % 2 == 0 { "" } else { ".5" };
    format!("2026-01-01T00:00:{:02}{fraction}Z", halves / 2)
}

fn write(opened: &Opened, (name, times, halves): Written) {
    let mut asked = submission(Command::Add(NAMES[name].to_owned(), times), "");
    asked.at = text(halves);
    asked.at_ns = START_NS + halves * 500_000_000;
    opened.0.enqueue(asked).unwrap().blocking_recv().unwrap().unwrap();
}

/// Compares the index at every size and time with what was written.
fn agrees(opened: &Opened, written: &[Written]) {
    let (_, ledger, _) = opened;
    // Entry 0 is of the start.
    let mut entries = vec![("", 0)];
    let mut newest = 0;
    for (name, times, halves) in written {
        newest = newest.max(*halves);
        entries.extend((0..*times).map(|_| (NAMES[*name], newest)));
    }
    assert_eq!(ledger.head().size, entries.len() as u64);
    for size in 0..=entries.len() {
        for name in NAMES {
            let last = entries[..size].iter().rposition(|(of, _)| *of == name);
            let found = ledger.version("counters", name, size as u64).unwrap();
            assert_eq!(found, last.map(|index| index as u64), "{name} among {size}");
        }
        let over = ledger.checkpoint_over(size as u64).unwrap();
        let covered = over.map(|note| log().verify(&note).unwrap().size);
        assert!(covered.is_none_or(|covered| covered >= size as u64) && covered.is_some() == (size > 0));
    }
    for halves in -1..=41 {
        let recorded = entries.iter().filter(|(_, at)| *at <= halves).count() as u64;
        for (offset_ns, expected) in [(0, recorded), (499_999_999, recorded)] {
            let at_ns = START_NS + halves * 500_000_000 + offset_ns;
            assert_eq!(ledger.size_at(at_ns).unwrap(), expected, "{halves} {offset_ns}");
        }
    }
    assert_eq!(ledger.size_at(i64::MIN).unwrap(), 0);
    assert_eq!(ledger.size_at(i64::MAX).unwrap(), entries.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_version_and_every_time_is_found_also_after_a_restart_and_without_the_index(
        written in proptest::collection::vec((0..NAMES.len(), 1u32..4, 0i64..40), 0..12),
        restarts in 0usize..12,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let places: [Box<dyn KvPlace>; 2] =
            [Box::new(SledPlace::new(&folder.path().join("index"))), Box::new(MemoryPlace::default())];
        let mut opened = try_open_at(folder.path(), &*places[0]).unwrap();
        for (number, wanted) in written.iter().enumerate() {
            if number == restarts {
                stop(opened);
                opened = try_open_at(folder.path(), &*places[0]).unwrap();
            }
            write(&opened, *wanted);
        }
        agrees(&opened, &written);
        stop(opened);
        let opened = try_open_at(folder.path(), &*places[0]).unwrap();
        prop_assert_eq!(&opened.2.index, &IndexStart::Current);
        agrees(&opened, &written);
        stop(opened);
        let opened = try_open_at(folder.path(), &*places[1]).unwrap();
        prop_assert_eq!(&opened.2.index, &IndexStart::Created);
        agrees(&opened, &written);
        stop(opened);
    }
}
