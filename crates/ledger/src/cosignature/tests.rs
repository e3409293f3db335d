//! Cosignatures against golden bytes, and against every change of one.

use super::*;
use crate::checkpoint::LogKey;

/// Made from the same seed, name, checkpoint and time by another implementation.
const GOLDEN: &str = "\u{2014} party-a.example/witness gk53kQAAAABkGFDLFnPJAh75l/PewOsgyxBPS08USRsIlvqYGsEIxVTMSFzj9uY3x4B35yhxzyT2RbgQclnZkkWWP/epU449yFjIAA==\n";
const VKEY: &str = "party-a.example/witness+824e7791+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
const TIME_S: u64 = 1_679_315_147;

fn witness() -> WitnessKey {
    WitnessKey::new("party-a.example/witness", PrivateKey::from_seed(&[2; 32])).unwrap()
}

fn log() -> LogKey {
    LogKey::new("accord-1/registry", PrivateKey::from_seed(&[1; 32])).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: "accord-1/registry".into(), size: 42, root: [5; 32] }
}

#[test]
fn a_cosignature_is_byte_for_byte_the_one_of_another_implementation() {
    assert_eq!(witness().cosign(&checkpoint(), TIME_S), GOLDEN);
    assert_eq!(witness().verifier().vkey(), VKEY);
    let read = witness().verifier().verify(&checkpoint(), GOLDEN).unwrap();
    assert_eq!(read, Cosignature { witness: "party-a.example/witness".into(), time_s: TIME_S });
}

#[test]
fn a_cosignature_is_found_under_its_note_and_leaves_the_logs_signature_as_it_was() {
    let note = log().sign(42, &[5; 32]);
    let cosigned = format!("{note}{GOLDEN}");
    let found = witness().verifier().find(&cosigned).unwrap().unwrap();
    assert_eq!(found.time_s, TIME_S);
    assert_eq!(witness().verifier().find(&note), Ok(None));
    assert_eq!(log().verifier().verify(&cosigned), Ok(checkpoint()));
}

#[test]
fn a_cosignature_is_over_that_checkpoint_alone() {
    let verifier = witness().verifier().clone();
    for other in [
        Checkpoint { size: 43, ..checkpoint() },
        Checkpoint { root: [6; 32], ..checkpoint() },
        Checkpoint { origin: "accord-1/rules".into(), ..checkpoint() },
    ] {
        let refused = CosignatureError::Signature("party-a.example/witness".into());
        assert_eq!(verifier.verify(&other, GOLDEN), Err(refused.clone()));
        let note = log().sign(other.size, &other.root);
        if other.origin == "accord-1/registry" {
            assert_eq!(verifier.find(&format!("{note}{GOLDEN}")), Err(refused));
        }
    }
}

#[test]
fn no_changed_byte_verifies() {
    let verifier = witness().verifier().clone();
    for at in 0..GOLDEN.len() {
        for bit in 0..7 {
            let mut bytes = GOLDEN.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            if let Ok(line) = String::from_utf8(bytes) {
                assert!(verifier.verify(&checkpoint(), &line).is_err(), "bit {bit} of byte {at}: {line}");
            }
        }
    }
}

#[test]
fn a_line_of_another_name_or_key_is_passed_over_and_a_second_one_is_not() {
    let note = log().sign(42, &[5; 32]);
    let verifier = witness().verifier().clone();
    let renamed = WitnessKey::new("party-b.example/witness", PrivateKey::from_seed(&[2; 32])).unwrap();
    let rekeyed = WitnessKey::new("party-a.example/witness", PrivateKey::from_seed(&[3; 32])).unwrap();
    for other in [renamed, rekeyed] {
        let line = other.cosign(&checkpoint(), TIME_S);
        assert!(matches!(verifier.verify(&checkpoint(), &line), Err(CosignatureError::OtherWitness(_))));
        assert_eq!(verifier.find(&format!("{note}{line}")), Ok(None));
    }
    let twice = format!("{note}{GOLDEN}{}", witness().cosign(&checkpoint(), TIME_S + 1));
    assert!(matches!(verifier.find(&twice), Err(CosignatureError::Signature(_))));
}

#[test]
fn what_is_no_timestamped_signature_is_refused() {
    let verifier = witness().verifier().clone();
    let signature = |bytes: &[u8]| Line::written(verifier.name(), verifier.key_id, bytes);
    let beyond = TIME_MAX_S + 1;
    let signed = witness().key.sign(message(&checkpoint().text(), beyond).as_bytes());
    let plain = witness().key.sign(checkpoint().text().as_bytes());
    let late = [beyond.to_be_bytes().as_slice(), &signed].concat();
    for wrong in [late.as_slice(), &plain, &[], &[0; 8], &[0; 72]] {
        let refused = verifier.verify(&checkpoint(), &signature(wrong));
        assert_eq!(refused, Err(CosignatureError::Signature(verifier.name().to_owned())));
    }
    let last = witness().cosign(&checkpoint(), u64::MAX);
    assert_eq!(verifier.verify(&checkpoint(), &last).unwrap().time_s, TIME_MAX_S);
    for wrong in ["", "\n", GOLDEN.trim_end(), &format!("{GOLDEN}\n"), &GOLDEN.replace('\u{2014}', "-")] {
        assert_eq!(verifier.verify(&checkpoint(), wrong), Err(CosignatureError::Form), "{wrong:?}");
    }
}
