//! Air reservations.

use concord_domain::rules::airspace::{Command, Kind, Reservation, Stage, Volume};
use concord_domain::table::Resource as _;

use crate::fields::{Converted, Faults};
use crate::pb::rules::v1 as pb;
use crate::registry::etag_of;
use crate::shared::participant::actor_to_pb;
use crate::shared::{area, time};

const COLLECTION: &str = "airReservations";

/// The message of a reservation.
#[must_use]
pub fn reservation_to_pb(row: &Reservation) -> pb::AirReservation {
    let (etag, name, key_token) = (etag_of(row), row.name(), row.key_token());
    let Reservation { id: _, version, kind, volumes, stage, held_by } = row;
    let kind = match kind {
        Kind::Operations => pb::AirReservationKind::Operations,
        Kind::RestrictedZone => pb::AirReservationKind::RestrictedZone,
        Kind::HumanitarianFlight => pb::AirReservationKind::HumanitarianFlight,
    };
    let state = match stage {
        Stage::Accepted => pb::AirReservationState::Accepted,
        Stage::Ended => pb::AirReservationState::Ended,
    };
    pb::AirReservation {
        name,
        version: *version,
        etag,
        kind: kind.into(),
        volumes: volumes.iter().map(volume_to_pb).collect(),
        key_token,
        state: state.into(),
        held_by: Some(actor_to_pb(held_by)),
    }
}

fn volume_to_pb(volume: &Volume) -> pb::Volume {
    let Volume { area: place, altitude_band, window } = volume;
    pb::Volume {
        area: Some(area::to_pb(place)),
        altitude_band: altitude_band.as_ref().map(area::band_to_pb),
        window: Some(time::window_to_pb(window)),
    }
}

fn volumes_from_pb(faults: &mut Faults, volumes: Vec<pb::Volume>) -> Vec<Volume> {
    let volumes = volumes.into_iter().enumerate();
    let read = volumes.map(|(i, pb::Volume { area: place, altitude_band, window })| Volume {
        area: area::from_pb(faults, &format!("volumes[{i}].area"), place),
        altitude_band: altitude_band.map(area::band_from_pb),
        window: time::required_window(faults, &format!("volumes[{i}].window"), window),
    });
    read.collect()
}

/// The command to reserve.
#[must_use]
pub fn reserve_from_pb(pb: pb::ReserveAirspaceRequest) -> Converted<Command> {
    let pb::ReserveAirspaceRequest {
        air_reservation_id,
        kind,
        volumes,
        key,
        request_id: _,
        validate_only: _,
    } = pb;
    let mut faults = Faults::default();
    let kind = faults.stated("kind", kind, Kind::RestrictedZone, |kind: pb::AirReservationKind| match kind {
        pb::AirReservationKind::Unspecified => None,
        pb::AirReservationKind::Operations => Some(Kind::Operations),
        pb::AirReservationKind::RestrictedZone => Some(Kind::RestrictedZone),
        pb::AirReservationKind::HumanitarianFlight => Some(Kind::HumanitarianFlight),
    });
    let volumes = volumes_from_pb(&mut faults, volumes);
    faults.finish(Command::Reserve { id: air_reservation_id, kind, volumes, key })
}

/// The command to amend.
#[must_use]
pub fn amend_from_pb(pb: pb::AmendAirReservationRequest) -> Converted<Command> {
    let pb::AmendAirReservationRequest { name, etag, volumes, key, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    let volumes = volumes_from_pb(&mut faults, volumes);
    faults.finish(Command::Amend { id, etag, volumes, key })
}

/// The command to end.
#[must_use]
pub fn end_from_pb(pb: pb::EndAirReservationRequest) -> Converted<Command> {
    let pb::EndAirReservationRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::End { id })
}
