//! In a cessation of hostilities no operation takes place, save against the groups that it excludes.

use serde::Deserialize;

use super::{KINETIC, Kind};
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
        let areas = facts.registry.areas.iter().filter(|area| area.kind == AreaKind::Ceasefire);
        for area in areas.filter(|area| area.in_effect(&facts.operation.window)) {
            if area.excluded_groups.iter().any(|group| facts.is_claimed(group)) {
                continue;
            }
            if let Some(distance_m) = facts.near(&area.area, 0.0, 0.0) {
                let message = format!("the effect area touches {:?}", area.display_name);
                found.push(
                    Finding::new(Code::CeasefireArea, message).measured(distance_m, 0.0, "m").on(area.name()),
                );
            }
        }
    }
}
