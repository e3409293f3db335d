//! Operations, both ways; every enum by name, so that a new value does not compile until it has a meaning.

use concord_domain::rules::operation::{
    AdverseFact, Assessed, Class, HarmEstimate, IntelligenceSource, Kind, Operation, TargetType,
};

use crate::fields::Faults;
use crate::pb::rules::v1 as pb;
use crate::shared::{area, time};

macro_rules! both_ways {
    ($to:ident, $from:ident, $pb:ty, $domain:ty, { $($variant:ident),* $(,)? }) => {
        fn $to(value: $domain) -> $pb {
            match value { $(<$domain>::$variant => <$pb>::$variant,)* }
        }

        fn $from(value: $pb) -> Option<$domain> {
            match value {
                <$pb>::Unspecified => None,
                $(<$pb>::$variant => Some(<$domain>::$variant),)*
            }
        }
    };
}

both_ways!(kind_to_pb, kind_from_pb, pb::OperationKind, Kind, {
    AirStrike, MissileStrike, IndirectFire, IndirectFireOrAirStrike, InterceptEngagement, AirDefenceEngagement,
    AirPatrol, SurveillanceFlight, MedicalEvacuationFlight, TransitOrStrikeSortie, TransitFlight, Other,
});
both_ways!(target_to_pb, target_from_pb, pb::TargetType, TargetType, {
    GroupPosition, Building, Site, Infrastructure, Vehicles, MovingVehicles, MovingOrParkedVehicles,
    GroundFireSource, Aircraft, AirMovement, NaturalPerson, Other,
});

fn adverse_to_pb(fact: AdverseFact) -> i32 {
    match fact {
        AdverseFact::Unspecified => pb::AdverseFact::Unspecified,
        AdverseFact::None => pb::AdverseFact::None,
        AdverseFact::Present => pb::AdverseFact::Present,
    }
    .into()
}

/// What is left out stays left out, and refers; only a number without meaning is wrong.
fn adverse_from_pb(faults: &mut Faults, name: &str, number: i32) -> AdverseFact {
    faults.stated(&format!("operation.{name}"), number, AdverseFact::Unspecified, |fact: pb::AdverseFact| {
        Some(match fact {
            pb::AdverseFact::Unspecified => AdverseFact::Unspecified,
            pb::AdverseFact::None => AdverseFact::None,
            pb::AdverseFact::Present => AdverseFact::Present,
        })
    })
}

fn assessed_to_pb(assessed: Assessed) -> i32 {
    match assessed {
        Assessed::Unspecified => pb::Assessment::Unspecified,
        Assessed::NotAssessed => pb::Assessment::NotAssessed,
        Assessed::Assessed => pb::Assessment::Assessed,
        Assessed::Reported => pb::Assessment::Reported,
    }
    .into()
}

fn assessed_from_pb(faults: &mut Faults, name: &str, number: i32) -> Assessed {
    faults.stated(&format!("operation.{name}"), number, Assessed::Unspecified, |assessed: pb::Assessment| {
        Some(match assessed {
            pb::Assessment::Unspecified => Assessed::Unspecified,
            pb::Assessment::NotAssessed => Assessed::NotAssessed,
            pb::Assessment::Assessed => Assessed::Assessed,
            pb::Assessment::Reported => Assessed::Reported,
        })
    })
}

/// The message of a class.
#[must_use]
pub fn class_to_pb(class: Class) -> pb::OperationClass {
    match class {
        Class::KineticGround => pb::OperationClass::KineticGround,
        Class::KineticAir => pb::OperationClass::KineticAir,
        Class::Flight => pb::OperationClass::Flight,
        Class::MedicalFlight => pb::OperationClass::MedicalFlight,
    }
}

/// The message of an operation.
#[must_use]
pub fn operation_to_pb(operation: &Operation) -> pb::Operation {
    let Operation {
        kind,
        target_type,
        claimed_group,
        description,
        effect_area,
        accuracy_m,
        window,
        altitude_band,
        harm_estimate,
        sources,
        intended_point,
        civilian_presence,
        building_use,
        secondary_hazard,
        dissent,
        dual_use,
        position_interpolated,
        data_link_lost,
        self_defence_claim,
        emergency_claim,
        troops_in_contact_claim,
        known_etags,
    } = operation;
    pb::Operation {
        kind: kind_to_pb(*kind).into(),
        target_type: target_to_pb(*target_type).into(),
        claimed_group: claimed_group.clone(),
        description: description.clone(),
        effect_area: Some(area::to_pb(effect_area)),
        accuracy_m: *accuracy_m,
        window: Some(time::window_to_pb(window)),
        altitude_band: altitude_band.as_ref().map(area::band_to_pb),
        harm_estimate: harm_estimate.as_ref().map(harm_to_pb),
        sources: sources.iter().map(source_to_pb).collect(),
        intended_point: intended_point.map(area::lat_lng_to_pb),
        civilian_presence: assessed_to_pb(*civilian_presence),
        building_use: assessed_to_pb(*building_use),
        secondary_hazard: assessed_to_pb(*secondary_hazard),
        dissent: adverse_to_pb(*dissent),
        dual_use: adverse_to_pb(*dual_use),
        position_interpolated: adverse_to_pb(*position_interpolated),
        data_link_lost: adverse_to_pb(*data_link_lost),
        self_defence_claim: adverse_to_pb(*self_defence_claim),
        emergency_claim: adverse_to_pb(*emergency_claim),
        troops_in_contact_claim: adverse_to_pb(*troops_in_contact_claim),
        known_etags: known_etags.clone(),
    }
}

fn harm_to_pb(estimate: &HarmEstimate) -> pb::HarmEstimate {
    let HarmEstimate { killed, injured, method, assessed_at } = estimate;
    let (killed, injured, method) = (*killed, *injured, method.clone());
    pb::HarmEstimate { killed, injured, method, assess_time: assessed_at.map(time::to_pb) }
}

fn source_to_pb(source: &IntelligenceSource) -> pb::IntelligenceSource {
    let IntelligenceSource { origin, content_hash, collected_at } = source;
    pb::IntelligenceSource {
        origin: origin.clone(),
        content_hash: content_hash.clone(),
        collect_time: collected_at.map(time::to_pb),
    }
}

/// An operation that must be present; its values are the domain's business.
pub fn operation_from_pb(faults: &mut Faults, pb: Option<pb::Operation>) -> Operation {
    let pb::Operation {
        kind,
        target_type,
        claimed_group,
        description,
        effect_area,
        accuracy_m,
        window,
        altitude_band,
        harm_estimate,
        sources,
        intended_point,
        civilian_presence,
        building_use,
        secondary_hazard,
        dissent,
        dual_use,
        position_interpolated,
        data_link_lost,
        self_defence_claim,
        emergency_claim,
        troops_in_contact_claim,
        known_etags,
    } = faults.required("operation", pb);
    let kind = faults.stated("operation.kind", kind, Kind::Other, kind_from_pb);
    let target_type = faults.stated("operation.target_type", target_type, TargetType::Other, target_from_pb);
    let effect_area = area::from_pb(faults, "operation.effect_area", effect_area);
    let window = time::required_window(faults, "operation.window", window);
    let harm_estimate = harm_estimate.map(|estimate| harm_from_pb(faults, estimate));
    let sources =
        sources.into_iter().enumerate().map(|(i, source)| source_from_pb(faults, i, source)).collect();
    let civilian_presence = assessed_from_pb(faults, "civilian_presence", civilian_presence);
    let building_use = assessed_from_pb(faults, "building_use", building_use);
    let secondary_hazard = assessed_from_pb(faults, "secondary_hazard", secondary_hazard);
    let mut adverse = |name: &str, number: i32| adverse_from_pb(faults, name, number);
    let dissent = adverse("dissent", dissent);
    let dual_use = adverse("dual_use", dual_use);
    let position_interpolated = adverse("position_interpolated", position_interpolated);
    let data_link_lost = adverse("data_link_lost", data_link_lost);
    let self_defence_claim = adverse("self_defence_claim", self_defence_claim);
    let emergency_claim = adverse("emergency_claim", emergency_claim);
    let troops_in_contact_claim = adverse("troops_in_contact_claim", troops_in_contact_claim);
    Operation {
        kind,
        target_type,
        claimed_group,
        description,
        effect_area,
        accuracy_m,
        window,
        altitude_band: altitude_band.map(area::band_from_pb),
        harm_estimate,
        sources,
        intended_point: intended_point.map(area::lat_lng_from_pb),
        civilian_presence,
        building_use,
        secondary_hazard,
        dissent,
        dual_use,
        position_interpolated,
        data_link_lost,
        self_defence_claim,
        emergency_claim,
        troops_in_contact_claim,
        known_etags,
    }
}

fn harm_from_pb(faults: &mut Faults, pb: pb::HarmEstimate) -> HarmEstimate {
    let pb::HarmEstimate { killed, injured, method, assess_time } = pb;
    let assessed_at = time::optional(faults, "operation.harm_estimate.assess_time", assess_time);
    HarmEstimate { killed, injured, method, assessed_at }
}

fn source_from_pb(faults: &mut Faults, index: usize, pb: pb::IntelligenceSource) -> IntelligenceSource {
    let pb::IntelligenceSource { origin, content_hash, collect_time } = pb;
    let collected_at =
        time::optional(faults, &format!("operation.sources[{index}].collect_time"), collect_time);
    IntelligenceSource { origin, content_hash, collected_at }
}
