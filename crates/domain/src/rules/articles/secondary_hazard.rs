//! Secondary hazards are assessed beforehand.

use serde::Deserialize;

use super::{GROUND, Kind};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::{Assessed, Class};

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "SECONDARY_HAZARD";
    const APPLIES: &'static [Class] = GROUND;

    fn text(&self) -> String {
        "Secondary hazards are assessed beforehand.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        if facts.operation.secondary_hazard != Assessed::Assessed {
            let message = "secondary hazards were not assessed, or were reported";
            found.push(Finding::new(Code::SecondaryHazardUnassessed, message));
        }
    }
}
