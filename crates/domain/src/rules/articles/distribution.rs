//! What was notified has reached those who would act: the submitting party has acknowledged every movement nearby at each
//! level. MOVEMENT asks the same of every party's unit where a movement is in the way.

use crate::table::Resource as _;
use serde::Deserialize;

use super::{KINETIC, Kind, not_negative};
use crate::errors::Violation;
use crate::registry::movement::{Kind as MovementKind, Level, Movement, Stage};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// How near, and at which levels.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Metres from the effect area to the route, at whatever height.
    pub within_m: f64,
    /// Each of these has acknowledged the present version.
    pub levels: Vec<Level>,
    /// Seconds by which a movement's window is grown on either side; 0 where it is left out.
    #[serde(default)]
    pub time_pad_s: u32,
}

impl Kind for Params {
    const NAME: &'static str = "DISTRIBUTION";
    const APPLIES: &'static [Class] = KINETIC;

    fn violations(&self) -> Vec<Violation> {
        let none = self.levels.is_empty();
        let none = none
            .then(|| Violation::new("levels", "at least one level", "", "name who must have received it"));
        not_negative("within_m", self.within_m).into_iter().chain(none).collect()
    }

    fn text(&self) -> String {
        let levels: Vec<&str> = self.levels.iter().map(|level| level.as_str()).collect();
        format!(
            "Movements within {} m, {} s before and after their windows too, were acknowledged by the submitting party at {}.",
            self.within_m,
            self.time_pad_s,
            levels.join(", ")
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let asked = |movement: &&std::sync::Arc<Movement>| {
            movement.stage == Stage::Notified && movement.kind == MovementKind::Notified
        };
        for movement in facts.registry.movements.iter().filter(asked) {
            let Some(distance_m) = self.nearest_m(facts, movement) else { continue };
            for level in self.levels.iter().filter(|level| !acknowledged(facts, movement, **level)) {
                let message = format!(
                    "{} of {} has not acknowledged version {} of {:?}",
                    level.as_str(),
                    facts.party,
                    movement.version,
                    movement.display_name
                );
                let finding = Finding::new(Code::DistributionIncomplete, message);
                found.push(finding.measured(distance_m, self.within_m, "m").on(movement.name()));
            }
        }
    }
}

impl Params {
    /// Metres to the nearest route of a movement that is under way during the operation, where that is within the limit.
    fn nearest_m(&self, facts: &Facts<'_>, movement: &Movement) -> Option<f64> {
        let during = movement
            .plans()
            .filter(|plan| plan.window.padded(self.time_pad_s.into()).overlaps(&facts.operation.window));
        during.filter_map(|plan| facts.near_route(&plan.route, self.within_m)).min_by(f64::total_cmp)
    }
}

fn acknowledged(facts: &Facts<'_>, movement: &Movement, level: Level) -> bool {
    movement.acknowledgements.iter().any(|given| &given.by.participant == facts.party && given.level == level)
}
