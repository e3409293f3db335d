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

impl ParticipantKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::StateParty,
        Self::BoundThirdState,
        Self::Observer,
        Self::HumanitarianNotifier,
        Self::Auditor,
        Self::Operator,
    ];
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

/// An identity as a certificate states it: `spiffe://<trust domain>/<role>/<actor>` (SPIFFE X509-SVID).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpiffeId {
    /// Trust domain, which names the participant.
    pub trust_domain: String,
    /// Role.
    pub role: Role,
    /// The actor's own name.
    pub name: String,
}

impl SpiffeId {
    /// Reads the one URI of a certificate. Only the canonical spelling counts, so that one actor has one identity.
    #[must_use]
    pub fn parse(uri: &str) -> Option<Self> {
        let mut parts = uri.strip_prefix("spiffe://")?.split('/');
        let (trust_domain, role, name) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = |text: &str, extra: &[u8]| {
            let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || extra.contains(&b);
            !text.is_empty() && text.len() <= 255 && text.bytes().all(allowed)
        };
        let canonical = parts.next().is_none() && plain(trust_domain, b".-_") && plain(name, b".-_");
        let role = Role::from_path(role)?;
        canonical.then(|| Self { trust_domain: trust_domain.to_owned(), role, name: name.to_owned() })
    }
}

impl std::fmt::Display for SpiffeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "spiffe://{}/{}/{}", self.trust_domain, self.role.path(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_an_identity() {
        let id = SpiffeId::parse("spiffe://a.example/duty-officer/watch-2").unwrap();
        assert_eq!(
            (id.role, id.to_string().as_str()),
            (Role::DutyOfficer, "spiffe://a.example/duty-officer/watch-2")
        );
        for other in [
            "spiffe://A.example/duty-officer/watch-2",
            "spiffe://a.example/duty-officer",
            "spiffe://a.example/duty-officer/",
            "spiffe://a.example/duty-officer/watch-2/more",
            "spiffe://a.example/duty%2dofficer/watch-2",
            "spiffe:///duty-officer/watch-2",
            "https://a.example/duty-officer/watch-2",
            "spiffe://a.example/admiral/watch-2",
        ] {
            assert_eq!(SpiffeId::parse(other), None, "{other}");
        }
    }
}
