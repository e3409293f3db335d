//! What is measured of an operation for custom restrictions: plain values that any language of policies can read.
//!
//! Every value is given so that doubt objects: distances are rounded down, extents and harm up, what is unknown is the
//! largest or smallest that it can be, and an adverse fact is true unless it was stated to be absent. Nothing in it moves
//! with the clock alone, so that no permit falls merely because another fact had it evaluated anew later.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ids::ParticipantId;
use crate::limits::{ALTITUDE_MAX_M, BUFFER_MAX_M};
use crate::registry::area::Kind as AreaKind;
use crate::registry::movement;
use crate::registry::protection::{Category, Stage};
use crate::rules::coordination::{Attestation, Said};
use crate::rules::facts::Facts;
use crate::rules::operation::{AdverseFact, Assessed};
use crate::time::Interval;

/// What stands for an unknown number: above every count and duration, and far enough below the largest integer that
/// sums of it do not overflow.
pub const UNKNOWN: i64 = 4_294_967_295;
/// How far distances are measured, in metres; what is farther is given as this far. As far as an entity's own distance
/// may reach.
pub const REACH_M: f64 = BUFFER_MAX_M;
/// The standing of an operation that claims no group.
pub const NOTHING_CLAIMED: &str = "NOTHING_CLAIMED";

const SECONDS_PER_HOUR: i64 = 3_600;
const HOURS_PER_DAY: i64 = 24;

const CATEGORIES: [Category; 14] = [
    Category::Medical,
    Category::Education,
    Category::Religious,
    Category::Cultural,
    Category::Humanitarian,
    Category::Water,
    Category::Power,
    Category::Shelter,
    Category::Diplomatic,
    Category::DangerousForces,
    Category::Media,
    Category::Food,
    Category::Peacekeeping,
    Category::OtherCivilian,
];

/// The measured facts of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The submitting party.
    pub party: ParticipantId,
    /// Class of operation, such as `KINETIC_GROUND`.
    pub class: String,
    /// Kind of operation, such as `AIR_STRIKE`.
    pub kind: String,
    /// What it is directed at, such as `BUILDING`.
    pub target_type: String,
    /// What the claimed group denotes, such as `DESIGNATED`; [`NOTHING_CLAIMED`] where none is claimed.
    pub claimed_standing: String,
    /// The resource that the claimed group denotes, such as `designations/qde-115`; empty where there is none.
    pub claimed_resource: String,
    /// Radius of the effect area with the accuracy of the aim point, in metres, rounded up.
    pub radius_m: i64,
    /// Accuracy of the aim point in metres, rounded up.
    pub accuracy_m: i64,
    /// Lowest height in metres, rounded down.
    pub lowest_m: i64,
    /// Greatest height in metres, rounded up.
    pub highest_m: i64,
    /// Length of the window in seconds, rounded up.
    pub lasts_s: i64,
    /// Start of the window in seconds since 1970-01-01 UTC.
    pub starts_at_s: i64,
    /// End of the window likewise.
    pub ends_at_s: i64,
    /// The hours of the day, 0 to 23 UTC, that the window touches.
    pub hours_utc: BTreeSet<i64>,
    /// Seconds of notice before the window; -[`UNKNOWN`] where none was given.
    pub notice_s: i64,
    /// Civilians that may be killed; [`UNKNOWN`] where nothing was estimated.
    pub killed: i64,
    /// Civilians that may be injured; likewise.
    pub injured: i64,
    /// Sources of different origin.
    pub sources: i64,
    /// Civilians were assessed to be absent.
    pub civilians_ruled_out: bool,
    /// Civilian use of the building was assessed to be absent.
    pub civilian_use_ruled_out: bool,
    /// Secondary hazards were assessed to be absent.
    pub secondary_hazard_ruled_out: bool,
    /// Somebody disagrees, or it is not stated that nobody does.
    pub dissent: bool,
    /// The object serves civilians too, or it is not stated that it does not; and so on below.
    pub dual_use: bool,
    /// The position was not measured.
    pub position_interpolated: bool,
    /// The unit cannot see current data.
    pub data_link_lost: bool,
    /// Self-defence, an emergency or troops in contact are claimed.
    pub claims_urgency: bool,
    /// Metres to the nearest protected entity of each category, rounded down, at most [`REACH_M`].
    pub nearest_m: BTreeMap<String, i64>,
    /// The same to the nearest undecided claim of protection.
    pub nearest_claim_m: i64,
    /// The same to the nearest route of a movement that is under way during the window.
    pub nearest_movement_m: i64,
    /// The kinds of area, such as `CEASEFIRE`, that the effect area touches while they are in effect.
    pub touches: BTreeSet<String>,
    /// Parties that have approved exactly this operation.
    pub approved_by: BTreeSet<ParticipantId>,
    /// What somebody else of the submitting party has attested of exactly this operation, such as `LEGAL_REVIEW`.
    pub attested: BTreeSet<String>,
}

impl Measured {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let operation = facts.operation;
        let estimate = operation.harm_estimate.as_ref();
        let persons = |count: Option<u32>| count.map_or(UNKNOWN, i64::from);
        let adverse = |fact: AdverseFact| fact != AdverseFact::None;
        let ruled_out = |assessed: Assessed| assessed == Assessed::Assessed;
        let band = operation.altitudes();
        let window = &operation.window;
        Self {
            party: facts.party.clone(),
            class: text_of(&facts.class),
            kind: text_of(&operation.kind),
            target_type: text_of(&operation.target_type),
            claimed_standing: facts
                .claimed
                .as_ref()
                .map_or_else(|| NOTHING_CLAIMED.to_owned(), |claimed| text_of(&claimed.standing)),
            claimed_resource: facts
                .claimed
                .as_ref()
                .map(|claimed| claimed.resource.clone())
                .unwrap_or_default(),
            radius_m: up(operation.radius_m() + operation.accuracy_m),
            accuracy_m: up(operation.accuracy_m),
            lowest_m: down(band.lower_m.max(-ALTITUDE_MAX_M)),
            highest_m: up(band.upper_m.unwrap_or(ALTITUDE_MAX_M).min(ALTITUDE_MAX_M)),
            lasts_s: window.start.seconds_since(window.end).saturating_neg(),
            starts_at_s: window.start.seconds(),
            ends_at_s: window.end.seconds(),
            hours_utc: hours_of(window),
            notice_s: notice_s(facts),
            killed: persons(estimate.and_then(|estimate| estimate.killed)),
            injured: persons(estimate.and_then(|estimate| estimate.injured)),
            sources: i64::try_from(operation.origins().len()).unwrap_or(UNKNOWN),
            civilians_ruled_out: ruled_out(operation.civilian_presence),
            civilian_use_ruled_out: ruled_out(operation.building_use),
            secondary_hazard_ruled_out: ruled_out(operation.secondary_hazard),
            dissent: adverse(operation.dissent),
            dual_use: adverse(operation.dual_use),
            position_interpolated: adverse(operation.position_interpolated),
            data_link_lost: adverse(operation.data_link_lost),
            claims_urgency: adverse(operation.self_defence_claim)
                || adverse(operation.emergency_claim)
                || adverse(operation.troops_in_contact_claim),
            nearest_m: nearest_of_each_category(facts),
            nearest_claim_m: nearest_claim_m(facts),
            nearest_movement_m: nearest_movement_m(facts),
            touches: touched(facts),
            approved_by: approvals(facts),
            attested: attested(facts),
        }
    }
}

/// The name of an enum's value as it is recorded.
fn text_of<T: Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).ok();
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Rounded up; what is no number is unknown.
fn up(value: f64) -> i64 {
    if value.is_finite() { value.ceil() as i64 } else { UNKNOWN }
}

/// Rounded down; what is no number is nearest.
fn down(value: f64) -> i64 {
    if value.is_finite() { value.floor() as i64 } else { 0 }
}

fn hours_of(window: &Interval) -> BTreeSet<i64> {
    let first = window.start.seconds().div_euclid(SECONDS_PER_HOUR);
    // The end is the first instant after the window, and may lie within a second.
    let last = window.end.nanos().saturating_sub(1).div_euclid(SECONDS_PER_HOUR * 1_000_000_000);
    let hours = first..=last.min(first.saturating_add(HOURS_PER_DAY - 1));
    hours.map(|hour| hour.rem_euclid(HOURS_PER_DAY)).collect()
}

fn notice_s(facts: &Facts<'_>) -> i64 {
    let own = facts.coordination.iter().filter(|given| &given.by.participant == facts.party);
    let notices = own.filter(|given| matches!(given.said, Said::Notice(_)));
    let first = notices.map(|given| given.at).min();
    first.map_or(-UNKNOWN, |at| facts.operation.window.start.seconds_since(at))
}

/// Every distance found narrows the search for the next of its category, and the nearest ones are looked at first.
fn nearest_of_each_category(facts: &Facts<'_>) -> BTreeMap<String, i64> {
    let mut nearest: BTreeMap<Category, f64> =
        CATEGORIES.into_iter().map(|category| (category, REACH_M)).collect();
    for nearby in facts.entities().iter().filter(|nearby| nearby.entity.stage == Stage::Active) {
        let within_m = nearest.entry(nearby.entity.category).or_insert(REACH_M);
        if let Some(distance_m) = facts.nearest_place(nearby, *within_m) {
            *within_m = distance_m;
        }
    }
    nearest.into_iter().map(|(category, distance_m)| (text_of(&category), down(distance_m))).collect()
}

fn nearest_claim_m(facts: &Facts<'_>) -> i64 {
    let claims = facts.entities().iter().filter(|nearby| nearby.entity.stage == Stage::Claimed);
    let nearest_m = claims.filter_map(|claim| facts.nearest_place(claim, REACH_M)).fold(REACH_M, f64::min);
    down(nearest_m)
}

fn nearest_movement_m(facts: &Facts<'_>) -> i64 {
    let movements = facts.registry.movements.iter().filter(|row| row.stage == movement::Stage::Notified);
    let plans = movements.flat_map(|movement| movement.plans());
    let during = plans.filter(|plan| plan.window.overlaps(&facts.operation.window));
    let distances = during.filter_map(|plan| facts.near_route(&plan.route, REACH_M));
    down(distances.fold(REACH_M, f64::min))
}

fn touched(facts: &Facts<'_>) -> BTreeSet<String> {
    let kinds = [
        AreaKind::Ceasefire,
        AreaKind::BorderBuffer,
        AreaKind::GroundArea,
        AreaKind::PopulatedArea,
        AreaKind::HeldArea,
    ];
    let touched = kinds.into_iter().filter(|kind| facts.touched(*kind).next().is_some());
    touched.map(|kind| text_of(&kind)).collect()
}

fn approvals(facts: &Facts<'_>) -> BTreeSet<ParticipantId> {
    let given = facts.coordination.iter().map(|given| &given.by.participant);
    given.filter(|party| facts.approved_by(party)).cloned().collect()
}

fn attested(facts: &Facts<'_>) -> BTreeSet<String> {
    let all = Attestation::ALL.into_iter().filter(|what| facts.attested(*what));
    all.map(|what| what.as_str().to_owned()).collect()
}
