//! No operation is directed at a group that a party has named as no acceptable target.

use serde::Deserialize;

use super::{GROUND, Kind};
use crate::registry::names::Standing;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "NON_TARGET_GROUP";
    const APPLIES: &'static [Class] = GROUND;

    fn text(&self) -> String {
        "No operation is directed at a group that a party has named as no acceptable target.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        if let Some(claimed) =
            facts.claimed.as_ref().filter(|claimed| claimed.standing == Standing::NonTarget)
        {
            let message = format!("{:?} is named as no acceptable target", claimed.matched_name);
            found.push(Finding::new(Code::NotAcceptableGroup, message).on(&claimed.resource));
        }
    }
}
