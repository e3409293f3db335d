//! Whoever submits an operation shows that it has read what stands nearby, as it stands now.
//!
//! SPEC: ASTM F3548-21 asks a writer for the OVNs of everything relevant in the same way. A permit falls with any change
//! of what it was given over, since its etags are then those of an earlier version.

use serde::{Deserialize, Serialize};

use super::{KINETIC, Kind, not_negative};
use crate::errors::Violation;
use crate::fold::etag;
use crate::registry::{movement, protection};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;
use crate::table::Resource;

/// How near.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Metres from the effect area.
    pub within_m: f64,
}

impl Kind for Params {
    const NAME: &'static str = "KNOWLEDGE";
    const APPLIES: &'static [Class] = KINETIC;

    fn violations(&self) -> Vec<Violation> {
        not_negative("within_m", self.within_m).into_iter().collect()
    }

    fn text(&self) -> String {
        format!(
            "An operation states the etags of the protected entities, movements and areas within {} m, as they stand.",
            self.within_m
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let registry = facts.registry;
        for nearby in facts.entities().iter().filter(|row| row.entity.stage == protection::Stage::Active) {
            let distance_m = facts.nearest_place(nearby, self.within_m);
            self.asked(facts, nearby.entity, &nearby.entity.display_name, distance_m, found);
        }
        for movement in registry.movements.iter().filter(|row| row.stage == movement::Stage::Notified) {
            let routes = movement.plans().filter_map(|plan| facts.near_route(&plan.route, self.within_m));
            let distance_m = routes.min_by(f64::total_cmp);
            self.asked(facts, movement.as_ref(), &movement.display_name, distance_m, found);
        }
        for area in registry.areas.iter().filter(|area| area.in_effect(&facts.operation.window)) {
            let distance_m = facts.near(&area.area, 0.0, self.within_m);
            self.asked(facts, area.as_ref(), &area.display_name, distance_m, found);
        }
    }
}

impl Params {
    /// Finds fault where a row is near and its etag is not among those that were read.
    fn asked<R: Resource + Serialize>(
        &self,
        facts: &Facts<'_>,
        row: &R,
        display_name: &str,
        distance_m: Option<f64>,
        found: &mut Vec<Finding>,
    ) {
        let Some(distance_m) = distance_m else { return };
        let name = row.name();
        match etag(row) {
            Ok(current) if facts.operation.known_etags.contains(&current) => {}
            Ok(_) => {
                let message =
                    format!("the operation does not state the etag of {display_name:?} as it stands now");
                let finding = Finding::new(Code::KnowledgeIncomplete, message);
                found.push(finding.measured(distance_m, self.within_m, "m").on(name));
            }
            Err(_) => found.push(Finding::new(Code::EvaluationError, format!("{name} has no etag")).on(name)),
        }
    }
}
