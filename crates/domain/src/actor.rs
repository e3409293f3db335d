//! Who acts: a participant of the accord, in a role, through one actor. It comes from the certificate, never from a field.

use serde::{Deserialize, Serialize};

use crate::ids::ParticipantId;

/// What a participant is in the accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParticipantKind {
    /// A state that consents; every exposing act needs every one of them.
    StateParty,
    /// A state bound by the rules that has no vote.
    BoundThirdState,
    /// Reads and reports.
    Observer,
    /// Notifies protected entities and movements.
    HumanitarianNotifier,
    /// Reads everything, writes nothing.
    Auditor,
    /// The operator of the services: follows ledgers and decides nothing.
    Operator,
}

/// In what role an actor acts; one certificate holds one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Proposes and notifies.
    Proposer,
    /// Approves what another actor proposed.
    Approver,
    /// Decides referrals.
    Reviewer,
    /// Submits checks, acknowledges, answers the hotline, suspends.
    DutyOfficer,
    /// Concludes incidents.
    Investigator,
    /// Reads and verifies.
    Auditor,
    /// A service of the operator.
    Service,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Proposer,
        Self::Approver,
        Self::Reviewer,
        Self::DutyOfficer,
        Self::Investigator,
        Self::Auditor,
        Self::Service,
    ];

    /// The role as it stands in a SPIFFE path, such as `duty-officer`.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Proposer => "proposer",
            Self::Approver => "approver",
            Self::Reviewer => "reviewer",
            Self::DutyOfficer => "duty-officer",
            Self::Investigator => "investigator",
            Self::Auditor => "auditor",
            Self::Service => "service",
        }
    }

    /// The role of a SPIFFE path element.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.path() == path)
    }
}

/// The caller of a request, as its certificate and the accord say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The participant whose trust domain signed the certificate.
    pub participant: ParticipantId,
    /// What that participant is.
    pub kind: ParticipantKind,
    /// The role in the certificate.
    pub role: Role,
    /// The actor's own name inside the participant, such as `watch-2`; a function, not a person's name.
    pub name: String,
}

impl Actor {
    /// Whether both are the same actor, in whatever role: two certificates do not make two people.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.participant == other.participant && self.name == other.name
    }

    /// Whether the participant is a state party.
    #[must_use]
    pub fn is_party(&self) -> bool {
        self.kind == ParticipantKind::StateParty
    }
}
