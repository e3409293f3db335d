//! Humanitarian and civil movements. Protection begins with the notification and never waits for an acknowledgement.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::require_party;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::{Context, require_fresh};
use crate::geo::{AltitudeBand, Route};
use crate::ids::check_id;
use crate::limits::{BUFFER_MAX_M, NAME_MAX_CHARS, PERSONS_MAX, WINDOW_MAX_S};
use crate::registry::{Event, State};
use crate::table::Resource;
use crate::text::checked;
use crate::time::{Interval, Timestamp};

/// How a movement came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Notified to the parties; acknowledgement is asked for.
    Notified,
    /// Runs by a public timetable.
    PublicTimetable,
    /// Has filed a flight plan.
    FlightPlan,
    /// Bears a protective emblem.
    EmblemOnly,
}

/// How far an acknowledgement reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Coordination centre.
    Centre,
    /// Air operations cell.
    AirCell,
    /// The unit that would fire.
    Unit,
}

impl Level {
    /// As it stands in a rule set.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Centre => "CENTRE",
            Self::AirCell => "AIR_CELL",
            Self::Unit => "UNIT",
        }
    }
}

/// Where a movement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Protected.
    Notified,
    /// Confirmed complete by its notifier.
    Completed,
}

/// Route and times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The path; one position is a place.
    pub route: Route,
    /// Metres on either side that are protected.
    pub buffer_m: f64,
    /// When it is under way.
    pub window: Interval,
    /// Heights of a movement by air; absent means on the ground.
    pub altitude_band: Option<AltitudeBand>,
}

/// One acknowledgement of the present version: "received", never "approved".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Who.
    pub by: Actor,
    /// At what level.
    pub level: Level,
    /// When.
    pub at: Timestamp,
}

/// A movement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// Identifier.
    pub id: String,
    /// Version of the plan.
    pub version: u32,
    /// Name for people.
    pub display_name: String,
    /// How it came to be known.
    pub kind: Kind,
    /// The present plan.
    pub plan: Plan,
    /// Former plans, which protect until completion.
    pub former_plans: Vec<Plan>,
    /// Number of vehicles.
    pub vehicle_count: u32,
    /// Number of persons.
    pub person_count: u32,
    /// Acknowledgements of this version.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Where it stands.
    pub stage: Stage,
    /// Who notified it.
    pub notified_by: Actor,
    /// When.
    pub notified_at: Timestamp,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
}

impl Resource for Movement {
    const COLLECTION: &'static str = "movements";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Movement {
    /// Every plan that protects: the present one and the former ones.
    pub fn plans(&self) -> impl Iterator<Item = &Plan> {
        std::iter::once(&self.plan).chain(&self.former_plans)
    }
}

/// Most former plans of one movement.
const FORMER_PLANS_MAX: usize = 50;

/// What happened to a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Notified: protected.
    Notified,
    /// Amended: the new and the former plan protect.
    Amended,
    /// Acknowledged by a party at a level.
    Acknowledged,
    /// Completed by its notifier.
    Completed,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Notified => "movement.notified",
            Self::Amended => "movement.amended",
            Self::Acknowledged => "movement.acknowledged",
            Self::Completed => "movement.completed",
        }
    }
}

/// The content of a notification, not yet checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Identifier wanted; empty has one made.
    pub id: String,
    /// Name for people.
    pub display_name: String,
    /// How it came to be known.
    pub kind: Kind,
    /// Route and times.
    pub plan: Plan,
    /// Number of vehicles.
    pub vehicle_count: u32,
    /// Number of persons.
    pub person_count: u32,
}

/// What can be asked about movements.
#[derive(Clone, Debug)]
pub enum Command {
    /// Notify.
    Notify(Draft),
    /// Amend the version of the etag.
    Amend {
        /// Identifier.
        id: String,
        /// Etag that was read.
        etag: String,
        /// The new plan.
        plan: Plan,
    },
    /// Acknowledge a version.
    Acknowledge {
        /// Identifier.
        id: String,
        /// Version that was received.
        version: u32,
        /// At what level.
        level: Level,
    },
    /// Complete.
    Complete {
        /// Identifier.
        id: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let (change, row) = match command {
        Command::Notify(draft) => notify(state, draft, context)?,
        Command::Amend { id, etag, plan } => amend(state, id, etag, plan, context)?,
        Command::Acknowledge { id, version, level } => acknowledge(state, id, *version, *level, context)?,
        Command::Complete { id } => complete(state, id, context)?,
    };
    Ok(vec![Event::Movement(change, Box::new(row))])
}

fn notify(state: &State, draft: &Draft, context: &Context) -> Result<(Change, Movement), Refusal> {
    let id = if draft.id.is_empty() { &context.fresh_id } else { &draft.id };
    let mut found: Vec<Violation> = check_id("movement_id", id).err().into_iter().collect();
    let display_name = checked("movement.display_name", &draft.display_name, NAME_MAX_CHARS);
    let display_name = display_name.map_err(|violation| found.push(violation)).unwrap_or_default();
    found.extend(draft.plan.violations("movement.plan"));
    for (field, count) in [("vehicle_count", draft.vehicle_count), ("person_count", draft.person_count)] {
        if count > PERSONS_MAX {
            let rule = format!("at most {PERSONS_MAX}");
            found.push(Violation::new(format!("movement.{field}"), rule, count, "give the true number"));
        }
    }
    Refusal::unless_valid(found)?;
    state.movements.require_free(id)?;
    let row = Movement {
        id: id.clone(),
        version: 1,
        display_name,
        kind: draft.kind,
        plan: draft.plan.clone(),
        former_plans: Vec::new(),
        vehicle_count: draft.vehicle_count,
        person_count: draft.person_count,
        acknowledgements: Vec::new(),
        stage: Stage::Notified,
        notified_by: context.actor.clone(),
        notified_at: context.at,
        completed_at: None,
    };
    Ok((Change::Notified, row))
}

fn amend(
    state: &State,
    id: &str,
    read: &str,
    plan: &Plan,
    context: &Context,
) -> Result<(Change, Movement), Refusal> {
    let mut found = plan.violations("plan");
    let row = amendable(state, id, read, context);
    if row.as_ref().is_ok_and(|row| row.former_plans.len() >= FORMER_PLANS_MAX) {
        let rule = format!("amended at most {FORMER_PLANS_MAX} times");
        found.push(Violation::new("plan", rule, FORMER_PLANS_MAX, "complete it and notify a new movement"));
    }
    Refusal::unless_valid(found)?;
    let mut row = row?;
    row.former_plans.push(std::mem::replace(&mut row.plan, plan.clone()));
    row.version = row.version.saturating_add(1);
    row.acknowledgements.clear();
    Ok((Change::Amended, row))
}

fn amendable(state: &State, id: &str, read: &str, context: &Context) -> Result<Movement, Refusal> {
    let row = state.movements.find(id)?.as_ref().clone();
    own(&row, context)?;
    require_fresh(&row, &row.name(), read)?;
    standing(&row, "amended")?;
    Ok(row)
}

fn acknowledge(
    state: &State,
    id: &str,
    version: u32,
    level: Level,
    context: &Context,
) -> Result<(Change, Movement), Refusal> {
    let mut row = state.movements.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    if version != row.version {
        let refusal = Refusal::stale(&row.name(), &format!("version {}", row.version));
        return Err(refusal.with("current_version", row.version));
    }
    standing(&row, "acknowledged")?;
    let party = &context.actor.participant;
    if row.acknowledgements.iter().any(|given| &given.by.participant == party && given.level == level) {
        let message =
            format!("{party} has acknowledged version {version} of {} at that level already", row.name());
        return Err(Refusal::new(Reason::AlreadyDecided, message));
    }
    row.acknowledgements.push(Acknowledgement { by: context.actor.clone(), level, at: context.at });
    Ok((Change::Acknowledged, row))
}

fn complete(state: &State, id: &str, context: &Context) -> Result<(Change, Movement), Refusal> {
    let mut row = state.movements.find(id)?.as_ref().clone();
    own(&row, context)?;
    standing(&row, "completed")?;
    row.stage = Stage::Completed;
    row.completed_at = Some(context.at);
    Ok((Change::Completed, row))
}

fn own(row: &Movement, context: &Context) -> Result<(), Refusal> {
    if row.notified_by.participant == context.actor.participant {
        return Ok(());
    }
    let message =
        format!("{} was notified by {}; only it may do this", row.name(), row.notified_by.participant);
    Err(Refusal::new(Reason::NotYours, message))
}

fn standing(row: &Movement, what: &str) -> Result<(), Refusal> {
    match row.stage {
        Stage::Notified => Ok(()),
        Stage::Completed => {
            let message = format!("{} is completed; it cannot be {what}", row.name());
            Err(Refusal::new(Reason::StateForbids, message).with("resource", row.name()))
        }
    }
}

impl Plan {
    /// Everything that is wrong with the plan.
    #[must_use]
    pub fn violations(&self, field: &str) -> Vec<Violation> {
        let mut found = self.route.violations(&format!("{field}.path"));
        if !(0.0..=BUFFER_MAX_M).contains(&self.buffer_m) {
            let rule = format!("from 0 to {BUFFER_MAX_M} metres");
            found.push(Violation::new(
                format!("{field}.buffer_m"),
                rule,
                self.buffer_m,
                "give a smaller buffer",
            ));
        }
        found.extend(self.window.violations(&format!("{field}.window"), WINDOW_MAX_S));
        found.extend(
            self.altitude_band.iter().flat_map(|band| band.violations(&format!("{field}.altitude_band"))),
        );
        found
    }
}
