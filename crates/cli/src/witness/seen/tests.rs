//! Whatever is tried, in whatever order, with whatever crash between: what a witness cosigned is one history.

use std::path::Path;

use concord_ledger::{LogKey, PrivateKey, Tree};
use proptest::prelude::*;

use super::*;

const ORIGIN: &str = "accord-1/registry";
/// Entries that two histories have in common.
const COMMON: u64 = 3;

fn log() -> LogKey {
    LogKey::new(ORIGIN, PrivateKey::from_seed(&[1; 32])).unwrap()
}

fn key() -> WitnessKey {
    WitnessKey::new("party-a.example/witness", PrivateKey::from_seed(&[2; 32])).unwrap()
}

fn open(folder: &Path) -> Result<Seen, SeenError> {
    let other = LogKey::new("accord-1/rules", PrivateKey::from_seed(&[3; 32])).unwrap();
    Seen::open(folder, &key(), &[log().verifier().clone(), other.verifier().clone()])
}

/// The note over `size` entries of one of two histories.
fn note(size: u64, side: bool) -> String {
    let mut tree = Tree::new();
    for index in 0..size {
        let side = side && index >= COMMON;
        tree.append(concord_ledger::hash::leaf(format!("{side} {index}").as_bytes()));
    }
    log().sign(size, &tree.root())
}

fn cosign(seen: &Seen, size: u64, side: bool) -> Result<Cosigned, SeenError> {
    seen.cosign(seen.of(ORIGIN).cosigned.as_ref(), &note(size, side), size)
}

fn evidence() -> Evidence {
    use concord_ledger::judge::{Answer, NotJudged, judge};
    let answer = Answer { checkpoint: note(4, true), ..Answer::default() };
    match judge(log().verifier(), Some(&note(4, false)), &answer, |_| None) {
        Err(NotJudged::Found(evidence)) => *evidence,
        other => panic!("nothing found: {other:?}"),
    }
}

#[test]
fn neither_fewer_entries_nor_another_root_over_as_many_are_cosigned_whoever_asks() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path()).unwrap();
    let first = cosign(&seen, 5, false).unwrap();
    assert_eq!(cosign(&seen, 5, false).unwrap(), first, "the same again is not signed anew");
    for (size, side) in [(5, true), (4, false), (4, true), (0, false)] {
        let refused = cosign(&seen, size, side).unwrap_err();
        assert!(matches!(refused, SeenError::Refused(_)), "{size} {side}: {refused}");
    }
    // What was judged against less than is kept by now was judged too early.
    let early = seen.cosign(None, &note(6, false), 6).unwrap_err();
    assert!(early.to_string().contains("meanwhile"), "{early}");
    let stranger = LogKey::new(ORIGIN, PrivateKey::from_seed(&[9; 32])).unwrap().sign(9, &[9; 32]);
    assert!(seen.cosign(Some(&first), &stranger, 9).is_err());
    drop(seen);
    assert_eq!(open(folder.path()).unwrap().of(ORIGIN).cosigned, Some(first));
}

#[test]
fn nothing_is_cosigned_past_what_was_found_until_somebody_has_looked() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path()).unwrap();
    let first = cosign(&seen, 4, false).unwrap();
    let name = seen.find(&evidence()).unwrap();
    assert_eq!(seen.find(&evidence()).unwrap(), name, "found twice, it is one file");
    drop(seen);
    let seen = open(folder.path()).unwrap();
    let kept = Evidence::from_json(&fs::read(seen.evidence(&name)).unwrap()).unwrap();
    assert_eq!(kept, evidence());
    assert!(cosign(&seen, 6, false).unwrap_err().to_string().contains(&name));
    assert_eq!(seen.looked(ORIGIN).unwrap(), Some(name));
    assert_eq!(seen.looked(ORIGIN).unwrap(), None);
    assert_eq!(seen.of(ORIGIN).cosigned, Some(first), "what was seen stays");
    cosign(&seen, 6, false).unwrap();
}

#[test]
fn one_folder_is_one_witnesss_and_one_process_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path()).unwrap();
    cosign(&seen, 4, false).unwrap();
    assert!(matches!(open(folder.path()), Err(SeenError::Locked(_))));
    drop(seen);
    let other = WitnessKey::new("party-b.example/witness", PrivateKey::from_seed(&[4; 32])).unwrap();
    let refused = Seen::open(folder.path(), &other, &[log().verifier().clone()]).map(drop).unwrap_err();
    assert!(matches!(refused, SeenError::Damaged { .. }), "{refused}");
}

#[test]
fn a_damaged_file_stops_the_witness_or_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let seen = open(folder.path()).unwrap();
    cosign(&seen, 4, false).unwrap();
    seen.find(&evidence()).unwrap();
    let before = seen.of(ORIGIN);
    drop(seen);
    let path = folder.path().join(NAME);
    let whole = fs::read(&path).unwrap();
    let mut read_back = 0;
    for at in 0..whole.len() {
        for damaged in [whole[..at].to_vec(), {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        }] {
            fs::write(&path, &damaged).unwrap();
            match open(folder.path()) {
                Err(SeenError::Damaged { .. } | SeenError::Io { .. }) => {}
                Err(other) => panic!("byte {at}: {other}"),
                Ok(seen) => {
                    let after = seen.of(ORIGIN);
                    assert_eq!(after.cosigned, before.cosigned, "byte {at}");
                    assert!(after.found.is_some(), "byte {at}");
                    read_back += 1;
                }
            }
        }
    }
    assert!(read_back < whole.len(), "{read_back} of {} damages were not noticed", 2 * whole.len());
    fs::write(&path, &whole).unwrap();
    assert_eq!(open(folder.path()).unwrap().of(ORIGIN), before);
}

/// What happens to a witness.
#[derive(Clone, Debug)]
enum Step {
    /// It is asked to cosign, judged against what is kept, or against nothing.
    Cosign { size: u64, side: bool, fresh: bool },
    /// Its process ends, with a half-written file beside the whole one.
    Crash,
    /// Its folder cannot be written for one attempt.
    Fault { size: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..12_u64, any::<bool>(), any::<bool>())
            .prop_map(|(size, side, fresh)| Step::Cosign { size, side, fresh }),
        1 => Just(Step::Crash),
        1 => (4..12_u64).prop_map(|size| Step::Fault { size }),
    ]
}

/// Makes the file's place a folder, so that nothing can be renamed onto it, and tries to cosign.
fn cosign_at_fault(folder: &Path, seen: &Seen, size: u64) -> Result<Cosigned, SeenError> {
    let (path, aside) = (folder.join(NAME), folder.join("aside"));
    let had = path.exists();
    if had {
        fs::rename(&path, &aside).unwrap();
    }
    fs::create_dir(&path).unwrap();
    let tried = cosign(seen, size, false);
    fs::remove_dir(&path).unwrap();
    if had {
        fs::rename(&aside, &path).unwrap();
    }
    tried
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn in_any_order_of_any_steps_what_left_grows_and_no_size_has_two_roots(steps in prop::collection::vec(step(), 1..24)) {
        let folder = tempfile::tempdir().unwrap();
        let mut seen = open(folder.path()).unwrap();
        let mut left: Vec<Cosigned> = Vec::new();
        for step in steps {
            let cosigned = match step {
                Step::Cosign { size, side, fresh } => {
                    let kept = seen.of(ORIGIN).cosigned;
                    let expected = if fresh { kept.as_ref() } else { None };
                    seen.cosign(expected, &note(size, side), size).ok()
                }
                Step::Crash => {
                    drop(seen);
                    fs::write(folder.path().join(".tmp-half"), "{\"format\":\"conc").unwrap();
                    seen = open(folder.path()).unwrap();
                    None
                }
                Step::Fault { size } => {
                    let cosigned = cosign_at_fault(folder.path(), &seen, size).ok();
                    drop(seen);
                    seen = open(folder.path()).unwrap();
                    cosigned
                }
            };
            left.extend(cosigned);
            prop_assert_eq!(seen.of(ORIGIN).cosigned, left.last().cloned());
        }
        let of = |cosigned: &Cosigned| log().verifier().verify(&cosigned.checkpoint).unwrap();
        for pair in left.windows(2) {
            let (before, after) = (of(&pair[0]), of(&pair[1]));
            prop_assert!(before.size < after.size || before == after, "{:?} then {:?}", before, after);
        }
    }
}
