//! Where incidents were reported before, people decide: a near miss that repeats is a warning.

use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
use crate::errors::Violation;
use crate::geo::Area;
use crate::incidents::incident::Severity;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;
use crate::table::Resource as _;

/// How near, how soon, how severe and how many.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Metres from the effect area.
    pub within_m: f64,
    /// Seconds from an incident to the beginning of the operation.
    pub within_s: u32,
    /// The least severity that counts.
    pub min_severity: Severity,
    /// How many incidents; at least 1.
    pub count: u32,
}

impl Kind for Params {
    const NAME: &'static str = "INCIDENT_SITE";
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        let none = (self.count == 0).then(|| Violation::new("count", "at least 1", 0, "say how many"));
        not_negative("within_m", self.within_m).into_iter().chain(none).collect()
    }

    fn text(&self) -> String {
        let Self { within_m, within_s, min_severity, count } = self;
        format!(
            "Where {count} or more incidents of at least {min_severity:?} were reported within {within_m} m and {within_s} s, people decide."
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let recent = facts.incidents.incidents.iter().filter(|incident| {
            let since_s = facts.operation.window.start.seconds_since(incident.report.occurred_at);
            incident.report.severity >= self.min_severity && since_s <= self.within_s.into()
        });
        let there: Vec<_> = recent
            .filter(|incident| {
                let place = Area::point(incident.report.location);
                facts.near(&place, incident.report.location_precision_m, self.within_m).is_some()
            })
            .collect();
        let count = u32::try_from(there.len()).unwrap_or(u32::MAX);
        if count < self.count {
            return;
        }
        for incident in there {
            let message = format!("an incident was reported there at {}", incident.reported_at);
            let finding = Finding::new(Code::RepeatIncidentSite, message);
            found.push(finding.measured(count.into(), self.count.into(), "incidents").on(incident.name()));
        }
    }
}
