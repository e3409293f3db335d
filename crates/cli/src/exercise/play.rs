//! Plays a case against a running exercise, through the public API alone, and keeps what came out.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use concord_domain::actor::Role;
use concord_domain::consent;
use concord_domain::signed::Subject;
use concord_domain::time::Timestamp;
use concord_proto::pb::incidents::v1 as incidents;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as rules;
use concord_proto::registry::designation::subject_of;
use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::case::Operation;
use super::case::lists::RegistryState;
use super::cast::{Cast, first_actor, second_actor};
use super::deed::{Act, Deed};
use super::operation::to_pb;
use super::show::Called;
use super::stage::Stage;
use super::{Played, rule_set, when};
use crate::session::Who;

/// Times that a call is made before its refusal counts, where each refusal asks for another try.
const TRIES: usize = 5;

/// A case being played.
pub(super) struct Play<'a> {
    pub(super) stage: &'a Stage,
    pub(super) cast: &'a Cast,
    clock: Timestamp,
    rule_set: String,
    rule_sets: u32,
    calls: Mutex<Vec<Called>>,
}

impl<'a> Play<'a> {
    /// A fresh exercise, in which nothing has happened and whose clock stands at `clock`.
    #[must_use]
    pub(super) fn new(stage: &'a Stage, cast: &'a Cast, clock: Timestamp) -> Self {
        Self { stage, cast, clock, rule_set: String::new(), rule_sets: 0, calls: Mutex::default() }
    }

    /// Brings the rule set into force before the first of `deeds`, in whose order of time it puts them.
    ///
    /// # Errors
    /// Says which call failed, and how.
    pub(super) async fn open(
        &mut self,
        state: &RegistryState,
        required: &[String],
        deeds: &mut VecDeque<Deed>,
        start: Timestamp,
    ) -> Result<(), String> {
        deeds.make_contiguous().sort_by_key(|deed| deed.at);
        let first = deeds.front().map_or(start, |deed| deed.at.min(start));
        self.advance(first.plus_seconds(-1).max(Timestamp::MIN)).await?;
        self.require(state, required).await
    }

    /// Brings the rule set of the case into force, with these parties' approvals asked for, where it is not already.
    ///
    /// # Errors
    /// Says which call failed, and how.
    pub(super) async fn require(
        &mut self,
        state: &RegistryState,
        approving: &[String],
    ) -> Result<(), String> {
        let text = rule_set::text(state, &self.cast.ids_of_all(approving));
        if self.rule_set != text {
            self.rule_sets += 1;
            self.bring_into_force(&text, &format!("rules-{}", self.rule_sets)).await?;
            self.rule_set = text;
        }
        Ok(())
    }

    /// Proposes the text, and ratifies it with every party's own key.
    async fn bring_into_force(&self, text: &str, id: &str) -> Result<(), String> {
        let request = rules::ProposeRuleSetRequest {
            rule_set_id: id.to_owned(),
            text: text.to_owned(),
            ..Default::default()
        };
        let by = first_actor(&self.cast.first(), Role::Proposer);
        let method = "concord.rules.v1.RuleSetService/ProposeRuleSet";
        self.must::<_, rules::ProposeRuleSetResponse>(&by, method, request).await?;
        let subject = Subject::of(consent::Act::RatifyRuleSet, format!("ruleSets/{id}"), text.as_bytes());
        for party in self.cast.ids() {
            let envelope = self.consent(&party, &subject)?;
            let request = rules::RatifyRuleSetRequest {
                name: subject.resource.clone(),
                envelope,
                ..Default::default()
            };
            let by = second_actor(&party, Role::Approver);
            let method = "concord.rules.v1.RuleSetService/RatifyRuleSet";
            self.must::<_, rules::RatifyRuleSetResponse>(&by, method, request).await?;
        }
        Ok(())
    }

    /// Plays the deeds that are due by `until`, in their order.
    ///
    /// # Errors
    /// Says which call failed, and how.
    pub(super) async fn play(&mut self, deeds: &mut VecDeque<Deed>, until: Timestamp) -> Result<(), String> {
        while let Some(deed) = deeds.pop_front_if(|deed| deed.at <= until) {
            self.advance(deed.at).await?;
            self.act(&deed.by, deed.act).await?;
        }
        Ok(())
    }

    /// Moves the exercise's clock forward to `at`; it never moves back.
    ///
    /// # Errors
    /// Says how the call failed.
    pub(super) async fn advance(&mut self, at: Timestamp) -> Result<(), String> {
        if at <= self.clock {
            return Ok(());
        }
        let by = first_actor(&self.cast.first(), Role::DutyOfficer);
        let request = registry::SetClockRequest { time: Some(when::to_pb(at)), request_id: String::new() };
        let method = "concord.registry.v1.AccordService/SetClock";
        let answer: Result<registry::SetClockResponse, Status> = self.call(&by, method, request).await;
        answer.map_err(|status| failed(method, &status))?;
        self.clock = at;
        Ok(())
    }

    /// Submits an operation at the start of its window.
    ///
    /// # Errors
    /// Says how the call failed; then there is no verdict.
    pub(super) async fn check(&mut self, operation: &Operation) -> Result<Played, String> {
        self.advance(when::instant(&operation.time_window.start)?).await?;
        let by = first_actor(&self.cast.id(&operation.party), Role::DutyOfficer);
        let request =
            rules::CheckOperationRequest { operation: Some(to_pb(operation)?), ..Default::default() };
        let method = "concord.rules.v1.CheckService/CheckOperation";
        let answer: Result<rules::CheckOperationResponse, Status> = self.call(&by, method, request).await;
        let decision =
            answer.map_err(|status| failed(method, &status))?.decision.ok_or("no decision in the answer")?;
        let outcome = match decision.verdict() {
            rules::Verdict::Permit => "permit",
            rules::Verdict::Refer => "refer",
            rules::Verdict::Deny | rules::Verdict::Unspecified => "deny",
        };
        Ok(Played { findings: decision.findings, ..Played::new(outcome) })
    }

    async fn act(&self, by: &Who, act: Act) -> Result<(), String> {
        match act {
            Act::Call { method, request } => {
                let answer = retried(|| self.stage.sessions.call_encoded(by, method, request.clone())).await;
                self.note(by, method, request, &answer);
                answer.map_err(|status| failed(method, &status))
            }
            Act::Designate(request) => self.designate(by, *request).await,
            Act::Reserve(request) => self.reserve(by, *request).await,
            Act::Warn { request, resolved } => self.warn(by, *request, resolved).await,
        }
    }

    /// A party's consent to a thing as it stands.
    ///
    /// # Errors
    /// Names the key that cannot be read or used.
    pub(super) fn consent(&self, party: &str, subject: &Subject) -> Result<String, String> {
        self.stage.sessions.deployment().consent(party, subject)
    }

    async fn designate(&self, by: &Who, request: registry::ProposeDesignationRequest) -> Result<(), String> {
        let method = "concord.registry.v1.DesignationService/ProposeDesignation";
        let answer: registry::ProposeDesignationResponse = self.must(by, method, request).await?;
        let mut designation = answer.designation.ok_or("no designation in the answer")?;
        for party in self.cast.ids() {
            let subject = subject_of(designation.clone()).map_err(|e| e.to_string())?;
            let request = registry::DecideDesignationRequest {
                name: designation.name.clone(),
                etag: designation.etag.clone(),
                decision: registry::ProposalDecision::Approve.into(),
                envelope: self.consent(&party, &subject)?,
                ..Default::default()
            };
            let by = second_actor(&party, Role::Approver);
            let method = "concord.registry.v1.DesignationService/DecideDesignation";
            let answer: Result<registry::DecideDesignationResponse, Status> =
                self.call(&by, method, request).await;
            match answer {
                Ok(answer) => designation = answer.designation.ok_or("no designation in the answer")?,
                // A group that is named as no target cannot become designated; the case's lists contradict each other.
                Err(status) if status.code() == Code::FailedPrecondition => return Ok(()),
                Err(status) => return Err(failed(method, &status)),
            }
        }
        Ok(())
    }

    async fn warn(
        &self,
        by: &Who,
        request: incidents::SendMessageRequest,
        resolved: bool,
    ) -> Result<(), String> {
        let method = "concord.incidents.v1.HotlineService/SendMessage";
        let answer: incidents::SendMessageResponse = self.must(by, method, request).await?;
        if !resolved {
            return Ok(());
        }
        let name = answer.message.ok_or("no message in the answer")?.name;
        let request = incidents::ResolveWarningRequest { name, ..Default::default() };
        let method = "concord.incidents.v1.HotlineService/ResolveWarning";
        self.must::<_, incidents::ResolveWarningResponse>(by, method, request).await.map(drop)
    }

    async fn reserve(&self, by: &Who, mut request: rules::ReserveAirspaceRequest) -> Result<(), String> {
        let method = "concord.rules.v1.AirspaceService/ReserveAirspace";
        let answer: Result<rules::ReserveAirspaceResponse, Status> =
            self.call(by, method, request.clone()).await;
        match answer {
            Err(status) if matches!(status.code(), Code::Aborted | Code::FailedPrecondition) => {
                request.kind = rules::AirReservationKind::RestrictedZone.into();
                self.must::<_, rules::ReserveAirspaceResponse>(by, method, request).await.map(drop)
            }
            answer => answer.map(drop).map_err(|status| failed(method, &status)),
        }
    }

    /// The calls made so far.
    pub(super) fn into_calls(self) -> Vec<Called> {
        self.calls.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call<Q, R>(&self, by: &Who, method: &str, request: Q) -> Result<R, Status>
    where
        Q: Message + Clone + 'static,
        R: Message + Default + 'static,
    {
        let encoded = request.encode_to_vec();
        let answer = retried(|| self.stage.sessions.call(by, method, request.clone())).await;
        self.note(by, method, encoded, &answer);
        answer
    }

    fn note<T>(&self, by: &Who, method: &str, request: Vec<u8>, answer: &Result<T, Status>) {
        let answer = answer.as_ref().map_or_else(|status| format!("{:?}", status.code()), |_| "OK".into());
        let called = Called { at: self.clock, by: by.clone(), method: method.to_owned(), request, answer };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(called);
    }

    /// Calls, and says which call failed.
    ///
    /// # Errors
    /// The method, the code and the message of the failed call.
    pub(super) async fn must<Q, R>(&self, by: &Who, method: &str, request: Q) -> Result<R, String>
    where
        Q: Message + Clone + 'static,
        R: Message + Default + 'static,
    {
        self.call(by, method, request).await.map_err(|status| failed(method, &status))
    }
}

/// Makes a call again where it was refused with a delay after which to try again: such a refusal has written nothing.
async fn retried<R, F>(call: impl Fn() -> F) -> Result<R, Status>
where
    F: Future<Output = Result<R, Status>>,
{
    let mut answer = call().await;
    for _ in 1..TRIES {
        let Err(status) = &answer else { break };
        let asked = status.get_details_retry_info().and_then(|info| info.retry_delay);
        let Some(delay) = asked else { break };
        tokio::time::sleep(delay).await;
        answer = call().await;
    }
    answer
}

fn failed(method: &str, status: &Status) -> String {
    format!("{method}: {:?}: {}", status.code(), status.message())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use tonic_types::ErrorDetails;

    use super::*;

    #[tokio::test]
    async fn a_call_is_made_again_only_where_its_refusal_says_after_which_delay_and_not_for_ever() {
        let busy = || {
            let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(1)));
            Status::with_error_details(Code::Unavailable, "busy", details)
        };
        for (refusals, refusal, made, comes_out) in [
            (2, busy(), 3, true),
            (TRIES, busy(), TRIES, false),
            (
                1,
                Status::unavailable("the connection broke, and the call may have been carried out"),
                1,
                false,
            ),
            (1, Status::failed_precondition("not now"), 1, false),
        ] {
            let calls = Cell::new(0);
            let answer = retried(|| {
                calls.set(calls.get() + 1);
                std::future::ready(if calls.get() > refusals { Ok(()) } else { Err(refusal.clone()) })
            });
            assert_eq!(answer.await.is_ok(), comes_out, "{refusal:?}");
            assert_eq!(calls.get(), made, "{refusal:?}");
        }
    }
}
