//! While cooperation with a party is suspended its operations are denied, while it is restricted people decide.

use serde::Deserialize;

use super::{ALL_BUT_MEDICAL, Kind};
use crate::incidents::cooperation::{Domain, Effect, Scope};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;
use crate::table::Resource as _;

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "COOPERATION";
    const APPLIES: &'static [Class] = ALL_BUT_MEDICAL;

    fn text(&self) -> String {
        "No operation of a party with which cooperation is suspended; while it is restricted people decide."
            .to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for suspension in facts.incidents.suspensions_of(facts.party, Domain::Operations, None) {
            let named = suspension.scope == Scope::KineticAndFlights || facts.class != Class::Flight;
            let there = suspension.area.as_ref().is_none_or(|area| facts.near(area, 0.0, 0.0).is_some());
            if !(named && there) {
                continue;
            }
            let (code, word) = match suspension.effect {
                Effect::Suspended => (Code::PartySuspended, "suspended"),
                Effect::Restricted => (Code::CooperationRestricted, "restricted"),
            };
            let message = format!("cooperation with {} is {word} since {}", facts.party, suspension.at);
            found.push(Finding::new(code, message).on(suspension.name()));
        }
    }
}
