//! A world in order: a rule set ratified by all, a group designated by all, presence filed by both parties, and an
//! operation to which nothing objects. Tests and the benchmark begin here.

use std::time::{SystemTime, UNIX_EPOCH};

use concord_cli::{Ratified, Who};
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_domain::time::Timestamp;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::r#type::v1 as shared;
use prost::Message;
use tonic::Status;

use crate::{Cluster, first, second};

/// The state parties of the accord of tests.
pub const PARTIES: [&str; 2] = ["party-a", "party-b"];
/// Name of the group that both parties have designated.
pub const GROUP: &str = "Group one";

/// Calls `package.Service/Method`, the package without `concord.`.
///
/// # Errors
/// The status as the service gave it.
pub async fn call<Q, R>(cluster: &Cluster, by: &Who, method: &str, request: Q) -> Result<R, Status>
where
    Q: Message + 'static,
    R: Message + Default + 'static,
{
    cluster.sessions().call(by, &format!("concord.{method}"), request).await
}

/// Who submits operations.
#[must_use]
pub fn officer() -> Who {
    first("party-a", Role::DutyOfficer)
}

/// All services of a fresh accord, with the rule set `text` in force and everything in order for [`operation`].
///
/// # Panics
/// Where something of it is refused.
pub async fn in_order(text: &str) -> Cluster {
    let cluster = Cluster::start_all(Mode::Operational).await;
    adopt(&cluster, "first", text).await;
    designate(&cluster).await;
    for party in PARTIES {
        presence(&cluster, party, registry::PresenceSubject::Group, registry::PresenceLevel::Confirmed).await;
        presence(&cluster, party, registry::PresenceSubject::OtherArmedGroups, registry::PresenceLevel::None)
            .await;
    }
    cluster
}

/// Brings a rule set into force.
///
/// # Panics
/// Where it is refused.
pub async fn adopt(cluster: &Cluster, id: &str, text: &str) {
    propose(cluster, id, text).await.expect("a rule set that may be proposed");
    for party in PARTIES {
        let approver = second(party, Role::Approver);
        ratify(cluster, &approver, id, text, party).await.expect("a ratification that counts");
    }
}

/// Proposes a rule set for party A.
///
/// # Errors
/// The status as rules gave it.
pub async fn propose(cluster: &Cluster, id: &str, text: &str) -> Result<pb::ProposeRuleSetResponse, Status> {
    let request =
        pb::ProposeRuleSetRequest { rule_set_id: id.to_owned(), text: text.to_owned(), ..Default::default() };
    let by = first("party-a", Role::Proposer);
    call(cluster, &by, "rules.v1.RuleSetService/ProposeRuleSet", request).await
}

/// Ratifies with the key of `key_of`.
///
/// # Errors
/// The status as rules gave it.
///
/// # Panics
/// Where the key cannot be used.
pub async fn ratify(
    cluster: &Cluster,
    by: &Who,
    id: &str,
    text: &str,
    key_of: &str,
) -> Result<pb::RuleSet, Status> {
    let resource = format!("ruleSets/{id}");
    let accord = &cluster.deployment().accord.id;
    let expires_at = Timestamp::parse("2100-01-01T00:00:00Z").expect("a time");
    let key = cluster.folder().join(key_of).join("signing.key");
    let key = std::fs::read_to_string(key).expect("the party's key");
    let signed = Ratified { accord, resource: &resource, text, expires_at };
    let envelope = signed.envelope(&format!("{key_of}-1"), &key).expect("an envelope");
    let request = pb::RatifyRuleSetRequest { name: resource.clone(), envelope, ..Default::default() };
    let answer: pb::RatifyRuleSetResponse =
        call(cluster, by, "rules.v1.RuleSetService/RatifyRuleSet", request).await?;
    Ok(answer.rule_set.expect("the rule set"))
}

/// Designates [`GROUP`] as `designations/group-1`, by both parties.
///
/// # Panics
/// Where it is refused.
pub async fn designate(cluster: &Cluster) {
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
    let answer: registry::ProposeDesignationResponse =
        call(cluster, &by, method, request).await.expect("a proposal");
    let mut etag = answer.designation.expect("the proposed version").etag;
    for party in PARTIES {
        let request = registry::DecideDesignationRequest {
            name: "designations/group-1".to_owned(),
            etag,
            decision: registry::ProposalDecision::Approve.into(),
            ..Default::default()
        };
        let by = second(party, Role::Approver);
        let method = "registry.v1.DesignationService/DecideDesignation";
        let answer: registry::DecideDesignationResponse =
            call(cluster, &by, method, request).await.expect("an approval");
        etag = answer.designation.expect("the approved version").etag;
    }
}

/// Files a party's assessment of presence round the place of [`operation`].
///
/// # Panics
/// Where it is refused.
pub async fn presence(
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
    call::<_, registry::FilePresenceResponse>(cluster, &by, method, request).await.expect("an assessment");
}

/// A circle; degrees and metres.
#[must_use]
pub fn circle(latitude: f64, longitude: f64, radius_m: f64) -> shared::Area {
    let center = Some(LatLng { latitude, longitude });
    shared::Area { form: Some(shared::area::Form::Circle(shared::Circle { center, radius_m })) }
}

/// A window around now, in seconds from now.
///
/// # Panics
/// Where the clock stands before 1970.
#[must_use]
pub fn window(from_s: i64, to_s: i64) -> shared::TimeWindow {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    let now_s = i64::try_from(now.as_secs()).expect("a time of this age");
    let at = |seconds| Some(prost_types::Timestamp { seconds: now_s + seconds, nanos: 0 });
    shared::TimeWindow { start_time: at(from_s), end_time: at(to_s) }
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
