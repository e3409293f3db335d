//! Where the object also serves civilians, people of every party decide.

use serde::Deserialize;

use super::{GROUND, Kind};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::{AdverseFact, Class};

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "DUAL_USE";
    const APPLIES: &'static [Class] = GROUND;

    fn text(&self) -> String {
        "Where the object also serves civilians, people of every party decide.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        if facts.operation.dual_use != AdverseFact::None {
            let message = "the object also serves civilians, or is not stated not to";
            found.push(Finding::new(Code::DualUseObject, message));
        }
    }
}
