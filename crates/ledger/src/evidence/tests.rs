//! Judging answers of honest and forked logs of every size, and evidence against each.

use super::*;
use crate::checkpoint::LogKey;
use crate::entry::tests::chained;
use crate::hash::leaf;
use crate::judge::{Answer, Judged, NotJudged, judge};
use crate::keys::PrivateKey;
use crate::tree::Tree;

fn key() -> LogKey {
    LogKey::new("accord-1/registry", PrivateKey::from_seed(&[1; 32])).unwrap()
}

/// A tree that leaves the common history at a size.
fn tree(size: u64, forked_at: u64) -> Tree {
    let mut tree = Tree::new();
    for index in 0..size {
        let side = if index >= forked_at { "other" } else { "same" };
        tree.append(leaf(format!("{side} {index}").as_bytes()));
    }
    tree
}

fn note(tree: &Tree, size: u64) -> String {
    key().sign(size, &tree.root_at(size).unwrap())
}

/// What an honest program answers on that tree, as one that was started on a copied folder is.
fn answer(tree: &Tree, seen: u64) -> Answer {
    Answer {
        checkpoint: note(tree, tree.size()),
        consistency_proof: tree.consistency_proof(seen, tree.size()).unwrap_or_default(),
        root: tree.root_at(seen),
    }
}

fn found(judged: Result<Judged, NotJudged>) -> Evidence {
    match judged {
        Err(NotJudged::Found(evidence)) => *evidence,
        other => panic!("nothing found: {other:?}"),
    }
}

#[test]
fn every_extension_is_taken_and_every_fork_is_proven() {
    for old in 1..=17 {
        for new in old..=19 {
            for forked_at in 0..=new {
                let (ours, theirs) = (tree(old, u64::MAX), tree(new, forked_at));
                let judged =
                    judge(key().verifier(), Some(&note(&ours, old)), &answer(&theirs, old), |_| None);
                if forked_at >= old {
                    let expected = if new == old { Judged::Held } else { Judged::Ahead };
                    assert_eq!(judged, Ok(expected(key().verifier().verify(&note(&theirs, new)).unwrap())));
                    continue;
                }
                let evidence = found(judged);
                assert_eq!(evidence.kind, Kind::SplitView, "{old} {new} {forked_at}");
                let again = Evidence::from_json(evidence.to_json().unwrap().as_bytes()).unwrap();
                let proven = again.verify(key().verifier()).unwrap();
                assert!(matches!(proven, Proven::Contradiction { .. }), "{old} {new} {forked_at}");
            }
        }
    }
}

#[test]
fn a_rollback_is_found_and_a_copy_proves_it_a_fork_where_it_is_one() {
    for old in 2..=17 {
        for new in 0..old {
            for forked_at in 0..=new {
                let (ours, theirs) = (tree(old, u64::MAX), tree(new, forked_at));
                let (seen, answer) = (note(&ours, old), answer(&theirs, old));
                let kept = |size| Some((ours.root_at(size)?, ours.consistency_proof(size, old)?));
                let alone = found(judge(key().verifier(), Some(&seen), &answer, |_| None));
                assert_eq!(alone.kind, Kind::Rollback);
                assert!(matches!(alone.verify(key().verifier()), Ok(Proven::Owed { .. })));
                let with_copy = found(judge(key().verifier(), Some(&seen), &answer, kept));
                let kind = if forked_at < new { Kind::SplitView } else { Kind::Rollback };
                assert_eq!(with_copy.kind, kind, "{old} {new} {forked_at}");
                assert!(with_copy.verify(key().verifier()).is_ok(), "{old} {new} {forked_at}");
            }
        }
    }
}

#[test]
fn an_answer_without_a_proof_is_not_taken_and_proves_nothing() {
    let (ours, theirs) = (tree(5, u64::MAX), tree(9, 2));
    let silent = Answer { root: None, ..answer(&theirs, 5) };
    let evidence = found(judge(key().verifier(), Some(&note(&ours, 5)), &silent, |_| None));
    assert_eq!(evidence.kind, Kind::Unproven);
    assert_eq!(evidence.verify(key().verifier()), Err(EvidenceError::Unproven));
    let claimed = Evidence { kind: Kind::SplitView, ..evidence };
    assert_eq!(claimed.verify(key().verifier()), Err(EvidenceError::Hashes));
}

#[test]
fn nobody_makes_evidence_against_an_honest_log() {
    let honest = tree(9, u64::MAX);
    let (smaller, larger) = (note(&honest, 5), note(&honest, 9));
    let proof = honest.consistency_proof(5, 9).unwrap();
    let base = Evidence::of(Kind::SplitView, "accord-1/registry", &smaller, &larger);
    let real = honest.root_at(5).unwrap();
    let verify = |evidence: &Evidence| evidence.verify(key().verifier());
    assert_eq!(verify(&base.clone().with_prefix(&real, &proof)), Err(EvidenceError::Consistent));
    let made_up = base.clone().with_prefix(&[7; 32], &proof);
    assert_eq!(verify(&made_up), Err(EvidenceError::Proof(ProofError::Root)));
    let twice = Evidence { larger: smaller.clone(), ..base.clone() };
    assert_eq!(verify(&twice), Err(EvidenceError::Consistent));
    assert_eq!(verify(&Evidence { kind: Kind::Rollback, ..twice }), Err(EvidenceError::Consistent));
    let swapped = Evidence { smaller: larger.clone(), larger: smaller.clone(), ..base.clone() };
    assert_eq!(verify(&swapped), Err(EvidenceError::Notes("accord-1/registry".into())));
    let stranger = LogKey::new("accord-1/registry", PrivateKey::from_seed(&[2; 32])).unwrap();
    let forged = Evidence { larger: stranger.sign(9, &[7; 32]), ..base.clone() };
    assert!(matches!(verify(&forged), Err(EvidenceError::Checkpoint(CheckpointError::Unsigned(_)))));
    let bare = Evidence { kind: Kind::WithheldEntry, ..base };
    assert!(matches!(verify(&bare), Err(EvidenceError::Receipt(_))));
}

#[test]
fn a_withheld_entry_is_named_by_a_receipt_under_one_of_the_notes() {
    let entries = chained(5);
    let mut ours = Tree::new();
    entries.iter().for_each(|entry| ours.append(entry.leaf_hash()));
    let receipt = Receipt::new(&entries[3], &ours.inclusion_proof(3, 5).unwrap(), note(&ours, 5));
    ours.append(leaf(b"later"));
    let evidence = Evidence::withheld(&receipt, &note(&ours, 6));
    assert!(matches!(evidence.verify(key().verifier()), Ok(Proven::Owed { .. })));
    let other = Evidence { smaller: note(&ours, 4), ..evidence.clone() };
    assert!(matches!(other.verify(key().verifier()), Err(EvidenceError::Receipt(_))));
    let mut changed = evidence;
    changed.receipt.as_mut().unwrap().index += 1;
    assert!(matches!(changed.verify(key().verifier()), Err(EvidenceError::Receipt(_))));
}

#[test]
fn an_answer_that_the_log_did_not_sign_is_no_answer() {
    let ours = tree(5, u64::MAX);
    let stranger = LogKey::new("accord-1/registry", PrivateKey::from_seed(&[2; 32])).unwrap();
    let forged = Answer { checkpoint: stranger.sign(9, &[7; 32]), ..Answer::default() };
    let judged = judge(key().verifier(), Some(&note(&ours, 5)), &forged, |_| None);
    assert!(matches!(judged, Err(NotJudged::Newest(_))));
    let judged = judge(key().verifier(), Some("no note"), &answer(&ours, 5), |_| None);
    assert!(matches!(judged, Err(NotJudged::Seen(_))));
}
