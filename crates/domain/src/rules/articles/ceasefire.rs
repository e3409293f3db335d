//! In a cessation of hostilities no operation takes place, save against the groups that it excludes.

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
    const NAME: &'static str = "CEASEFIRE";
    const APPLIES: &'static [Class] = KINETIC;

    fn text(&self) -> String {
        "In a cessation of hostilities no operation takes place, save against the groups that it excludes."
            .to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for (area, distance_m) in facts.touched(AreaKind::Ceasefire) {
            if !area.excluded_groups.iter().any(|group| facts.is_claimed(group)) {
                found.push(touching(Code::CeasefireArea, area, distance_m));
            }
        }
    }
}
