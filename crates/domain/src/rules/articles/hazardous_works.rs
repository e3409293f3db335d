//! Works containing dangerous forces: dams, dykes, nuclear stations (Additional Protocol I art. 56).

use serde::Deserialize;

use super::{GROUND, Kind, distances, kept_clear};
use crate::errors::Violation;
use crate::registry::protection::Category;
use crate::rules::facts::{Facts, Nearby};
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// Distances from the effect area; an entity's own hold where they are larger.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Metres within which it denies.
    pub deny_m: f64,
    /// Metres within which it refers.
    pub refer_m: f64,
}

impl Kind for Params {
    const NAME: &'static str = "HAZARDOUS_WORKS";
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        distances(self.deny_m, self.refer_m)
    }

    fn text(&self) -> String {
        let Self { deny_m, refer_m } = self;
        format!(
            "Works containing dangerous forces: denied within {deny_m} m, decided by people within {refer_m} m, or the entity's own distances."
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let codes = (Code::HazardousWorks, Code::HazardousWorksNearby);
        let works = |nearby: &&Nearby<'_>| nearby.entity.category == Category::DangerousForces;
        for nearby in facts.entities().iter().filter(works) {
            found.extend(kept_clear(facts, nearby, (self.deny_m, self.refer_m), codes));
        }
    }
}
