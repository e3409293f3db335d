//! Areas in which operations are restricted.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::Approvals;
use crate::geo::{AltitudeBand, Area};
use crate::table::Resource;
use crate::time::Interval;

/// What an area means for operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// A cessation of hostilities; denies, save against the groups that it excludes.
    Ceasefire,
    /// Near a border; refers.
    BorderBuffer,
    /// Where forces that the declaring party speaks for are; denies others without its consent.
    GroundArea,
    /// Densely populated; refers.
    PopulatedArea,
    /// Held until a joint determination; denies.
    HeldArea,
}

/// Where an area stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// In effect during its window.
    Active,
    /// Ended before its time.
    Ended,
}

/// An area in which operations are restricted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestrictedArea {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub display_name: String,
    /// What it means.
    pub kind: Kind,
    /// Where it is.
    pub area: Area,
    /// When it is in effect; absent means without end.
    pub window: Option<Interval>,
    /// Heights to which it reaches; absent means all.
    pub altitude_band: Option<AltitudeBand>,
    /// Groups to which a ceasefire does not apply.
    pub excluded_groups: Vec<String>,
    /// Groups whose forces are present in a ground area.
    pub present_groups: Vec<String>,
    /// Where it stands.
    pub stage: Stage,
    /// Who declared it.
    pub declared_by: Actor,
    /// Consents to ending it.
    pub end_consents: Option<Approvals>,
}

impl Resource for RestrictedArea {
    fn id(&self) -> &str {
        &self.id
    }
}

impl RestrictedArea {
    /// Whether it is in effect at some instant of `window`.
    #[must_use]
    pub fn in_effect(&self, window: &Interval) -> bool {
        self.stage == Stage::Active && self.window.is_none_or(|own| own.overlaps(window))
    }
}
