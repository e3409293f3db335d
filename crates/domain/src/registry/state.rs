//! The registry's state, its events, and the one place where a command is sent to the noun that decides it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::accord::{Accord, AccordOpened};
use crate::consent::Approval;
use crate::errors::{Reason, Refusal};
use crate::fold::{Context, Fold, commands, kept};
use crate::registry::names::NameIndex;
use crate::registry::{area, clock, designation, movement, non_target, presence, protection};
use crate::signed::{self, By, Followable, Subject, Verifier, Verifying, Vouched as _};
use crate::table::{Resource as _, Row, Table};
use crate::time::Timestamp;

/// What the registry records: the kind of change, and the whole resource after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Entry 0.
    AccordOpened(Box<AccordOpened>),
    /// The clock of an exercise was set.
    ClockSet(clock::ClockSet),
    /// A designation changed.
    Designation(designation::Change, Box<designation::Designation>),
    /// A group that is no target changed.
    NonTargetGroup(non_target::Change, Box<non_target::NonTargetGroup>),
    /// A protected entity changed.
    ProtectedEntity(protection::Change, Box<protection::ProtectedEntity>),
    /// A movement changed.
    Movement(movement::Change, Box<movement::Movement>),
    /// A restricted area changed.
    Area(area::Change, Box<area::RestrictedArea>),
    /// A presence assessment changed.
    Presence(presence::Change, Box<presence::Assessment>),
}

/// What can be asked of the registry.
#[derive(Clone, Debug)]
pub enum Command {
    /// Set the clock of an exercise.
    SetClock(clock::SetClock),
    /// About a designation.
    Designation(designation::Command),
    /// About a group that is no target.
    NonTarget(non_target::Command),
    /// About a protected entity.
    Protection(protection::Command),
    /// About a movement.
    Movement(movement::Command),
    /// About a restricted area.
    Area(area::Command),
    /// About a presence assessment.
    Presence(presence::Command),
}

commands! {
    Command:
    clock::SetClock => SetClock,
    designation::Command => Designation,
    non_target::Command => NonTarget,
    protection::Command => Protection,
    movement::Command => Movement,
    area::Command => Area,
    presence::Command => Presence,
}

/// Everything that the registry knows.
#[derive(Clone, Debug)]
pub struct State {
    /// The accord; absent until entry 0 is folded.
    pub opened: Option<Arc<AccordOpened>>,
    /// The set time of an exercise; one row, or none before it was set.
    clock_row: Table<clock::ClockSet>,
    /// Designations.
    pub designations: Table<designation::Designation>,
    /// Groups that are no targets.
    pub non_target_groups: Table<non_target::NonTargetGroup>,
    /// Protected entities and claims.
    pub protected_entities: Table<protection::ProtectedEntity>,
    /// Movements.
    pub movements: Table<movement::Movement>,
    /// Restricted areas.
    pub areas: Table<area::RestrictedArea>,
    /// Presence assessments.
    pub presence: Table<presence::Assessment>,
    /// What each name may denote.
    pub(super) names: NameIndex,
    verifying: Verifying,
}

kept! {
    State, Event:
    clock::ClockSet, Event::ClockSet(row) => row, clock_row;
    designation::Designation, Event::Designation(_, row) => row, designations;
    non_target::NonTargetGroup, Event::NonTargetGroup(_, row) => row, non_target_groups;
    protection::ProtectedEntity, Event::ProtectedEntity(_, row) => row, protected_entities;
    movement::Movement, Event::Movement(_, row) => row, movements;
    area::RestrictedArea, Event::Area(_, row) => row, areas;
    presence::Assessment, Event::Presence(_, row) => row, presence;
}

impl State {
    /// An empty registry, before entry 0.
    #[must_use]
    pub fn new() -> Self {
        Self {
            opened: None,
            clock_row: Table::new(),
            designations: Table::new(),
            non_target_groups: Table::new(),
            protected_entities: Table::new(),
            movements: Table::new(),
            areas: Table::new(),
            presence: Table::new(),
            names: NameIndex::default(),
            verifying: None,
        }
    }

    /// The same state with what verifies signatures; without it nothing that must be signed is approved.
    #[must_use]
    pub fn with_verifier(self, verifier: Arc<dyn Verifier>) -> Self {
        Self { verifying: Some(verifier), ..self }
    }

    /// How what is signed is verified.
    pub(super) fn by(&self) -> Result<By<'_>, Refusal> {
        Ok((self.accord()?, &self.verifying))
    }

    /// The caller's consent to a thing as it stands, where the envelope is that.
    pub(super) fn signed(
        &self,
        subject: &Subject,
        envelope: &str,
        context: &Context,
    ) -> Result<Approval, Refusal> {
        signed::approval(self.by()?, subject, envelope, context)
    }

    /// The set time of an exercise, 1970-01-01 before it was set.
    #[must_use]
    pub fn clock(&self) -> Timestamp {
        self.clock_row.iter().next().map_or(Timestamp::MIN, |row| row.time)
    }

    /// The accord.
    ///
    /// # Errors
    /// `NOT_SERVING` before entry 0 is folded.
    pub fn accord(&self) -> Result<&Accord, Refusal> {
        let opened = self.opened.as_ref().map(|opened| &opened.accord);
        opened.ok_or_else(|| Refusal::new(Reason::NotServing, "the accord is not open yet"))
    }
}

impl Followable for State {
    fn vouched(&self, event: &Event, by: By<'_>) -> Result<(), String> {
        match event {
            Event::Designation(_, row) => row.vouched(self.designations.get(row.id()).map(AsRef::as_ref), by),
            Event::NonTargetGroup(_, row) => {
                row.vouched(self.non_target_groups.get(row.id()).map(AsRef::as_ref), by)
            }
            Event::ProtectedEntity(_, row) => {
                row.vouched(self.protected_entities.get(row.id()).map(AsRef::as_ref), by)
            }
            Event::Area(_, row) => row.vouched(self.areas.get(row.id()).map(AsRef::as_ref), by),
            // One participant alone ends these.
            Event::AccordOpened(_) | Event::ClockSet(_) | Event::Movement(..) | Event::Presence(..) => Ok(()),
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}

impl Fold for State {
    type Command = Command;
    type Event = Event;

    const SERVICE: &'static str = "registry";

    fn now(&self, real: Timestamp) -> Timestamp {
        match &self.opened {
            Some(opened) if opened.accord.is_exercise() => self.clock(),
            _ => real,
        }
    }

    fn is_vital(command: &Command) -> bool {
        match command {
            Command::NonTarget(_) | Command::Protection(_) | Command::Movement(_) | Command::Area(_) => true,
            Command::Designation(command) => matches!(command, designation::Command::Suspend { .. }),
            Command::SetClock(_) | Command::Presence(_) => false,
        }
    }

    fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::SetClock(command) => clock::decide(self, command, context),
            Command::Designation(command) => designation::decide(self, command, context),
            Command::NonTarget(command) => non_target::decide(self, command, context),
            Command::Protection(command) => protection::decide(self, command, context),
            Command::Movement(command) => movement::decide(self, command, context),
            Command::Area(command) => area::decide(self, command, context),
            Command::Presence(command) => presence::decide(self, command, context),
        }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::AccordOpened(opened) => self.opened = Some(Arc::new(opened.as_ref().clone())),
            Event::ClockSet(set) => self.clock_row.put(*set),
            Event::Designation(_, row) => {
                self.names.index_designation(row);
                self.designations.put(row.as_ref().clone());
            }
            Event::NonTargetGroup(_, row) => {
                self.names.index_non_target(row);
                self.non_target_groups.put(row.as_ref().clone());
            }
            Event::ProtectedEntity(_, row) => self.protected_entities.put(row.as_ref().clone()),
            Event::Movement(_, row) => self.movements.put(row.as_ref().clone()),
            Event::Area(_, row) => self.areas.put(row.as_ref().clone()),
            Event::Presence(_, row) => self.presence.put(row.as_ref().clone()),
        }
    }

    fn kind(event: &Event) -> &'static str {
        match event {
            Event::AccordOpened(_) => "accord.opened",
            Event::ClockSet(_) => "clock.set",
            Event::Designation(change, _) => change.kind(),
            Event::NonTargetGroup(change, _) => change.kind(),
            Event::ProtectedEntity(change, _) => change.kind(),
            Event::Movement(change, _) => change.kind(),
            Event::Area(change, _) => change.kind(),
            Event::Presence(change, _) => change.kind(),
        }
    }

    fn drain_rows(&mut self) -> Result<Vec<Row>, serde_json::Error> {
        let mut rows = Vec::new();
        self.clock_row.drain_changes(&mut rows)?;
        self.designations.drain_changes(&mut rows)?;
        self.non_target_groups.drain_changes(&mut rows)?;
        self.protected_entities.drain_changes(&mut rows)?;
        self.movements.drain_changes(&mut rows)?;
        self.areas.drain_changes(&mut rows)?;
        self.presence.drain_changes(&mut rows)?;
        Ok(rows)
    }

    fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String> {
        let known = self.clock_row.load(table, bytes)?
            || self.designations.load(table, bytes)?
            || self.non_target_groups.load(table, bytes)?
            || self.protected_entities.load(table, bytes)?
            || self.movements.load(table, bytes)?
            || self.areas.load(table, bytes)?
            || self.presence.load(table, bytes)?;
        if !known {
            return Err(format!("row {id:?} of unknown table {table:?}"));
        }
        match table {
            "designations" => {
                self.designations.get(id).into_iter().for_each(|row| self.names.index_designation(row))
            }
            "nonTargetGroups" => {
                self.non_target_groups.get(id).into_iter().for_each(|row| self.names.index_non_target(row));
            }
            _ => {}
        }
        Ok(())
    }
}
