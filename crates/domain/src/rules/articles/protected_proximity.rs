//! Nothing protected lies in, or too near, the effect area.

use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
use crate::errors::Violation;
use crate::registry::protection::Stage;
use crate::rules::facts::Facts;
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
    const NAME: &'static str = "PROTECTED_PROXIMITY";
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        let lengths = [("deny_m", self.deny_m), ("refer_m", self.refer_m)];
        lengths.into_iter().filter_map(|(name, value)| not_negative(name, value)).collect()
    }

    fn text(&self) -> String {
        let Self { deny_m, refer_m } = self;
        format!(
            "Protected entities: denied within {deny_m} m, decided by people within {refer_m} m, or the entity's own distances."
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let active = facts.registry.protected_entities.iter().filter(|entity| entity.stage == Stage::Active);
        for entity in active {
            let deny_m = self.deny_m.max(entity.deny_distance_m);
            let refer_m = self.refer_m.max(entity.refer_distance_m);
            let distances =
                entity.places().filter_map(|place| facts.near(place, entity.accuracy_m, deny_m.max(refer_m)));
            let Some(distance_m) = distances.min_by(f64::total_cmp) else { continue };
            let (code, limit_m) = if distance_m > deny_m {
                (Code::ProtectedEntityBuffer, refer_m)
            } else {
                (Code::ProtectedEntityOverlap, deny_m)
            };
            let message = format!(
                "{:?} is {distance_m:.0} m from the effect area, limit {limit_m:.0} m",
                entity.display_name
            );
            found.push(Finding::new(code, message).measured(distance_m, limit_m, "m").on(entity.name()));
        }
    }
}
