//! The state of incidents: its own fold, the fold of the registry's ledger, and the rule set that it has taken up.

use std::sync::Arc;

use imbl::{HashMap, OrdSet};
use serde::{Deserialize, Serialize};

use crate::accord::{Accord, AccordOpened};
use crate::errors::{Reason, Refusal};
use crate::fold::{Context, Fold, commands, kept};
use crate::ids::ParticipantId;
use crate::incidents::triggers::RuleSetAdopted;
use crate::incidents::{cooperation, engagement, hotline, incident, triggers};
use crate::registry;
use crate::rules;
use crate::rules::rule_set::{RuleSet, Stage as RuleSetStage};
use crate::signed::{By, Followable, Verifier, Verifying, Vouched as _};
use crate::table::{Resource as _, Row, Table};
use crate::time::Timestamp;

/// What incidents records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Entry 0.
    AccordOpened(Box<AccordOpened>),
    /// An incident changed.
    Incident(incident::Change, Box<incident::Incident>),
    /// An engagement changed.
    Engagement(engagement::Change, Box<engagement::Engagement>),
    /// A message changed.
    Message(hotline::Change, Box<hotline::Message>),
    /// A suspension changed.
    Suspension(cooperation::Change, Box<cooperation::Suspension>),
    /// A rule set came into force; what its triggers give follows in the same group.
    RuleSetAdopted(Box<RuleSetAdopted>),
}

/// What can be asked of incidents.
#[derive(Clone, Debug)]
pub enum Command {
    /// About an incident.
    Incident(incident::Command),
    /// About an engagement.
    Engagement(engagement::Command),
    /// Of the hotline.
    Hotline(hotline::Command),
    /// About cooperation.
    Cooperation(cooperation::Command),
    /// Take in what a followed ledger holds.
    Followed(Followed),
}

commands! {
    Command:
    incident::Command => Incident,
    engagement::Command => Engagement,
    hotline::Command => Hotline,
    cooperation::Command => Cooperation,
    Followed => Followed,
}

/// Verified entries of a followed ledger.
#[derive(Clone, Debug)]
pub enum Followed {
    /// Events of the registry.
    Registry(Vec<registry::Event>),
    /// Events of rules.
    Rules(Vec<rules::Event>),
}

/// Everything that incidents knows.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The accord; absent until entry 0 is folded.
    pub opened: Option<Arc<AccordOpened>>,
    /// The fold of the registry's ledger: the clock of an exercise, and what is protected where.
    pub registry: registry::State,
    /// Incidents.
    pub incidents: Table<incident::Incident>,
    /// Engagements.
    pub engagements: Table<engagement::Engagement>,
    /// Messages of the hotline.
    pub messages: Table<hotline::Message>,
    /// Suspensions.
    pub suspensions: Table<cooperation::Suspension>,
    adoptions: Table<RuleSetAdopted>,
    /// Messages that may still escalate, by deadline; derived.
    unacknowledged: OrdSet<(Timestamp, String)>,
    /// The last number of each sender; derived.
    sequences: HashMap<ParticipantId, u64>,
    verifying: Verifying,
}

kept! {
    State, Event:
    incident::Incident, Event::Incident(_, row) => row, incidents;
    engagement::Engagement, Event::Engagement(_, row) => row, engagements;
    hotline::Message, Event::Message(_, row) => row, messages;
    cooperation::Suspension, Event::Suspension(_, row) => row, suspensions;
}

impl State {
    /// The same state with what verifies signatures; without it nothing is lifted, and of the followed ledgers nothing
    /// believed that must be signed.
    #[must_use]
    pub fn with_verifier(self, verifier: Arc<dyn Verifier>) -> Self {
        Self { verifying: Some(verifier), ..self }
    }

    /// How what is signed is verified.
    pub(super) fn by(&self) -> Result<By<'_>, Refusal> {
        Ok((self.accord()?, &self.verifying))
    }

    /// The accord.
    ///
    /// # Errors
    /// `NOT_SERVING` before entry 0 is folded.
    pub fn accord(&self) -> Result<&Accord, Refusal> {
        let opened = self.opened.as_ref().map(|opened| &opened.accord);
        opened.ok_or_else(|| Refusal::new(Reason::NotServing, "the accord is not open yet"))
    }

    /// The rule set whose triggers hold; absent before the first was adopted.
    #[must_use]
    pub fn adopted(&self) -> Option<&Arc<RuleSetAdopted>> {
        self.adoptions.iter().max_by_key(|adopted| adopted.number)
    }

    /// Messages that may still escalate, the next to do so first.
    pub fn unacknowledged(&self) -> impl Iterator<Item = &Arc<hotline::Message>> {
        self.unacknowledged.iter().filter_map(|(_, id)| self.messages.get(id))
    }

    pub(super) fn last_sequence(&self, sender: &ParticipantId) -> u64 {
        self.sequences.get(sender).copied().unwrap_or_default()
    }

    fn index_message(&mut self, row: &hotline::Message) {
        let key = (row.acknowledge_by, row.id.clone());
        if row.stage == hotline::Stage::Sent {
            self.unacknowledged.insert(key);
        } else {
            self.unacknowledged.remove(&key);
        }
        let last = self.last_sequence(&row.sent_by.participant).max(row.sequence);
        self.sequences.insert(row.sent_by.participant.clone(), last);
    }

    /// Takes up every rule set that came into force since, one after the other, each with what its triggers give.
    fn adopt(&self, events: &[rules::Event], context: &Context) -> Result<Vec<Event>, Refusal> {
        let mut after = self.clone();
        let mut recorded = Vec::new();
        for row in in_force(events) {
            if after.adopted().is_some_and(|known| known.number >= row.number) {
                continue;
            }
            let adoption = Event::RuleSetAdopted(Box::new(RuleSetAdopted::of(row)?));
            let group = triggers::with_fired(&after, adoption, context)?;
            group.iter().for_each(|event| after.apply(event));
            recorded.extend(group);
        }
        Ok(recorded)
    }
}

/// The rule sets that came into force.
fn in_force(events: &[rules::Event]) -> impl Iterator<Item = &RuleSet> {
    events.iter().filter_map(|event| match event {
        rules::Event::RuleSet(_, row) if row.stage == RuleSetStage::InForce => Some(row.as_ref()),
        _ => None,
    })
}

impl Followable for State {
    fn vouched(&self, event: &Event, by: By<'_>) -> Result<(), String> {
        match event {
            Event::Suspension(_, row) => row.vouched(self.suspensions.get(row.id()).map(AsRef::as_ref), by),
            Event::AccordOpened(_)
            | Event::Incident(..)
            | Event::Engagement(..)
            | Event::Message(..)
            | Event::RuleSetAdopted(_) => Ok(()),
        }
    }
}

impl Fold for State {
    type Command = Command;
    type Event = Event;

    const SERVICE: &'static str = "incidents";

    fn now(&self, real: Timestamp) -> Timestamp {
        match &self.opened {
            Some(opened) if opened.accord.is_exercise() => self.registry.clock(),
            _ => real,
        }
    }

    fn is_vital(command: &Command) -> bool {
        match command {
            Command::Incident(_) | Command::Hotline(_) | Command::Followed(_) => true,
            Command::Cooperation(command) => matches!(command, cooperation::Command::Suspend(_)),
            Command::Engagement(command) => matches!(command, engagement::Command::File { .. }),
        }
    }

    fn absorb(&mut self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::Followed(Followed::Registry(events)) => {
                self.registry = self.registry.followed_by(events, self.by()?)?;
            }
            Command::Followed(Followed::Rules(events)) => {
                let by = self.by()?;
                let vouched = in_force(events).try_for_each(|row| row.vouched(None, by));
                vouched.map_err(|cause| Refusal::new(Reason::SignatureInvalid, cause))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Incident(command) => incident::decide(self, command, context),
            Command::Engagement(command) => engagement::decide(self, command, context),
            Command::Hotline(command) => hotline::decide(self, command, context),
            Command::Cooperation(command) => cooperation::decide(self, command, context),
            // The clock of an exercise stands in the registry: what is due by it is due now.
            Command::Followed(Followed::Registry(_)) => Ok(hotline::escalated(self, context.at)),
            Command::Followed(Followed::Rules(events)) => self.adopt(events, context),
        }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::AccordOpened(opened) => self.opened = Some(Arc::new(opened.as_ref().clone())),
            Event::Incident(_, row) => self.incidents.put(row.as_ref().clone()),
            Event::Engagement(_, row) => self.engagements.put(row.as_ref().clone()),
            Event::Message(_, row) => {
                self.index_message(row);
                self.messages.put(row.as_ref().clone());
            }
            Event::Suspension(_, row) => self.suspensions.put(row.as_ref().clone()),
            Event::RuleSetAdopted(row) => self.adoptions.put(row.as_ref().clone()),
        }
    }

    fn kind(event: &Event) -> &'static str {
        match event {
            Event::AccordOpened(_) => "accord.opened",
            Event::Incident(change, _) => change.kind(),
            Event::Engagement(change, _) => change.kind(),
            Event::Message(change, _) => change.kind(),
            Event::Suspension(change, _) => change.kind(),
            Event::RuleSetAdopted(_) => "rule_set.adopted",
        }
    }

    fn drain_rows(&mut self) -> Result<Vec<Row>, serde_json::Error> {
        let mut rows = Vec::new();
        self.incidents.drain_changes(&mut rows)?;
        self.engagements.drain_changes(&mut rows)?;
        self.messages.drain_changes(&mut rows)?;
        self.suspensions.drain_changes(&mut rows)?;
        self.adoptions.drain_changes(&mut rows)?;
        Ok(rows)
    }

    fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String> {
        let known = self.incidents.load(table, bytes)?
            || self.engagements.load(table, bytes)?
            || self.messages.load(table, bytes)?
            || self.suspensions.load(table, bytes)?
            || self.adoptions.load(table, bytes)?;
        if !known {
            return Err(format!("row {id:?} of unknown table {table:?}"));
        }
        if let Some(row) = self.messages.get(id).filter(|_| table == "messages").cloned() {
            self.index_message(&row);
        }
        Ok(())
    }
}
