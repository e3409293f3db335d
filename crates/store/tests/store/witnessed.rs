//! What others have seen of a ledger: cosigned checkpoints, completed receipts, and a ledger that cannot account for what
//! it signed.

use concord_ledger::{Checkpoint, PrivateKey, WitnessKey, WitnessVerifier};
use concord_store::{Account, Ledger, OpenError, SledPlace, SubmitError, Writer, WriterConfig};

use crate::counter::{Command, Counter, Opened, add, config, genesis, key, log, submit};

const NAMES: [&str; 2] = ["party-a.example/witness", "party-b.example/witness"];

fn witness(number: u8) -> WitnessKey {
    WitnessKey::new(NAMES[usize::from(number)], PrivateKey::from_seed(&[number + 2; 32])).unwrap()
}

fn verifier(number: u8) -> WitnessVerifier {
    witness(number).verifier().clone()
}

fn try_open(directory: &std::path::Path) -> Result<Opened, OpenError> {
    let config = WriterConfig { witnesses: NAMES.map(str::to_owned).into(), ..config(directory) };
    let place = SledPlace::new(&directory.join("index"));
    Writer::open(config, Counter::default(), key(), &place, genesis())
}

fn cosign(ledger: &Ledger<Counter>, number: u8) -> u64 {
    let note = ledger.checkpoint();
    let checkpoint = log().verify(&note).unwrap();
    let line = witness(number).cosign(&checkpoint, 1_800_000_000);
    ledger.cosign(checkpoint.size, &note, NAMES[usize::from(number)], &line).unwrap();
    checkpoint.size
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn a_completed_receipt_stands_under_the_smallest_checkpoint_that_a_quorum_cosigned() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = try_open(folder.path()).unwrap();
    add(&writer, "a", "");
    let before = ledger.receipt(1).unwrap();
    assert_eq!(ledger.completed_receipt(1, 1).unwrap(), None);
    assert_eq!(ledger.cosigned().unwrap(), None);
    assert_eq!(cosign(&ledger, 0), 2);
    for round in 0..3 {
        add(&writer, &format!("c-{round}"), "");
    }
    assert_eq!(cosign(&ledger, 1), 5);
    assert_eq!(ledger.completed_receipt(1, 2).unwrap(), None);
    cosign(&ledger, 0);
    add(&writer, "b", "");
    for (index, quorum, size, held) in [(1, 0, 2, 0), (1, 1, 2, 1), (0, 1, 2, 1), (2, 1, 5, 2), (1, 2, 5, 2)]
    {
        let receipt = ledger.completed_receipt(index, quorum).unwrap().unwrap();
        let entry = receipt.verify(&log()).unwrap();
        assert_eq!((entry.index(), log().verify(&receipt.checkpoint).unwrap().size), (index, size));
        let found = [0, 1].map(|number| verifier(number).find(&receipt.checkpoint).unwrap().is_some());
        assert_eq!(found.into_iter().filter(|found| *found).count(), held, "index {index}, quorum {quorum}");
    }
    assert_eq!(ledger.completed_receipt(5, 1).unwrap(), None);
    assert!(ledger.completed_receipt(6, 1).is_err());
    assert_eq!(ledger.receipt(1).unwrap(), before);
    let newest = ledger.cosigned().unwrap().unwrap();
    assert_eq!(log().verify(&newest).unwrap().size, 5);
    writer.close();
    drop((writer, ledger));
    let (_writer, ledger, _) = try_open(folder.path()).unwrap();
    assert_eq!(ledger.cosigned().unwrap(), Some(newest));
}

#[test]
fn an_older_journal_beside_newer_cosignatures_does_not_start_before_it_is_whole() {
    let (folder, aside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (writer, ledger, _) = try_open(folder.path()).unwrap();
    add(&writer, "a", "");
    writer.close();
    drop((writer, ledger));
    copy(folder.path(), &aside.path().join("older"));
    let (writer, ledger, _) = try_open(folder.path()).unwrap();
    add(&writer, "b", "");
    cosign(&ledger, 0);
    writer.close();
    drop((writer, ledger));
    copy(folder.path(), &aside.path().join("newer"));

    for part in ["journal", "index"] {
        std::fs::remove_dir_all(folder.path().join(part)).unwrap();
    }
    let lost = try_open(folder.path()).map(drop).unwrap_err();
    assert!(matches!(lost, OpenError::Witnessed(_)), "{lost}");
    copy(&aside.path().join("older/journal"), &folder.path().join("journal"));
    let refused = try_open(folder.path()).map(drop).unwrap_err().to_string();
    assert!(refused.contains("over 3 entries and holds 2"), "{refused}");
    copy(&aside.path().join("newer/journal"), &folder.path().join("journal"));
    try_open(folder.path()).unwrap();
}

#[test]
fn a_ledger_that_cannot_account_for_what_it_signed_takes_nothing_more_and_remembers_it() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, ledger, _) = try_open(folder.path()).unwrap();
    add(&writer, "a", "");
    let held = ledger.head();
    let account = |size, root| ledger.account(&Checkpoint { origin: "accord-1/counter".into(), size, root });
    assert_eq!(account(2, held.root), Account::Whole);
    assert_eq!(account(2, [9; 32]), Account::Forked);
    assert_eq!(account(3, [9; 32]), Account::Behind);

    let fault = writer.fault();
    writer.halt(&key().sign(9, &[9; 32]), "it has signed more than it holds");
    assert_eq!(fault.borrow().as_deref(), Some("it has signed more than it holds"));
    let refused = submit(&writer, Command::Add("b".into(), 1), "").unwrap_err();
    assert!(matches!(refused, SubmitError::Fault(_)), "{refused}");
    assert_eq!(ledger.head(), held);
    writer.close();
    drop((writer, ledger));
    let refused = try_open(folder.path()).map(drop).unwrap_err().to_string();
    assert!(refused.contains("over 9 entries and holds 2"), "{refused}");
}
