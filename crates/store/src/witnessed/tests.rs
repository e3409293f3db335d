//! What others have seen: golden bytes, any cut of the tail, any damage, and a journal that is not what was signed.

use std::fs;

use concord_ledger::{LogKey, PrivateKey, WitnessKey};
use proptest::prelude::*;

use super::*;

const NAMES: [&str; 2] = ["party-a.example/witness", "party-b.example/witness"];
const GOLDEN: &str = include_str!("golden.txt");

fn key() -> LogKey {
    LogKey::new("accord-1/registry", PrivateKey::from_seed(&[1; 32])).unwrap()
}

/// A root for each size.
fn root(size: u64) -> Hash {
    [u8::try_from(size).unwrap(); 32]
}

/// A checkpoint with one cosignature under it.
fn cosigned(size: u64, witness: usize) -> String {
    let seed = [u8::try_from(witness).unwrap() + 2; 32];
    let witness = WitnessKey::new(NAMES[witness], PrivateKey::from_seed(&seed)).unwrap();
    let checkpoint = Checkpoint { origin: "accord-1/registry".into(), size, root: root(size) };
    format!("{}{}", key().sign(size, &root(size)), witness.cosign(&checkpoint, 1_679_315_147))
}

fn open(directory: &Path) -> Witnessed {
    Witnessed::open(directory, key().verifier(), &NAMES.map(str::to_owned)).unwrap()
}

fn cosign(witnessed: &Witnessed, size: u64, witness: usize) -> bool {
    witnessed.cosign(size, NAMES[witness], &cosigned(size, witness)).unwrap()
}

fn filled(directory: &Path) {
    let witnessed = open(directory);
    assert!(cosign(&witnessed, 3, 1));
    assert!(cosign(&witnessed, 3, 0));
    assert!(cosign(&witnessed, 7, 0));
}

#[test]
fn cosignatures_are_there_after_a_restart_and_each_once() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let witnessed = open(folder.path());
    assert!(!cosign(&witnessed, 3, 1));
    assert_eq!(witnessed.newest(), Some(7));
    let both = witnessed.lines(3).unwrap();
    let lines: Vec<_> = [0, 1].map(|witness| cosigned(3, witness).lines().last().unwrap().to_owned()).into();
    assert_eq!(both.lines().collect::<Vec<_>>(), lines);
    for (index, quorum, size) in
        [(0, 1, Some(3)), (2, 2, Some(3)), (3, 1, Some(7)), (3, 2, None), (7, 1, None), (u64::MAX, 0, None)]
    {
        assert_eq!(witnessed.smallest(index, quorum), size, "index {index}, quorum {quorum}");
    }
}

#[test]
fn the_file_is_byte_for_byte_what_the_format_says() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let written = fs::read_to_string(folder.path().join("witnessed")).unwrap();
    assert_eq!(written, GOLDEN);
}

#[test]
fn a_file_cut_anywhere_gives_the_whole_lines_before_the_cut_and_takes_more() {
    let ends: Vec<usize> = GOLDEN.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in 0..GOLDEN.len() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("witnessed"), &GOLDEN.as_bytes()[..cut]).unwrap();
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let newest = [None, None, Some(3), Some(3)][whole];
        let witnessed = open(folder.path());
        assert_eq!(witnessed.newest(), newest, "cut at {cut}");
        assert!(cosign(&witnessed, 9, 0));
        assert_eq!(open(folder.path()).newest(), Some(9), "cut at {cut}");
    }
}

#[test]
fn a_file_of_another_ledger_or_of_a_newer_format_is_refused_untouched() {
    for (from, to) in [("registry", "rules"), ("witnessed/1", "witnessed/2")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witnessed");
        let other = GOLDEN.replacen(from, to, 1);
        fs::write(&path, &other).unwrap();
        let opened = Witnessed::open(folder.path(), key().verifier(), &[]);
        assert!(matches!(opened, Err(WitnessedError::Foreign { .. })), "{to}");
        assert_eq!(fs::read_to_string(&path).unwrap(), other);
    }
}

#[test]
fn a_journal_that_does_not_lead_to_what_was_signed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let roots = |held: u64| move |size: u64| (size <= held).then(|| root(size));
    assert!(open(folder.path()).agrees(7, roots(7)).is_ok());
    assert!(open(folder.path()).agrees(9, roots(9)).is_ok());
    let behind = open(folder.path()).agrees(6, roots(6)).unwrap_err().to_string();
    assert!(behind.contains("over 7 entries and holds 6"), "{behind}");
    let forked = open(folder.path()).agrees(9, |size| Some(root(size + 1))).unwrap_err().to_string();
    assert!(forked.contains("another root over 7 entries"), "{forked}");
}

#[test]
fn what_was_shown_is_kept_and_what_the_ledger_did_not_sign_counts_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = LogKey::new("accord-1/registry", PrivateKey::from_seed(&[9; 32])).unwrap();
    open(folder.path()).keep_shown(&stranger.sign(99, &root(99))).unwrap();
    let roots = |held: u64| move |size: u64| (size <= held).then(|| root(size));
    assert!(open(folder.path()).agrees(1, roots(1)).is_ok());
    open(folder.path()).keep_shown(&key().sign(4, &root(5))).unwrap();
    assert!(open(folder.path()).agrees(3, roots(3)).is_err());
    assert!(open(folder.path()).agrees(9, roots(9)).is_err());
    assert!(open(folder.path()).agrees(9, |_| Some(root(5))).is_ok());
}

proptest! {
    #[test]
    fn no_damage_of_a_line_is_taken_for_another_cosignature(at in 0..GOLDEN.len(), bit in 0_u8..8) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = GOLDEN.as_bytes().to_vec();
        bytes[at] ^= 1 << bit;
        fs::write(folder.path().join("witnessed"), &bytes).unwrap();
        let header_bytes = GOLDEN.find('\n').unwrap();
        let opened = Witnessed::open(folder.path(), key().verifier(), &NAMES.map(str::to_owned));
        if at <= header_bytes {
            let refused = matches!(opened, Err(WitnessedError::Foreign { .. }));
            prop_assert!(refused);
        } else {
            let witnessed = opened.unwrap();
            let good: Vec<String> =
                [(3, 0), (3, 1), (7, 0)].map(|(size, witness)| cosigned(size, witness)).into();
            for size in 0..9 {
                for line in witnessed.lines(size).unwrap().lines() {
                    let same = |note: &String| note.starts_with(&format!("accord-1/registry\n{size}\n"))
                        && note.ends_with(&format!("{line}\n"));
                    prop_assert!(good.iter().any(same), "{line}");
                }
            }
        }
    }
}
