//! Groups: one sync for many, everything verifiable, entry 0 checked.

use concord_ledger::{LogKey, PrivateKey, export, verify_export};
use concord_store::{Genesis, MemoryPlace, OpenError, SubmitError, Writer, WriterConfig};

use crate::counter::{Command, Counter, add, config, genesis, key, log, open, stop, submission, try_open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_share_groups_and_each_gets_its_own_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = open(folder.path());
    let submits = (0..400).map(|number| {
        let writer = writer.clone();
        tokio::spawn(async move {
            let name = format!("c-{number}");
            let done = writer.submit(submission(Command::Add(name.clone(), 1), &name)).await.unwrap();
            assert_eq!(done.entries[0].body(), Some(name.as_bytes()));
            assert_eq!(done.published.state.totals[&name], 1);
            assert!(done.published.size > done.entries[0].index());
        })
    });
    for submitted in submits.collect::<Vec<_>>() {
        submitted.await.unwrap();
    }
    assert_eq!(ledger.head().size, 401);
    assert!(ledger.groups_count() < 200, "{} groups for 400 submits", ledger.groups_count());
}

#[test]
fn a_submission_whose_caller_left_is_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = open(folder.path());
    for _ in 0..20 {
        drop(writer.enqueue(submission(Command::Add("a".into(), 1), "")).unwrap());
    }
    writer.close();
    assert_eq!(ledger.published().state.totals["a"], 20);
    let late = writer.enqueue(submission(Command::Add("a".into(), 1), "")).unwrap_err();
    assert!(matches!(late, SubmitError::Fault(_)));
}

#[test]
fn receipts_proofs_and_export_verify() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = open(folder.path());
    let mut sizes = vec![ledger.head()];
    for number in 0..30 {
        let done = writer
            .enqueue(submission(Command::Add(format!("c-{}", number % 4), 1 + number % 3), ""))
            .unwrap();
        sizes.push(done.blocking_recv().unwrap().unwrap().published.head());
    }
    let head = ledger.head();
    for index in 0..head.size {
        let entry = ledger.receipt(index).unwrap().verify(&log()).unwrap();
        assert_eq!(ledger.entries(index, 1).unwrap(), std::slice::from_ref(&entry));
        let proof = ledger.inclusion_proof(index, head.size).unwrap();
        concord_ledger::verify_inclusion(&entry.leaf_hash(), index, head.size, &proof, &head.root).unwrap();
    }
    for old in &sizes {
        let proof = ledger.consistency_proof(old.size, head.size).unwrap();
        concord_ledger::verify_consistency(old.size, &old.root, head.size, &head.root, &proof).unwrap();
    }
    assert!(ledger.receipt(head.size).is_err());
    assert_eq!(ledger.inclusion_proof(0, head.size + 1), None);
    assert_eq!(log().verify(&ledger.checkpoint()).unwrap().size, head.size);

    let mut lines = vec![export::head_line(ledger.origin()).unwrap()];
    for group in ledger.groups(0) {
        let group = group.unwrap();
        let trailer = group.trailer;
        lines.push(
            export::group_line(&group.entries, trailer.size, &trailer.root, &trailer.checkpoint).unwrap(),
        );
    }
    let export = verify_export(lines, &log()).unwrap();
    assert_eq!(export.entries, ledger.entries(0, usize::MAX).unwrap());

    let page = ledger.page(3, 5).unwrap().unwrap();
    assert!(page.entries.len() >= 5 && page.entries[0].index() == 3);
    let covered = log().verify(&page.checkpoint).unwrap().size;
    assert_eq!(covered, 3 + page.entries.len() as u64);
    assert!(ledger.page(head.size, 5).unwrap().is_none());
}

#[test]
fn another_accord_or_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    stop(open(folder.path()));
    let open_with = |key: LogKey, genesis: Genesis| {
        let place = MemoryPlace::default();
        Writer::open(config(folder.path()), Counter::default(), key, &place, genesis).map(|_| ())
    };
    let other = Genesis { body: b"another accord".to_vec(), ..genesis() };
    assert!(matches!(open_with(key(), other), Err(OpenError::OtherAccord { .. })));
    let rules = LogKey::new("accord-1/rules", PrivateKey::from_seed(&[1; 32])).unwrap();
    assert!(matches!(open_with(rules, genesis()), Err(OpenError::Key { .. })));
    let stranger = LogKey::new("accord-1/counter", PrivateKey::from_seed(&[2; 32])).unwrap();
    assert!(matches!(open_with(stranger, genesis()), Err(OpenError::Journal(_))));
    open_with(key(), Genesis { at: "2027-01-01T00:00:00Z".into(), ..genesis() }).unwrap();
}

#[test]
fn a_ledger_in_use_is_refused_and_its_index_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    assert!(matches!(try_open(folder.path()), Err(OpenError::Journal(_))));
    add(&opened.0, "a", "");
    stop(opened);
    assert_eq!(open(folder.path()).2.rebuilds(), 0);
}

#[test]
fn a_full_queue_says_so_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let small = WriterConfig { queue_ordinary: 0, queue_reserve: 1, ..config(folder.path()) };
    let place = MemoryPlace::default();
    let (writer, _, _) = Writer::open(small, Counter::default(), key(), &place, genesis()).unwrap();
    let ordinary = submission(Command::Add("a".into(), 1), "");
    assert!(matches!(writer.enqueue(ordinary.clone()), Err(SubmitError::QueueFull)));
    let vital = concord_store::Submission { priority: concord_store::Priority::Vital, ..ordinary };
    writer.enqueue(vital).unwrap().blocking_recv().unwrap().unwrap();
}
