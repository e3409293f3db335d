//! What others say about an operation.

use concord_domain::errors::Violation;
use concord_domain::ids::ParticipantId;
use concord_domain::rules::coordination::{Attestation, Command, Coordination, Said};
use concord_domain::rules::operation::Operation;
use concord_domain::table::Resource as _;

use super::operation::operation_from_pb;
use crate::fields::{Converted, Faults};
use crate::pb::rules::v1 as pb;
use crate::shared::participant::actor_to_pb;
use crate::shared::{area, time};

/// The message of something said.
#[must_use]
pub fn coordination_to_pb(row: &Coordination) -> pb::Coordination {
    let name = row.name();
    let Coordination { id: _, said, operation_digest, party, by, at } = row;
    let kind = match said {
        Said::Notice(_) => pb::CoordinationKind::Notice,
        Said::Approval => pb::CoordinationKind::Approval,
        Said::Consent(_) => pb::CoordinationKind::Consent,
        Said::Attestation(_) => pb::CoordinationKind::Attestation,
    };
    let (point, resource, attestation) = match said {
        Said::Notice(point) => (*point, String::new(), pb::AttestationKind::Unspecified),
        Said::Approval => (None, String::new(), pb::AttestationKind::Unspecified),
        Said::Consent(resource) => (None, resource.clone(), pb::AttestationKind::Unspecified),
        Said::Attestation(what) => (None, String::new(), attestation_to_pb(*what)),
    };
    pb::Coordination {
        name,
        kind: kind.into(),
        operation_digest: operation_digest.clone(),
        party: party.0.clone(),
        by: Some(actor_to_pb(by)),
        give_time: Some(time::to_pb(*at)),
        notified_point: point.map(area::lat_lng_to_pb),
        resource,
        attestation: attestation.into(),
    }
}

fn attestation_to_pb(what: Attestation) -> pb::AttestationKind {
    match what {
        Attestation::LegalReview => pb::AttestationKind::LegalReview,
        Attestation::Precautions => pb::AttestationKind::Precautions,
        Attestation::ProhibitedPractices => pb::AttestationKind::ProhibitedPractices,
    }
}

fn attestation_from_pb(kind: pb::AttestationKind) -> Option<Attestation> {
    match kind {
        pb::AttestationKind::Unspecified => None,
        pb::AttestationKind::LegalReview => Some(Attestation::LegalReview),
        pb::AttestationKind::Precautions => Some(Attestation::Precautions),
        pb::AttestationKind::ProhibitedPractices => Some(Attestation::ProhibitedPractices),
    }
}

fn command(faults: Faults, operation: Operation, party: Option<String>, said: Said) -> Converted<Command> {
    let party = party.map(ParticipantId);
    faults.finish(Command { said, operation: Box::new(operation), party })
}

/// What is wrong with a digest that is asked about, where it is no SHA-256 in hexadecimal.
#[must_use]
pub fn digest_faults(operation_digest: &str) -> Faults {
    let mut faults = Faults::default();
    let hexadecimal = operation_digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !hexadecimal || operation_digest.len() != 64 {
        let rule = "64 hexadecimal digits in lower case";
        let remedy = "give the operation_digest of a decision or of something said";
        faults.push(Violation::new("operation_digest", rule, operation_digest, remedy));
    }
    faults
}

/// The command to give notice.
#[must_use]
pub fn notice_from_pb(pb: pb::GiveNoticeRequest) -> Converted<Command> {
    let pb::GiveNoticeRequest { operation, notified_point, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let operation = operation_from_pb(&mut faults, operation);
    command(faults, operation, None, Said::Notice(notified_point.map(area::lat_lng_from_pb)))
}

/// The command to approve.
#[must_use]
pub fn approve_from_pb(pb: pb::ApproveOperationRequest) -> Converted<Command> {
    let pb::ApproveOperationRequest { operation, party, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let operation = operation_from_pb(&mut faults, operation);
    command(faults, operation, Some(party), Said::Approval)
}

/// The command to consent.
#[must_use]
pub fn consent_from_pb(pb: pb::ConsentToOperationRequest) -> Converted<Command> {
    let pb::ConsentToOperationRequest { operation, party, resource, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let operation = operation_from_pb(&mut faults, operation);
    command(faults, operation, Some(party), Said::Consent(resource))
}

/// The command to attest.
#[must_use]
pub fn attest_from_pb(pb: pb::AttestOperationRequest) -> Converted<Command> {
    let pb::AttestOperationRequest { operation, attestation, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let operation = operation_from_pb(&mut faults, operation);
    let what = faults.stated("attestation", attestation, Attestation::LegalReview, attestation_from_pb);
    command(faults, operation, None, Said::Attestation(what))
}
