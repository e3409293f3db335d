//! Restoring a journal: from a copy, whatever is damaged, and never into something that the ledger did not sign.

use std::fs;
use std::path::Path;

use concord_ledger::{LogKey, PrivateKey};
use concord_store::{
    FollowedCopy, Group, JOURNAL, MemoryPlace, Offered, RestoreError, Restored, Survey, restore,
};
use proptest::prelude::*;

use crate::counter::{add, log, open, stop, try_open_at};

/// A ledger of that many entries after the first, each a group of its own; gives its groups.
fn written(directory: &Path, entries: usize) -> Vec<Group> {
    let opened = open(directory);
    for number in 0..entries {
        add(&opened.0, &format!("c-{}", number % 3), &format!("request-{number}"));
    }
    let groups = opened.1.groups(0).collect::<Result<_, _>>().unwrap();
    stop(opened);
    groups
}

/// A copy of the first groups.
fn copied(directory: &Path, groups: &[Group]) {
    let (mut copy, _) = FollowedCopy::open(directory, log(), 32 << 10).unwrap();
    copy.append_all(groups.iter().map(|it| Offered::new(&it.entries, &it.trailer.checkpoint))).unwrap();
}

/// What of groups is in receipts.
fn notes(groups: &[Group]) -> Vec<(Vec<concord_ledger::Entry>, String)> {
    groups.iter().map(|group| (group.entries.clone(), group.trailer.checkpoint.clone())).collect()
}

fn read(journal: &Path) -> Vec<Group> {
    let survey = Survey::of(journal, &log()).unwrap();
    assert!(survey.damage.is_none(), "{:?}", survey.damage);
    survey.groups().collect::<Result<_, _>>().unwrap()
}

/// The first segment's bytes up to the last one written.
fn segment(journal: &Path) -> (std::path::PathBuf, Vec<u8>, usize) {
    let path = journal.join("00000000.seg");
    let bytes = fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    (path, bytes, end)
}

fn restored(data: &Path, source: &Path) -> Result<Restored, RestoreError> {
    restore(data, source, &log(), &[], &mut |_| {})
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_damaged_a_restore_gives_the_whole_history_or_touches_nothing(
        held in 1_usize..=13,
        flips in proptest::collection::vec((0_usize..10_000, 0_u8..8), 1..4),
        index in any::<bool>(),
    ) {
        let (data, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let groups = written(data.path(), 12);
        copied(source.path(), &groups[..held]);
        if !index {
            fs::remove_dir_all(data.path().join("index")).unwrap();
        }
        let (path, mut bytes, end) = segment(&data.path().join(JOURNAL));
        for (at, bit) in flips {
            bytes[end * at / 10_000] ^= 1 << bit;
        }
        fs::write(&path, &bytes).unwrap();
        match restored(data.path(), source.path()) {
            Ok(restored) => {
                let now = read(&data.path().join(JOURNAL));
                prop_assert_eq!(restored.kept + restored.taken, now.len() as u64);
                prop_assert_eq!(notes(&now), notes(&groups[..now.len()]));
                // Only where the index is gone too may the damaged end be all that told of an entry.
                prop_assert!(now.len() == groups.len() || (!index && now.len() >= held), "{}", now.len());
                let aside = fs::read(restored.set_aside.unwrap().join("00000000.seg")).unwrap();
                prop_assert_eq!(aside, bytes);
            }
            Err(error) => {
                let hopeless = matches!(error, RestoreError::Missing { .. } | RestoreError::Behind { .. });
                prop_assert!(hopeless && held < groups.len() || matches!(error, RestoreError::Whole { .. }), "{}", error);
                prop_assert_eq!(fs::read(&path).unwrap(), bytes);
            }
        }
    }
}

#[test]
fn a_restored_ledger_gives_its_receipts_again_and_goes_on() {
    let (data, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let groups = written(data.path(), 12);
    copied(source.path(), &groups[..8]);
    let opened = open(data.path());
    let receipts: Vec<_> = (0..13).map(|index| opened.1.receipt(index).unwrap()).collect();
    stop(opened);
    let (path, mut bytes, end) = segment(&data.path().join(JOURNAL));
    bytes[end / 3] ^= 1;
    fs::write(path, bytes).unwrap();
    let restored = restored(data.path(), source.path()).unwrap();
    assert_eq!((restored.entries, restored.kept + restored.taken), (13, 13));
    assert!(restored.kept >= 11 && restored.taken >= 1, "{restored:?}");
    let (writer, ledger, _) = open(data.path());
    let again: Vec<_> = (0..13).map(|index| ledger.receipt(index).unwrap()).collect();
    assert_eq!(again, receipts);
    assert!(add(&writer, "c-0", "request-3").replayed);
    assert!(!add(&writer, "c-0", "request-new").replayed);
}

#[test]
fn two_histories_that_the_ledger_signed_are_not_mixed() {
    let [data, other, source] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    written(data.path(), 6);
    let groups = written(other.path(), 9);
    copied(source.path(), &groups);
    let (path, mut bytes, end) = segment(&data.path().join(JOURNAL));
    bytes[end / 2] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(restored(data.path(), source.path()), Err(RestoreError::Differs { .. })));
    assert_eq!(fs::read(path).unwrap(), bytes);
}

#[test]
fn what_another_key_signed_restores_nothing() {
    let (data, source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let groups = written(data.path(), 6);
    copied(source.path(), &groups);
    fs::remove_dir_all(data.path()).unwrap();
    let stranger = LogKey::new("accord-1/counter", PrivateKey::from_seed(&[2; 32])).unwrap();
    let refused = restore(data.path(), source.path(), stranger.verifier(), &[], &mut |_| {});
    assert!(matches!(refused, Err(RestoreError::Missing { from: 0, .. })), "{refused:?}");
    assert!(!data.path().join(JOURNAL).exists());
    restored(data.path(), source.path()).unwrap();
    let (_, ledger, _) = try_open_at(data.path(), &MemoryPlace::default()).unwrap();
    assert_eq!(ledger.head().size, 7);
}
