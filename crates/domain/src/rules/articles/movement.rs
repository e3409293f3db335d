//! Protected movements are kept clear of, from their notification until their completion.

use crate::table::Resource as _;
use serde::Deserialize;

use super::{KINETIC, Kind};
use crate::registry::movement::{Kind as MovementKind, Level, Movement, Plan, Stage};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// How long before and after.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Seconds by which a movement's window is grown on either side.
    pub time_pad_s: u32,
}

impl Kind for Params {
    const NAME: &'static str = "MOVEMENT";
    const APPLIES: &'static [Class] = KINETIC;

    fn text(&self) -> String {
        format!(
            "Protected movements are kept clear of, {} s before and after their windows too.",
            self.time_pad_s
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for movement in facts.registry.movements.iter().filter(|movement| movement.stage == Stage::Notified) {
            let touched = movement.plans().filter_map(|plan| Some((plan, reached(facts, plan)?)));
            let Some((plan, distance_m)) = touched.min_by(|a, b| a.1.total_cmp(&b.1)) else { continue };
            let overlaps = movement.plans().any(|plan| {
                let window = plan.window.padded(self.time_pad_s.into());
                reached(facts, plan).is_some() && window.overlaps(&facts.operation.window)
            });
            let (limit_m, name) = (plan.buffer_m, &movement.display_name);
            if overlaps {
                let message = format!("the effect area reaches into the buffer of {name:?}");
                let finding = Finding::new(Code::ProtectedMovementOverlap, message);
                found.push(finding.measured(distance_m, limit_m, "m").on(movement.name()));
                unacknowledged(facts, movement, found);
            } else if movement.plans().all(|plan| plan.window.end <= facts.operation.window.start) {
                let message = format!("{name:?} is over by its window, and not completed");
                found.push(Finding::new(Code::MovementNotClosed, message).on(movement.name()));
            }
        }
    }
}

fn reached(facts: &Facts<'_>, plan: &Plan) -> Option<f64> {
    // A movement on the ground is met by whatever has effects there, from whichever height it comes.
    let in_the_air = plan.altitude_band.as_ref();
    let height = in_the_air.is_none() || facts.meets(in_the_air);
    facts.near_route(&plan.route, plan.buffer_m).filter(|_| height)
}

fn unacknowledged(facts: &Facts<'_>, movement: &Movement, found: &mut Vec<Finding>) {
    if movement.kind != MovementKind::Notified {
        return;
    }
    let unit_of = |party| {
        movement
            .acknowledgements
            .iter()
            .any(|given| &given.by.participant == party && given.level == Level::Unit)
    };
    for party in facts.accord.parties().filter(|party| !unit_of(*party)) {
        let message = format!("no unit of {party} has acknowledged {:?}", movement.display_name);
        found.push(Finding::new(Code::UnacknowledgedNotification, message).on(movement.name()));
    }
}
