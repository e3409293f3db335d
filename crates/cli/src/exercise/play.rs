//! Plays a case against a running exercise, through the public API alone, and keeps what came out.

use concord_domain::actor::Role;
use concord_domain::time::Timestamp;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as rules;
use tonic::{Code, Status};

use super::case::lists::RegistryState;
use super::case::{Operation, Setting, Stated};
use super::cast::{Cast, first_actor, second_actor};
use super::deed::{Act, AliasDecision, Deed};
use super::operation::{circle, lat_lng, to_pb};
use super::stage::Stage;
use super::world::{self, Frame, in_the_air, reservation_id};
use super::{Played, rule_set, when};
use crate::session::Who;
use crate::sign::Ratified;

/// Metres beyond the effect area that the parties assess.
const ASSESSED_BEYOND_M: f64 = 1_000.0;
/// Seconds before a check at which presence was observed.
const OBSERVED_BEFORE_S: i64 = 1_800;
/// Seconds before a check at which approvals and consents are given.
const APPROVED_BEFORE_S: i64 = 600;

/// A case being played.
pub(super) struct Play<'a> {
    stage: &'a Stage,
    cast: &'a Cast,
    clock: Timestamp,
}

impl<'a> Play<'a> {
    /// A fresh exercise, in which nothing has happened and whose clock stands at `clock`.
    #[must_use]
    pub(super) fn new(stage: &'a Stage, cast: &'a Cast, clock: Timestamp) -> Self {
        Self { stage, cast, clock }
    }

    /// Sets up the rule set and the lists, and plays every deed that is due before the check.
    ///
    /// # Errors
    /// Says which call failed, and how.
    pub(super) async fn set_up(
        &mut self,
        setting: &Setting,
        operation: &Operation,
        frame: Frame,
    ) -> Result<(), String> {
        let mut deeds = world::deeds(self.cast, &setting.registry_state, frame)?;
        deeds.extend(self.beforehand(operation, &setting.registry_state)?);
        deeds.sort_by_key(|deed| deed.at);
        let first = deeds.first().map_or(frame.start, |deed| deed.at.min(frame.start));
        self.advance(first.plus_seconds(-1).max(Timestamp::MIN)).await?;
        let required = operation.required_approvals.as_deref().unwrap_or_default();
        let text = rule_set::text(&setting.registry_state, &self.cast.ids_of(required));
        self.bring_into_force(&text).await?;
        self.play(deeds, frame.start).await
    }

    /// Proposes the text, and ratifies it with every party's own key.
    async fn bring_into_force(&self, text: &str) -> Result<(), String> {
        let request = rules::ProposeRuleSetRequest {
            rule_set_id: "first".to_owned(),
            text: text.to_owned(),
            ..Default::default()
        };
        let by = first_actor(&self.cast.first(), Role::Proposer);
        let method = "concord.rules.v1.RuleSetService/ProposeRuleSet";
        self.must::<_, rules::ProposeRuleSetResponse>(&by, method, request).await?;
        let deployment = self.stage.sessions.deployment();
        let expires_at = Timestamp::MAX.plus_seconds(-1);
        let signed = Ratified { accord: &deployment.accord.id, resource: "ruleSets/first", text, expires_at };
        for party in self.cast.ids() {
            let path = deployment.pki.join(&party).join("signing.key");
            let key = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let envelope = signed.envelope(&format!("{party}-1"), &key)?;
            let request = rules::RatifyRuleSetRequest {
                name: signed.resource.to_owned(),
                envelope,
                ..Default::default()
            };
            let by = second_actor(&party, Role::Approver);
            let method = "concord.rules.v1.RuleSetService/RatifyRuleSet";
            self.must::<_, rules::RatifyRuleSetResponse>(&by, method, request).await?;
        }
        Ok(())
    }

    /// Plays deeds in order of time, as far as they are due by `until`.
    ///
    /// # Errors
    /// Says which call failed, and how.
    pub(super) async fn play(&mut self, deeds: Vec<Deed>, until: Timestamp) -> Result<(), String> {
        for deed in deeds.into_iter().filter(|deed| deed.at <= until) {
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
        let answer: Result<registry::SetClockResponse, Status> =
            self.stage.sessions.call(&by, method, request).await;
        answer.map_err(|status| failed(method, &status))?;
        self.clock = at;
        Ok(())
    }

    /// What is said about an operation before it is checked: notice, approvals, consents, presence.
    ///
    /// # Errors
    /// Names a time that does not parse.
    pub(super) fn beforehand(
        &self,
        operation: &Operation,
        state: &RegistryState,
    ) -> Result<Vec<Deed>, String> {
        let start = when::instant(&operation.time_window.start)?;
        let party = self.cast.id(&operation.party);
        let pb = to_pb(operation)?;
        let mut deeds = Vec::new();
        if let Some(minutes) = operation.notice_given_minutes {
            // Whole seconds: the contract's clock could take less, no case gives less.
            #[expect(clippy::cast_possible_truncation, reason = "minutes of notice are few")]
            let lead_s = (minutes * 60.0).round() as i64;
            let request = rules::GiveNoticeRequest {
                operation: Some(pb.clone()),
                notified_point: operation.notified_aim_point.map(lat_lng),
                ..Default::default()
            };
            let by = first_actor(&party, Role::DutyOfficer);
            let method = "concord.rules.v1.CoordinationService/GiveNotice";
            deeds.push(Deed::call(start.plus_seconds(-lead_s), by, method, &request));
        }
        let approved_at = start.plus_seconds(-APPROVED_BEFORE_S);
        for approving in self.cast.ids_of(operation.approvals.as_deref().unwrap_or_default()) {
            let request = rules::ApproveOperationRequest {
                operation: Some(pb.clone()),
                party: party.clone(),
                ..Default::default()
            };
            let by = first_actor(&approving, Role::Approver);
            let method = "concord.rules.v1.CoordinationService/ApproveOperation";
            deeds.push(Deed::call(approved_at, by, method, &request));
        }
        deeds.extend(self.consents(&pb, state, approved_at));
        deeds.extend(self.presence(operation, start)?);
        Ok(deeds)
    }

    fn consents(&self, operation: &rules::Operation, state: &RegistryState, at: Timestamp) -> Vec<Deed> {
        let mut deeds = Vec::new();
        for (index, reservation) in state.other_reservations.iter().enumerate() {
            let holder = self.cast.id(&reservation.party);
            let collection = if in_the_air(reservation) { "airReservations" } else { "areas" };
            for consent in reservation.consents.iter().filter(|c| c.signed && c.operation == "this one") {
                let request = rules::ConsentToOperationRequest {
                    operation: Some(operation.clone()),
                    party: self.cast.id(&consent.to),
                    resource: format!("{collection}/{}", reservation_id(index)),
                    ..Default::default()
                };
                let by = first_actor(&holder, Role::DutyOfficer);
                let method = "concord.rules.v1.CoordinationService/ConsentToOperation";
                deeds.push(Deed::call(at, by, method, &request));
            }
        }
        deeds
    }

    fn presence(&self, operation: &Operation, start: Timestamp) -> Result<Vec<Deed>, String> {
        use registry::{PresenceLevel as Level, PresenceSubject as Subject};
        let mut filed: Vec<(Subject, String, Level)> = Vec::new();
        if let Some(group) = &operation.claimed_target_group {
            filed.push((Subject::Group, group.clone(), Level::Confirmed));
        }
        match &operation.co_located_groups {
            Stated::Absent => filed.push((Subject::OtherArmedGroups, String::new(), Level::None)),
            Stated::Unknown => {}
            Stated::Known(groups) => {
                filed.extend(groups.iter().map(|group| (Subject::Group, group.clone(), Level::Possible)));
            }
        }
        let observed = start.plus_seconds(-OBSERVED_BEFORE_S);
        let area = circle(operation.aim_point, operation.radius_m.unwrap_or(0.0) + ASSESSED_BEYOND_M);
        let mut deeds = Vec::new();
        for party in self.cast.ids() {
            for (subject, group, level) in &filed {
                let assessment = registry::PresenceAssessment {
                    subject: (*subject).into(),
                    group: group.clone(),
                    level: (*level).into(),
                    area: Some(area.clone()),
                    observe_time: Some(when::to_pb(observed)),
                    ..Default::default()
                };
                let request =
                    registry::FilePresenceRequest { assessment: Some(assessment), ..Default::default() };
                let by = first_actor(&party, Role::DutyOfficer);
                deeds.push(Deed::call(
                    observed,
                    by,
                    "concord.registry.v1.PresenceService/FilePresence",
                    &request,
                ));
            }
        }
        Ok(deeds)
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
        let answer: Result<rules::CheckOperationResponse, Status> =
            self.stage.sessions.call(&by, method, request).await;
        let decision =
            answer.map_err(|status| failed(method, &status))?.decision.ok_or("no decision in the answer")?;
        let outcome = match decision.verdict() {
            rules::Verdict::Permit => "permit",
            rules::Verdict::Refer => "refer",
            rules::Verdict::Deny | rules::Verdict::Unspecified => "deny",
        };
        Ok(Played { outcome, findings: decision.findings })
    }

    async fn act(&self, by: &Who, act: Act) -> Result<(), String> {
        match act {
            Act::Call { method, request } => self
                .stage
                .sessions
                .call_encoded(by, method, request)
                .await
                .map_err(|status| failed(method, &status)),
            Act::Designate(request) => self.designate(by, *request).await,
            Act::ProposeAlias(request, decision) => self.propose_alias(by, request, decision).await,
            Act::Reserve(request) => self.reserve(by, *request).await,
        }
    }

    async fn designate(&self, by: &Who, request: registry::ProposeDesignationRequest) -> Result<(), String> {
        let method = "concord.registry.v1.DesignationService/ProposeDesignation";
        let answer: registry::ProposeDesignationResponse = self.must(by, method, request).await?;
        let mut designation = answer.designation.ok_or("no designation in the answer")?;
        for party in self.cast.ids() {
            let request = registry::DecideDesignationRequest {
                name: designation.name.clone(),
                etag: designation.etag.clone(),
                decision: registry::ProposalDecision::Approve.into(),
                ..Default::default()
            };
            let by = second_actor(&party, Role::Approver);
            let method = "concord.registry.v1.DesignationService/DecideDesignation";
            let answer: Result<registry::DecideDesignationResponse, Status> =
                self.stage.sessions.call(&by, method, request).await;
            match answer {
                Ok(answer) => designation = answer.designation.ok_or("no designation in the answer")?,
                // A group that is named as no target cannot become designated; the case's lists contradict each other.
                Err(status) if status.code() == Code::FailedPrecondition => return Ok(()),
                Err(status) => return Err(failed(method, &status)),
            }
        }
        Ok(())
    }

    async fn propose_alias(
        &self,
        by: &Who,
        request: registry::ProposeAliasRequest,
        decision: AliasDecision,
    ) -> Result<(), String> {
        let method = "concord.registry.v1.DesignationService/ProposeAlias";
        let answer: registry::ProposeAliasResponse = self.must(by, method, request).await?;
        let mut designation = answer.designation.ok_or("no designation in the answer")?;
        let (deciders, pb_decision): (Vec<String>, _) = match decision {
            AliasDecision::Pending => return Ok(()),
            AliasDecision::Ratified => (self.cast.ids().collect(), registry::ProposalDecision::Approve),
            AliasDecision::Rejected => (vec![self.cast.first()], registry::ProposalDecision::Reject),
        };
        for party in deciders {
            let proposal = designation.alias_proposals.last().ok_or("no alias proposal in the answer")?;
            let request = registry::DecideAliasRequest {
                name: designation.name.clone(),
                alias_id: proposal.id.clone(),
                etag: proposal.etag.clone(),
                decision: pb_decision.into(),
                reason: "as the case states".to_owned(),
                ..Default::default()
            };
            let method = "concord.registry.v1.DesignationService/DecideAlias";
            let by = second_actor(&party, Role::Approver);
            let answer: registry::DecideAliasResponse = self.must(&by, method, request).await?;
            designation = answer.designation.ok_or("no designation in the answer")?;
        }
        Ok(())
    }

    async fn reserve(&self, by: &Who, mut request: rules::ReserveAirspaceRequest) -> Result<(), String> {
        let method = "concord.rules.v1.AirspaceService/ReserveAirspace";
        let answer: Result<rules::ReserveAirspaceResponse, Status> =
            self.stage.sessions.call(by, method, request.clone()).await;
        match answer {
            Err(status) if matches!(status.code(), Code::Aborted | Code::FailedPrecondition) => {
                request.kind = rules::AirReservationKind::RestrictedZone.into();
                self.must::<_, rules::ReserveAirspaceResponse>(by, method, request).await.map(drop)
            }
            answer => answer.map(drop).map_err(|status| failed(method, &status)),
        }
    }

    /// Calls, and says which call failed.
    ///
    /// # Errors
    /// The method, the code and the message of the failed call.
    pub(super) async fn must<Q, R>(&self, by: &Who, method: &str, request: Q) -> Result<R, String>
    where
        Q: prost::Message + 'static,
        R: prost::Message + Default + 'static,
    {
        self.stage.sessions.call(by, method, request).await.map_err(|status| failed(method, &status))
    }
}

fn failed(method: &str, status: &Status) -> String {
    format!("{method}: {:?}: {}", status.code(), status.message())
}
