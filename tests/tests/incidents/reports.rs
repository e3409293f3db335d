//! Reports: every wrong field named, every account kept, and what is protected at the place measured.

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::r#type::v1 as shared;
use concord_testkit::{Cluster, first};
use tonic_types::StatusExt as _;

use super::{call, officer, reason};

fn report(id: &str) -> pb::ReportIncidentRequest {
    let incident = pb::Incident {
        category: pb::IncidentCategory::CivilianHarm.into(),
        severity: pb::Severity::Major.into(),
        occur_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        location: Some(LatLng { latitude: 0.5, longitude: 0.5 }),
        killed: Some(pb::PersonCount { min: 2, max: Some(5), note: "by two sources".to_owned() }),
        alleged_party: "party-a".to_owned(),
        attribution: "contested".to_owned(),
        ..Default::default()
    };
    pb::ReportIncidentRequest {
        incident_id: id.to_owned(),
        incident: Some(incident),
        request_id: uuid::Uuid::new_v4().to_string(),
        validate_only: false,
    }
}

const REPORT: &str = "incidents.v1.IncidentService/ReportIncident";

#[tokio::test]
async fn every_wrong_field_of_a_report_is_named_and_nothing_is_written() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    let mut wrong = report("Not An Id");
    let incident = wrong.incident.as_mut().unwrap();
    incident.location = Some(LatLng { latitude: 112.5, longitude: 36.1 });
    incident.location_precision_m = f64::NAN;
    incident.occur_time = Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 });
    incident.killed = Some(pb::PersonCount { min: 5, max: Some(2), note: "\u{202e}".to_owned() });
    incident.alleged_party = "somebody".to_owned();
    incident.related = vec!["persons/one".to_owned()];
    let answer: Result<pb::ReportIncidentResponse, _> =
        call(&cluster, &officer("observer"), REPORT, wrong).await;
    let details = answer.unwrap_err().get_error_details();
    let named: Vec<String> =
        details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect();
    let expected = [
        "incident_id",
        "incident.occur_time",
        "incident.location.latitude",
        "incident.location_precision_m",
        "incident.killed.max",
        "incident.killed.note",
        "incident.alleged_party",
        "incident.related[0]",
    ];
    assert_eq!(named, expected);
    let request = pb::ListIncidentsRequest::default();
    let method = "incidents.v1.IncidentService/ListIncidents";
    let answer: pb::ListIncidentsResponse =
        call(&cluster, &officer("observer"), method, request).await.unwrap();
    assert!(answer.incidents.is_empty());
}

#[tokio::test]
async fn contested_accounts_stand_side_by_side_and_a_later_finding_beside_the_earlier() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    let request = report("one");
    let reported: pb::ReportIncidentResponse =
        call(&cluster, &officer("observer"), REPORT, request.clone()).await.unwrap();
    let again: pb::ReportIncidentResponse =
        call(&cluster, &officer("observer"), REPORT, request).await.unwrap();
    assert_eq!(again, reported, "a repeated request gives the first answer again");
    let other: Result<pb::ReportIncidentResponse, _> =
        call(&cluster, &officer("observer"), REPORT, report("one")).await;
    assert_eq!(reason(other), "ALREADY_EXISTS");
    for (party, result, attribution) in [
        ("party-a", pb::FindingResult::NotSubstantiated, "denied"),
        ("party-b", pb::FindingResult::Substantiated, "attributed"),
        ("party-a", pb::FindingResult::Substantiated, "accepted"),
    ] {
        let request = pb::ConcludeIncidentRequest {
            name: "incidents/one".to_owned(),
            result: result.into(),
            attribution: attribution.to_owned(),
            ..Default::default()
        };
        let by = first(party, Role::Investigator);
        let method = "incidents.v1.IncidentService/ConcludeIncident";
        call::<_, pb::ConcludeIncidentResponse>(&cluster, &by, method, request).await.unwrap();
    }
    let request = pb::GetIncidentRequest { name: "incidents/one".to_owned(), as_of: None };
    let method = "incidents.v1.IncidentService/GetIncident";
    let answer: pb::GetIncidentResponse =
        call(&cluster, &first("auditor", Role::Auditor), method, request).await.unwrap();
    let incident = answer.incident.unwrap();
    assert_eq!(incident.attribution_history, ["contested", "denied", "attributed", "accepted"]);
    assert_eq!(incident.findings.len(), 3);
    assert_ne!(incident.etag, reported.incident.unwrap().etag);
}

#[tokio::test]
async fn what_is_protected_at_the_place_is_measured_at_the_report_and_a_missing_registry_keeps_nobody_from_it()
 {
    let mut cluster = Cluster::start_all(Mode::Operational).await;
    let circle = shared::Circle { center: Some(LatLng { latitude: 0.5, longitude: 0.5 }), radius_m: 50.0 };
    let request = registry::NotifyProtectedEntityRequest {
        protected_entity_id: "clinic-1".to_owned(),
        protected_entity: Some(registry::ProtectedEntity {
            display_name: "Clinic".to_owned(),
            category: registry::ProtectedCategory::Medical.into(),
            area: Some(shared::Area { form: Some(shared::area::Form::Circle(circle)) }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("notifier", Role::Proposer);
    let method = "registry.v1.ProtectionService/NotifyProtectedEntity";
    call::<_, registry::NotifyProtectedEntityResponse>(&cluster, &by, method, request).await.unwrap();
    let at = async |cluster: &Cluster, id: &str| {
        let answer: pb::ReportIncidentResponse =
            call(cluster, &officer("observer"), REPORT, report(id)).await.unwrap();
        answer.incident.unwrap().at_protected
    };
    assert_eq!(at(&cluster, "one").await, ["protectedEntities/clinic-1"]);
    cluster.stop("registry").await;
    assert_eq!(at(&cluster, "two").await, ["protectedEntities/clinic-1"], "as far as it is known");
}
