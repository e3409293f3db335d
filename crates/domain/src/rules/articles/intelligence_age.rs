//! Sources are not too old.

use serde::Deserialize;

use super::{KINETIC, Kind};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// How old.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Seconds.
    pub max_age_s: u32,
}

impl Kind for Params {
    const NAME: &'static str = "INTELLIGENCE_AGE";
    const APPLIES: &'static [Class] = KINETIC;

    fn text(&self) -> String {
        format!("No source is older than {} seconds.", self.max_age_s)
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for source in &facts.operation.sources {
            let age_s = source.collected_at.map(|at| facts.at.seconds_since(at));
            if age_s.is_some_and(|age_s| (0..=i64::from(self.max_age_s)).contains(&age_s)) {
                continue;
            }
            let message = format!("the source of origin {:?} is too old, or of unknown age", source.origin);
            let finding = Finding::new(Code::IntelligenceStale, message);
            #[expect(clippy::cast_precision_loss, reason = "ages are far below 2^52 seconds")]
            let age_s = age_s.map(|age_s| age_s as f64);
            found.push(match age_s {
                Some(age_s) => finding.measured(age_s, self.max_age_s.into(), "s"),
                None => finding,
            });
        }
    }
}
