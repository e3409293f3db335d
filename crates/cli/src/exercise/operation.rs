//! A case's operation as the contract's message. What the case leaves out is left out; null is unknown.

use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::rules::v1 as rules;
use concord_proto::pb::r#type::v1 as shared;
use serde_json::Value;

use super::case::{Assessed, Harm, Operation, Point, Stated, Window};
use super::when;

/// The message of an operation.
///
/// # Errors
/// Names a time that does not parse.
pub(super) fn to_pb(operation: &Operation) -> Result<rules::Operation, String> {
    let target_type = target_type(&operation.target_type);
    let person = target_type == rules::TargetType::NaturalPerson;
    let claimed = operation.claimed_target_group.as_deref().filter(|_| !person);
    Ok(rules::Operation {
        kind: kind(&operation.kind).into(),
        target_type: target_type.into(),
        claimed_group: claimed.unwrap_or_default().to_owned(),
        description: String::new(),
        effect_area: Some(circle(operation.aim_point, operation.radius_m.unwrap_or(0.0))),
        accuracy_m: operation.area_precision_m.unwrap_or(0.0),
        window: Some(window(&operation.time_window)?),
        altitude_band: operation.altitude_band_m.map(band),
        harm_estimate: operation.expected_civilian_harm.as_ref().map(harm),
        sources: operation.intelligence_sources.iter().flatten().map(|origin| source(origin)).collect(),
        intended_point: operation.intended_point.map(lat_lng),
        civilian_presence: assessment(operation.civilian_presence_assessed.as_ref()).into(),
        building_use: assessment(operation.building_use_assessed.as_ref()).into(),
        secondary_hazard: assessment(operation.secondary_hazard.as_ref()).into(),
        dissent: adverse(&operation.dissent, holds).into(),
        dual_use: adverse(&operation.dual_use, holds).into(),
        position_interpolated: adverse(&operation.position_method, |method| method == "interpolated").into(),
        data_link_lost: adverse(&operation.data_link_available, |available| !available).into(),
        self_defence_claim: adverse(&operation.self_defence_claimed, |claimed| *claimed).into(),
        emergency_claim: adverse(&operation.emergency_procedure, holds).into(),
        troops_in_contact_claim: adverse(&operation.troops_in_contact_claimed, |claimed| *claimed).into(),
        known_etags: Vec::new(),
    })
}

/// A circle on the ground.
#[must_use]
pub(super) fn circle(center: Point, radius_m: f64) -> shared::Area {
    let circle = shared::Circle { center: Some(lat_lng(center)), radius_m };
    shared::Area { form: Some(shared::area::Form::Circle(circle)) }
}

/// A position.
#[must_use]
pub(super) fn lat_lng(point: Point) -> LatLng {
    LatLng { latitude: point.lat, longitude: point.lon }
}

/// A band of heights.
#[must_use]
pub(super) fn band((lower_m, upper_m): (f64, Option<f64>)) -> shared::AltitudeBand {
    shared::AltitudeBand { lower_m, upper_m }
}

/// A window of time.
///
/// # Errors
/// Names a time that does not parse.
pub(super) fn window(window: &Window) -> Result<shared::TimeWindow, String> {
    Ok(shared::TimeWindow {
        start_time: Some(when::to_pb(when::instant(&window.start)?)),
        end_time: Some(when::to_pb(when::instant(&window.end)?)),
    })
}

fn kind(text: &str) -> rules::OperationKind {
    use rules::OperationKind as Kind;
    match text {
        "air_strike" => Kind::AirStrike,
        "missile_strike" => Kind::MissileStrike,
        "indirect_fire" => Kind::IndirectFire,
        "indirect_fire_or_air_strike" => Kind::IndirectFireOrAirStrike,
        "intercept_engagement" => Kind::InterceptEngagement,
        "air_defence_engagement" => Kind::AirDefenceEngagement,
        "air_patrol" => Kind::AirPatrol,
        "surveillance_flight" => Kind::SurveillanceFlight,
        "medical_evacuation_flight" => Kind::MedicalEvacuationFlight,
        "transit_or_strike_sortie" => Kind::TransitOrStrikeSortie,
        "transit_flight" => Kind::TransitFlight,
        _ => Kind::Other,
    }
}

fn target_type(text: &str) -> rules::TargetType {
    use rules::TargetType as Type;
    match text {
        "group_position" => Type::GroupPosition,
        "building" => Type::Building,
        "site" => Type::Site,
        "infrastructure" => Type::Infrastructure,
        "vehicles" => Type::Vehicles,
        "moving_vehicles" => Type::MovingVehicles,
        "moving_or_parked_vehicles" => Type::MovingOrParkedVehicles,
        "ground_fire_source" => Type::GroundFireSource,
        "aircraft" => Type::Aircraft,
        "air_movement" => Type::AirMovement,
        "natural_person" => Type::NaturalPerson,
        _ => Type::Other,
    }
}

/// Where killed is given, an injured that is left out is 0; a null is not sent.
fn harm(harm: &Harm) -> rules::HarmEstimate {
    let known = |count: &Stated<u32>| match count {
        Stated::Known(count) => Some(*count),
        Stated::Absent | Stated::Unknown => None,
    };
    let killed = known(&harm.killed);
    let injured = match &harm.injured {
        Stated::Absent => killed.map(|_| 0),
        given => known(given),
    };
    rules::HarmEstimate { killed, injured, method: String::new(), assess_time: None }
}

fn source(origin: &str) -> rules::IntelligenceSource {
    rules::IntelligenceSource { origin: origin.to_owned(), content_hash: String::new(), collect_time: None }
}

fn assessment(assessed: Option<&Assessed>) -> rules::Assessment {
    match assessed {
        None => rules::Assessment::Unspecified,
        Some(Assessed::Plain(true)) => rules::Assessment::Assessed,
        Some(Assessed::Words(words)) if words.starts_with("assessed") => rules::Assessment::Assessed,
        Some(_) => rules::Assessment::NotAssessed,
    }
}

fn adverse<T>(stated: &Stated<T>, present: impl Fn(&T) -> bool) -> rules::AdverseFact {
    match stated {
        Stated::Absent => rules::AdverseFact::None,
        Stated::Unknown => rules::AdverseFact::Unspecified,
        Stated::Known(value) if present(value) => rules::AdverseFact::Present,
        Stated::Known(_) => rules::AdverseFact::None,
    }
}

/// Whether a fact that may be stated in words is stated to hold.
fn holds(value: &Value) -> bool {
    !matches!(value, Value::Bool(false))
}
