//! The place is the one that was meant and notified, and it was measured.

use serde::Deserialize;

use super::{KINETIC, Kind, not_negative};
use crate::errors::Violation;
use crate::geo::{LatLng, distance_m, reference_point};
use crate::rules::coordination::Said;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::AdverseFact;
use crate::rules::operation::Class;

/// How far off.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Metres beyond which it refers, where the radius of the effect area is not larger.
    pub mismatch_min_m: f64,
}

impl Kind for Params {
    const NAME: &'static str = "LOCATION";
    const APPLIES: &'static [Class] = KINETIC;

    fn violations(&self) -> Vec<Violation> {
        not_negative("mismatch_min_m", self.mismatch_min_m).into_iter().collect()
    }

    fn text(&self) -> String {
        format!(
            "The aim lies within the radius, or {} m, of the point meant and notified.",
            self.mismatch_min_m
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let operation = facts.operation;
        let aim = reference_point(&operation.effect_area);
        let limit_m = operation.radius_m().max(self.mismatch_min_m);
        let notified = facts.coordination.iter().filter_map(|given| match given.said {
            Said::Notice(point) => point,
            _ => None,
        });
        let points = operation.intended_point.map(|point| ("meant", point)).into_iter();
        let points: Vec<(&str, LatLng)> = points.chain(notified.map(|point| ("notified", point))).collect();
        for (what, point) in points {
            let off_m = distance_m(aim, point);
            if off_m.is_nan() || off_m > limit_m {
                let message = format!("the aim is {off_m:.0} m from the point that was {what}");
                found.push(Finding::new(Code::LocationMismatch, message).measured(off_m, limit_m, "m"));
            }
        }
        if operation.position_interpolated != AdverseFact::None {
            let message = "the position was not measured, or is not stated to be";
            found.push(Finding::new(Code::LocationUnverified, message));
        }
    }
}
