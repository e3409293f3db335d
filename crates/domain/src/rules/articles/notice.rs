//! Notice is given beforehand, early and exact.

use serde::Deserialize;

use super::{ALL, Kind, not_negative};
use crate::errors::Violation;
use crate::geo::{distance_m, reference_point};
use crate::registry::area::Kind as AreaKind;
use crate::rules::coordination::Said;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// When notice is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Asked {
    /// For every operation.
    Always,
    /// For operations that touch a border buffer.
    NearBorder,
}

/// How early and how exact.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Seconds before the window.
    pub min_lead_s: i64,
    /// Metres from the aim, where the radius of the effect area is not larger.
    pub max_offset_m: f64,
    /// When it is asked for.
    pub asked: Asked,
}

impl Kind for Params {
    const NAME: &'static str = "NOTICE";
    const APPLIES: &'static [Class] = ALL;

    fn violations(&self) -> Vec<Violation> {
        #[expect(clippy::cast_precision_loss, reason = "only the sign is looked at")]
        let lead = not_negative("min_lead_s", self.min_lead_s as f64);
        lead.into_iter().chain(not_negative("max_offset_m", self.max_offset_m)).collect()
    }

    fn text(&self) -> String {
        let where_asked = if self.asked == Asked::Always { "" } else { " near a border" };
        format!(
            "Notice is given{where_asked} at least {} s beforehand, within {} m.",
            self.min_lead_s, self.max_offset_m
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        if self.asked == Asked::NearBorder && !near_border(facts) {
            return;
        }
        let own = facts.coordination.iter().filter(|given| &given.by.participant == facts.party);
        let notices: Vec<_> = own
            .filter_map(|given| match given.said {
                Said::Notice(point) => Some((given.at, point)),
                _ => None,
            })
            .collect();
        let Some(at) = notices.iter().map(|(at, _)| *at).min() else {
            found.push(Finding::new(Code::NoticeMissing, "no notice of exactly this operation was given"));
            return;
        };
        let lead_s = facts.operation.window.start.seconds_since(at);
        if lead_s < self.min_lead_s {
            let finding =
                Finding::new(Code::NoticeTooShort, format!("notice was given {lead_s} s beforehand"));
            #[expect(clippy::cast_precision_loss, reason = "leads are far below 2^52 seconds")]
            found.push(finding.measured(lead_s as f64, self.min_lead_s as f64, "s"));
        }
        let aim = reference_point(&facts.operation.effect_area);
        let limit_m = facts.operation.radius_m().max(self.max_offset_m);
        // Of several notices of the same instant, the one that is farthest off counts.
        let first = notices.iter().filter(|(given_at, _)| *given_at == at);
        let off_m = first.filter_map(|(_, point)| *point).map(|point| distance_m(aim, point));
        if let Some(off_m) = off_m.max_by(f64::total_cmp).filter(|off_m| off_m.is_nan() || *off_m > limit_m) {
            let finding =
                Finding::new(Code::NoticeImprecise, format!("the notified point is {off_m:.0} m off"));
            found.push(finding.measured(off_m, limit_m, "m"));
        }
    }
}

fn near_border(facts: &Facts<'_>) -> bool {
    let borders = facts.registry.areas.iter().filter(|area| area.kind == AreaKind::BorderBuffer);
    let mut standing = borders.filter(|area| area.in_effect(&facts.operation.window));
    standing.any(|area| facts.near(&area.area, 0.0, 0.0).is_some())
}
