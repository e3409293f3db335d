//! The effect area is not too large.

use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
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
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        not_negative("max_radius_m", self.max_radius_m).into_iter().collect()
    }

    fn text(&self) -> String {
        format!("At most {} metres of radius; beyond that people decide.", self.max_radius_m)
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let measured = facts.operation.radius_m() + facts.operation.accuracy_m;
        if measured > self.max_radius_m {
            let finding =
                Finding::new(Code::EffectAreaTooLarge, format!("{measured} metres of radius are asked for"));
            found.push(finding.measured(measured, self.max_radius_m, "m"));
        }
    }
}
