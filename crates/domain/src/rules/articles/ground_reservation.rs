//! In another party's ground area no operation takes place without its consent to exactly that operation.

use crate::table::Resource as _;
use serde::Deserialize;

use super::{GROUND, Kind};
use crate::registry::area::Kind as AreaKind;
use crate::registry::names::Standing;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "GROUND_RESERVATION";
    const APPLIES: &'static [Class] = GROUND;

    fn text(&self) -> String {
        "In another party's ground area no operation takes place without its consent to exactly that operation.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for (area, distance_m) in facts.touched(AreaKind::GroundArea) {
            let holder = &area.declared_by.participant;
            if !facts.meets(area.altitude_band.as_ref()) {
                continue;
            }
            if holder != facts.party && !facts.consented(&area.name(), holder) {
                let message =
                    format!("the effect area touches a ground area of {holder}, which has not consented");
                let finding = Finding::new(Code::OtherPartyReservation, message);
                found.push(finding.measured(distance_m, 0.0, "m").on(area.name()));
            }
            for group in &area.present_groups {
                if facts.registry.resolve(group, facts.at).standing == Standing::NonTarget {
                    let message = format!(
                        "{group:?}, which is no acceptable target, is present in a touched ground area"
                    );
                    found.push(Finding::new(Code::NotAcceptableGroup, message).on(area.name()));
                }
            }
        }
    }
}
