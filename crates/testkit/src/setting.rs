//! A cluster in which an operation is in order: a rule set ratified by all, a group designated by all, presence filed.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use concord_cli::Who;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_domain::consent::Act;
use concord_domain::signed::Subject;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::r#type::v1 as shared;
use concord_proto::registry::designation::subject_of;
use concord_proto::rules::check::release_subject_of;
use prost::Message;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::{Cluster, first, second};

/// The text of a rule set: two sources, distances to what is protected, separation in the air.
pub const TEXT: &str = r#"title = "Rules of tests"
[[article]]
number = 1
kind = "CORROBORATION"
title = "Two sources"
min_sources = 2
[[article]]
number = 2
kind = "PROTECTED_PROXIMITY"
title = "Protected entities"
deny_m = 500.0
refer_m = 1000.0
[[article]]
number = 3
kind = "AIRSPACE"
title = "Separation"
horizontal_m = 3000.0
vertical_m = 600.0
time_s = 0
"#;

/// Name of the designated group.
pub const GROUP: &str = "Group one";

/// Calls a method by its name without `concord.`, such as `rules.v1.CheckService/CheckOperation`.
///
/// # Errors
/// As the service refuses it.
pub async fn call<Q, R>(cluster: &Cluster, by: &Who, method: &str, request: Q) -> Result<R, Status>
where
    Q: Message + 'static,
    R: Message + Default + 'static,
{
    cluster.sessions().call(by, &format!("concord.{method}"), request).await
}

/// The reason of a refusal.
pub fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.unwrap_err();
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    reason.unwrap_or_else(|| format!("{:?}: {}", status.code(), status.message()))
}

/// Who submits checks.
#[must_use]
pub fn officer() -> Who {
    first("party-a", Role::DutyOfficer)
}

/// A cluster with everything in order.
pub async fn in_order() -> Cluster {
    let cluster = Cluster::start_all(Mode::Operational).await;
    put_in_order(&cluster).await;
    cluster
}

/// A cluster with everything in order under the rule set of a text.
pub async fn in_order_under(text: &str) -> Cluster {
    let cluster = Cluster::start_all(Mode::Operational).await;
    put_in_order_under(&cluster, text).await;
    cluster
}

/// Puts everything in order in a fresh cluster.
pub async fn put_in_order(cluster: &Cluster) {
    put_in_order_under(cluster, TEXT).await;
}

async fn put_in_order_under(cluster: &Cluster, text: &str) {
    adopt_text(cluster, "first", text).await;
    designate(cluster).await;
    for party in ["party-a", "party-b"] {
        presence(cluster, party, registry::PresenceSubject::Group, registry::PresenceLevel::Confirmed).await;
        presence(cluster, party, registry::PresenceSubject::OtherArmedGroups, registry::PresenceLevel::None)
            .await;
    }
}

/// Has every party ratify the rule set of [`TEXT`] under an identifier.
pub async fn adopt(cluster: &Cluster, id: &str) {
    adopt_text(cluster, id, TEXT).await;
}

/// Brings [`TEXT`] with more articles into force.
pub async fn adopt_with(cluster: &Cluster, id: &str, articles: &str) {
    adopt_text(cluster, id, &format!("{TEXT}{articles}")).await;
}

/// Has every party ratify a text under an identifier.
pub async fn adopt_text(cluster: &Cluster, id: &str, text: &str) {
    propose(cluster, id, text).await.unwrap();
    for party in ["party-a", "party-b"] {
        ratify(cluster, &second(party, Role::Approver), id, text, party).await.unwrap();
    }
}

/// The signature of a party's key over a rule set's text.
#[must_use]
pub fn envelope(cluster: &Cluster, id: &str, text: &str, key_of: &str) -> String {
    let subject = Subject::of(Act::RatifyRuleSet, format!("ruleSets/{id}"), text.as_bytes());
    cluster.deployment().consent(key_of, &subject).unwrap()
}

/// Proposes a text.
///
/// # Errors
/// As the service refuses it.
pub async fn propose(cluster: &Cluster, id: &str, text: &str) -> Result<pb::ProposeRuleSetResponse, Status> {
    let request =
        pb::ProposeRuleSetRequest { rule_set_id: id.to_owned(), text: text.to_owned(), ..Default::default() };
    let by = first("party-a", Role::Proposer);
    call(cluster, &by, "rules.v1.RuleSetService/ProposeRuleSet", request).await
}

/// Ratifies with the key of `key_of`.
///
/// # Errors
/// As the service refuses it.
pub async fn ratify(
    cluster: &Cluster,
    by: &Who,
    id: &str,
    text: &str,
    key_of: &str,
) -> Result<pb::RuleSet, Status> {
    let envelope = envelope(cluster, id, text, key_of);
    let request = pb::RatifyRuleSetRequest { name: format!("ruleSets/{id}"), envelope, ..Default::default() };
    let answer: pb::RatifyRuleSetResponse =
        call(cluster, by, "rules.v1.RuleSetService/RatifyRuleSet", request).await?;
    Ok(answer.rule_set.unwrap())
}

async fn designate(cluster: &Cluster) {
    let request = registry::ProposeDesignationRequest {
        designation_id: "group-1".to_owned(),
        designation: Some(registry::Designation {
            kind: registry::DesignationKind::Group.into(),
            primary_name: GROUP.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("party-a", Role::Proposer);
    let method = "registry.v1.DesignationService/ProposeDesignation";
    let answer: registry::ProposeDesignationResponse = call(cluster, &by, method, request).await.unwrap();
    let mut designation = answer.designation.unwrap();
    for party in ["party-a", "party-b"] {
        let envelope = approval(cluster, party, &designation);
        let request = registry::DecideDesignationRequest {
            name: designation.name,
            etag: designation.etag,
            decision: registry::ProposalDecision::Approve.into(),
            envelope,
            ..Default::default()
        };
        let by = second(party, Role::Approver);
        let method = "registry.v1.DesignationService/DecideDesignation";
        let answer: registry::DecideDesignationResponse = call(cluster, &by, method, request).await.unwrap();
        designation = answer.designation.unwrap();
    }
}

/// A party's signature over a designation as it was read.
#[must_use]
pub fn approval(cluster: &Cluster, party: &str, designation: &registry::Designation) -> String {
    cluster.deployment().consent(party, &subject_of(designation.clone()).unwrap()).unwrap()
}

/// A party's signature over a decision as it is given out, which would let it go ahead.
pub async fn release(cluster: &Cluster, party: &str, name: &str) -> String {
    let request = pb::GetDecisionRequest { name: name.to_owned(), as_of: None };
    let answer: pb::GetDecisionResponse =
        call(cluster, &officer(), "rules.v1.CheckService/GetDecision", request).await.unwrap();
    let subject = release_subject_of(answer.decision.unwrap()).unwrap();
    cluster.deployment().consent(party, &subject).unwrap()
}

/// A circle on the ground.
#[must_use]
pub fn circle(latitude: f64, longitude: f64, radius_m: f64) -> shared::Area {
    let center = Some(LatLng { latitude, longitude });
    shared::Area { form: Some(shared::area::Form::Circle(shared::Circle { center, radius_m })) }
}

fn now_s() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// A window around now, in seconds from now.
#[must_use]
pub fn window(from_s: i64, to_s: i64) -> shared::TimeWindow {
    let at = |seconds| Some(prost_types::Timestamp { seconds: now_s() + seconds, nanos: 0 });
    shared::TimeWindow { start_time: at(from_s), end_time: at(to_s) }
}

async fn presence(
    cluster: &Cluster,
    party: &str,
    subject: registry::PresenceSubject,
    level: registry::PresenceLevel,
) {
    let group = if subject == registry::PresenceSubject::Group { GROUP } else { "" };
    let assessment = registry::PresenceAssessment {
        subject: subject.into(),
        group: group.to_owned(),
        level: level.into(),
        area: Some(circle(0.5, 0.5, 5_000.0)),
        observe_time: window(-600, 0).start_time,
        ..Default::default()
    };
    let request = registry::FilePresenceRequest { assessment: Some(assessment), ..Default::default() };
    let by = first(party, Role::DutyOfficer);
    let method = "registry.v1.PresenceService/FilePresence";
    call::<_, registry::FilePresenceResponse>(cluster, &by, method, request).await.unwrap();
}

/// An operation to which nothing objects.
#[must_use]
pub fn operation() -> pb::Operation {
    let source = |origin: &str| pb::IntelligenceSource { origin: origin.to_owned(), ..Default::default() };
    let none: i32 = pb::AdverseFact::None.into();
    let assessed: i32 = pb::Assessment::Assessed.into();
    pb::Operation {
        kind: pb::OperationKind::AirStrike.into(),
        target_type: pb::TargetType::GroupPosition.into(),
        claimed_group: GROUP.to_owned(),
        effect_area: Some(circle(0.5, 0.5, 300.0)),
        window: Some(window(60, 3_600)),
        harm_estimate: Some(pb::HarmEstimate { killed: Some(0), injured: Some(0), ..Default::default() }),
        sources: vec![source("one"), source("two")],
        civilian_presence: assessed,
        building_use: assessed,
        secondary_hazard: assessed,
        dissent: none,
        dual_use: none,
        position_interpolated: none,
        data_link_lost: none,
        self_defence_claim: none,
        emergency_claim: none,
        troops_in_contact_claim: none,
        ..Default::default()
    }
}

/// Checks an operation as the officer.
pub async fn check(
    cluster: &Cluster,
    operation: pb::Operation,
    request_id: &str,
) -> pb::CheckOperationResponse {
    let request = pb::CheckOperationRequest {
        operation: Some(operation),
        request_id: request_id.to_owned(),
        validate_only: false,
    };
    call(cluster, &officer(), "rules.v1.CheckService/CheckOperation", request).await.unwrap()
}

/// The verdict and the codes of a check.
#[must_use]
pub fn told(answer: &pb::CheckOperationResponse) -> (pb::Verdict, Vec<String>) {
    let decision = answer.decision.as_ref().unwrap();
    (decision.verdict(), decision.findings.iter().map(|finding| finding.code.clone()).collect())
}

/// Notifies a clinic inside the effect area.
pub async fn notify_clinic(cluster: &Cluster) {
    notify_clinic_at(cluster, 0.5).await;
}

/// Notifies a clinic 2 km from the effect area, which no distance of [`TEXT`] reaches.
pub async fn notify_distant_clinic(cluster: &Cluster) {
    notify_clinic_at(cluster, 0.520_8).await;
}

async fn notify_clinic_at(cluster: &Cluster, latitude: f64) {
    let request = registry::NotifyProtectedEntityRequest {
        protected_entity_id: "clinic-1".to_owned(),
        protected_entity: Some(registry::ProtectedEntity {
            display_name: "Clinic".to_owned(),
            category: registry::ProtectedCategory::Medical.into(),
            area: Some(circle(latitude, 0.5, 50.0)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("notifier", Role::Proposer);
    let method = "registry.v1.ProtectionService/NotifyProtectedEntity";
    call::<_, registry::NotifyProtectedEntityResponse>(cluster, &by, method, request).await.unwrap();
}
