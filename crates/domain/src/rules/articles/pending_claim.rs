//! A claim that something is protected is decided before an operation near it.

use crate::table::Resource as _;
use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
use crate::errors::Violation;
use crate::registry::protection::Stage;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// How near.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Metres from the effect area; a claim's own distances hold where they are larger.
    pub within_m: f64,
}

impl Kind for Params {
    const NAME: &'static str = "PENDING_CLAIM";
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        not_negative("within_m", self.within_m).into_iter().collect()
    }

    fn text(&self) -> String {
        format!(
            "Claims of protection within {} m, or their own distances, are decided by people.",
            self.within_m
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for nearby in facts.entities().iter().filter(|nearby| nearby.entity.stage == Stage::Claimed) {
            let claim = nearby.entity;
            let reach_m = self.within_m.max(claim.deny_distance_m).max(claim.refer_distance_m);
            if let Some(distance_m) = facts.nearest_place(nearby, reach_m) {
                let message = format!("{:?} is claimed to be protected", claim.display_name);
                let finding = Finding::new(Code::PendingProtectionClaim, message);
                found.push(finding.measured(distance_m, reach_m, "m").on(claim.name()));
            }
        }
    }
}
