//! The state of rules: its own fold, and the folds of the ledgers that it follows.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{HashMap, OrdSet, Vector};
use serde::{Deserialize, Serialize};

use crate::accord::{Accord, AccordOpened};
use crate::errors::{Reason, Refusal};
use crate::fold::{Context, Fold, commands, kept};
use crate::follow::{Head, News};
use crate::incidents;
use crate::registry;
use crate::rules::airspace::{self, Reservation};
use crate::rules::articles::{self, Rule};
use crate::rules::coordination::{self, Coordination};
use crate::rules::decision::{self, Decision, Status};
use crate::rules::evaluate::{Reach, Reached};
use crate::rules::restriction::{self, Compiled, Compiler};
use crate::rules::review;
use crate::rules::rule_set::{self, Article, RuleSet, Stage, Text};
use crate::rules::voiding;
use crate::signed::{By, Followable, Verifier, Verifying, Vouched as _};
use crate::table::{Resource as _, Row, Table};
use crate::time::Timestamp;

/// What rules records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Entry 0.
    AccordOpened(Box<AccordOpened>),
    /// A rule set changed.
    RuleSet(rule_set::Change, Box<RuleSet>),
    /// An operation was decided on.
    Decision(Box<Decision>),
    /// The state of a decision changed.
    Status(review::Change, Box<Status>),
    /// Something was said about an operation.
    Coordination(Box<Coordination>),
    /// An air reservation changed.
    Reservation(airspace::Change, Box<Reservation>),
    /// A followed ledger moved on, and that voided permits.
    HeadAdvanced(Head),
}

impl Event {
    /// Whether an evaluation reads what it changes, so that permits may fall by it.
    fn is_evaluated(&self) -> bool {
        !matches!(self, Self::Decision(_) | Self::Status(..) | Self::HeadAdvanced(_))
    }
}

/// What can be asked of rules.
#[derive(Clone, Debug)]
pub enum Command {
    /// About a rule set.
    RuleSet(rule_set::Command),
    /// Check an operation.
    Check(decision::Check),
    /// About a decision.
    Review(review::Command),
    /// Say something about an operation.
    Coordination(coordination::Command),
    /// About an air reservation.
    Airspace(airspace::Command),
    /// Take in what a followed ledger holds.
    Followed(Followed),
}

commands! {
    Command:
    rule_set::Command => RuleSet,
    decision::Check => Check,
    review::Command => Review,
    coordination::Command => Coordination,
    airspace::Command => Airspace,
    Followed => Followed,
}

/// What came from the followed ledgers.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Verified entries.
    pub entries: Entries,
    /// The head after them.
    pub head: Head,
    /// Whether they are new, or were kept from an earlier run.
    pub news: News,
}

/// Verified entries of a followed ledger.
#[derive(Clone, Debug)]
pub enum Entries {
    /// Events of the registry.
    Registry(Vec<registry::Event>),
    /// Events of incidents.
    Incidents(Vec<incidents::Event>),
}

/// Everything that rules knows.
#[derive(Clone, Debug)]
pub struct State {
    /// The accord; absent until entry 0 is folded.
    pub opened: Option<Arc<AccordOpened>>,
    /// The fold of the registry's ledger.
    pub registry: registry::State,
    /// The fold of the incidents' ledger.
    pub incidents: incidents::State,
    /// Heads of the followed ledgers, by origin.
    pub heads: BTreeMap<String, Head>,
    /// Rule sets.
    pub rule_sets: Table<RuleSet>,
    /// Decisions.
    pub decisions: Table<Decision>,
    /// Where each decision stands.
    pub statuses: Table<Status>,
    /// What was said about operations.
    pub coordination: Table<Coordination>,
    /// Air reservations.
    pub reservations: Table<Reservation>,
    /// Heads of followed ledgers whose entries voided permits.
    pub advanced: Table<Head>,
    /// Decisions that live; derived.
    pub(super) live: OrdSet<String>,
    said: HashMap<String, Vector<Arc<Coordination>>>,
    in_force: Option<InForce>,
    compiler: Option<Arc<dyn Compiler>>,
    verifying: Verifying,
    /// How often what an evaluation reads of the own fold has changed in this process.
    pub(super) moves: u64,
    /// The farthest head of each followed ledger that an own entry rests on.
    rested_on: BTreeMap<String, Head>,
}

/// The rule set in force as it is evaluated: read and compiled once.
#[derive(Clone, Debug)]
struct InForce {
    id: String,
    articles: Arc<Vec<Article>>,
    restrictions: Arc<Compiled>,
}

kept! {
    State, Event:
    RuleSet, Event::RuleSet(_, row) => row, rule_sets;
    Decision, Event::Decision(row) => row, decisions;
    Status, Event::Status(_, row) => row, statuses;
    Coordination, Event::Coordination(row) => row, coordination;
    Reservation, Event::Reservation(_, row) => row, reservations;
}

impl State {
    /// Empty, before entry 0.
    #[must_use]
    pub fn new() -> Self {
        Self {
            opened: None,
            registry: registry::State::new(),
            incidents: incidents::State::default(),
            heads: BTreeMap::new(),
            rule_sets: Table::new(),
            decisions: Table::new(),
            statuses: Table::new(),
            coordination: Table::new(),
            reservations: Table::new(),
            advanced: Table::new(),
            live: OrdSet::new(),
            said: HashMap::new(),
            in_force: None,
            compiler: None,
            verifying: None,
            moves: 0,
            rested_on: BTreeMap::new(),
        }
    }

    /// The same state with what compiles custom restrictions; without it they cannot be proposed, and deny.
    #[must_use]
    pub fn with_compiler(self, compiler: Arc<dyn Compiler>) -> Self {
        Self { compiler: Some(compiler), ..self }
    }

    /// The same state with what verifies signatures; without it nothing is ratified or released, and of the followed ledgers
    /// nothing believed that must be signed.
    #[must_use]
    pub fn with_verifier(self, verifier: Arc<dyn Verifier>) -> Self {
        Self { verifying: Some(verifier), ..self }
    }

    /// How what is signed is verified.
    pub(super) fn by(&self) -> Result<By<'_>, Refusal> {
        Ok((self.accord()?, &self.verifying))
    }

    pub(super) fn compiler(&self) -> Option<&dyn Compiler> {
        self.compiler.as_deref()
    }

    /// The accord.
    ///
    /// # Errors
    /// `NOT_SERVING` before entry 0 is folded.
    pub fn accord(&self) -> Result<&Accord, Refusal> {
        let opened = self.opened.as_ref().map(|opened| &opened.accord);
        opened.ok_or_else(|| Refusal::new(Reason::NotServing, "the accord is not open yet"))
    }

    /// The rule set in force.
    #[must_use]
    pub fn rule_set_in_force(&self) -> Option<&Arc<RuleSet>> {
        self.in_force.as_ref().and_then(|in_force| self.rule_sets.get(&in_force.id))
    }

    /// Whether incidents has taken up the rule set in force; until then its triggers do not hold yet.
    #[must_use]
    pub fn incidents_adopted(&self) -> bool {
        self.rule_set_in_force().is_none_or(|row| {
            let adopted = self.incidents.adopted();
            adopted
                .is_some_and(|adopted| (adopted.number, &adopted.text_hash) == (row.number, &row.text_hash))
        })
    }

    /// What can be relied on: `confirmed` by the shell, and of incidents only what stands on the rule set in force.
    pub(super) fn reach(&self, confirmed: Reach) -> Reach {
        let incidents = if self.incidents_adopted() { confirmed.incidents } else { Reached::Unconfirmed };
        Reach { incidents, ..confirmed }
    }

    pub(super) fn articles_in_force(&self) -> Option<&[Article]> {
        self.in_force.as_ref().map(|in_force| in_force.articles.as_slice())
    }

    pub(super) fn restrictions_in_force(&self) -> Option<&Compiled> {
        self.in_force.as_ref().map(|in_force| in_force.restrictions.as_ref())
    }

    /// What was said about the operation of a digest, in order of recording.
    #[must_use]
    pub fn said_about(&self, digest: &str) -> Vec<Arc<Coordination>> {
        self.said.get(digest).into_iter().flatten().cloned().collect()
    }

    /// The farthest head of a followed ledger that an own entry rests on: the ledger held that much once, whatever it and
    /// the copy of it hold now.
    #[must_use]
    pub fn rested_on(&self, origin: &str) -> Option<&Head> {
        self.rested_on.get(origin)
    }

    fn rest_on(&mut self, head: &Head) {
        let farthest = self.rested_on.entry(head.origin.clone()).or_insert_with(|| head.clone());
        if farthest.size < head.size {
            farthest.clone_from(head);
        }
    }

    /// The separation of the rule set in force; none means that only true overlap conflicts.
    pub(super) fn separation(&self) -> articles::airspace::Params {
        let agreed = self.articles_in_force().unwrap_or_default().iter();
        let separations = agreed.filter_map(|article| match &article.rule {
            Rule::Airspace(separation) => Some(*separation),
            _ => None,
        });
        let none = articles::airspace::Params { horizontal_m: 0.0, vertical_m: 0.0, time_s: 0 };
        separations.fold(none, |widest, separation| articles::airspace::Params {
            horizontal_m: widest.horizontal_m.max(separation.horizontal_m),
            vertical_m: widest.vertical_m.max(separation.vertical_m),
            time_s: widest.time_s.max(separation.time_s),
        })
    }

    fn index_rule_set(&mut self, row: &RuleSet) {
        if row.stage == Stage::InForce {
            // A text that was proposed has been parsed; one that no longer parses permits nothing.
            let articles = Text::parse(&row.text).map(|text| text.articles);
            self.in_force = articles.ok().map(|articles| InForce {
                id: row.id.clone(),
                restrictions: Arc::new(self.compiled(&articles)),
                articles: Arc::new(articles),
            });
        }
    }

    /// The restrictions of articles; one that no longer compiles is missing, and denies.
    fn compiled(&self, articles: &[Article]) -> Compiled {
        let accord = self.opened.as_ref().map(|opened| &opened.accord);
        accord.map(|accord| restriction::compile(self.compiler(), accord, articles).0).unwrap_or_default()
    }

    fn index_status(&mut self, row: &Status) {
        if row.lives() {
            self.live.insert(row.id.clone());
        } else {
            self.live.remove(&row.id);
        }
    }

    fn index_said(&mut self, row: &Arc<Coordination>) {
        self.said.entry(row.operation_digest.clone()).or_default().push_back(Arc::clone(row));
    }

    /// The own events, and the permits that they contradict, voided in the same group.
    fn with_voids(&self, events: Vec<Event>, at: Timestamp) -> Vec<Event> {
        if !events.iter().any(Event::is_evaluated) {
            return events;
        }
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply(event));
        let voids = voiding::contradicted(&after, at);
        events.into_iter().chain(voids).collect()
    }

    fn followed(&self, followed: &Followed, at: Timestamp) -> Result<Vec<Event>, Refusal> {
        if followed.news == News::Kept {
            return Ok(Vec::new());
        }
        let voids = voiding::contradicted(self, at);
        if voids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(std::iter::once(Event::HeadAdvanced(followed.head.clone())).chain(voids).collect())
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

impl Followable for State {
    fn vouched(&self, event: &Event, by: By<'_>) -> Result<(), String> {
        match event {
            Event::RuleSet(_, row) => row.vouched(self.rule_sets.get(row.id()).map(AsRef::as_ref), by),
            Event::Status(_, row) => row.vouched_for(self.decisions.get(row.id()).map(AsRef::as_ref), by),
            // A decision is recomputed, and each of the others its giver can take back alone.
            Event::AccordOpened(_)
            | Event::Decision(_)
            | Event::Coordination(_)
            | Event::Reservation(..)
            | Event::HeadAdvanced(_) => Ok(()),
        }
    }
}

impl Fold for State {
    type Command = Command;
    type Event = Event;

    const SERVICE: &'static str = "rules";

    fn now(&self, real: Timestamp) -> Timestamp {
        match &self.opened {
            Some(opened) if opened.accord.is_exercise() => self.registry.clock(),
            _ => real,
        }
    }

    fn is_vital(command: &Command) -> bool {
        match command {
            // Whatever restrains; a release permits, and can wait.
            Command::Review(command) => !command.releases(),
            Command::Followed(_) => true,
            Command::RuleSet(_) | Command::Check(_) | Command::Coordination(_) | Command::Airspace(_) => {
                false
            }
        }
    }

    fn absorb(&mut self, command: &Command) -> Result<(), Refusal> {
        if let Command::Followed(followed) = command {
            match &followed.entries {
                Entries::Registry(events) => self.registry = self.registry.followed_by(events, self.by()?)?,
                Entries::Incidents(events) => {
                    self.incidents = self.incidents.followed_by(events, self.by()?)?;
                }
            }
            self.heads.insert(followed.head.origin.clone(), followed.head.clone());
        }
        Ok(())
    }

    fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
        let events = match command {
            Command::RuleSet(command) => rule_set::decide(self, command, context),
            Command::Check(command) => decision::check(self, command, context),
            Command::Review(command) => review::decide(self, command, context),
            Command::Coordination(command) => coordination::decide(self, command, context),
            Command::Airspace(command) => airspace::decide(self, command, context),
            Command::Followed(followed) => self.followed(followed, context.at),
        };
        events.map(|events| self.with_voids(events, context.at))
    }

    fn apply(&mut self, event: &Event) {
        if event.is_evaluated() {
            self.moves += 1;
        }
        match event {
            Event::AccordOpened(opened) => self.opened = Some(Arc::new(opened.as_ref().clone())),
            Event::RuleSet(_, row) => {
                self.rule_sets.put(row.as_ref().clone());
                self.index_rule_set(row);
            }
            Event::Decision(row) => {
                let status = Status::first(row);
                self.index_status(&status);
                self.statuses.put(status);
                row.rests_on.iter().for_each(|head| self.rest_on(head));
                self.decisions.put(row.as_ref().clone());
            }
            Event::Status(_, row) => {
                self.index_status(row);
                self.statuses.put(row.as_ref().clone());
            }
            Event::Coordination(row) => {
                self.coordination.put(row.as_ref().clone());
                self.index_said(&Arc::new(row.as_ref().clone()));
            }
            Event::Reservation(_, row) => self.reservations.put(row.as_ref().clone()),
            // The fold itself comes with the followed entries; this entry says when they were taken account of.
            Event::HeadAdvanced(head) => {
                self.rest_on(head);
                self.advanced.put(head.clone());
            }
        }
    }

    fn kind(event: &Event) -> &'static str {
        match event {
            Event::AccordOpened(_) => "accord.opened",
            Event::RuleSet(change, _) => change.kind(),
            Event::Decision(row) => row.kind(),
            Event::Status(change, _) => change.kind(),
            Event::Coordination(row) => row.kind(),
            Event::Reservation(change, _) => change.kind(),
            Event::HeadAdvanced(_) => "head.advanced",
        }
    }

    fn drain_rows(&mut self) -> Result<Vec<Row>, serde_json::Error> {
        let mut rows = Vec::new();
        self.rule_sets.drain_changes(&mut rows)?;
        self.decisions.drain_changes(&mut rows)?;
        self.statuses.drain_changes(&mut rows)?;
        self.coordination.drain_changes(&mut rows)?;
        self.reservations.drain_changes(&mut rows)?;
        self.advanced.drain_changes(&mut rows)?;
        Ok(rows)
    }

    fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String> {
        let known = self.rule_sets.load(table, bytes)?
            || self.decisions.load(table, bytes)?
            || self.statuses.load(table, bytes)?
            || self.coordination.load(table, bytes)?
            || self.reservations.load(table, bytes)?
            || self.advanced.load(table, bytes)?;
        if !known {
            return Err(format!("row {id:?} of unknown table {table:?}"));
        }
        match table {
            "ruleSets" => self.rule_sets.get(id).cloned().iter().for_each(|row| self.index_rule_set(row)),
            "decisions" => {
                let rested = self.decisions.get(id).map(|row| row.rests_on.clone()).unwrap_or_default();
                rested.iter().for_each(|head| self.rest_on(head));
            }
            "heads" => self.advanced.get(id).cloned().iter().for_each(|head| self.rest_on(head)),
            "statuses" => self.statuses.get(id).cloned().iter().for_each(|row| self.index_status(row)),
            "coordination" => self.coordination.get(id).cloned().iter().for_each(|row| self.index_said(row)),
            _ => {}
        }
        Ok(())
    }
}
