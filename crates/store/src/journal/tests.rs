//! The journal: groups whole or not at all, an unfinished tail cut at any byte, damage named wherever it lies.

use std::fs;

use concord_ledger::hash::{ZERO, to_hex};
use concord_ledger::{Header, LogKey, Part, PrivateKey};

use super::*;

const SEGMENT: u64 = 8192;

fn key() -> LogKey {
    LogKey::new("accord-1/registry", PrivateKey::from_seed(&[1; 32])).unwrap()
}

fn entry(sequence: u64, previous: &Hash, body: &[u8]) -> Entry {
    let header = Header {
        accord: "accord-1".into(),
        service: "registry".into(),
        sequence,
        kind: "test.written".into(),
        actor: "spiffe://party-a.example/approver/desk-1".into(),
        participant: "party-a".into(),
        request_id: String::new(),
        request_digest: String::new(),
        time: "2026-01-02T03:04:05Z".into(),
        previous: to_hex(previous),
        parts: Vec::new(),
    };
    let part = Part { name: "body".into(), salt: [7; 16], bytes: body.to_vec() };
    Entry::compose(header, vec![(part, Vec::new())]).unwrap()
}

/// Appends a group of `count` entries, with bodies that hold a sector of zeros to make it hard.
fn append(journal: &mut Journal, count: u64) {
    let book = Arc::clone(journal.book());
    let mut previous = book.previous();
    let mut entries = Vec::new();
    for sequence in book.size()..book.size() + count {
        let mut body = format!("{{\"number\":{sequence}}}").into_bytes();
        body.resize(700, 0);
        let entry = entry(sequence, &previous, &body);
        previous = entry.leaf_hash();
        entries.push(entry);
    }
    let root = book.root_after(entries.iter().map(Entry::leaf_hash));
    let size = book.size() + count;
    let trailer = Trailer { size, root, rows_digest: [9; 32], checkpoint: key().sign(size, &root) };
    journal.append(&entries, &trailer).unwrap();
}

fn open(directory: &Path) -> Result<(Journal, Option<TornTail>), JournalError> {
    Journal::open(directory, key().verifier(), SEGMENT, Syncs::EachGroup, || Ok(0))
}

/// A journal of groups of those sizes; gives, after each, segment, end and size.
fn written(directory: &Path, groups: &[u64]) -> Vec<(u64, u64, u64)> {
    let (mut journal, _) = open(directory).unwrap();
    groups
        .iter()
        .map(|count| {
            append(&mut journal, *count);
            (journal.number, journal.end, journal.book().size())
        })
        .collect()
}

#[test]
fn what_was_appended_is_read_back_across_segments() {
    let folder = tempfile::tempdir().unwrap();
    let ends = written(folder.path(), &[1, 3, 2, 1, 4, 2, 12, 1]);
    assert!(ends.last().unwrap().0 >= 3, "segments are rolled, also for a group longer than a segment");
    let (mut journal, torn) = open(folder.path()).unwrap();
    assert_eq!(torn, None);
    append(&mut journal, 2);
    let book = journal.book();
    assert_eq!((book.size(), book.groups()), (28, 9));
    let entries = book.entries(0, 100).unwrap();
    assert_eq!(entries.len(), 28);
    let mut previous = ZERO;
    for (index, read) in entries.iter().enumerate() {
        assert_eq!(read.header().sequence, index as u64);
        assert_eq!(read.header().previous, to_hex(&previous));
        assert_eq!(&book.entry(index as u64).unwrap(), read);
        let receipt = book.receipt(index as u64).unwrap();
        assert_eq!(&receipt.verify(key().verifier()).unwrap(), read);
        previous = read.leaf_hash();
    }
    assert_eq!(book.entries(5, 7).unwrap(), entries[5..12]);
    let group = book.group(2).unwrap().unwrap();
    assert_eq!((group.entries.len(), group.trailer.size, group.trailer.rows_digest), (2, 4, [9; 32]));
    assert!(book.group(28).unwrap().is_none());
    assert!(matches!(book.entry(28), Err(ReadError::Beyond { index: 28 })));
}

#[test]
fn a_tail_cut_at_any_byte_leaves_exactly_the_whole_groups() {
    let whole = tempfile::tempdir().unwrap();
    let ends = written(whole.path(), &[1, 2, 1]);
    assert_eq!(ends.last().unwrap().0, 0, "all in the first segment");
    let bytes = fs::read(whole.path().join("00000000.seg")).unwrap();
    let end = ends.last().unwrap().1 as usize;
    for cut in 0..=end {
        for (zeroed, step) in [(false, 1), (true, 7)] {
            if cut % step != 0 {
                continue;
            }
            let mut left = bytes[..cut].to_vec();
            if zeroed {
                left.resize(bytes.len(), 0);
            }
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("00000000.seg"), &left).unwrap();
            let kept = ends.iter().filter(|(_, end, _)| *end as usize <= cut).map(|(_, _, size)| *size);
            let kept = kept.max().unwrap_or(0);
            let (mut journal, _) =
                open(folder.path()).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
            assert_eq!(journal.book().size(), kept, "cut at {cut}");
            if cut % 16 != 0 {
                continue;
            }
            append(&mut journal, 2);
            drop(journal);
            let (journal, torn) = open(folder.path()).unwrap();
            assert_eq!((journal.book().size(), torn), (kept + 2, None), "cut at {cut}");
        }
    }
}

#[test]
fn a_last_group_of_which_any_sectors_are_missing_is_cut() {
    let whole = tempfile::tempdir().unwrap();
    let ends = written(whole.path(), &[1, 4]);
    let bytes = fs::read(whole.path().join("00000000.seg")).unwrap();
    let (from, to) = (ends[0].1 as usize, ends[1].1 as usize);
    for sector in (from / 512)..=(to - 1) / 512 {
        let folder = tempfile::tempdir().unwrap();
        let mut left = bytes.clone();
        left[(sector * 512).max(from)..(sector * 512 + 512).min(to)].fill(0);
        if left == bytes {
            continue;
        }
        fs::write(folder.path().join("00000000.seg"), &left).unwrap();
        let (journal, torn) = open(folder.path()).unwrap();
        assert_eq!(journal.book().size(), 1, "sector {sector}");
        assert_eq!(torn.unwrap().offset, from as u64);
    }
}

#[test]
fn a_flipped_bit_in_what_was_finished_is_named_and_nothing_is_touched() {
    let whole = tempfile::tempdir().unwrap();
    let ends = written(whole.path(), &[1, 2, 1, 5, 3]);
    let in_first: Vec<_> = ends.iter().filter(|(segment, _, _)| *segment == 0).collect();
    assert!(in_first.len() >= 3 && ends.last().unwrap().0 >= 1);
    let first = fs::read(whole.path().join("00000000.seg")).unwrap();
    for at in (0..in_first.last().unwrap().1 as usize).step_by(3) {
        let folder = tempfile::tempdir().unwrap();
        for found in fs::read_dir(whole.path()).unwrap() {
            let found = found.unwrap();
            fs::copy(found.path(), folder.path().join(found.file_name())).unwrap();
        }
        let mut flipped = first.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(folder.path().join("00000000.seg"), &flipped).unwrap();
        let good = in_first.iter().filter(|(_, end, _)| *end as usize <= at).map(|(_, _, size)| *size).max();
        match open(folder.path()).err() {
            Some(JournalError::Damaged { good_entries, offset, segment, .. }) => {
                assert_eq!(good_entries, good.unwrap_or(0), "byte {at}");
                assert!(offset as usize <= at && segment.ends_with("00000000.seg"));
            }
            Some(JournalError::NewerFormat { .. } | JournalError::OtherLedger { .. }) if at < 128 => {}
            other => panic!("byte {at}: {other:?}"),
        }
        assert_eq!(fs::read(folder.path().join("00000000.seg")).unwrap(), flipped);
    }
}

#[test]
fn a_flipped_bit_in_the_last_group_is_damage_and_no_unfinished_write() {
    let whole = tempfile::tempdir().unwrap();
    // Bodies of 700 zeros hold no whole zero sector only where they straddle; a group without them is all non-zero.
    let (mut journal, _) = open(whole.path()).unwrap();
    let mut put = |body: &[u8]| {
        let book = Arc::clone(journal.book());
        let one = entry(book.size(), &book.previous(), body);
        let root = book.root_after([one.leaf_hash()].into_iter());
        let size = book.size() + 1;
        let checkpoint = key().sign(size, &root);
        journal.append(&[one], &Trailer { size, root, rows_digest: [9; 32], checkpoint }).unwrap();
        journal.end
    };
    let from = put(b"first") as usize;
    let to = put(&[b'x'; 600]) as usize;
    drop(journal);
    let bytes = fs::read(whole.path().join("00000000.seg")).unwrap();
    for at in from..to {
        let folder = tempfile::tempdir().unwrap();
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(folder.path().join("00000000.seg"), &flipped).unwrap();
        let error = open(folder.path()).err();
        assert!(matches!(error, Some(JournalError::Damaged { good_entries: 1, .. })), "byte {at}: {error:?}");
    }
}

#[test]
fn a_lost_segment_or_a_lost_group_between_others_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ends = written(folder.path(), &[3, 3, 3, 3, 3]);
    assert!(ends.last().unwrap().0 >= 2);
    let path = folder.path().join("00000001.seg");
    let second = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(matches!(open(folder.path()).err(), Some(JournalError::Damaged { .. })));
    let end =
        ends.iter().filter(|(segment, _, _)| *segment == 1).map(|(_, end, _)| *end as usize).max().unwrap();
    let mut emptied = second.clone();
    emptied[128..end].fill(0);
    fs::write(&path, emptied).unwrap();
    match open(folder.path()).err() {
        Some(JournalError::Damaged { segment, offset, .. }) => {
            assert_eq!((segment, offset), (path.clone(), 128), "named where the groups are missing");
        }
        other => panic!("{other:?}"),
    }
    fs::write(&path, second).unwrap();
    assert_eq!(open(folder.path()).unwrap().0.book().size(), 15);
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), &[1]);
    let path = folder.path().join("00000000.seg");
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 2;
    bytes[5000] = 1;
    fs::write(&path, &bytes).unwrap();
    let error = open(folder.path()).err();
    assert!(matches!(error, Some(JournalError::NewerFormat { segment: 0, version: 2 })), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_group_that_is_signed_over_another_root_than_its_entries_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path()).unwrap();
    let one = entry(0, &journal.book().previous(), b"first");
    let (size, root) = (1, [7; 32]);
    let checkpoint = key().sign(size, &root);
    journal.append(&[one], &Trailer { size, root, rows_digest: [9; 32], checkpoint }).unwrap();
    drop(journal);
    let error = open(folder.path()).err();
    assert!(matches!(error, Some(JournalError::Damaged { good_entries: 0, .. })), "{error:?}");
}

#[test]
fn another_ledger_or_another_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), &[1]);
    let rules = LogKey::new("accord-1/rules", PrivateKey::from_seed(&[1; 32])).unwrap();
    let error = Journal::open(folder.path(), rules.verifier(), SEGMENT, Syncs::EachGroup, || Ok(0)).err();
    assert!(matches!(error, Some(JournalError::OtherLedger { .. })));
    let stranger = LogKey::new("accord-1/registry", PrivateKey::from_seed(&[2; 32])).unwrap();
    let error = Journal::open(folder.path(), stranger.verifier(), SEGMENT, Syncs::EachGroup, || Ok(0)).err();
    assert!(matches!(error, Some(JournalError::Checkpoint { size: 1, .. })));
}

#[test]
fn a_journal_in_use_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()).err(), Some(JournalError::Locked { .. })));
    drop(journal);
    assert!(open(folder.path()).is_ok());
}

#[test]
fn the_bytes_of_a_segment_are_those_of_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let ends = written(folder.path(), &[1]);
    let bytes = fs::read(folder.path().join("00000000.seg")).unwrap();
    assert_eq!(bytes.len() as u64, SEGMENT);
    assert_eq!(&bytes[..16], b"CONCRDJL\x01\0\0\0\x80\0\0\0");
    assert_eq!(&bytes[72..104], &origin_digest("accord-1/registry"));
    assert_eq!(bytes[120..124], crc32c::crc32c(&bytes[..120]).to_le_bytes());
    assert_eq!(&bytes[124..132], b"csegCGRP");
    let end = ends[0].1 as usize;
    assert_eq!(bytes[132..136], ((end - 128) as u32).to_le_bytes());
    assert_eq!(&bytes[152..156], b"cgrp");
    assert_eq!(&bytes[end - 4..end], b"ctrl");
}
