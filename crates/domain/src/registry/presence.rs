//! What each party reports about armed groups in an area: the basis of the procedure for commingled groups.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::require_party;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::Context;
use crate::geo::Area;
use crate::limits::NAME_MAX_CHARS;
use crate::registry::{Event, State};
use crate::table::Resource;
use crate::text::checked;
use crate::time::Timestamp;

/// How present a group is, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Not there.
    None,
    /// Possibly there.
    Possible,
    /// There.
    Confirmed,
    /// Controls the area.
    Controlling,
}

/// Of whom an assessment speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, PartialOrd, Ord)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// The named group.
    Group(String),
    /// Every armed group that is not designated.
    OtherArmedGroups,
}

/// One party's assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Identifier.
    pub id: String,
    /// Of whom.
    pub subject: Subject,
    /// How present.
    pub level: Level,
    /// Where.
    pub area: Area,
    /// When it was observed.
    pub observed_at: Timestamp,
    /// Who filed it.
    pub filed_by: Actor,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

impl Resource for Assessment {
    const COLLECTION: &'static str = "presence";

    fn id(&self) -> &str {
        &self.id
    }
}

/// What happened to an assessment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Filed.
    Filed,
    /// Withdrawn by its party.
    Withdrawn,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Filed => "presence.filed",
            Self::Withdrawn => "presence.withdrawn",
        }
    }
}

/// What can be asked about assessments.
#[derive(Clone, Debug)]
pub enum Command {
    /// File one in the name of the caller's party.
    File {
        /// Of whom.
        subject: Subject,
        /// How present.
        level: Level,
        /// Where.
        area: Area,
        /// When it was observed.
        observed_at: Timestamp,
    },
    /// Withdraw an own one.
    Withdraw {
        /// Identifier.
        id: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    require_party(&context.actor)?;
    let (change, row) = match command {
        Command::File { subject, level, area, observed_at } => {
            (Change::Filed, file(subject, *level, area, *observed_at, context)?)
        }
        Command::Withdraw { id } => (Change::Withdrawn, withdraw(state, id, context)?),
    };
    Ok(vec![Event::Presence(change, Box::new(row))])
}

fn file(
    subject: &Subject,
    level: Level,
    area: &Area,
    observed_at: Timestamp,
    context: &Context,
) -> Result<Assessment, Refusal> {
    let mut found = area.violations("assessment.area");
    found.extend(observed_at.check("assessment.observe_time").err());
    if observed_at > context.at {
        let rule = format!("not after now ({})", context.at);
        found.push(Violation::new(
            "assessment.observe_time",
            rule,
            observed_at,
            "give the time of observation",
        ));
    }
    let subject = match subject {
        Subject::OtherArmedGroups => Subject::OtherArmedGroups,
        Subject::Group(group) => {
            let group = checked("assessment.group", group, NAME_MAX_CHARS);
            Subject::Group(group.map_err(|violation| found.push(violation)).unwrap_or_default())
        }
    };
    Refusal::unless_valid(found)?;
    Ok(Assessment {
        id: context.fresh_id.clone(),
        subject,
        level,
        area: area.clone(),
        observed_at,
        filed_by: context.actor.clone(),
        withdrawn_at: None,
    })
}

fn withdraw(state: &State, id: &str, context: &Context) -> Result<Assessment, Refusal> {
    let row = state.presence.find(id)?;
    let name = row.name();
    if row.filed_by.participant != context.actor.participant {
        let message = format!("{name} was filed by {}; only it withdraws it", row.filed_by.participant);
        return Err(Refusal::new(Reason::NotYours, message));
    }
    if row.withdrawn_at.is_some() {
        return Err(Refusal::new(Reason::StateForbids, format!("{name} is withdrawn already")));
    }
    let mut row = row.as_ref().clone();
    row.withdrawn_at = Some(context.at);
    Ok(row)
}
