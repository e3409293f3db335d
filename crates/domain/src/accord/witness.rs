//! Witnesses: who cosigns the checkpoints of the ledgers, each for one participant and with a key that no service holds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Accord;
use crate::actor::ParticipantKind;
use crate::errors::Violation;
use crate::ids::ParticipantId;

/// Characters of a witness's name.
const NAME_MAX_CHARS: usize = 255;

/// A witness of the accord's ledgers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witness {
    /// Name in its cosignatures, such as `party-a.example/witness`.
    pub name: String,
    /// Participant that runs it, which counts once towards the quorum.
    pub participant: ParticipantId,
    /// Ed25519 public key of its cosignatures, 64 hexadecimal digits; used for nothing else.
    pub public_key: String,
}

/// Everything that is wrong with the witnesses and the quorum of an accord.
pub(super) fn violations(accord: &Accord) -> Vec<Violation> {
    let mut found = Vec::new();
    let (mut names, mut keys, mut participants) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (i, witness) in accord.witnesses.iter().enumerate() {
        let field = |part: &str| format!("witnesses[{i}].{part}");
        let Witness { name, participant, public_key } = witness;
        if let Some(rule) = name_fault(accord, name, names.insert(name)) {
            found.push(Violation::new(field("name"), rule, name, "name it as <trust domain>/witness"));
        }
        if let Some(rule) = key_fault(accord, public_key, keys.insert(public_key)) {
            found.push(Violation::new(field("public_key"), rule, public_key, "make a key for it alone"));
        }
        if let Some(rule) = participant_fault(accord, participant, participants.insert(participant)) {
            let remedy = "let each participant run one witness of its own";
            found.push(Violation::new(field("participant"), rule, participant, remedy));
        }
    }
    if usize::try_from(accord.witness_quorum).is_ok_and(|quorum| quorum > accord.witnesses.len()) {
        let rule = format!("at most the number of witnesses, {}", accord.witnesses.len());
        let remedy = "lower it, or name more witnesses";
        found.push(Violation::new("witness_quorum", rule, accord.witness_quorum, remedy));
    }
    found
}

fn name_fault(accord: &Accord, name: &str, unique: bool) -> Option<&'static str> {
    let breaks_notes = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.chars().count() > NAME_MAX_CHARS || name.contains(breaks_notes) {
        return Some("1 to 255 characters without white space and '+', since it stands in signed notes");
    }
    if accord.log_keys.keys().any(|service| accord.origin(service) == name) {
        return Some("another name than that of a ledger");
    }
    (!unique).then_some("unique")
}

fn key_fault(accord: &Accord, key: &str, unique: bool) -> Option<&'static str> {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if key.len() != 64 || !key.bytes().all(digit) {
        return Some("64 lower-case hexadecimal digits");
    }
    let mut signing = accord.participants.iter().flat_map(|participant| &participant.signing_keys);
    if accord.log_keys.values().any(|log| log == key) || signing.any(|own| own.public_key == key) {
        return Some("a key that signs nothing else");
    }
    (!unique).then_some("unique, since a cosignature does not hold its witness's name")
}

fn participant_fault(accord: &Accord, id: &ParticipantId, unique: bool) -> Option<&'static str> {
    match accord.participant(id).map(|participant| participant.kind) {
        None => Some("a participant of the accord"),
        // What the operator says of its own ledgers proves nothing.
        Some(ParticipantKind::Operator) => Some("another participant than the operator"),
        Some(_) => (!unique).then_some("unique, so that none makes up a quorum by itself"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accord::tests::accord;

    fn witness(name: &str, participant: &str, digit: char) -> Witness {
        let public_key = digit.to_string().repeat(64);
        Witness { name: name.to_owned(), participant: participant.into(), public_key }
    }

    fn fields(accord: &Accord) -> Vec<String> {
        accord.violations().into_iter().map(|violation| violation.field).collect()
    }

    #[test]
    fn an_accord_needs_no_witness_and_may_have_one_for_each_participant() {
        let mut accord = accord();
        assert_eq!(accord.violations(), []);
        accord.witnesses = vec![witness("a/w", "party-a", 'a'), witness("b/w", "party-b", 'b')];
        for quorum in 0..=2 {
            accord.witness_quorum = quorum;
            assert_eq!(accord.violations(), [], "{quorum}");
        }
        accord.witness_quorum = 3;
        assert_eq!(fields(&accord), ["witness_quorum"]);
    }

    #[test]
    fn nobody_makes_up_a_quorum_by_itself() {
        let mut accord = accord();
        accord.witnesses = vec![witness("a/w", "party-a", 'a'), witness("a/w2", "party-a", 'b')];
        assert_eq!(fields(&accord), ["witnesses[1].participant"]);
        accord.witnesses = vec![witness("a/w", "party-a", 'a'), witness("b/w", "party-b", 'a')];
        assert_eq!(fields(&accord), ["witnesses[1].public_key"]);
        accord.witnesses = vec![witness("a/w", "party-a", 'a'), witness("a/w", "party-b", 'b')];
        assert_eq!(fields(&accord), ["witnesses[1].name"]);
    }

    #[test]
    fn a_witness_is_no_service_of_the_operator_and_no_stranger() {
        for participant in ["operator", "party-z"] {
            let mut accord = accord();
            accord.witnesses = vec![witness("a/w", participant, 'a')];
            assert_eq!(fields(&accord), ["witnesses[0].participant"], "{participant}");
        }
    }

    #[test]
    fn its_key_and_name_are_its_own_and_fit_a_signed_note() {
        let (log, signing) = ("1".repeat(64), "9".repeat(64));
        for key in ["", "a", &"A".repeat(64), &"g".repeat(64), &"a".repeat(65), &log, &signing] {
            let mut accord = accord();
            accord.witnesses = vec![Witness { public_key: key.to_owned(), ..witness("a/w", "party-a", 'a') }];
            assert_eq!(fields(&accord), ["witnesses[0].public_key"], "{key:?}");
        }
        for name in ["", "a b", "a+b", "a\nb", "accord-1/registry", &"a".repeat(256)] {
            let mut accord = accord();
            accord.witnesses = vec![witness(name, "party-a", 'a')];
            assert_eq!(fields(&accord), ["witnesses[0].name"], "{name:?}");
        }
    }

    #[test]
    fn an_accord_without_witnesses_is_written_as_before_there_were_any() {
        let text = serde_json::to_string(&accord()).unwrap();
        assert!(!text.contains("witness"), "{text}");
        assert_eq!(serde_json::from_str::<Accord>(&text).unwrap(), accord());
    }
}
