//! Humanitarian and civil movements.

use concord_domain::geo::Route;
use concord_domain::registry::movement::{
    Acknowledgement, Command, Draft, Kind, Level, Movement, Plan, Stage,
};
use concord_domain::table::Resource as _;

use super::etag_of;
use crate::fields::{Converted, Faults};
use crate::pb::registry::v1 as pb;
use crate::shared::participant::actor_to_pb;
use crate::shared::{area, time};

const COLLECTION: &str = "movements";

/// The message of a movement.
#[must_use]
pub fn movement_to_pb(row: &Movement) -> pb::Movement {
    let (etag, name) = (etag_of(row), row.name());
    let Movement {
        id: _,
        version,
        display_name,
        kind,
        plan,
        former_plans,
        vehicle_count,
        person_count,
        acknowledgements,
        stage,
        notified_by,
        notified_at,
        completed_at,
    } = row;
    let kind = match kind {
        Kind::Notified => pb::MovementKind::Notified,
        Kind::PublicTimetable => pb::MovementKind::PublicTimetable,
        Kind::FlightPlan => pb::MovementKind::FlightPlan,
        Kind::EmblemOnly => pb::MovementKind::EmblemOnly,
    };
    let state = match stage {
        Stage::Notified => pb::MovementState::Notified,
        Stage::Completed => pb::MovementState::Completed,
    };
    pb::Movement {
        name,
        version: *version,
        etag,
        display_name: display_name.clone(),
        kind: kind.into(),
        plan: Some(plan_to_pb(plan)),
        former_plans: former_plans.iter().map(plan_to_pb).collect(),
        vehicle_count: *vehicle_count,
        person_count: *person_count,
        acknowledgements: acknowledgements.iter().map(acknowledgement_to_pb).collect(),
        state: state.into(),
        notified_by: Some(actor_to_pb(notified_by)),
        notify_time: Some(time::to_pb(*notified_at)),
        complete_time: completed_at.map(time::to_pb),
    }
}

fn plan_to_pb(plan: &Plan) -> pb::MovementPlan {
    let Plan { route: Route { path }, buffer_m, window, altitude_band } = plan;
    pb::MovementPlan {
        path: path.iter().copied().map(area::lat_lng_to_pb).collect(),
        buffer_m: *buffer_m,
        window: Some(time::window_to_pb(window)),
        altitude_band: altitude_band.as_ref().map(area::band_to_pb),
    }
}

fn acknowledgement_to_pb(given: &Acknowledgement) -> pb::Acknowledgement {
    let Acknowledgement { by, level, at } = given;
    let level = match level {
        Level::Centre => pb::AcknowledgementLevel::Centre,
        Level::AirCell => pb::AcknowledgementLevel::AirCell,
        Level::Unit => pb::AcknowledgementLevel::Unit,
    };
    pb::Acknowledgement {
        by: Some(actor_to_pb(by)),
        level: level.into(),
        acknowledge_time: Some(time::to_pb(*at)),
    }
}

fn plan_from_pb(faults: &mut Faults, field: &str, pb: Option<pb::MovementPlan>) -> Plan {
    let pb::MovementPlan { path, buffer_m, window, altitude_band } = faults.required(field, pb);
    Plan {
        route: Route { path: path.into_iter().map(area::lat_lng_from_pb).collect() },
        buffer_m,
        window: time::required_window(faults, &format!("{field}.window"), window),
        altitude_band: altitude_band.map(area::band_from_pb),
    }
}

/// The command to notify a movement.
#[must_use]
pub fn notify_from_pb(pb: pb::NotifyMovementRequest) -> Converted<Command> {
    let pb::NotifyMovementRequest { movement_id, movement, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let movement = faults.required("movement", movement);
    let draft = draft(&mut faults, movement_id, movement);
    faults.finish(Command::Notify(draft))
}

fn draft(faults: &mut Faults, id: String, pb: pb::Movement) -> Draft {
    let pb::Movement {
        name: _,
        version: _,
        etag: _,
        display_name,
        kind,
        plan,
        former_plans: _,
        vehicle_count,
        person_count,
        acknowledgements: _,
        state: _,
        notified_by: _,
        notify_time: _,
        complete_time: _,
    } = pb;
    let kind = faults.stated("movement.kind", kind, Kind::Notified, |kind: pb::MovementKind| match kind {
        pb::MovementKind::Unspecified => None,
        pb::MovementKind::Notified => Some(Kind::Notified),
        pb::MovementKind::PublicTimetable => Some(Kind::PublicTimetable),
        pb::MovementKind::FlightPlan => Some(Kind::FlightPlan),
        pb::MovementKind::EmblemOnly => Some(Kind::EmblemOnly),
    });
    let plan = plan_from_pb(faults, "movement.plan", plan);
    Draft { id, display_name, kind, plan, vehicle_count, person_count }
}

/// The command to amend a movement.
#[must_use]
pub fn amend_from_pb(pb: pb::AmendMovementRequest) -> Converted<Command> {
    let pb::AmendMovementRequest { name, etag, plan, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    let plan = plan_from_pb(&mut faults, "plan", plan);
    faults.finish(Command::Amend { id, etag, plan })
}

/// The command to acknowledge a movement.
#[must_use]
pub fn acknowledge_from_pb(pb: pb::AcknowledgeMovementRequest) -> Converted<Command> {
    let pb::AcknowledgeMovementRequest { name, version, level, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    let level = faults.stated("level", level, Level::Centre, |level: pb::AcknowledgementLevel| match level {
        pb::AcknowledgementLevel::Unspecified => None,
        pb::AcknowledgementLevel::Centre => Some(Level::Centre),
        pb::AcknowledgementLevel::AirCell => Some(Level::AirCell),
        pb::AcknowledgementLevel::Unit => Some(Level::Unit),
    });
    faults.finish(Command::Acknowledge { id, version, level })
}

/// The command to complete a movement.
#[must_use]
pub fn complete_from_pb(pb: pb::CompleteMovementRequest) -> Converted<Command> {
    let pb::CompleteMovementRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Complete { id })
}
