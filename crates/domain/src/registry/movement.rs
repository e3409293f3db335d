//! Humanitarian and civil movements. Protection begins with the notification and never waits for an acknowledgement.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::geo::{AltitudeBand, Route};
use crate::table::Resource;
use crate::time::{Interval, Timestamp};

/// How a movement came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Notified to the parties; acknowledgement is asked for.
    Notified,
    /// Runs by a public timetable.
    PublicTimetable,
    /// Has filed a flight plan.
    FlightPlan,
    /// Bears a protective emblem.
    EmblemOnly,
}

/// How far an acknowledgement reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Coordination centre.
    Centre,
    /// Air operations cell.
    AirCell,
    /// The unit that would fire.
    Unit,
}

/// Where a movement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Protected.
    Notified,
    /// Confirmed complete by its notifier.
    Completed,
}

/// Route and times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The path; one position is a place.
    pub route: Route,
    /// Metres on either side that are protected.
    pub buffer_m: f64,
    /// When it is under way.
    pub window: Interval,
    /// Heights of a movement by air; absent means on the ground.
    pub altitude_band: Option<AltitudeBand>,
}

/// One acknowledgement of the present version: "received", never "approved".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Who.
    pub by: Actor,
    /// At what level.
    pub level: Level,
    /// When.
    pub at: Timestamp,
}

/// A movement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// Identifier.
    pub id: String,
    /// Version of the plan.
    pub version: u32,
    /// Name for people.
    pub display_name: String,
    /// How it came to be known.
    pub kind: Kind,
    /// The present plan.
    pub plan: Plan,
    /// Former plans, which protect until completion.
    pub former_plans: Vec<Plan>,
    /// Number of vehicles.
    pub vehicle_count: u32,
    /// Number of persons.
    pub person_count: u32,
    /// Acknowledgements of this version.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Where it stands.
    pub stage: Stage,
    /// Who notified it.
    pub notified_by: Actor,
    /// When.
    pub notified_at: Timestamp,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
}

impl Resource for Movement {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Movement {
    /// Every plan that protects: the present one and the former ones.
    pub fn plans(&self) -> impl Iterator<Item = &Plan> {
        std::iter::once(&self.plan).chain(&self.former_plans)
    }
}
