//! Air reservations that conflict in four dimensions, how altitude separates them, and what a bound third state may.

use std::time::Instant;

use concord_domain::actor::Role;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::r#type::v1 as shared;
use tonic::Code;

use super::Step;
use super::checks::{CHECK, REMOTE, circle, operation, window};
use super::lists::expect;
use super::stage::Stage;
use super::tell::Teller;
use crate::session::Who;

/// A state that is bound by the rules and has no vote.
const THIRD_STATE: &str = "third-state";

pub(super) async fn reservations(stage: &Stage, teller: &Teller) -> Step {
    teller.part("Of two air reservations that conflict in four dimensions the second is refused, and told what it had not read. A bound third state reserves too, and checks nothing.");
    let first = reserve(stage, teller, "party-a", "first", (1_000.0, 3_000.0)).await;
    first.map_err(|status| status.message().to_owned())?;
    let conflicting = reserve(stage, teller, "party-b", "second", (2_000.0, 4_000.0)).await;
    expect(&conflicting, Code::Aborted, "a reservation in conflict with one that was not read")?;
    if !conflicting.is_err_and(|status| status.message().contains("airReservations/first")) {
        return Err("the refusal does not name what was not read".to_owned());
    }
    let apart = reserve(stage, teller, "party-b", "second", (3_600.0, 5_000.0)).await;
    apart.map_err(|status| status.message().to_owned())?;
    let third = reserve(stage, teller, THIRD_STATE, "transport", (5_600.0, 7_000.0)).await;
    third.map_err(|status| status.message().to_owned())?;
    third_state_checks(stage, teller).await
}

/// Operations are the state parties' alone.
async fn third_state_checks(stage: &Stage, teller: &Teller) -> Step {
    let by = Who::new(THIRD_STATE, "actor-1", Role::DutyOfficer);
    let began = Instant::now();
    let request = pb::CheckOperationRequest { operation: Some(operation(REMOTE)), ..Default::default() };
    let answer: Result<pb::CheckOperationResponse, _> = stage.sessions().call(&by, CHECK, request).await;
    expect(&answer, Code::PermissionDenied, "a check by a third state")?;
    if let Err(status) = answer {
        teller.call(&by, "check an operation", &format!("refused: {}", status.message()), began);
    }
    Ok(())
}

/// Nothing suspends the airspace.
pub(super) async fn while_suspended(stage: &Stage, teller: &Teller) -> Step {
    let reserved = reserve(stage, teller, "party-a", "third", (9_000.0, 10_000.0)).await;
    reserved.map_err(|status| status.message().to_owned())
}

async fn reserve(
    stage: &Stage,
    teller: &Teller,
    party: &str,
    id: &str,
    (lower_m, upper_m): (f64, f64),
) -> Result<(), tonic::Status> {
    let by = Who::new(party, "actor-1", Role::DutyOfficer);
    let began = Instant::now();
    let volume = pb::Volume {
        area: Some(circle((0.1, 1.9), 5_000.0)),
        altitude_band: Some(shared::AltitudeBand { lower_m, upper_m: Some(upper_m) }),
        window: Some(window(1)),
    };
    let request = pb::ReserveAirspaceRequest {
        air_reservation_id: id.to_owned(),
        kind: pb::AirReservationKind::Operations.into(),
        volumes: vec![volume],
        ..Default::default()
    };
    let method = "concord.rules.v1.AirspaceService/ReserveAirspace";
    let answer: Result<pb::ReserveAirspaceResponse, _> = stage.sessions().call(&by, method, request).await;
    let told = match &answer {
        Ok(_) => "accepted".to_owned(),
        Err(status) => format!("refused, {:?}: {}", status.code(), status.message()),
    };
    teller.call(&by, &format!("reserve the same place and hour from {lower_m} to {upper_m} m"), &told, began);
    answer.map(drop)
}
