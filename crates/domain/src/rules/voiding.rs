//! Voiding: a permit falls in the same group as the fold of the fact that contradicts it.
//!
//! INVARIANT (RUL-3): no published state holds both a fact and a live permit that the articles would not give on it.

use crate::rules::decision::{Decision, Stage, Status};
use crate::rules::evaluate::{Evaluation, Reach, Reached};
use crate::rules::finding::{Finding, Verdict};
use crate::rules::review::Change;
use crate::rules::{Event, State};
use crate::time::Timestamp;

/// The events that void every live permit which the articles would no longer give.
pub(super) fn contradicted(state: &State, at: Timestamp) -> Vec<Event> {
    let live = state.live.iter().filter_map(|id| state.decisions.get(id).zip(state.statuses.get(id)));
    live.filter(|(decision, status)| {
        matches!(status.stage_at(decision, at), Stage::Permitted | Stage::Released)
    })
    .filter_map(|(decision, status)| {
        let causes = objections(state, decision, status, at);
        (!causes.is_empty()).then(|| {
            let void = Status { stage: Stage::Void, since: at, causes, ..status.as_ref().clone() };
            Event::Status(Change::Voided, Box::new(void))
        })
    })
    .collect()
}

/// What objects now and was not decided about before. An evaluation that fails objects too.
fn objections(state: &State, decision: &Decision, status: &Status, at: Timestamp) -> Vec<Finding> {
    let confirmed =
        Reach { registry: Reached::Confirmed, incidents: Reached::Confirmed, clock: Reached::Confirmed };
    let by = &decision.submitted_by;
    let now = state.evaluate(&decision.operation, by, &decision.operation_digest, confirmed, at);
    let Ok(Evaluation { findings, .. }) = now else {
        let message = "the permit could not be evaluated anew";
        return vec![Finding::new(crate::rules::finding::Code::EvaluationError, message)];
    };
    let released = status.stage == Stage::Released;
    let known = |finding: &Finding| {
        released
            && finding.level == Verdict::Refer
            && decision
                .findings
                .iter()
                .any(|then| (then.code, &then.evidence) == (finding.code, &finding.evidence))
    };
    findings.into_iter().filter(|finding| finding.level != Verdict::Permit && !known(finding)).collect()
}
