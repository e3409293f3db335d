//! Participants, actors and their consents; output only, since who acts comes from the certificate.

use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_domain::consent::{Approval, Approvals};

use super::time;
use crate::pb::r#type::v1 as pb;

/// The message of a kind.
#[must_use]
pub fn kind_to_pb(kind: ParticipantKind) -> pb::ParticipantKind {
    match kind {
        ParticipantKind::StateParty => pb::ParticipantKind::StateParty,
        ParticipantKind::BoundThirdState => pb::ParticipantKind::BoundThirdState,
        ParticipantKind::Observer => pb::ParticipantKind::Observer,
        ParticipantKind::HumanitarianNotifier => pb::ParticipantKind::HumanitarianNotifier,
        ParticipantKind::Auditor => pb::ParticipantKind::Auditor,
        ParticipantKind::Operator => pb::ParticipantKind::Operator,
    }
}

/// The message of a role.
#[must_use]
pub fn role_to_pb(role: Role) -> pb::Role {
    match role {
        Role::Proposer => pb::Role::Proposer,
        Role::Approver => pb::Role::Approver,
        Role::Reviewer => pb::Role::Reviewer,
        Role::DutyOfficer => pb::Role::DutyOfficer,
        Role::Investigator => pb::Role::Investigator,
        Role::Auditor => pb::Role::Auditor,
        Role::Service => pb::Role::Service,
    }
}

/// The message of an actor.
#[must_use]
pub fn actor_to_pb(actor: &Actor) -> pb::Actor {
    let Actor { participant, kind, role, name } = actor;
    pb::Actor {
        participant: participant.0.clone(),
        kind: kind_to_pb(*kind).into(),
        role: role_to_pb(*role).into(),
        name: name.clone(),
    }
}

/// The message of the consents to one version.
#[must_use]
pub fn approvals_to_pb(approvals: &Approvals) -> pb::Approvals {
    let Approvals { proposed_by, proposed_at, reason, given } = approvals;
    pb::Approvals {
        proposed_by: Some(actor_to_pb(proposed_by)),
        propose_time: Some(time::to_pb(*proposed_at)),
        reason: reason.clone(),
        given: given.values().map(approval_to_pb).collect(),
    }
}

fn approval_to_pb(approval: &Approval) -> pb::Approval {
    let Approval { by, at, envelope, reason } = approval;
    pb::Approval {
        by: Some(actor_to_pb(by)),
        approve_time: Some(time::to_pb(*at)),
        envelope: envelope.clone(),
        reason: reason.clone(),
    }
}
