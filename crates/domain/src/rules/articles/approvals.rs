//! Named parties approve each operation beforehand.

use serde::Deserialize;

use super::{KINETIC, Kind};
use crate::errors::Violation;
use crate::ids::ParticipantId;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// Who approves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Participants of the accord.
    pub parties: Vec<ParticipantId>,
}

impl Kind for Params {
    const NAME: &'static str = "APPROVALS";
    const APPLIES: &'static [Class] = KINETIC;

    fn violations(&self) -> Vec<Violation> {
        let empty = self.parties.is_empty();
        empty
            .then(|| Violation::new("parties", "at least one party", "", "name who approves"))
            .into_iter()
            .collect()
    }

    fn text(&self) -> String {
        let names: Vec<&str> = self.parties.iter().map(ParticipantId::as_str).collect();
        format!("Each operation is approved beforehand by {}.", names.join(", "))
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for party in self.parties.iter().filter(|party| !facts.approved_by(party)) {
            found.push(Finding::new(
                Code::ApprovalMissing,
                format!("{party} has not approved exactly this operation"),
            ));
        }
    }
}
