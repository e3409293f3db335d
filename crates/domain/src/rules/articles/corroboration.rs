//! Several sources of different origin.

use serde::Deserialize;

use super::{KINETIC, Kind};
use crate::errors::Violation;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// How many sources.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Sources of different origin.
    pub min_sources: u32,
}

impl Kind for Params {
    const NAME: &'static str = "CORROBORATION";
    const APPLIES: &'static [Class] = KINETIC;

    fn violations(&self) -> Vec<Violation> {
        let none = self.min_sources == 0;
        none.then(|| Violation::new("min_sources", "at least 1", 0, "ask for sources")).into_iter().collect()
    }

    fn text(&self) -> String {
        format!("An operation rests on at least {} sources of different origin.", self.min_sources)
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let count = u32::try_from(facts.operation.origins().len()).unwrap_or(u32::MAX);
        if count < self.min_sources {
            let message = format!("{count} sources of different origin were named");
            let finding = Finding::new(Code::SingleSourceIntelligence, message);
            found.push(finding.measured(count.into(), self.min_sources.into(), "sources"));
        }
    }
}
