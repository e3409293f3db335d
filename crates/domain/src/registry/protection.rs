//! Protected entities (no-strike entities) and claims that something is one.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::Approvals;
use crate::geo::Area;
use crate::table::Resource;
use crate::time::Timestamp;

/// What kind of thing is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Medical units (Additional Protocol I art. 12).
    Medical,
    /// Schools and universities.
    Education,
    /// Places of worship (art. 53).
    Religious,
    /// Cultural objects (art. 53).
    Cultural,
    /// Relief sites (art. 70).
    Humanitarian,
    /// Drinking water (art. 54).
    Water,
    /// Power supply.
    Power,
    /// Camps and shelters of displaced persons.
    Shelter,
    /// Diplomatic and consular premises.
    Diplomatic,
    /// Works containing dangerous forces (art. 56).
    DangerousForces,
    /// Media.
    Media,
    /// Food production and storage (art. 54).
    Food,
    /// Peacekeeping and United Nations premises.
    Peacekeeping,
    /// Any other civilian object (art. 52).
    OtherCivilian,
}

/// Where an entity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Claimed, not confirmed; refers.
    Claimed,
    /// Protected.
    Active,
    /// Removed by every party.
    Removed,
}

/// Something that must not be struck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectedEntity {
    /// Identifier.
    pub id: String,
    /// Version of the content.
    pub version: u32,
    /// Name for people.
    pub display_name: String,
    /// What it is.
    pub category: Category,
    /// Where it is.
    pub area: Area,
    /// Accuracy of the place in metres; widens the distances.
    pub accuracy_m: f64,
    /// Metres from the effect area within which operations are denied; 0 leaves it to the rule set.
    pub deny_distance_m: f64,
    /// Metres within which operations are referred; 0 leaves it to the rule set.
    pub refer_distance_m: f64,
    /// When somebody last verified the place.
    pub verified_at: Option<Timestamp>,
    /// Source of the notification; may be empty.
    pub source: String,
    /// Where it stands.
    pub stage: Stage,
    /// Places from which it moved, which protect until every party gives them up.
    pub former_areas: Vec<Area>,
    /// Who notified or claimed it.
    pub notified_by: Actor,
    /// When.
    pub notified_at: Timestamp,
    /// Consents to giving up the former places.
    pub former_area_consents: Option<Approvals>,
    /// Consents to removing it.
    pub removal: Option<Approvals>,
}

impl Resource for ProtectedEntity {
    fn id(&self) -> &str {
        &self.id
    }
}

impl ProtectedEntity {
    /// Every place that protects: the present one and the former ones.
    pub fn places(&self) -> impl Iterator<Item = &Area> {
        std::iter::once(&self.area).chain(&self.former_areas)
    }
}
