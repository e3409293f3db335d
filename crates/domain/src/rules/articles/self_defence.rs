//! A claim of self-defence, emergency or troops in contact is looked at by people and opens nothing.

use serde::Deserialize;

use super::{ALL, Kind};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::{AdverseFact, Class};

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "SELF_DEFENCE";
    const APPLIES: &'static [Class] = ALL;

    fn text(&self) -> String {
        "A claim of self-defence, emergency or troops in contact is looked at by people and opens nothing."
            .to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let operation = facts.operation;
        let claims = [
            ("self-defence", operation.self_defence_claim),
            ("an emergency", operation.emergency_claim),
            ("troops in contact", operation.troops_in_contact_claim),
        ];
        for (what, _) in claims.into_iter().filter(|(_, claim)| *claim != AdverseFact::None) {
            let message = format!("{what} is claimed, or not stated not to be");
            found.push(Finding::new(Code::SelfDefenceRequiresReview, message));
        }
    }
}
