//! An entry near the effect area that nobody has verified for long is pointed out; it protects all the same.

use crate::table::Resource as _;
use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
use crate::errors::Violation;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;
use crate::time::Timestamp;

/// How old, and how near.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Seconds since the last verification.
    pub max_age_s: u32,
    /// Metres from the effect area.
    pub within_m: f64,
}

impl Kind for Params {
    const NAME: &'static str = "REGISTRY_FRESHNESS";
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        not_negative("within_m", self.within_m).into_iter().collect()
    }

    fn text(&self) -> String {
        format!(
            "Entries within {} m that were not verified for {} s are decided by people.",
            self.within_m, self.max_age_s
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for nearby in facts.entities() {
            let entity = nearby.entity;
            let stale = self.stale(facts, &entity.display_name, entity.verified_at);
            if let Some(stale) = stale.filter(|_| facts.nearest_place(nearby, self.within_m).is_some()) {
                found.push(stale.on(entity.name()));
            }
        }
        for area in facts.registry.areas.iter().filter(|area| area.in_effect(&facts.operation.window)) {
            let stale = self.stale(facts, &area.display_name, area.verified_at);
            if let Some(stale) = stale.filter(|_| facts.near(&area.area, 0.0, self.within_m).is_some()) {
                found.push(stale.on(area.name()));
            }
        }
    }
}

impl Params {
    /// The finding about an entry that nobody has verified for too long.
    fn stale(&self, facts: &Facts<'_>, name: &str, verified_at: Option<Timestamp>) -> Option<Finding> {
        let verified_at = verified_at?;
        let age_s = facts.at.seconds_since(verified_at);
        #[expect(clippy::cast_precision_loss, reason = "ages are far below 2^52 seconds")]
        let finding = || {
            let message = format!("{name:?} was verified last at {verified_at}");
            let limit = f64::from(self.max_age_s);
            Finding::new(Code::StaleRegistryEntry, message).measured(age_s as f64, limit, "s")
        };
        (age_s > i64::from(self.max_age_s)).then(finding)
    }
}
