//! What the other kinds do not cover: restrictions in a language of policies over the measured facts. They can only object.

use serde::Deserialize;

use super::{ALL, Kind};
use crate::errors::Violation;
use crate::limits::RESTRICTION_MAX_BYTES;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding, Verdict};
use crate::rules::operation::Class;
use crate::rules::restriction::Answer;

/// What an objection comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// The operation is denied.
    Deny,
    /// People of every party decide.
    Refer,
}

/// The restrictions.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// What an objection comes to.
    pub level: Level,
    /// The text of the restrictions.
    pub restriction: String,
}

impl Kind for Params {
    const NAME: &'static str = "CUSTOM";
    const APPLIES: &'static [Class] = ALL;

    fn violations(&self) -> Vec<Violation> {
        let bytes = self.restriction.len();
        let rule = format!("1 to {RESTRICTION_MAX_BYTES} bytes");
        let wrong = !(1..=RESTRICTION_MAX_BYTES).contains(&bytes);
        let remedy = "write several articles, each shorter";
        wrong.then(|| Violation::new("restriction", rule, bytes, remedy)).into_iter().collect()
    }

    fn text(&self) -> String {
        let outcome = match self.level {
            Level::Deny => "denied",
            Level::Refer => "decided by people",
        };
        format!("What one of these restrictions objects to is {outcome}: {}", self.restriction.trim())
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let compiled = facts.restrictions.and_then(|compiled| compiled.get(&self.restriction));
        let Some(restriction) = compiled else {
            let message = "the restrictions of this article could not be compiled";
            found.push(Finding::new(Code::EvaluationError, message));
            return;
        };
        let Answer { objecting, failing } = restriction.ask(facts.measured());
        for id in failing {
            let message = format!("the restriction {id} could not be evaluated");
            found.push(Finding::new(Code::EvaluationError, message).on(id));
        }
        for id in objecting {
            let mut finding =
                Finding::new(Code::CustomRestriction, format!("the restriction {id} objects")).on(id);
            finding.level = match self.level {
                Level::Deny => Verdict::Deny,
                Level::Refer => Verdict::Refer,
            };
            found.push(finding);
        }
    }
}
