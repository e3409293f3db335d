//! Groups that are mixed: a designated group counts at the lowest level that any party reports, any other at the highest.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{GROUND, Kind, not_negative};
use crate::errors::Violation;
use crate::ids::ParticipantId;
use crate::registry::names::Standing;
use crate::registry::presence::{Level, Subject};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

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
        let others = self.others(facts);
        let highest = others.iter().map(|(_, level)| *level).max().unwrap_or(Level::None);
        // Who reports what is part of the finding: a reviewer who has seen one report has not seen another.
        let who: Vec<&str> =
            others.iter().filter(|(_, level)| *level > Level::None).map(|(who, _)| who.as_str()).collect();
        if highest >= Level::Confirmed && confirmed {
            let message = format!(
                "the designated group and another armed group are both confirmed there: {}",
                who.join("; ")
            );
            found.push(Finding::new(Code::Commingled, message));
        } else if highest > Level::None {
            let message = format!("another armed group may be there: {}", who.join("; "));
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
            let current = facts.current_of(
                party,
                (self.max_age_s, self.separation_m),
                |row| matches!(&row.subject, Subject::Group(group) if facts.is_claimed(group)),
            );
            if current.lowest().is_none_or(|level| level < Level::Confirmed) {
                all = false;
                let message = format!("{party} does not confirm the group there by a fresh assessment");
                found.push(Finding::new(Code::PresenceNotConfirmed, message));
            }
        }
        all
    }

    /// At which level each party reports other armed groups that are not designated; what a party leaves open is
    /// possible.
    fn others(&self, facts: &Facts<'_>) -> Vec<(String, Level)> {
        let mut reported = Vec::new();
        for party in facts.accord.parties() {
            let current = |subject: &Subject| {
                facts.current_of(party, (self.max_age_s, self.separation_m), |row| &row.subject == subject)
            };
            let open = current(&Subject::OtherArmedGroups);
            let closed =
                !open.covering.is_empty() && open.covering.iter().all(|row| row.withdrawn_at.is_none());
            if !closed {
                reported.push((format!("{party} has not said that none is"), Level::Possible));
            }
            // What reaches into the effect area counts against it even where it does not cover it.
            let level = open.highest();
            reported.push((format!("{party} reports other armed groups as {level:?}"), level));
            for subject in self.named(facts, party) {
                let (level, Subject::Group(group)) = (current(subject).highest(), subject) else { continue };
                reported.push((format!("{party} reports {group:?} as {level:?}"), level));
            }
        }
        reported
    }

    /// The groups, neither claimed nor designated, of which a party has reported.
    fn named<'a>(&self, facts: &Facts<'a>, party: &ParticipantId) -> BTreeSet<&'a Subject> {
        let own = facts.registry.presence.iter().filter(|row| &row.filed_by.participant == party);
        let named = own.map(|row| &row.subject).filter(|subject| match subject {
            Subject::Group(group) => {
                let standing = facts.registry.resolve(group, facts.at).standing;
                !facts.is_claimed(group) && standing != Standing::Designated
            }
            Subject::OtherArmedGroups => false,
        });
        named.collect()
    }
}
