//! Air reservations: what conflicts is refused, first with what was not read.

use concord_cli::Who;
use concord_domain::actor::Role;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::r#type::v1 as shared;
use concord_testkit::{Cluster, first};

use super::setting::*;

async fn reserve(
    cluster: &Cluster,
    by: &Who,
    id: &str,
    heights: (f64, f64),
    key: Vec<String>,
) -> Result<pb::AirReservation, tonic::Status> {
    let volume = pb::Volume {
        area: Some(circle(0.5, 0.5, 5_000.0)),
        altitude_band: Some(shared::AltitudeBand { lower_m: heights.0, upper_m: Some(heights.1) }),
        window: Some(window(60, 3_600)),
    };
    let request = pb::ReserveAirspaceRequest {
        air_reservation_id: id.to_owned(),
        kind: pb::AirReservationKind::Operations.into(),
        volumes: vec![volume],
        key,
        ..Default::default()
    };
    let answer: pb::ReserveAirspaceResponse =
        call(cluster, by, "rules.v1.AirspaceService/ReserveAirspace", request).await?;
    Ok(answer.air_reservation.unwrap())
}

#[tokio::test]
async fn a_conflict_in_four_dimensions_is_refused_and_altitude_separates() {
    let cluster = in_order().await;
    let (a, b) = (officer(), first("party-b", Role::DutyOfficer));
    let held = reserve(&cluster, &a, "first", (1_000.0, 3_000.0), Vec::new()).await.unwrap();
    let unread = reserve(&cluster, &b, "second", (3_500.0, 5_000.0), Vec::new()).await;
    assert!(unread.as_ref().unwrap_err().message().contains("airReservations/first"));
    assert_eq!(reason(unread), "KNOWLEDGE_INCOMPLETE");
    let read = reserve(&cluster, &b, "second", (3_500.0, 5_000.0), vec![held.key_token.clone()]).await;
    assert_eq!(reason(read), "AIRSPACE_CONFLICT");
    reserve(&cluster, &b, "second", (3_600.0, 5_000.0), Vec::new()).await.unwrap();
    let (verdict, codes) = told(&check(&cluster, operation(), "").await);
    assert_eq!(verdict, pb::Verdict::Deny, "{codes:?}");
    assert!(codes.contains(&"AIRSPACE_CONFLICT".to_owned()));

    let end =
        pb::EndAirReservationRequest { name: "airReservations/second".to_owned(), ..Default::default() };
    let method = "rules.v1.AirspaceService/EndAirReservation";
    let foreign: Result<pb::EndAirReservationResponse, _> = call(&cluster, &a, method, end.clone()).await;
    assert_eq!(reason(foreign), "NOT_YOURS");
    call::<_, pb::EndAirReservationResponse>(&cluster, &b, method, end).await.unwrap();
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Permit);
    reserve(&cluster, &b, "third", (0.0, 500.0), vec![held.key_token]).await.unwrap_err();
}

#[tokio::test]
async fn consent_to_exactly_one_operation_opens_a_reservation_for_it_alone() {
    let cluster = in_order().await;
    let holder = first("party-b", Role::DutyOfficer);
    reserve(&cluster, &holder, "held", (1_000.0, 3_000.0), Vec::new()).await.unwrap();
    let operation = operation();
    let consent = |by_operation: &pb::Operation| pb::ConsentToOperationRequest {
        operation: Some(by_operation.clone()),
        party: "party-a".to_owned(),
        resource: "airReservations/held".to_owned(),
        ..Default::default()
    };
    let method = "rules.v1.CoordinationService/ConsentToOperation";
    let foreign: Result<pb::ConsentToOperationResponse, _> =
        call(&cluster, &officer(), method, consent(&operation)).await;
    assert_eq!(reason(foreign), "NOT_YOURS");
    call::<_, pb::ConsentToOperationResponse>(&cluster, &holder, method, consent(&operation)).await.unwrap();
    assert_eq!(told(&check(&cluster, operation.clone(), "").await).0, pb::Verdict::Permit);
    let mut other = operation;
    other.description = "another".to_owned();
    assert_eq!(told(&check(&cluster, other, "").await).0, pb::Verdict::Deny);
}
