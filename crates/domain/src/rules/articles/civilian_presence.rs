//! The presence of civilians is assessed beforehand.

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
    const NAME: &'static str = "CIVILIAN_PRESENCE";
    const APPLIES: &'static [Class] = GROUND;

    fn text(&self) -> String {
        "The presence of civilians is assessed beforehand.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        match facts.operation.civilian_presence {
            Assessed::Assessed => {}
            Assessed::Reported => {
                found.push(Finding::new(Code::CivilianPresenceReported, "civilians were reported there"));
            }
            Assessed::Unspecified | Assessed::NotAssessed => {
                let message = "the presence of civilians was not assessed";
                found.push(Finding::new(Code::CivilianPresenceUnassessed, message));
            }
        }
    }
}
