//! Groups that are mixed: a designated group counts at the lowest level that any party reports, any other at the highest.

use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
use crate::errors::Violation;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;
use std::collections::BTreeMap;

use crate::registry::names::Standing;
use crate::registry::presence::{Level, Subject};

/// Seconds after which an assessment counts for nothing, at most (72 h).
pub const AGE_MAX_S: i64 = 72 * 3_600;

/// Where and how long assessments count.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Metres by which the effect area is grown.
    pub separation_m: f64,
    /// Seconds for which an assessment counts.
    pub max_age_s: i64,
}

impl Kind for Params {
    const NAME: &'static str = "COMMINGLING";
    const APPLIES: &'static [Class] = GROUND;

    fn violations(&self) -> Vec<Violation> {
        let age = (!(1..=AGE_MAX_S).contains(&self.max_age_s)).then(|| {
            let rule = format!("from 1 to {AGE_MAX_S} seconds");
            Violation::new("max_age_s", rule, self.max_age_s, "ask for newer assessments")
        });
        not_negative("separation_m", self.separation_m).into_iter().chain(age).collect()
    }

    fn text(&self) -> String {
        "Every party confirms the designated group there, and that no other armed group is.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let confirmed = self.confirmed_by_all(facts, found);
        let other = self.others(facts);
        if other >= Level::Confirmed && confirmed {
            let message = "the designated group and another armed group are both confirmed there";
            found.push(Finding::new(Code::Commingled, message));
        } else if other > Level::None {
            let message = "another armed group may be there, or not every party has said that none is";
            found.push(Finding::new(Code::CommingledGroups, message));
        }
    }
}

impl Params {
    /// Whether every party confirms the claimed group over the whole effect area; names those that do not.
    fn confirmed_by_all(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) -> bool {
        if facts.claimed.is_none() {
            return false;
        }
        let mut all = true;
        for party in facts.accord.parties() {
            let level = facts.newest_of(party, self.max_age_s, |row| {
                let claimed = matches!(&row.subject, Subject::Group(group) if facts.is_claimed(group));
                claimed && facts.covered_by(&row.area, self.separation_m)
            });
            if level.is_none_or(|newest| !newest.stands || newest.lowest < Level::Confirmed) {
                all = false;
                let message = format!("{party} does not confirm the group there by a fresh assessment");
                found.push(Finding::new(Code::PresenceNotConfirmed, message));
            }
        }
        all
    }

    /// The highest level at which any party reports another armed group that is not designated; what a party leaves open
    /// is possible.
    fn others(&self, facts: &Facts<'_>) -> Level {
        let mut highest = Level::None;
        for party in facts.accord.parties() {
            let open = facts.newest_of(party, self.max_age_s, |row| {
                row.subject == Subject::OtherArmedGroups && facts.covered_by(&row.area, self.separation_m)
            });
            let open =
                open.map(
                    |newest| if newest.stands { newest.highest } else { newest.highest.max(Level::Possible) },
                );
            highest = highest.max(open.unwrap_or(Level::Possible));
            // What reaches into the effect area counts against it even where it does not cover it.
            let touching = facts.newest_of(party, self.max_age_s, |row| {
                row.subject == Subject::OtherArmedGroups
                    && facts.near(&row.area, 0.0, self.separation_m).is_some()
            });
            highest = highest.max(touching.map_or(Level::None, |newest| newest.highest));
            let mut groups: BTreeMap<&str, Level> = BTreeMap::new();
            for row in facts.registry.presence.iter().filter(|row| &row.filed_by.participant == party) {
                let Subject::Group(group) = &row.subject else { continue };
                if facts.is_claimed(group)
                    || facts.registry.resolve(group, facts.at).standing == Standing::Designated
                {
                    continue;
                }
                let level = facts.newest_of(party, self.max_age_s, |other| {
                    other.subject == row.subject && facts.near(&other.area, 0.0, self.separation_m).is_some()
                });
                groups.insert(group, level.map_or(Level::None, |newest| newest.highest));
            }
            highest = groups.into_values().fold(highest, Level::max);
        }
        highest
    }
}
