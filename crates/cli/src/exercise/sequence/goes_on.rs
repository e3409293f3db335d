//! What goes on while cooperation is suspended has no status of its own: whether it does is tried, and nothing recorded.

use concord_domain::actor::Role;
use concord_domain::time::Timestamp;
use concord_proto::pb::incidents::v1 as incidents;
use concord_proto::pb::rules::v1 as rules;
use concord_proto::pb::r#type::v1 as shared;

use super::super::case::{Place, Point};
use super::super::cast::first_actor;
use super::super::operation::{band, circle};
use super::super::play::Play;
use super::super::when;

/// What no suspension reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GoesOn {
    /// Messages on the hotline.
    Hotline,
    /// Reservations of airspace.
    Airspace,
    /// Flights that evacuate the wounded.
    MedicalFlight,
}

/// What the words of a scope name, where nothing suspends it.
pub(super) fn named(scope: &str) -> Option<GoesOn> {
    let of =
        [("hotline", GoesOn::Hotline), ("medical", GoesOn::MedicalFlight), ("airspace", GoesOn::Airspace)];
    of.into_iter().find(|(word, _)| scope.contains(word)).map(|(_, what)| what)
}

/// Heights that no case speaks of, in metres, so that nothing conflicts.
const FAR_ABOVE_M: (f64, f64) = (28_000.0, 29_000.0);

/// Whether a party that tries it is let.
///
/// # Errors
/// Says how a call failed for another reason than cooperation.
pub(super) async fn tried(
    play: &Play<'_>,
    party: &str,
    what: GoesOn,
    (place, at): (&Place, Timestamp),
) -> Result<bool, String> {
    let by = first_actor(party, Role::DutyOfficer);
    let area = circle(Point { lat: place.lat, lon: place.lon }, 100.0);
    let window = shared::TimeWindow {
        start_time: Some(when::to_pb(at)),
        end_time: Some(when::to_pb(at.plus_seconds(3_600))),
    };
    let altitude = band((FAR_ABOVE_M.0, Some(FAR_ABOVE_M.1)));
    match what {
        GoesOn::Hotline => {
            let message = incidents::HotlineMessage {
                precedence: incidents::Precedence::Flash.into(),
                body: "Line check".to_owned(),
                ..Default::default()
            };
            let request = incidents::SendMessageRequest {
                message: Some(message),
                validate_only: true,
                ..Default::default()
            };
            let method = "concord.incidents.v1.HotlineService/SendMessage";
            play.must::<_, incidents::SendMessageResponse>(&by, method, request).await?;
            Ok(true)
        }
        GoesOn::Airspace => {
            let volume =
                rules::Volume { area: Some(area), altitude_band: Some(altitude), window: Some(window) };
            let request = rules::ReserveAirspaceRequest {
                kind: rules::AirReservationKind::Operations.into(),
                volumes: vec![volume],
                validate_only: true,
                ..Default::default()
            };
            let method = "concord.rules.v1.AirspaceService/ReserveAirspace";
            play.must::<_, rules::ReserveAirspaceResponse>(&by, method, request).await?;
            Ok(true)
        }
        GoesOn::MedicalFlight => {
            let operation = rules::Operation {
                kind: rules::OperationKind::MedicalEvacuationFlight.into(),
                target_type: rules::TargetType::AirMovement.into(),
                effect_area: Some(area),
                window: Some(window),
                altitude_band: Some(altitude),
                ..Default::default()
            };
            let request = rules::CheckOperationRequest {
                operation: Some(operation),
                validate_only: true,
                ..Default::default()
            };
            let method = "concord.rules.v1.CheckService/CheckOperation";
            let answer: rules::CheckOperationResponse = play.must(&by, method, request).await?;
            let decision = answer.decision.ok_or("no decision in the answer")?;
            Ok(decision.findings.iter().all(|finding| finding.code != "PARTY_SUSPENDED"))
        }
    }
}
