//! Checks, decisions and what becomes of them.

use concord_domain::errors::{Refusal, Violation};
use concord_domain::follow::Head;
use concord_domain::ids::ParticipantId;
use concord_domain::rules::decision::{Check, Content, Decision, Stage, Status, TERMS};
use concord_domain::rules::evaluate::Reach;
use concord_domain::rules::finding::{Code, Finding, Verdict};
use concord_domain::rules::review::{Command, Review};
use concord_domain::signed::Subject;
use concord_domain::table::Resource as _;
use concord_domain::time::Timestamp;

use super::operation::{class_to_pb, operation_from_pb, operation_to_pb};
use crate::fields::{Converted, Faults};
use crate::pb::rules::v1 as pb;
use crate::shared::participant::{actor_to_pb, approvals_to_pb};
use crate::shared::time;

const COLLECTION: &str = "decisions";

fn verdict_to_pb(verdict: Verdict) -> pb::Verdict {
    match verdict {
        Verdict::Permit => pb::Verdict::Permit,
        Verdict::Refer => pb::Verdict::Refer,
        Verdict::Deny => pb::Verdict::Deny,
    }
}

fn finding_to_pb(finding: &Finding) -> pb::Finding {
    let Finding { article, kind, code, level, measured, limit, unit, evidence, message } = finding;
    pb::Finding {
        article: *article,
        kind: kind.clone(),
        code: code.as_str().to_owned(),
        level: verdict_to_pb(*level).into(),
        measured: *measured,
        limit: *limit,
        unit: unit.clone(),
        evidence: evidence.clone(),
        message: message.clone(),
    }
}

/// The message of a decision.
#[must_use]
pub fn decision_to_pb(row: &Decision) -> pb::Decision {
    let (name, confirm_by) = (row.name(), Status::first(row).confirm_by());
    let Decision {
        id: _,
        submitted_by,
        at,
        operation,
        operation_digest,
        class,
        verdict,
        findings,
        rule_set,
        rule_set_hash,
        rests_on,
        reach: _,
        expires_at,
    } = row;
    pb::Decision {
        name,
        submitted_by: Some(actor_to_pb(submitted_by)),
        decide_time: Some(time::to_pb(*at)),
        operation: Some(operation_to_pb(operation)),
        operation_digest: operation_digest.clone(),
        operation_class: class_to_pb(*class).into(),
        verdict: verdict_to_pb(*verdict).into(),
        findings: findings.iter().map(finding_to_pb).collect(),
        rule_set: rule_set.clone(),
        rule_set_hash: rule_set_hash.clone(),
        rests_on: rests_on.iter().map(head_to_pb).collect(),
        confirm_by_time: confirm_by.map(time::to_pb),
        expire_time: expires_at.map(time::to_pb),
        terms: TERMS.to_owned(),
    }
}

fn head_to_pb(head: &Head) -> pb::RestsOn {
    let Head { origin, size, root } = head;
    pb::RestsOn { origin: origin.clone(), size: *size, root: root.clone() }
}

/// The message of where a decision stands at `now`. `confirm_by` is set only where it is confirmed to live.
#[must_use]
pub fn status_to_pb(
    decision: &Decision,
    status: &Status,
    now: Timestamp,
    confirmation: pb::Confirmation,
    confirm_by: Option<Timestamp>,
) -> pb::DecisionStatus {
    let stage = status.stage_at(decision, now);
    let Status { id: _, stage: _, causes, since: _, reviews, refused } = status;
    let state = match stage {
        Stage::Permitted => pb::DecisionState::Permitted,
        Stage::Referred => pb::DecisionState::Referred,
        Stage::Denied => pb::DecisionState::Denied,
        Stage::Released => pb::DecisionState::Released,
        Stage::Refused => pb::DecisionState::Refused,
        Stage::Lapsed => pb::DecisionState::Lapsed,
        Stage::Void => pb::DecisionState::Void,
        Stage::Expired => pb::DecisionState::Expired,
    };
    let lives = matches!(stage, Stage::Permitted | Stage::Released);
    pb::DecisionStatus {
        state: state.into(),
        confirmation: confirmation.into(),
        causes: causes.iter().map(finding_to_pb).collect(),
        state_time: Some(time::to_pb(status.since_at(decision, now))),
        reviews: Some(approvals_to_pb(reviews)),
        reason: refused.as_ref().map(|refused| refused.reason.clone()).unwrap_or_default(),
        refused_by: refused.as_ref().map(|refused| actor_to_pb(&refused.by)),
        confirm_by_time: confirm_by.filter(|_| lives).map(time::to_pb),
    }
}

/// The command to check an operation; nothing is confirmed yet.
#[must_use]
pub fn check_from_pb(pb: pb::CheckOperationRequest) -> Converted<Check> {
    let pb::CheckOperationRequest { operation, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let operation = operation_from_pb(&mut faults, operation);
    faults.finish(Check { operation: Box::new(operation), reach: Reach::NOTHING, prepared: None })
}

/// The identifier of the decision that a name stands for.
///
/// # Errors
/// `INVALID_ARGUMENT` that names the field.
pub fn id_from_pb(name: &str) -> Result<String, Refusal> {
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, name);
    faults.only(id)
}

/// The command to review a referral; nothing is confirmed yet.
#[must_use]
pub fn review_from_pb(pb: pb::ReviewReferralRequest) -> Converted<Command> {
    let pb::ReviewReferralRequest { name, decision, reason, envelope, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    // Whichever the envelope, or its absence, fits.
    let fitting = if envelope.is_empty() { Review::Refuse } else { Review::Release };
    let review =
        faults.stated("decision", decision, fitting, |decision: pb::ReviewDecision| match decision {
            pb::ReviewDecision::Unspecified => None,
            pb::ReviewDecision::Release => Some(Review::Release),
            pb::ReviewDecision::Refuse => Some(Review::Refuse),
        });
    faults.finish(Command::Review { id, review, reason, envelope, reach: Reach::NOTHING })
}

/// The command to give a decision up.
#[must_use]
pub fn lapse_from_pb(pb: pb::LapseDecisionRequest) -> Converted<Command> {
    let pb::LapseDecisionRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Lapse { id })
}

/// What a party signs that would let a referred operation go ahead, as the decision was read; the digest is made from the
/// operation, not taken from what is said of it.
///
/// # Errors
/// `INVALID_ARGUMENT` that names what is missing in it.
pub fn release_subject_of(pb: pb::Decision) -> Result<Subject, Refusal> {
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &pb.name);
    let submitted_by = ParticipantId(faults.required("submitted_by", pb.submitted_by).participant);
    let at = time::required(&mut faults, "decide_time", pb.decide_time);
    let expires_at = time::optional(&mut faults, "expire_time", pb.expire_time);
    let operation = operation_from_pb(&mut faults, pb.operation);
    let found = pb.findings.into_iter().enumerate();
    let findings: Vec<Finding> =
        found.map(|(i, finding)| finding_from_pb(&mut faults, &format!("findings[{i}]"), finding)).collect();
    let (id, operation) = faults.only((id, operation))?;
    let content = Content {
        submitted_by: &submitted_by,
        at,
        operation_digest: &operation.checked()?.digest(&submitted_by)?,
        findings: &findings,
        rule_set: &pb.rule_set,
        rule_set_hash: &pb.rule_set_hash,
        expires_at,
    };
    Ok(content.release_of(&id))
}

fn finding_from_pb(faults: &mut Faults, field: &str, pb: pb::Finding) -> Finding {
    let pb::Finding { article, kind, code, level, measured, limit, unit, evidence, message } = pb;
    let known = Code::ALL.iter().find(|known| known.as_str() == code).copied();
    let unknown = || Violation::new(format!("{field}.code"), "a known reason code", &code, "read it anew");
    let code = faults.take(known.ok_or_else(unknown), Code::EvaluationError);
    let level = faults.stated(&format!("{field}.level"), level, Verdict::Deny, |level| match level {
        pb::Verdict::Unspecified => None,
        pb::Verdict::Permit => Some(Verdict::Permit),
        pb::Verdict::Refer => Some(Verdict::Refer),
        pb::Verdict::Deny => Some(Verdict::Deny),
    });
    Finding { article, kind, code, level, measured, limit, unit, evidence, message }
}
