//! Where the unit cannot see current data, people of every party decide.

use serde::Deserialize;

use super::{KINETIC, Kind};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::{AdverseFact, Class};

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "IDENTIFICATION";
    const APPLIES: &'static [Class] = KINETIC;

    fn text(&self) -> String {
        "Where the unit cannot see current data, people of every party decide.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        if facts.operation.data_link_lost != AdverseFact::None {
            let message = "the unit cannot see current data, or is not stated to see it";
            found.push(Finding::new(Code::PositiveIdentificationIncomplete, message));
        }
    }
}
