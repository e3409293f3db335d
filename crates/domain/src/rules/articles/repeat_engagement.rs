//! Where an engagement took place and the response goes on, no further one takes place: rescuers and wounded are there.

use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
use crate::errors::Violation;
use crate::geo::Area;
use crate::incidents::engagement::Response;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;
use crate::table::Resource as _;

/// How near and how soon.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Metres from the effect area.
    pub within_m: f64,
    /// Seconds from the engagement to the beginning of the operation.
    pub within_s: u32,
}

impl Kind for Params {
    const NAME: &'static str = "REPEAT_ENGAGEMENT";
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        not_negative("within_m", self.within_m).into_iter().collect()
    }

    fn text(&self) -> String {
        let Self { within_m, within_s } = self;
        format!(
            "Within {within_m} m and {within_s} s of an engagement at which the response goes on, no other takes place."
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for engagement in facts.incidents.engagements.iter() {
            let account = &engagement.account;
            let since_s = facts.operation.window.start.seconds_since(account.occurred_at);
            if account.response == Response::Ended || since_s > self.within_s.into() {
                continue;
            }
            if let Some(distance_m) = facts.near(&Area::point(account.location), 0.0, self.within_m) {
                let message = format!(
                    "an engagement took place there at {}, and the response goes on",
                    account.occurred_at
                );
                let finding = Finding::new(Code::RepeatEngagementAtIncidentSite, message);
                found.push(finding.measured(distance_m, self.within_m, "m").on(engagement.name()));
            }
        }
    }
}
