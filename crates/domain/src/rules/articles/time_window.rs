//! The window is not too long.

use serde::Deserialize;

use super::{ALL, Kind, not_negative};
use crate::errors::Violation;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// The limit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// In seconds.
    pub max_s: f64,
}

impl Kind for Params {
    const NAME: &'static str = "TIME_WINDOW";
    const APPLIES: &'static [Class] = ALL;

    fn violations(&self) -> Vec<Violation> {
        not_negative("max_s", self.max_s).into_iter().collect()
    }

    fn text(&self) -> String {
        format!("At most {} seconds; beyond that people decide.", self.max_s)
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let measured = window_s(facts);
        if measured > self.max_s {
            let finding = Finding::new(Code::TimeWindowTooLong, format!("{measured} seconds are asked for"));
            found.push(finding.measured(measured, self.max_s, "s"));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "windows are far below 2^52 seconds")]
fn window_s(facts: &Facts<'_>) -> f64 {
    facts.operation.window.end.seconds_since(facts.operation.window.start) as f64
}
