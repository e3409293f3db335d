//! Areas in which operations are restricted.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::{Act, Approvals, require_party};
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::{Context, require_fresh};
use crate::geo::{AltitudeBand, Area};
use crate::ids::{ParticipantId, check_id, name_of};
use crate::limits::{GROUPS_MAX, NAME_MAX_CHARS, WINDOW_MAX_S};
use crate::registry::{Event, State};
use crate::signed::{self, Consented, Subject, Vouched, ended, misplaced, opened_or_approved, unchanged};
use crate::table::Resource;
use crate::text::checked;
use crate::time::{Interval, Timestamp};

/// What an area means for operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// A cessation of hostilities; denies, save against the groups that it excludes.
    Ceasefire,
    /// Near a border; refers.
    BorderBuffer,
    /// Where forces that the declaring party speaks for are; denies others without its consent.
    GroundArea,
    /// Densely populated; refers.
    PopulatedArea,
    /// Held until a joint determination; denies.
    HeldArea,
}

/// Where an area stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// In effect during its window.
    Active,
    /// Ended before its time.
    Ended,
}

/// An area in which operations are restricted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestrictedArea {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub display_name: String,
    /// What it means.
    pub kind: Kind,
    /// Where it is.
    pub area: Area,
    /// When it is in effect; absent means without end.
    pub window: Option<Interval>,
    /// Heights to which it reaches; absent means all.
    pub altitude_band: Option<AltitudeBand>,
    /// Groups to which a ceasefire does not apply.
    pub excluded_groups: Vec<String>,
    /// Groups whose forces are present in a ground area.
    pub present_groups: Vec<String>,
    /// When somebody last verified that it is as described.
    pub verified_at: Option<Timestamp>,
    /// Where it stands.
    pub stage: Stage,
    /// Who declared it.
    pub declared_by: Actor,
    /// Consents to ending it; to a ground area's end that of its own party alone.
    pub end_consents: Option<Approvals>,
}

impl Resource for RestrictedArea {
    const COLLECTION: &'static str = "areas";

    fn id(&self) -> &str {
        &self.id
    }
}

impl RestrictedArea {
    /// Whether it is in effect at some instant of `window`.
    #[must_use]
    pub fn in_effect(&self, window: &Interval) -> bool {
        self.stage == Stage::Active && self.window.is_none_or(|own| own.overlaps(window))
    }
}

impl RestrictedArea {
    /// What a party that consents to ending it signs.
    #[must_use]
    pub fn end_subject(&self) -> Subject {
        self.content().end_of(&self.id)
    }

    fn content(&self) -> Content<'_> {
        Content {
            display_name: &self.display_name,
            kind: self.kind,
            area: &self.area,
            window: self.window,
            altitude_band: self.altitude_band,
            excluded_groups: &self.excluded_groups,
            present_groups: &self.present_groups,
            verified_at: self.verified_at,
            declared_by: &self.declared_by.participant,
        }
    }
}

/// What a declaration says, wherever it was read; it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Content<'a> {
    /// Name for people.
    pub display_name: &'a str,
    /// What it means.
    pub kind: Kind,
    /// Where it is.
    pub area: &'a Area,
    /// When it is in effect.
    pub window: Option<Interval>,
    /// Heights.
    pub altitude_band: Option<AltitudeBand>,
    /// Groups to which a ceasefire does not apply.
    pub excluded_groups: &'a [String],
    /// Groups whose forces are present in a ground area.
    pub present_groups: &'a [String],
    /// When somebody last verified that it is as described.
    pub verified_at: Option<Timestamp>,
    /// Whose declaration it is.
    pub declared_by: &'a ParticipantId,
}

impl Content<'_> {
    /// What a party signs that consents to ending the area of an identifier.
    #[must_use]
    pub fn end_of(&self, id: &str) -> Subject {
        Subject::recorded(Act::EndArea, name_of(RestrictedArea::COLLECTION, id), self)
    }
}

impl Vouched for RestrictedArea {
    fn exposed<'a>(&'a self, before: Option<&'a Self>) -> Result<Vec<Consented<'a>>, String> {
        if before.is_none() && self.stage == Stage::Active {
            return Ok(Vec::new());
        }
        let before = ended(self, before)?;
        unchanged(&self.name(), &before.content(), &self.content())?;
        match (before.stage, self.stage) {
            (Stage::Active, Stage::Ended) => {
                let consented = Consented::by_all(before.end_subject(), &self.end_consents);
                let alone = (before.kind == Kind::GroundArea).then_some(&before.declared_by.participant);
                Ok(vec![Consented { alone, ..consented }])
            }
            (Stage::Ended, Stage::Active) => Err(format!("{} ended and came back", self.name())),
            _ => Ok(Vec::new()),
        }
    }
}

/// What happened to an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Declared: in effect.
    Declared,
    /// A party consented to ending it.
    EndConsented,
    /// The last consent that was needed was given.
    Ended,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Declared => "area.declared",
            Self::EndConsented => "area.end_consented",
            Self::Ended => "area.ended",
        }
    }
}

/// The content of a declaration, not yet checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Identifier wanted; empty has one made.
    pub id: String,
    /// Name for people.
    pub display_name: String,
    /// What it means.
    pub kind: Kind,
    /// Where it is.
    pub area: Area,
    /// When it is in effect.
    pub window: Option<Interval>,
    /// Heights.
    pub altitude_band: Option<AltitudeBand>,
    /// Groups to which a ceasefire does not apply.
    pub excluded_groups: Vec<String>,
    /// Groups whose forces are present in a ground area.
    pub present_groups: Vec<String>,
    /// When somebody last verified that it is as described.
    pub verified_at: Option<Timestamp>,
}

/// What can be asked about areas.
#[derive(Clone, Debug)]
pub enum Command {
    /// Declare.
    Declare(Draft),
    /// Consent to ending before its time.
    ConsentToEnd {
        /// Identifier.
        id: String,
        /// Etag that was read.
        etag: String,
        /// The party's signature, but for the consent that proposes it: a DSSE envelope as JSON.
        envelope: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let (change, row) = match command {
        Command::Declare(draft) => declare(state, draft, context)?,
        Command::ConsentToEnd { id, etag, envelope } => consent_to_end(state, (id, etag), envelope, context)?,
    };
    Ok(vec![Event::Area(change, Box::new(row))])
}

fn declare(state: &State, draft: &Draft, context: &Context) -> Result<(Change, RestrictedArea), Refusal> {
    require_party(&context.actor)?;
    let id = if draft.id.is_empty() { &context.fresh_id } else { &draft.id };
    let mut found: Vec<Violation> = check_id("area_id", id).err().into_iter().collect();
    let display_name = checked("area.display_name", &draft.display_name, NAME_MAX_CHARS);
    let display_name = display_name.map_err(|violation| found.push(violation)).unwrap_or_default();
    found.extend(draft.area.violations("area.area"));
    found.extend(draft.window.iter().flat_map(|window| window.violations("area.window", WINDOW_MAX_S)));
    found.extend(draft.altitude_band.iter().flat_map(|band| band.violations("area.altitude_band")));
    found.extend(draft.verified_at.and_then(|at| at.check("area.verify_time").err()));
    let groups_of = |field: &str, groups: &[String], kind: Kind, found: &mut Vec<Violation>| {
        if !groups.is_empty() && draft.kind != kind {
            let rule = format!("empty for an area that is no {kind:?}");
            found.push(Violation::new(field, rule, groups.join(", "), "leave it out"));
        }
        named_groups(field, groups, found)
    };
    let excluded_groups =
        groups_of("area.excluded_groups", &draft.excluded_groups, Kind::Ceasefire, &mut found);
    let present_groups =
        groups_of("area.present_groups", &draft.present_groups, Kind::GroundArea, &mut found);
    Refusal::unless_valid(found)?;
    state.areas.require_free(id)?;
    let row = RestrictedArea {
        id: id.clone(),
        display_name,
        kind: draft.kind,
        area: draft.area.clone(),
        window: draft.window,
        altitude_band: draft.altitude_band,
        excluded_groups,
        present_groups,
        verified_at: draft.verified_at,
        stage: Stage::Active,
        declared_by: context.actor.clone(),
        end_consents: None,
    };
    Ok((Change::Declared, row))
}

fn named_groups(field: &str, groups: &[String], found: &mut Vec<Violation>) -> Vec<String> {
    if groups.len() > GROUPS_MAX {
        found.push(Violation::new(field, format!("at most {GROUPS_MAX} groups"), groups.len(), "name fewer"));
        return Vec::new();
    }
    let each =
        groups.iter().enumerate().map(|(i, group)| checked(&format!("{field}[{i}]"), group, NAME_MAX_CHARS));
    each.filter_map(|result| result.map_err(|violation| found.push(violation)).ok()).collect()
}

fn consent_to_end(
    state: &State,
    (id, read): (&str, &str),
    envelope: &str,
    context: &Context,
) -> Result<(Change, RestrictedArea), Refusal> {
    let row = state.areas.find(id)?;
    let name = row.name();
    let mut row = row.as_ref().clone();
    require_party(&context.actor)?;
    require_fresh(&row, &name, read)?;
    if row.stage == Stage::Ended {
        return Err(Refusal::new(Reason::StateForbids, format!("{name} has ended already")));
    }
    if row.kind == Kind::GroundArea {
        if row.declared_by.participant != context.actor.participant {
            let message = format!("{name} was declared by {}; only it ends it", row.declared_by.participant);
            return Err(Refusal::new(Reason::NotYours, message));
        }
        Refusal::unless_valid(misplaced(true, envelope).into_iter().collect())?;
        let mut consents = Approvals::new(context.actor.clone(), context.at);
        let consent = signed::approval(state.by()?, &row.end_subject(), envelope, context)?;
        consents.given.insert(context.actor.participant.clone(), consent);
        row.end_consents = Some(consents);
        row.stage = Stage::Ended;
        return Ok((Change::Ended, row));
    }
    let (by, subject) = (state.by()?, row.end_subject());
    let approvals =
        opened_or_approved(by, row.end_consents.as_ref(), &subject, (String::new(), envelope), context)?;
    let complete = approvals.complete(state.accord()?, Act::EndArea);
    row.end_consents = Some(approvals);
    if complete {
        row.stage = Stage::Ended;
        return Ok((Change::Ended, row));
    }
    Ok((Change::EndConsented, row))
}
