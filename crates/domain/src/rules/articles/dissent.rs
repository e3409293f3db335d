//! Where somebody who assessed the operation disagrees, people of every party decide.

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
    const NAME: &'static str = "DISSENT";
    const APPLIES: &'static [Class] = KINETIC;

    fn text(&self) -> String {
        "Where somebody who assessed the operation disagrees, people of every party decide.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        if facts.operation.dissent != AdverseFact::None {
            let message = "a dissenting assessment is present, or not stated to be absent";
            found.push(Finding::new(Code::DissentingAssessment, message));
        }
    }
}
