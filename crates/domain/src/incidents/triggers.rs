//! Triggers: articles of the rule set in force that suspend a party when its incidents become too frequent or too severe.
//!
//! They fire in the same group as the entry that completes them, and when a rule set comes into force over what is held
//! already. INVARIANT (INC-3): no order of entries lets a trigger be missed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::errors::Refusal;
use crate::fold::{Context, Fold as _};
use crate::ids::ParticipantId;
use crate::incidents::cooperation::{Cause, Change, Suspension};
use crate::incidents::incident::{FindingResult, Incident};
use crate::incidents::{Event, State};
use crate::rules::articles::Rule;
use crate::rules::articles::suspension_trigger::{Basis, Params, Place};
use crate::rules::rule_set::{RuleSet, Text};
use crate::table::Resource;
use crate::time::Timestamp;

/// A trigger with the number of its article.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Number of the article.
    pub article: u32,
    /// What completes it, and what follows.
    pub params: Params,
}

/// A rule set came into force; its triggers hold from here on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSetAdopted {
    /// Identifier of the rule set.
    pub rule_set: String,
    /// Number in the order of adoption.
    pub number: u32,
    /// SHA-256 of its text.
    pub text_hash: String,
    /// Its triggers.
    pub triggers: Vec<Trigger>,
}

impl Resource for RuleSetAdopted {
    const COLLECTION: &'static str = "adoptions";

    fn id(&self) -> &str {
        &self.rule_set
    }
}

impl RuleSetAdopted {
    /// The adoption of a rule set that rules recorded.
    ///
    /// # Errors
    /// `RULE_SET_INVALID` where its text does not parse here; nothing is then taken up, and every check is denied.
    pub(super) fn of(row: &RuleSet) -> Result<Self, Refusal> {
        let articles = Text::parse(&row.text)?.articles.into_iter();
        let triggers = articles.filter_map(|article| match article.rule {
            Rule::SuspensionTrigger(params) => Some(Trigger { article: article.number, params }),
            _ => None,
        });
        Ok(Self {
            rule_set: row.id.clone(),
            number: row.number,
            text_hash: row.text_hash.clone(),
            triggers: triggers.collect(),
        })
    }
}

/// The event, and the suspensions that it completes.
pub(super) fn with_fired(state: &State, event: Event, context: &Context) -> Result<Vec<Event>, Refusal> {
    let mut after = state.clone();
    after.apply(&event);
    let fired = fired(&after, context)?;
    Ok(std::iter::once(event).chain(fired).collect())
}

fn fired(state: &State, context: &Context) -> Result<Vec<Event>, Refusal> {
    let accord = state.accord()?;
    let triggers = state.adopted().map(|adopted| adopted.triggers.as_slice()).unwrap_or_default();
    let mut events = Vec::new();
    for trigger in triggers {
        for party in accord.parties() {
            let completing = completing(state, trigger, party);
            if let Some(event) = suspended(state, trigger, party, completing, events.len(), context) {
                events.push(event);
            }
        }
    }
    Ok(events)
}

/// Begins a suspension, or adds to the one that the same trigger has brought about.
fn suspended(
    state: &State,
    trigger: &Trigger,
    party: &ParticipantId,
    completing: Vec<String>,
    made: usize,
    context: &Context,
) -> Option<Event> {
    let same = |row: &&Suspension| {
        let caused =
            matches!(&row.cause, Cause::Trigger { trigger: own, .. } if own.params == trigger.params);
        row.lifted_at.is_none() && row.party.as_ref() == Some(party) && caused
    };
    let standing = state.suspensions.iter().map(AsRef::as_ref).find(same);
    let Some(standing) = standing else {
        if completing.is_empty() {
            return None;
        }
        let row = Suspension {
            id: format!("{}-{}", context.fresh_id, state.suspensions.len().saturating_add(made)),
            party: Some(party.clone()),
            area: None,
            domain: trigger.params.domain,
            scope: trigger.params.scope,
            effect: trigger.params.effect,
            cause: Cause::Trigger { trigger: trigger.clone(), incidents: completing },
            at: context.at,
            lift_consents: Vec::new(),
            lifted_at: None,
        };
        return Some(Event::Suspension(Change::Suspended, Box::new(row)));
    };
    let Cause::Trigger { incidents, .. } = &standing.cause else { return None };
    let further: Vec<String> = completing.into_iter().filter(|id| !incidents.contains(id)).collect();
    if further.is_empty() {
        return None;
    }
    let incidents = incidents.iter().cloned().chain(further).collect();
    let cause = Cause::Trigger { trigger: trigger.clone(), incidents };
    let row = Suspension { cause, lift_consents: Vec::new(), ..standing.clone() };
    Some(Event::Suspension(Change::Extended, Box::new(row)))
}

/// The incidents of a party that complete a trigger together, in order of time; none where it is not complete.
fn completing(state: &State, trigger: &Trigger, party: &ParticipantId) -> Vec<String> {
    let Params { count, within_s, .. } = &trigger.params;
    let spent = spent(state);
    let counts = state.incidents.iter().filter(|row| !spent.contains(row.id.as_str()));
    let mut counted: Vec<(Timestamp, &str)> =
        counts.filter_map(|row| Some((counted_at(state, row, trigger, party)?, row.id.as_str()))).collect();
    counted.sort_unstable();
    let mut found = BTreeSet::new();
    for (first, (from, _)) in counted.iter().enumerate() {
        let until = from.plus_seconds((*within_s).into());
        let together: Vec<_> = counted.iter().skip(first).take_while(|(at, _)| *at <= until).collect();
        if together.len() >= usize::try_from(*count).unwrap_or(usize::MAX) {
            found.extend(together.iter().map(|(at, id)| (*at, (*id).to_owned())));
        }
    }
    found.into_iter().map(|(_, id)| id).collect()
}

/// Identifiers of the incidents that led to a suspension which has been lifted.
fn spent(state: &State) -> BTreeSet<&str> {
    let lifted = state.suspensions.iter().filter(|row| row.lifted_at.is_some());
    let incidents = lifted.filter_map(|row| match &row.cause {
        Cause::Trigger { incidents, .. } => Some(incidents),
        Cause::Unilateral { .. } => None,
    });
    incidents.flatten().map(String::as_str).collect()
}

/// When an incident began to count for a trigger; nothing where it does not.
fn counted_at(state: &State, row: &Incident, trigger: &Trigger, party: &ParticipantId) -> Option<Timestamp> {
    let Params { basis, min_severity, place, .. } = &trigger.params;
    let of_party = row.report.alleged_party.as_ref() == Some(party);
    let there = *place == Place::Anywhere || !row.at_protected.is_empty();
    if !of_party || row.report.severity < *min_severity || !there {
        return None;
    }
    match basis {
        Basis::ReportedByNonParties => {
            let neutral = !state.accord().is_ok_and(|accord| accord.is_party(&row.reported_by.participant));
            neutral.then_some(row.reported_at)
        }
        Basis::Accepted => row
            .finding_of(party)
            .filter(|finding| finding.result == FindingResult::Substantiated)
            .map(|finding| finding.at),
    }
}
