//! The effect area is stated, and not too large where effects are on the ground.

use serde::Deserialize;

use super::{ALL, Kind, not_negative};
use crate::errors::Violation;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// The limit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// In metres of radius.
    pub max_radius_m: f64,
}

impl Kind for Params {
    const NAME: &'static str = "EFFECT_AREA";
    const APPLIES: &'static [Class] = ALL;

    fn violations(&self) -> Vec<Violation> {
        not_negative("max_radius_m", self.max_radius_m).into_iter().collect()
    }

    fn text(&self) -> String {
        let max_radius_m = self.max_radius_m;
        format!(
            "A stated extent, on the ground of at most {max_radius_m} metres of radius; else people decide."
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let radius_m = facts.operation.radius_m();
        if radius_m <= 0.0 {
            // A point has no effects; what is not stated is not nothing.
            let finding = Finding::new(Code::EffectAreaTooLarge, "no extent of its effects is stated");
            found.push(finding.measured(radius_m, self.max_radius_m, "m"));
            return;
        }
        let measured = radius_m + facts.operation.accuracy_m;
        if facts.class == Class::KineticGround && measured > self.max_radius_m {
            let finding =
                Finding::new(Code::EffectAreaTooLarge, format!("{measured} metres of radius are asked for"));
            found.push(finding.measured(measured, self.max_radius_m, "m"));
        }
    }
}
