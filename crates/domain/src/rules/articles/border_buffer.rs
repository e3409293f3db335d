//! Near a border people of every party decide.

use serde::Deserialize;

use super::{KINETIC, Kind, touching};
use crate::registry::area::Kind as AreaKind;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "BORDER_BUFFER";
    const APPLIES: &'static [Class] = KINETIC;

    fn text(&self) -> String {
        "Near a border people of every party decide.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for (area, distance_m) in facts.touched(AreaKind::BorderBuffer) {
            found.push(touching(Code::BorderBuffer, area, distance_m));
        }
    }
}
