//! What somebody else must vouch for, or the submitter must show, before an operation is permitted.

use concord_cli::Who;
use concord_domain::actor::Role;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as pb;
use concord_testkit::{Cluster, first, second};

use super::setting::*;

const ATTESTATION: &str = r#"
[[article]]
number = 4
kind = "ATTESTATION"
title = "Reviews"
required = ["LEGAL_REVIEW"]
"#;

async fn attest(
    cluster: &Cluster,
    by: &Who,
    operation: &pb::Operation,
    what: pb::AttestationKind,
) -> Result<pb::Coordination, tonic::Status> {
    let request = pb::AttestOperationRequest {
        operation: Some(operation.clone()),
        attestation: what.into(),
        ..Default::default()
    };
    let answer: pb::AttestOperationResponse =
        call(cluster, by, "rules.v1.CoordinationService/AttestOperation", request).await?;
    Ok(answer.coordination.unwrap())
}

#[tokio::test]
async fn an_attestation_is_made_by_another_actor_of_the_party_over_exactly_the_operation() {
    use pb::AttestationKind::{LegalReview, Precautions, Unspecified};
    let cluster = in_order().await;
    adopt_with(&cluster, "attested", ATTESTATION).await;
    let operation = operation();
    let missing = (pb::Verdict::Refer, vec!["ATTESTATION_MISSING".to_owned()]);
    assert_eq!(told(&check(&cluster, operation.clone(), "").await), missing);

    let reviewer = second("party-a", Role::Reviewer);
    assert_eq!(reason(attest(&cluster, &officer(), &operation, LegalReview).await), "ROLE_FORBIDDEN");
    assert_eq!(reason(attest(&cluster, &reviewer, &operation, Unspecified).await), "INVALID_ARGUMENT");
    // The submitting actor under another certificate, another party, and another attestation.
    attest(&cluster, &first("party-a", Role::Approver), &operation, LegalReview).await.unwrap();
    attest(&cluster, &second("party-b", Role::Reviewer), &operation, LegalReview).await.unwrap();
    attest(&cluster, &reviewer, &operation, Precautions).await.unwrap();
    assert_eq!(told(&check(&cluster, operation.clone(), "").await), missing);

    let given = attest(&cluster, &reviewer, &operation, LegalReview).await.unwrap();
    assert_eq!((given.kind(), given.attestation()), (pb::CoordinationKind::Attestation, LegalReview));
    assert_eq!(told(&check(&cluster, operation.clone(), "").await).0, pb::Verdict::Permit);
    let mut other = operation;
    other.description = "another".to_owned();
    assert_eq!(told(&check(&cluster, other, "").await), missing);

    let request =
        pb::ListCoordinationRequest { operation_digest: given.operation_digest.clone(), as_of: None };
    let listed: pb::ListCoordinationResponse =
        call(&cluster, &officer(), "rules.v1.CoordinationService/ListCoordination", request).await.unwrap();
    assert_eq!(listed.coordination.last(), Some(&given));
}

const DISTRIBUTION: &str = r#"
[[article]]
number = 4
kind = "DISTRIBUTION"
title = "Acknowledged at every level"
within_m = 3000.0
levels = ["CENTRE", "UNIT"]
"#;

/// Notifies a convoy 2 km north of the effect area's edge.
async fn notify_convoy(cluster: &Cluster) {
    let plan = registry::MovementPlan {
        path: vec![LatLng { latitude: 0.520_8, longitude: 0.5 }],
        buffer_m: 500.0,
        window: Some(window(0, 3_600)),
        altitude_band: None,
    };
    let request = registry::NotifyMovementRequest {
        movement_id: "convoy-1".to_owned(),
        movement: Some(registry::Movement {
            display_name: "Convoy".to_owned(),
            kind: registry::MovementKind::Notified.into(),
            plan: Some(plan),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("notifier", Role::Proposer);
    let method = "registry.v1.MovementService/NotifyMovement";
    call::<_, registry::NotifyMovementResponse>(cluster, &by, method, request).await.unwrap();
}

async fn acknowledge(cluster: &Cluster, party: &str, level: registry::AcknowledgementLevel) {
    let request = registry::AcknowledgeMovementRequest {
        name: "movements/convoy-1".to_owned(),
        version: 1,
        level: level.into(),
        ..Default::default()
    };
    let by = first(party, Role::DutyOfficer);
    let method = "registry.v1.MovementService/AcknowledgeMovement";
    call::<_, registry::AcknowledgeMovementResponse>(cluster, &by, method, request).await.unwrap();
}

#[tokio::test]
async fn a_movement_nearby_has_reached_the_submitting_party_at_each_level() {
    use registry::AcknowledgementLevel::{AirCell, Centre, Unit};
    let cluster = in_order().await;
    adopt_with(&cluster, "distributed", DISTRIBUTION).await;
    let permitted = check(&cluster, operation(), "").await;
    assert_eq!(told(&permitted).0, pb::Verdict::Permit);
    notify_convoy(&cluster).await;
    let incomplete = "DISTRIBUTION_INCOMPLETE".to_owned();
    let void = standing(&cluster, &permitted.decision.unwrap().name).await;
    assert_eq!((void.state(), &void.causes[0].code), (pb::DecisionState::Void, &incomplete));
    acknowledge(&cluster, "party-b", Centre).await;
    acknowledge(&cluster, "party-b", Unit).await;
    acknowledge(&cluster, "party-a", AirCell).await;
    let answer = check(&cluster, operation(), "").await;
    assert_eq!(told(&answer), (pb::Verdict::Refer, vec![incomplete.clone(), incomplete]));
    let finding = &answer.decision.as_ref().unwrap().findings[0];
    assert_eq!((finding.evidence.as_str(), finding.limit), ("movements/convoy-1", Some(3_000.0)));
    acknowledge(&cluster, "party-a", Centre).await;
    acknowledge(&cluster, "party-a", Unit).await;
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Permit);
}

async fn standing(cluster: &Cluster, name: &str) -> pb::DecisionStatus {
    let request = pb::GetDecisionRequest { name: name.to_owned(), as_of: None };
    let answer: pb::GetDecisionResponse =
        call(cluster, &officer(), "rules.v1.CheckService/GetDecision", request).await.unwrap();
    answer.status.unwrap()
}

const KNOWLEDGE: &str = r#"
[[article]]
number = 4
kind = "KNOWLEDGE"
title = "What stands nearby has been read"
within_m = 5000.0
"#;

/// The etag of the convoy as it stands.
async fn convoys_etag(cluster: &Cluster) -> String {
    let request = registry::GetMovementRequest { name: "movements/convoy-1".to_owned(), as_of: None };
    let method = "registry.v1.MovementService/GetMovement";
    let answer: registry::GetMovementResponse = call(cluster, &officer(), method, request).await.unwrap();
    answer.movement.unwrap().etag
}

#[tokio::test]
async fn whoever_submits_has_read_what_stands_nearby_as_it_stands_now() {
    let cluster = in_order().await;
    adopt_with(&cluster, "known", KNOWLEDGE).await;
    notify_convoy(&cluster).await;
    let incomplete = (pb::Verdict::Refer, vec!["KNOWLEDGE_INCOMPLETE".to_owned()]);
    let unread = check(&cluster, operation(), "").await;
    assert_eq!(told(&unread), incomplete);
    assert_eq!(unread.decision.unwrap().findings[0].evidence, "movements/convoy-1");

    let etag = convoys_etag(&cluster).await;
    let read = pb::Operation { known_etags: vec![etag.clone()], ..operation() };
    let permitted = check(&cluster, read.clone(), "").await;
    assert_eq!(told(&permitted).0, pb::Verdict::Permit);
    let decision = permitted.decision.unwrap();
    assert_eq!(decision.operation.unwrap().known_etags, [etag], "and what was read is recorded");
    acknowledge(&cluster, "party-b", registry::AcknowledgementLevel::Unit).await;
    assert_eq!(standing(&cluster, &decision.name).await.state(), pb::DecisionState::Void);
    assert_eq!(told(&check(&cluster, read, "").await), incomplete, "the etag is that of an earlier version");
    let fresh = pb::Operation { known_etags: vec![convoys_etag(&cluster).await], ..operation() };
    assert_eq!(told(&check(&cluster, fresh, "").await).0, pb::Verdict::Permit);
}

#[tokio::test]
async fn a_release_over_one_thing_unread_does_not_cover_another() {
    let cluster = in_order().await;
    adopt_with(&cluster, "known", KNOWLEDGE).await;
    notify_convoy(&cluster).await;
    let referred = check(&cluster, operation(), "").await.decision.unwrap();
    for party in ["party-a", "party-b"] {
        let request = pb::ReviewReferralRequest {
            envelope: release(&cluster, party, &referred.name).await,
            name: referred.name.clone(),
            decision: pb::ReviewDecision::Release.into(),
            reason: "the convoy is known to us".to_owned(),
            ..Default::default()
        };
        let by = second(party, Role::Reviewer);
        let method = "rules.v1.CheckService/ReviewReferral";
        call::<_, pb::ReviewReferralResponse>(&cluster, &by, method, request).await.unwrap();
    }
    assert_eq!(standing(&cluster, &referred.name).await.state(), pb::DecisionState::Released);
    acknowledge(&cluster, "party-b", registry::AcknowledgementLevel::Unit).await;
    let stands = standing(&cluster, &referred.name).await;
    assert_eq!(stands.state(), pb::DecisionState::Released, "it was decided on with the convoy unread");
    let request = registry::DeclareAreaRequest {
        area: Some(registry::RestrictedArea {
            display_name: "Town".to_owned(),
            kind: registry::RestrictedAreaKind::PopulatedArea.into(),
            area: Some(circle(0.48, 0.5, 500.0)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("party-b", Role::Proposer);
    let method = "registry.v1.AreaService/DeclareArea";
    call::<_, registry::DeclareAreaResponse>(&cluster, &by, method, request).await.unwrap();
    let void = standing(&cluster, &referred.name).await;
    assert_eq!(void.state(), pb::DecisionState::Void);
    assert!(void.causes.iter().all(|cause| cause.evidence.starts_with("areas/")), "{:?}", void.causes);
}
