//! What a case's lists say of incidents: strikes where a response goes on, warnings on the hotline, suspensions.

use concord_domain::actor::Role;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::r#type::v1 as shared;
use concord_proto::pb::r#type::v1::area::Form;

use super::Frame;
use crate::exercise::case::Point;
use crate::exercise::case::Stated;
use crate::exercise::case::lists::{RegistryState, Strike, Suspension, Warning};
use crate::exercise::cast::{Cast, OBSERVER, first_actor};
use crate::exercise::deed::{Act, Deed};
use crate::exercise::operation::{circle, lat_lng, window};
use crate::exercise::when;

/// Half the width of a path that is warned about, in degrees: about a metre.
const HALF_STRIP_DEGREES: f64 = 1e-5;

/// The deeds of a case's lists that incidents takes, in no order.
///
/// # Errors
/// Names a value that cannot be used.
pub(super) fn deeds(cast: &Cast, state: &RegistryState, frame: &Frame) -> Result<Vec<Deed>, String> {
    let strikes = state.recent_strikes.iter().map(|strike| engagement(cast, strike));
    let warnings = state.open_hotline_warnings.iter().map(|warning| warned(state, warning, frame));
    let suspensions = state.suspensions.iter().map(|suspension| suspended(cast, suspension, frame));
    strikes.chain(warnings).chain(suspensions).collect()
}

fn engagement(cast: &Cast, strike: &Strike) -> Result<Deed, String> {
    let at = when::instant(&strike.at)?;
    let response = match strike.response_in_progress {
        Stated::Known(false) => pb::ResponseState::Ended,
        Stated::Known(true) | Stated::Absent | Stated::Unknown => pb::ResponseState::InProgress,
    };
    let engagement = pb::Engagement {
        occur_time: Some(when::to_pb(at)),
        location: Some(lat_lng(Point { lat: strike.lat, lon: strike.lon })),
        party: strike.party.as_deref().map(|party| cast.id(party)).unwrap_or_default(),
        response: response.into(),
        ..Default::default()
    };
    let request = pb::FileEngagementRequest { engagement: Some(engagement), ..Default::default() };
    let by = first_actor(OBSERVER, Role::DutyOfficer);
    Ok(Deed::call(at, by, "concord.incidents.v1.IncidentService/FileEngagement", &request))
}

fn warned(state: &RegistryState, warning: &Warning, frame: &Frame) -> Result<Deed, String> {
    let since = warning.window.as_ref().map(|window| when::instant(&window.start)).transpose()?;
    let place = pb::Warning {
        area: Some(place_of(state, warning.subject.as_deref(), frame)),
        window: warning.window.as_ref().map(window).transpose()?,
        ..Default::default()
    };
    let message = pb::HotlineMessage {
        precedence: pb::Precedence::Flash.into(),
        body: "a warning about this place".to_owned(),
        warning: Some(place),
        ..Default::default()
    };
    let request = pb::SendMessageRequest { message: Some(message), ..Default::default() };
    let at = since.unwrap_or_else(|| when::days_before(frame.start, 1));
    let act = Act::Warn { request: Box::new(request), resolved: warning.resolved };
    Ok(Deed { at, by: first_actor(OBSERVER, Role::DutyOfficer), act })
}

/// A warning lies where its subject lies, and where the case names none at the aim point.
fn place_of(state: &RegistryState, subject: Option<&str>, frame: &Frame) -> shared::Area {
    let entity = state.protected_entities.iter().find(|entity| Some(entity.id.as_str()) == subject);
    let movement = state.movements.iter().find(|movement| Some(movement.id.as_str()) == subject);
    let reservation = state.other_reservations.iter().find(|held| Some(held.id.as_str()) == subject);
    if let Some(entity) = entity {
        circle(Point { lat: entity.lat, lon: entity.lon }, 0.0)
    } else if let Some(movement) = movement {
        along(&movement.path).unwrap_or_else(|| circle(frame.aim, 0.0))
    } else if let Some(reservation) = reservation {
        circle(reservation.centre, reservation.radius_m)
    } else {
        circle(frame.aim, 0.0)
    }
}

/// A strip along a path, as thin as a shape may be; a path of one point is that point.
fn along(path: &[Point]) -> Option<shared::Area> {
    let first = *path.first()?;
    let legs = path.windows(2).filter_map(|leg| match leg {
        [from, to] if from != to => Some(strip(*from, *to)),
        _ => None,
    });
    let polygons: Vec<shared::Polygon> = legs.collect();
    if polygons.is_empty() {
        return Some(circle(first, 0.0));
    }
    Some(shared::Area { form: Some(Form::MultiPolygon(shared::MultiPolygon { polygons })) })
}

/// A leg of a path as a polygon.
fn strip(from: Point, to: Point) -> shared::Polygon {
    let length = (to.lat - from.lat).hypot(to.lon - from.lon);
    let (north, east) = ((to.lon - from.lon) / length, (from.lat - to.lat) / length);
    let beside = |point: Point, side: f64| Point {
        lat: point.lat + side * HALF_STRIP_DEGREES * north,
        lon: point.lon + side * HALF_STRIP_DEGREES * east,
    };
    let corners =
        [beside(from, 1.0), beside(to, 1.0), beside(to, -1.0), beside(from, -1.0), beside(from, 1.0)];
    shared::Polygon { ring: corners.into_iter().map(lat_lng).collect() }
}

fn suspended(cast: &Cast, suspension: &Suspension, frame: &Frame) -> Result<Deed, String> {
    let since = suspension.since.as_deref().map(when::instant).transpose()?;
    let party = cast.id(&suspension.party);
    let scope = match suspension.scope.as_deref() {
        Some(scope) if names_flights(scope) => pb::SuspensionScope::KineticAndFlights,
        _ => pb::SuspensionScope::Kinetic,
    };
    let message = pb::Suspension {
        party: party.clone(),
        domain: pb::CooperationDomain::Operations.into(),
        scope: scope.into(),
        reason: "as the case states".to_owned(),
        ..Default::default()
    };
    let request = pb::SuspendCooperationRequest { suspension: Some(message), ..Default::default() };
    let by = first_actor(&cast.other_than(&party), Role::DutyOfficer);
    let at = since.unwrap_or_else(|| when::days_before(frame.start, 1));
    Ok(Deed::call(at, by, "concord.incidents.v1.CooperationService/SuspendCooperation", &request))
}

/// Whether the words of a scope name flights; a scope that leaves them out does not.
#[must_use]
pub(in crate::exercise) fn names_flights(scope: &str) -> bool {
    const LEAVES_OUT: [&str; 5] = ["no", "not", "except", "excluding", "without"];
    let scope = scope.to_lowercase();
    let mut clauses = scope.split([',', ';', '.', '(', ')']);
    clauses.any(|clause| {
        let mut words = clause.split(|c: char| !c.is_alphabetic());
        clause.contains("flight") && !words.any(|word| LEAVES_OUT.contains(&word))
    })
}
