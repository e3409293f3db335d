//! Air reservations in four dimensions (after ASTM F3548). They have no status that cooperation could suspend.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::geo::{AltitudeBand, Area, may_be_within, separation_m};
use crate::ids::name_of;
use crate::rules::articles::airspace::Params as Separation;
use crate::table::Resource;
use crate::time::Interval;

/// What a reservation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Operations in a window.
    Operations,
    /// A standing restricted zone.
    RestrictedZone,
    /// A humanitarian or medical flight.
    HumanitarianFlight,
}

/// Where a reservation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Stands during its windows.
    Accepted,
    /// Ended by its holder.
    Ended,
}

/// A volume in four dimensions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Outline on the ground.
    pub area: Area,
    /// Heights; absent means all.
    pub altitude_band: Option<AltitudeBand>,
    /// When.
    pub window: Interval,
}

impl Volume {
    /// The distance on the ground to another volume, where neither place, height nor time keeps them apart; volumes that
    /// keep exactly the separation in one of them do not conflict.
    #[must_use]
    pub fn conflict(&self, other: &Self, separation: &Separation) -> Option<f64> {
        if !self.window.padded(separation.time_s).overlaps(&other.window) {
            return None;
        }
        let height = |volume: &Self| volume.altitude_band.unwrap_or(AltitudeBand::ALL);
        let vertical_m = height(self).gap_m(&height(other));
        if vertical_m > 0.0 && vertical_m >= separation.vertical_m {
            return None;
        }
        if !may_be_within(&self.area, &other.area, separation.horizontal_m) {
            return None;
        }
        let horizontal_m = separation_m(&self.area, &other.area);
        let apart = horizontal_m > 0.0 && horizontal_m >= separation.horizontal_m;
        (!apart).then_some(horizontal_m)
    }
}

/// A reservation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    /// Identifier.
    pub id: String,
    /// Version of the volumes.
    pub version: u32,
    /// What it is.
    pub kind: Kind,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Where it stands.
    pub stage: Stage,
    /// Who holds it.
    pub held_by: Actor,
}

impl Resource for Reservation {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Reservation {
    /// The name of the resource.
    #[must_use]
    pub fn name(&self) -> String {
        name_of("airReservations", &self.id)
    }
}
