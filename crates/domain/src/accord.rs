//! The accord: who takes part, with which roots, keys and roles, and who must consent to what.
//!
//! Every service starts from the same accord file; its hash is entry 0 of each ledger.

mod witness;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, ParticipantKind, Role, SpiffeId};
use crate::consent::ConsentTable;
use crate::errors::Violation;
use crate::ids::{ParticipantId, check_id};

pub use witness::Witness;

/// Whether the accord is for real cooperation or for training, where the clock may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// Real time only.
    Operational,
    /// An exercise: every answer says so, and a state party may set the clock forward.
    Exercise,
}

/// A public key of a participant with which it signs what exposes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKey {
    /// Identifier inside the participant, quoted in signatures.
    pub key_id: String,
    /// Ed25519 public key, 64 hexadecimal digits (RFC 8032).
    pub public_key: String,
}

/// One participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// Identifier, such as `party-a`.
    pub id: ParticipantId,
    /// Name for people.
    pub name: String,
    /// What it is in the accord.
    pub kind: ParticipantKind,
    /// SPIFFE trust domain of its certificates; only its own roots count for it.
    pub trust_domain: String,
    /// PEM of its root certificates.
    pub roots: Vec<String>,
    /// Keys with which it signs what exposes.
    #[serde(default)]
    pub signing_keys: Vec<SigningKey>,
    /// Roles that its certificates may carry.
    pub roles: BTreeSet<Role>,
}

/// Seconds within which a hotline message of each precedence must be acknowledged before it escalates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HotlineDeadlines {
    /// FLASH.
    pub flash_s: u32,
    /// IMMEDIATE.
    pub immediate_s: u32,
    /// PRIORITY.
    pub priority_s: u32,
    /// ROUTINE.
    pub routine_s: u32,
    /// TEST.
    pub test_s: u32,
}

impl Default for HotlineDeadlines {
    fn default() -> Self {
        Self { flash_s: 120, immediate_s: 600, priority_s: 3_600, routine_s: 86_400, test_s: 600 }
    }
}

/// The agreement that one deployment serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accord {
    /// Identifier; the ledgers are named `<id>/registry`, `<id>/rules` and `<id>/incidents`.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Whether the clock may be set.
    pub mode: Mode,
    /// Cosignatures that a completed receipt needs, each of another participant's witness.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub witness_quorum: u32,
    /// Ed25519 public keys of the three logs, by service, 64 hexadecimal digits each.
    pub log_keys: BTreeMap<String, String>,
    /// Who must consent to what; may be stricter than the default for exposing acts, never laxer for protecting ones.
    #[serde(default)]
    pub consent: ConsentTable,
    /// Acknowledgement times of the hotline.
    #[serde(default)]
    pub hotline: HotlineDeadlines,
    /// Who takes part; the operator of the services is one of them, and decides nothing.
    pub participants: Vec<Participant>,
    /// Who cosigns the ledgers' checkpoints; at most one for each participant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub witnesses: Vec<Witness>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks for it")]
fn is_zero(quorum: &u32) -> bool {
    *quorum == 0
}

impl Accord {
    /// The participant of that identifier.
    #[must_use]
    pub fn participant(&self, id: &ParticipantId) -> Option<&Participant> {
        self.participants.iter().find(|p| &p.id == id)
    }

    /// The participant that owns a trust domain.
    #[must_use]
    pub fn owner_of(&self, trust_domain: &str) -> Option<&Participant> {
        self.participants.iter().find(|p| p.trust_domain == trust_domain)
    }

    /// The actor that an identity stands for; nothing where no participant owns it or may have the role.
    #[must_use]
    pub fn actor_of(&self, id: &SpiffeId) -> Option<Actor> {
        let owner = self.owner_of(&id.trust_domain).filter(|owner| owner.roles.contains(&id.role))?;
        Some(Actor { participant: owner.id.clone(), kind: owner.kind, role: id.role, name: id.name.clone() })
    }

    /// The operator of the services.
    #[must_use]
    pub fn operator(&self) -> Option<&Participant> {
        self.participants.iter().find(|p| p.kind == ParticipantKind::Operator)
    }

    /// The state parties, in the order of the accord.
    pub fn parties(&self) -> impl Iterator<Item = &ParticipantId> {
        self.participants.iter().filter(|p| p.kind == ParticipantKind::StateParty).map(|p| &p.id)
    }

    /// Whether `id` is a state party.
    #[must_use]
    pub fn is_party(&self, id: &ParticipantId) -> bool {
        self.parties().any(|party| party == id)
    }

    /// Whether this is an exercise accord.
    #[must_use]
    pub fn is_exercise(&self) -> bool {
        self.mode == Mode::Exercise
    }

    /// The origin of a service's ledger, such as `accord-1/registry`.
    #[must_use]
    pub fn origin(&self, service: &str) -> String {
        format!("{}/{service}", self.id)
    }

    /// Everything that is wrong with the accord; empty where it can be served.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found: Vec<Violation> = check_id("id", &self.id).err().into_iter().collect();
        if self.id.starts_with("exercise-") != self.is_exercise() {
            let rule = "begins with \"exercise-\" for an exercise and for nothing else, so that every record says so";
            found.push(Violation::new("id", rule, &self.id, "rename the accord"));
        }
        found.extend(self.consent.violations());
        if self.parties().count() < 2 {
            found.push(Violation::new(
                "participants",
                "at least two participants of kind STATE_PARTY",
                self.parties().count(),
                "name every state that acts under the accord",
            ));
        }
        for service in ["registry", "rules", "incidents"] {
            if !self.log_keys.contains_key(service) {
                let field = format!("log_keys.{service}");
                found.push(Violation::new(
                    field,
                    "the public key of that ledger",
                    "",
                    "add its Ed25519 public key",
                ));
            }
        }
        let operators = self.participants.iter().filter(|p| p.kind == ParticipantKind::Operator).count();
        if operators != 1 {
            let rule = "exactly one participant of kind OPERATOR, which runs the services";
            found.push(Violation::new("participants", rule, operators, "name the operator"));
        }
        found.extend(self.participant_violations());
        found.extend(witness::violations(self));
        found
    }

    fn participant_violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut ids = BTreeSet::new();
        let mut domains = BTreeSet::new();
        for (i, participant) in self.participants.iter().enumerate() {
            let field = format!("participants[{i}]");
            found.extend(check_id(&format!("{field}.id"), participant.id.as_str()).err());
            if !ids.insert(&participant.id) {
                found.push(Violation::new(
                    format!("{field}.id"),
                    "unique",
                    &participant.id,
                    "rename one of them",
                ));
            }
            if !domains.insert(&participant.trust_domain) {
                let rule = "a trust domain of its own, so that no participant can mint another";
                let field = format!("{field}.trust_domain");
                found.push(Violation::new(field, rule, &participant.trust_domain, "give each its own"));
            }
            let operator = participant.kind == ParticipantKind::Operator;
            if operator && participant.roles.iter().any(|role| *role != Role::Service) {
                let rule = "SERVICE alone for an operator, which decides nothing";
                let field = format!("{field}.roles");
                found.push(Violation::new(field, rule, "other roles", "remove the other roles"));
            }
        }
        found
    }
}

/// The first entry of every ledger: the accord that it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccordOpened {
    /// SHA-256 of the accord file's bytes, in hexadecimal.
    pub hash: String,
    /// The accord as read from that file.
    pub accord: Accord,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An accord with nothing wrong in it, without witnesses.
    pub(super) fn accord() -> Accord {
        let participant = |id: &str, kind, role| Participant {
            id: id.into(),
            name: id.to_owned(),
            kind,
            trust_domain: format!("{id}.example"),
            roots: Vec::new(),
            signing_keys: vec![SigningKey { key_id: format!("{id}-1"), public_key: "9".repeat(64) }],
            roles: BTreeSet::from([role]),
        };
        let log = |(service, digit): (&str, &str)| (service.to_owned(), digit.repeat(64));
        Accord {
            id: "accord-1".to_owned(),
            title: "Tests".to_owned(),
            mode: Mode::Operational,
            witness_quorum: 0,
            log_keys: [("registry", "1"), ("rules", "2"), ("incidents", "3")].map(log).into(),
            consent: ConsentTable::default(),
            hotline: HotlineDeadlines::default(),
            participants: vec![
                participant("party-a", ParticipantKind::StateParty, Role::Proposer),
                participant("party-b", ParticipantKind::StateParty, Role::Proposer),
                participant("operator", ParticipantKind::Operator, Role::Service),
            ],
            witnesses: Vec::new(),
        }
    }
}
