//! Request ids: one effect each, for ever, and the first answer byte for byte.

use concord_store::{Caller, Mode, Submission, SubmitError};

use crate::counter::{Command, add, open, stop, submission, submit};

#[test]
fn a_repeated_request_gets_its_first_entries_also_after_restart_and_loss_of_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let first = submit(&opened.0, Command::Add("a".into(), 3), "r-1").unwrap();
    let receipts: Vec<_> = first.entries.iter().map(|e| opened.1.receipt(e.index()).unwrap()).collect();
    assert_eq!((first.replayed, first.entries.len()), (false, 3));
    stop(opened);
    for lose_index in [false, true, false] {
        if lose_index {
            std::fs::remove_dir_all(folder.path().join("index")).unwrap();
        }
        let opened = open(folder.path());
        add(&opened.0, "b", "");
        let again = submit(&opened.0, Command::Add("a".into(), 3), "r-1").unwrap();
        assert!(again.replayed);
        assert_eq!(again.entries, first.entries);
        let again: Vec<_> = again.entries.iter().map(|e| opened.1.receipt(e.index()).unwrap()).collect();
        assert_eq!(again, receipts);
        let other = submit(&opened.0, Command::Add("a".into(), 2), "r-1");
        assert_eq!(other.unwrap_err(), SubmitError::RequestIdReused);
        assert_eq!(opened.1.published().state.totals["a"], 3);
        stop(opened);
    }
}

#[test]
fn two_of_the_same_request_in_one_group_have_one_effect() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = open(folder.path());
    for round in 0..50 {
        let id = format!("r-{round}");
        let ask = || writer.enqueue(submission(Command::Add("a".into(), 2), &id)).unwrap();
        let [one, two, three] = [ask(), ask(), ask()].map(|answer| answer.blocking_recv().unwrap().unwrap());
        assert_eq!([one.replayed, two.replayed, three.replayed], [false, true, true]);
        assert_eq!(one.entries, two.entries);
        assert_eq!(one.entries, three.entries);
    }
    assert_eq!(ledger.published().state.totals["a"], 100);
}

#[test]
fn request_ids_are_each_callers_own() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, _, _) = open(folder.path());
    let mine = submit(&writer, Command::Add("a".into(), 1), "r").unwrap();
    let caller =
        Caller { actor: "spiffe://party-b.example/approver/desk-1".into(), participant: "party-b".into() };
    let theirs = Submission { caller, ..submission(Command::Add("b".into(), 1), "r") };
    let theirs = writer.enqueue(theirs).unwrap().blocking_recv().unwrap().unwrap();
    assert!(!theirs.replayed);
    assert_ne!(mine.entries, theirs.entries);
    assert_eq!(theirs.entries[0].header().participant, "party-b");
}

#[test]
fn a_refusal_changes_nothing_and_is_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = open(folder.path());
    let before = ledger.head();
    for _ in 0..2 {
        let refused = submit(&writer, Command::Refuse("a".into()), "r").unwrap_err();
        assert_eq!(refused, SubmitError::Refused(crate::counter::Refusal(1)), "the clone was dropped");
    }
    assert_eq!(ledger.head(), before);
    assert!(!add(&writer, "a", "r").replayed);
}

#[test]
fn validate_only_shows_what_would_be_written_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = open(folder.path());
    let before = ledger.head();
    let asked = Submission { mode: Mode::ValidateOnly, ..submission(Command::Add("a".into(), 2), "r") };
    let shown = writer.enqueue(asked).unwrap().blocking_recv().unwrap().unwrap();
    assert_eq!(shown.entries.iter().map(|entry| entry.index()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(ledger.head(), before);
    assert!(ledger.published().state.totals.is_empty());
    assert!(!submit(&writer, Command::Add("a".into(), 2), "r").unwrap().replayed);
}

#[test]
fn what_is_folded_from_elsewhere_is_published_without_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = open(folder.path());
    let before = ledger.head();
    let folded = submit(&writer, Command::Fold(7), "").unwrap();
    assert!(folded.entries.is_empty());
    assert_eq!((folded.published.state.seen_elsewhere, ledger.published().state.seen_elsewhere), (7, 7));
    assert_eq!((ledger.head(), ledger.groups_count()), (before, 1));
    assert_eq!(add(&writer, "a", "").published.state.seen_elsewhere, 7);
}

#[test]
fn a_panic_costs_one_submission_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = open(folder.path());
    assert!(matches!(submit(&writer, Command::Panic, "r"), Err(SubmitError::Internal(_))));
    add(&writer, "a", "r");
    assert_eq!(ledger.published().state.totals["a"], 1);
    assert_eq!(*writer.fault().borrow(), None);
}
