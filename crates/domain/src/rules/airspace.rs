//! Air reservations in four dimensions (after ASTM F3548). They have no status that cooperation could suspend.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::digest::sha256_hex;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::{Context, require_fresh};
use crate::geo::{AltitudeBand, Area, may_be_within, separation_m};
use crate::ids::check_id;
use crate::limits::{VOLUMES_MAX, WINDOW_MAX_S};
use crate::rules::articles::airspace::Params as Separation;
use crate::rules::{Event, State};
use crate::table::Resource;
use crate::time::Interval;

/// What a reservation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Operations in a window.
    Operations,
    /// A standing restricted zone.
    RestrictedZone,
    /// A humanitarian or medical flight.
    HumanitarianFlight,
}

/// Where a reservation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Stands during its windows.
    Accepted,
    /// Ended by its holder.
    Ended,
}

/// What happened to a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Accepted.
    Accepted,
    /// Its volumes changed.
    Amended,
    /// Ended.
    Ended,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Accepted => "air_reservation.accepted",
            Self::Amended => "air_reservation.amended",
            Self::Ended => "air_reservation.ended",
        }
    }
}

/// A volume in four dimensions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Outline on the ground.
    pub area: Area,
    /// Heights; absent means all.
    pub altitude_band: Option<AltitudeBand>,
    /// When.
    pub window: Interval,
}

impl Volume {
    /// The distance on the ground to another volume, where neither place, height nor time keeps them apart; volumes that
    /// keep exactly the separation in one of them do not conflict.
    #[must_use]
    pub fn conflict(&self, other: &Self, separation: &Separation) -> Option<f64> {
        if !self.window.padded(separation.time_s).overlaps(&other.window) {
            return None;
        }
        let height = |volume: &Self| volume.altitude_band.unwrap_or(AltitudeBand::ALL);
        let vertical_m = height(self).gap_m(&height(other));
        if vertical_m > 0.0 && vertical_m >= separation.vertical_m {
            return None;
        }
        if !may_be_within(&self.area, &other.area, separation.horizontal_m) {
            return None;
        }
        let horizontal_m = separation_m(&self.area, &other.area);
        let apart = horizontal_m > 0.0 && horizontal_m >= separation.horizontal_m;
        (!apart).then_some(horizontal_m)
    }
}

/// A reservation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reservation {
    /// Identifier.
    pub id: String,
    /// Version of the volumes.
    pub version: u32,
    /// What it is.
    pub kind: Kind,
    /// Volumes.
    pub volumes: Vec<Volume>,
    /// Where it stands.
    pub stage: Stage,
    /// Who holds it.
    pub held_by: Actor,
}

impl Resource for Reservation {
    const COLLECTION: &'static str = "airReservations";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Reservation {
    /// The token by which another writer shows that it has read this version.
    #[must_use]
    pub fn key_token(&self) -> String {
        let volumes = serde_json::to_string(&self.volumes).unwrap_or_default();
        let digest = sha256_hex(format!("{}/{}/{volumes}", self.id, self.version).as_bytes());
        digest.chars().take(32).collect()
    }

    /// Whether the reservation stands and belongs to another participant.
    #[must_use]
    pub fn binds(&self, actor: &Actor) -> bool {
        self.stage == Stage::Accepted && self.held_by.participant != actor.participant
    }
}

/// What can be asked about reservations.
#[derive(Clone, Debug)]
pub enum Command {
    /// Reserve volumes.
    Reserve {
        /// Identifier wanted; empty has one made.
        id: String,
        /// What it is.
        kind: Kind,
        /// Volumes.
        volumes: Vec<Volume>,
        /// Key tokens of what was read.
        key: Vec<String>,
    },
    /// Change the volumes.
    Amend {
        /// Identifier.
        id: String,
        /// Etag that was read.
        etag: String,
        /// Volumes.
        volumes: Vec<Volume>,
        /// Key tokens of what was read.
        key: Vec<String>,
    },
    /// End.
    End {
        /// Identifier.
        id: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let (change, row) = match command {
        Command::Reserve { id, kind, volumes, key } => {
            (Change::Accepted, reserve(state, id, *kind, volumes, key, context)?)
        }
        Command::Amend { id, etag, volumes, key } => {
            (Change::Amended, amend(state, id, etag, volumes, key, context)?)
        }
        Command::End { id } => (Change::Ended, end(state, id, context)?),
    };
    Ok(vec![Event::Reservation(change, Box::new(row))])
}

fn reserve(
    state: &State,
    id: &str,
    kind: Kind,
    volumes: &[Volume],
    key: &[String],
    context: &Context,
) -> Result<Reservation, Refusal> {
    let id = if id.is_empty() { &context.fresh_id } else { id };
    let mut found = violations(volumes);
    found.extend(check_id("air_reservation_id", id).err());
    Refusal::unless_valid(found)?;
    state.reservations.require_free(id)?;
    let row = Reservation {
        id: id.to_owned(),
        version: 1,
        kind,
        volumes: volumes.to_vec(),
        stage: Stage::Accepted,
        held_by: context.actor.clone(),
    };
    if kind != Kind::RestrictedZone {
        deconflicted(state, &row, key)?;
    }
    Ok(row)
}

fn amend(
    state: &State,
    id: &str,
    read: &str,
    volumes: &[Volume],
    key: &[String],
    context: &Context,
) -> Result<Reservation, Refusal> {
    Refusal::unless_valid(violations(volumes))?;
    let mut row = own(state, id, context)?;
    require_fresh(&row, &row.name(), read)?;
    row.volumes = volumes.to_vec();
    row.version = row.version.saturating_add(1);
    if row.kind != Kind::RestrictedZone {
        deconflicted(state, &row, key)?;
    }
    Ok(row)
}

fn end(state: &State, id: &str, context: &Context) -> Result<Reservation, Refusal> {
    let mut row = own(state, id, context)?;
    row.stage = Stage::Ended;
    Ok(row)
}

fn own(state: &State, id: &str, context: &Context) -> Result<Reservation, Refusal> {
    let row = state.reservations.find(id)?;
    let name = row.name();
    if row.held_by.participant != context.actor.participant {
        return Err(Refusal::new(Reason::NotYours, format!("{name} is held by {}", row.held_by.participant)));
    }
    if row.stage == Stage::Ended {
        return Err(Refusal::new(Reason::StateForbids, format!("{name} has ended already")));
    }
    Ok(row.as_ref().clone())
}

fn violations(volumes: &[Volume]) -> Vec<Violation> {
    if !(1..=VOLUMES_MAX).contains(&volumes.len()) {
        let rule = format!("1 to {VOLUMES_MAX} volumes");
        return vec![Violation::new("volumes", rule, volumes.len(), "split the reservation")];
    }
    let each = volumes.iter().enumerate();
    each.flat_map(|(i, volume)| {
        let field = format!("volumes[{i}]");
        let mut found = volume.area.violations(&format!("{field}.area"));
        found.extend(volume.window.violations(&format!("{field}.window"), WINDOW_MAX_S));
        found.extend(
            volume.altitude_band.iter().flat_map(|band| band.violations(&format!("{field}.altitude_band"))),
        );
        found
    })
    .collect()
}

/// Refuses what conflicts with another holder's reservation: first naming what the caller has not read.
fn deconflicted(state: &State, row: &Reservation, key: &[String]) -> Result<(), Refusal> {
    let separation = state.separation();
    let others = state.reservations.iter().filter(|other| other.binds(&row.held_by));
    let conflicts: Vec<&Arc<Reservation>> =
        others.filter(|other| conflict(row, other, &separation)).collect();
    if conflicts.is_empty() {
        return Ok(());
    }
    let unread: Vec<String> = conflicts
        .iter()
        .filter(|other| !key.contains(&other.key_token()))
        .map(|other| other.name())
        .collect();
    if !unread.is_empty() {
        let message =
            format!("conflicts with reservations that the key does not show: {}", unread.join(", "));
        return Err(Refusal::new(Reason::KnowledgeIncomplete, message).with("missing", unread.join(",")));
    }
    let names: Vec<String> = conflicts.iter().map(|other| other.name()).collect();
    let message = format!("conflicts with {}; separate it in place, height or time", names.join(", "));
    Err(Refusal::new(Reason::AirspaceConflict, message).with("conflicts", names.join(",")))
}

fn conflict(row: &Reservation, other: &Reservation, separation: &Separation) -> bool {
    let mut pairs =
        row.volumes.iter().flat_map(|volume| other.volumes.iter().map(move |other| (volume, other)));
    pairs.any(|(volume, other)| volume.conflict(other, separation).is_some())
}
