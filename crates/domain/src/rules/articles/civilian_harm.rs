//! Expected harm to civilians is decided by people, and bounded.

use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
use crate::errors::Violation;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// Limits of the submitted upper estimate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Killed and injured together at which it refers.
    pub refer_at_persons: f64,
    /// Killed at which it denies; absent means that it never denies.
    #[serde(default)]
    pub deny_at_killed: Option<f64>,
}

impl Kind for Params {
    const NAME: &'static str = "CIVILIAN_HARM";
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        let deny = self.deny_at_killed.and_then(|killed| not_negative("deny_at_killed", killed));
        not_negative("refer_at_persons", self.refer_at_persons).into_iter().chain(deny).collect()
    }

    fn text(&self) -> String {
        let deny = self.deny_at_killed.map(|killed| format!(" From {killed} killed it does not take place."));
        format!(
            "From {} expected casualties people decide.{}",
            self.refer_at_persons,
            deny.unwrap_or_default()
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let estimate = facts.operation.harm_estimate.as_ref();
        let killed = estimate.and_then(|estimate| estimate.killed).map(f64::from);
        let injured = estimate.and_then(|estimate| estimate.injured).map(f64::from);
        if let Some((killed, limit)) =
            killed.zip(self.deny_at_killed).filter(|(killed, limit)| killed >= limit)
        {
            let message = format!("{killed} killed are expected");
            found.push(Finding::new(Code::HarmLimitExceeded, message).measured(killed, limit, "persons"));
        }
        match killed.zip(injured) {
            None => {
                let message = "no whole estimate of killed and injured was given; unknown is not zero";
                found.push(Finding::new(Code::HarmEstimateRequiresJointDecision, message));
            }
            Some((killed, injured)) if killed + injured >= self.refer_at_persons => {
                let finding =
                    Finding::new(Code::HarmEstimateRequiresJointDecision, "casualties are expected");
                found.push(finding.measured(killed + injured, self.refer_at_persons, "persons"));
            }
            Some(_) => {}
        }
    }
}
