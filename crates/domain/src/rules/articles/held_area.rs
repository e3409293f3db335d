//! In a held area no operation takes place until a joint determination.

use serde::Deserialize;

use super::{GROUND, Kind};
use crate::registry::area::Kind as AreaKind;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "HELD_AREA";
    const APPLIES: &'static [Class] = GROUND;

    fn text(&self) -> String {
        "In a held area no operation takes place until a joint determination.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let areas = facts.registry.areas.iter().filter(|area| area.kind == AreaKind::HeldArea);
        for area in areas.filter(|area| area.in_effect(&facts.operation.window)) {
            if let Some(distance_m) = facts.near(&area.area, 0.0, 0.0) {
                let message = format!("the effect area touches {:?}", area.display_name);
                found.push(
                    Finding::new(Code::AreaHeld, message).measured(distance_m, 0.0, "m").on(area.name()),
                );
            }
        }
    }
}
