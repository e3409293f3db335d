//! Followed copies: only what the other ledger signed, and only as a continuation.

use concord_ledger::{Entry, LogKey, PrivateKey};
use concord_store::{CopyError, FollowedCopy, MemoryPlace, Standing, Writer};

use crate::counter::{Counter, add, config, genesis, key, log, open, try_open_at};

#[test]
fn a_copy_follows_page_by_page_and_is_there_after_a_restart() {
    let (source, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (writer, ledger, _) = open(source.path());
    for round in 0..3 {
        for number in 0..15 {
            add(&writer, &format!("c-{number}"), "");
        }
        let (mut copy, torn) = FollowedCopy::open(folder.path(), log(), 32 << 10).unwrap();
        assert_eq!((copy.size(), torn), (if round == 0 { 0 } else { round * 15 + 1 }, None));
        while let Some(page) = ledger.page(copy.size(), 4).unwrap() {
            copy.append(&page.entries, &page.checkpoint).unwrap();
        }
        assert_eq!(copy.head(), ledger.head());
        assert_eq!(copy.checkpoint(), Some(ledger.checkpoint().as_str()));
        assert_eq!(copy.entries(0, 1000).unwrap(), ledger.entries(0, 1000).unwrap());
        assert!(matches!(copy.standing(&ledger.checkpoint()).unwrap(), Standing::Held(_)));
    }
}

#[test]
fn a_copy_refuses_what_is_not_signed_or_no_continuation() {
    let (source, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (writer, ledger, _) = open(source.path());
    let first = ledger.checkpoint();
    add(&writer, "a", "");
    let second = ledger.checkpoint();
    let entries = ledger.entries(0, 10).unwrap();
    let (mut copy, _) = FollowedCopy::open(folder.path(), log(), 32 << 10).unwrap();

    assert!(matches!(copy.append(&entries, &first), Err(CopyError::Size { held: 2, signed: 1 })));
    assert!(matches!(copy.append(&entries[1..], &first), Err(CopyError::Chain(_))));
    assert!(matches!(copy.append(&[], &first), Err(CopyError::Empty)));
    let stranger = LogKey::new("accord-1/counter", PrivateKey::from_seed(&[2; 32])).unwrap();
    let forged = stranger.sign(2, &ledger.head().root);
    assert!(matches!(copy.append(&entries, &forged), Err(CopyError::Checkpoint(_))));
    let forked = key().sign(2, &[9; 32]);
    assert!(matches!(copy.append(&entries, &forked), Err(CopyError::Forked { size: 2 })));
    assert_eq!(copy.size(), 0);

    copy.append(&entries[..1], &first).unwrap();
    assert!(matches!(copy.standing(&second).unwrap(), Standing::Ahead(_)));
    copy.append(&entries[1..], &second).unwrap();
    assert!(matches!(copy.standing(&first).unwrap(), Standing::Held(_)));
    assert!(matches!(copy.standing(&forked), Err(CopyError::Forked { size: 2 })));
}

#[test]
fn a_ledger_that_began_again_does_not_continue_a_copy() {
    let [one, two, folder] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let (first, ledger, _) = open(one.path());
    add(&first, "a", "");
    let (mut copy, _) = FollowedCopy::open(folder.path(), log(), 32 << 10).unwrap();
    let page = ledger.page(0, 10).unwrap().unwrap();
    copy.append(&page.entries, &page.checkpoint).unwrap();
    let (again, other, _) = try_open_at(two.path(), &MemoryPlace::default()).unwrap();
    add(&again, "a", "");
    add(&again, "b", "");
    assert!(matches!(
        copy.standing(&other.page(0, 1).unwrap().unwrap().checkpoint),
        Err(CopyError::Forked { size: 1 })
    ));
    let page = other.page(2, 10).unwrap().unwrap();
    assert!(matches!(copy.append(&page.entries, &page.checkpoint), Err(CopyError::Chain(_))));
}

#[test]
fn a_copy_keeps_entries_whose_parts_were_withheld() {
    let (source, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = MemoryPlace::default();
    let (_, ledger, _) =
        Writer::open(config(source.path()), Counter::default(), key(), &place, genesis()).unwrap();
    let withheld: Vec<Entry> =
        ledger.entries(0, 1).unwrap().iter().map(|e| e.with_parts(|_| false)).collect();
    let (mut copy, _) = FollowedCopy::open(folder.path(), log(), 32 << 10).unwrap();
    copy.append(&withheld, &ledger.checkpoint()).unwrap();
    drop(copy);
    let (copy, _) = FollowedCopy::open(folder.path(), log(), 32 << 10).unwrap();
    assert_eq!(copy.entries(0, 1).unwrap(), withheld);
}
