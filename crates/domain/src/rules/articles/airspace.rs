//! Air reservations of other parties are kept apart from in place, height or time.

use crate::table::Resource as _;
use serde::Deserialize;

use super::{ALL, Kind, not_negative};
use crate::errors::Violation;
use crate::rules::airspace::{Stage, Volume};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// Separation of which one must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// On the ground, in metres.
    pub horizontal_m: f64,
    /// In height, in metres.
    pub vertical_m: f64,
    /// In time, in seconds.
    pub time_s: i64,
}

impl Kind for Params {
    const NAME: &'static str = "AIRSPACE";
    const APPLIES: &'static [Class] = ALL;

    fn violations(&self) -> Vec<Violation> {
        let lengths = [("horizontal_m", self.horizontal_m), ("vertical_m", self.vertical_m)];
        let found = lengths.into_iter().filter_map(|(name, value)| not_negative(name, value));
        #[expect(clippy::cast_precision_loss, reason = "only the sign is looked at")]
        let time = not_negative("time_s", self.time_s as f64);
        found.chain(time).collect()
    }

    fn text(&self) -> String {
        let Self { horizontal_m, vertical_m, time_s } = self;
        format!(
            "Other parties' air reservations are passed at {horizontal_m} m, {vertical_m} m of height or {time_s} s."
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let own = Volume {
            area: facts.operation.effect_area.clone(),
            altitude_band: facts.operation.altitude_band,
            window: facts.operation.window,
        };
        for reservation in
            facts.reservations.iter().filter(|reservation| reservation.stage == Stage::Accepted)
        {
            let holder = &reservation.held_by.participant;
            if holder == facts.party || facts.consented(&reservation.name(), holder) {
                continue;
            }
            let widened = Self { horizontal_m: self.horizontal_m + facts.operation.accuracy_m, ..*self };
            let conflicts = reservation.volumes.iter().filter_map(|volume| own.conflict(volume, &widened));
            if let Some(distance_m) = conflicts.min_by(f64::total_cmp) {
                let message =
                    format!("conflicts with an air reservation of {holder} in place, height and time");
                let finding = Finding::new(Code::AirspaceConflict, message);
                found.push(finding.measured(distance_m, self.horizontal_m, "m").on(reservation.name()));
            }
        }
    }
}
