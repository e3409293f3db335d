//! Only a group that every party has designated may be the object of an operation.

use serde::Deserialize;

use super::{KINETIC, Kind};
use crate::registry::names::Standing;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "DESIGNATION";
    const APPLIES: &'static [Class] = KINETIC;

    fn text(&self) -> String {
        "Only a group that every party has designated may be the object of an operation.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let Some(claimed) = &facts.claimed else {
            found.push(Finding::new(Code::GroupNotDesignated, "no group is named"));
            return;
        };
        let group = &facts.operation.claimed_group;
        match claimed.standing {
            Standing::Designated if facts.claimed_until_end() => {}
            Standing::Designated => {
                let message = format!("the designation of {group:?} ends before the operation does");
                found.push(Finding::new(Code::GroupNotDesignated, message).on(&claimed.resource));
            }
            Standing::UnratifiedAlias | Standing::WeakAlias => {
                let message = format!("{group:?} is no name that every party has ratified as certain");
                found.push(Finding::new(Code::AliasNotRatified, message).on(&claimed.resource));
            }
            Standing::NotInForce | Standing::Unknown | Standing::NonTarget => {
                let message = format!("{group:?} denotes no group whose designation is in force");
                found.push(Finding::new(Code::GroupNotDesignated, message).on(&claimed.resource));
            }
        }
    }
}
