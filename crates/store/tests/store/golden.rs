//! Journals of every format that was ever written, in `tests/golden/<format>`: they replay to the root that was recorded
//! with them, byte for byte untouched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use concord_ledger::hash::to_hex;
use concord_store::{JournalError, OpenError, SledPlace, Writer, WriterConfig};

use crate::counter::{Command, Counter, Opened, config, genesis, key, submit};

const SEGMENT_BYTES: u64 = 8 << 10;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The files of a journal, without the lock.
fn files(journal: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let found = fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path());
    let segments = found.filter(|path| path.extension().is_some_and(|extension| extension == "seg"));
    segments.map(|path| (PathBuf::from(path.file_name().unwrap()), fs::read(&path).unwrap())).collect()
}

fn put(directory: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    let journal = directory.join("journal");
    fs::create_dir_all(&journal).unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(journal.join(name), bytes).unwrap());
}

fn try_open(directory: &Path) -> Result<Opened, OpenError> {
    let config = WriterConfig { segment_bytes: SEGMENT_BYTES, ..config(directory) };
    Writer::open(config, Counter::default(), key(), &SledPlace::new(&directory.join("index")), genesis())
}

/// Size, root and totals of an open ledger, as they are recorded beside a golden journal.
fn told(opened: &Opened) -> String {
    let (head, totals) = (opened.1.head(), opened.1.published().state.totals.clone());
    let totals: String = totals.iter().map(|(name, total)| format!("{name} {total}\n")).collect();
    format!("size {}\nroot {}\n{totals}", head.size, to_hex(&head.root))
}

#[test]
fn a_golden_journal_replays_to_its_recorded_root_and_stays_as_it_is() {
    let mut formats = 0;
    for format in fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()) {
        let recorded = fs::read_to_string(format.join("replayed.txt")).unwrap();
        let before = files(&format.join("journal"));
        assert!(before.len() > 1, "{} has one segment only", format.display());
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), &before);
        let opened = try_open(folder.path()).unwrap();
        assert_eq!(told(&opened), recorded, "{}", format.display());
        assert_eq!(opened.2.torn_tail, None);
        opened.0.close();
        assert_eq!(files(&folder.path().join("journal")), before);
        formats += 1;
    }
    assert!(formats > 0);
}

#[test]
fn a_journal_of_a_newer_format_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let mut newer = files(&golden().join("1/journal"));
    let last = newer.values_mut().next_back().unwrap();
    last[8] = 2;
    let checksum = crc32c::crc32c(&last[..120]).to_le_bytes();
    last[120..124].copy_from_slice(&checksum);
    put(folder.path(), &newer);
    let refused = try_open(folder.path()).map(drop).unwrap_err();
    let named = matches!(refused, OpenError::Journal(JournalError::NewerFormat { segment, version: 2 }) if segment + 1 == newer.len() as u64);
    assert!(named, "{refused}");
    assert_eq!(files(&folder.path().join("journal")), newer);
    assert!(!folder.path().join("index").exists());
}

#[test]
#[ignore = "writes the golden journal of a new format into the folder that GOLDEN names"]
fn a_golden_journal_is_written() {
    let folder = PathBuf::from(std::env::var_os("GOLDEN").unwrap());
    let work = tempfile::tempdir().unwrap();
    let opened = try_open(work.path()).unwrap();
    for number in 0..24_u32 {
        let name = ["north", "south", "\u{e9}st"][number as usize % 3];
        let request = if number % 4 == 0 { String::new() } else { format!("request-{number}") };
        submit(&opened.0, Command::Add(name.to_owned(), 1 + number % 3), &request).unwrap();
    }
    opened.0.close();
    fs::create_dir_all(folder.join("journal")).unwrap();
    for (name, bytes) in files(&work.path().join("journal")) {
        fs::write(folder.join("journal").join(name), bytes).unwrap();
    }
    fs::write(folder.join("replayed.txt"), told(&opened)).unwrap();
}
