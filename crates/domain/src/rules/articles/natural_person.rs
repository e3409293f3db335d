//! No operation is directed at a natural person.

use serde::Deserialize;

use super::{ALL, Kind};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::{Class, TargetType};

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "NATURAL_PERSON";
    const APPLIES: &'static [Class] = ALL;

    fn text(&self) -> String {
        "No operation is directed at a natural person.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        if facts.operation.target_type == TargetType::NaturalPerson {
            found.push(Finding::new(
                Code::NaturalPersonTarget,
                "the operation is directed at a natural person",
            ));
        }
    }
}
