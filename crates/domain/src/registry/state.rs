//! The registry's state, its events, and the one place where a command is sent to the noun that decides it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::accord::{Accord, AccordOpened};
use crate::errors::{Reason, Refusal};
use crate::fold::{Context, Fold};
use crate::registry::{area, clock, designation, movement, non_target, presence, protection};
use crate::table::{Row, Table};
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

/// Everything that the registry knows.
#[derive(Clone, Debug)]
pub struct State {
    /// The accord; absent until entry 0 is folded.
    pub opened: Option<Arc<AccordOpened>>,
    /// The set time of an exercise.
    pub clock: Timestamp,
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
}
