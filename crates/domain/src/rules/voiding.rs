//! Voiding: a permit falls in the same group as the fold of the fact that contradicts it.
//!
//! INVARIANT (RUL-3): no published state holds both a fact and a live permit that the articles would not give on it.

use crate::rules::decision::{Decision, Stage, Status};
use crate::rules::evaluate::{Evaluation, Reach, Reached};
use crate::rules::finding::{Code, Finding, Verdict};
use crate::rules::review::Change;
use crate::rules::{Event, State};
use crate::time::Timestamp;

/// The events that void every live permit which the articles would no longer give.
pub(super) fn contradicted(state: &State, at: Timestamp) -> Vec<Event> {
    state.live.iter().filter_map(|id| voided(state, id, at)).collect()
}

/// The event that voids a permit, where something objects to it now.
pub(super) fn voided(state: &State, id: &str, at: Timestamp) -> Option<Event> {
    let causes = state.objections_now(id, at);
    let status = state.statuses.get(id).filter(|_| !causes.is_empty())?;
    let void = Status { stage: Stage::Void, since: at, causes, ..status.as_ref().clone() };
    Some(Event::Status(Change::Voided, Box::new(void)))
}

impl State {
    /// What objects now to a permit or release that lives; nothing to one that does not live any more. An evaluation
    /// that fails objects too.
    #[must_use]
    pub fn objections_now(&self, id: &str, at: Timestamp) -> Vec<Finding> {
        let found = self.decisions.get(id).zip(self.statuses.get(id));
        let Some((decision, status)) = found else { return Vec::new() };
        let confirmed =
            Reach { registry: Reached::Confirmed, incidents: Reached::Confirmed, clock: Reached::Confirmed };
        let stage = status.stage_at(decision, at);
        if !matches!(stage, Stage::Permitted | Stage::Released) {
            return Vec::new();
        }
        let by = &decision.submitted_by;
        let now = self.evaluate(&decision.operation, by, &decision.operation_digest, confirmed, at);
        let Ok(Evaluation { findings, .. }) = now else {
            return vec![Finding::new(Code::EvaluationError, "the permit could not be evaluated anew")];
        };
        let objecting = findings.into_iter().filter(|finding| finding.level != Verdict::Permit);
        objecting.filter(|finding| stage == Stage::Permitted || !was_reviewed(decision, finding)).collect()
    }
}

/// Whether a finding is one that those who release a referral have seen: about the same thing, measured the same, save that
/// time has gone on.
pub(super) fn was_reviewed(decision: &Decision, finding: &Finding) -> bool {
    let seen = |then: &Finding| {
        let ages = then.unit == "s" && finding.unit == "s";
        let measured = if ages { finding.measured } else { then.measured };
        *finding == Finding { measured, article: finding.article, ..then.clone() }
    };
    finding.level == Verdict::Refer && decision.findings.iter().any(seen)
}
