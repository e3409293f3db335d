//! Checks, decisions and what becomes of them.

use concord_domain::errors::Refusal;
use concord_domain::follow::Head;
use concord_domain::rules::decision::{Check, Decision, Stage, Status, TERMS};
use concord_domain::rules::evaluate::Reach;
use concord_domain::rules::finding::{Finding, Verdict};
use concord_domain::rules::review::{Command, Review};
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
    let Status { id: _, stage: _, causes, since: _, reviews, reason } = status;
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
        reason: reason.clone(),
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
    let pb::ReviewReferralRequest { name, decision, reason, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    let review =
        faults.stated("decision", decision, Review::Refuse, |decision: pb::ReviewDecision| match decision {
            pb::ReviewDecision::Unspecified => None,
            pb::ReviewDecision::Release => Some(Review::Release),
            pb::ReviewDecision::Refuse => Some(Review::Refuse),
        });
    faults.finish(Command::Review { id, review, reason, reach: Reach::NOTHING })
}

/// The command to give a decision up.
#[must_use]
pub fn lapse_from_pb(pb: pb::LapseDecisionRequest) -> Converted<Command> {
    let pb::LapseDecisionRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Lapse { id })
}
