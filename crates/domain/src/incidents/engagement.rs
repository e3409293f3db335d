//! Records of engagements that took place. They count against nobody by themselves; what they do is keep a place on
//! which rescuers work from being struck again.

use serde::{Deserialize, Serialize};

use super::incident::{occurred_violations, participant_violation};
use crate::actor::Actor;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::Context;
use crate::geo::LatLng;
use crate::ids::{ParticipantId, check_id, id_in_name};
use crate::incidents::{Event, State};
use crate::table::Resource;
use crate::time::Timestamp;

/// Whether rescue or medical response goes on at the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Response {
    /// It goes on.
    InProgress,
    /// It has ended, or there was none.
    Ended,
}

/// What is said about an engagement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// When.
    pub occurred_at: Timestamp,
    /// Where.
    pub location: LatLng,
    /// The party that engaged; absent where unknown.
    pub party: Option<ParticipantId>,
    /// Name of the decision that it followed; empty where none.
    pub decision: String,
    /// Whether a response goes on there.
    pub response: Response,
}

/// An engagement that took place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engagement {
    /// Identifier.
    pub id: String,
    /// As filed; the response is as it stands now.
    pub account: Account,
    /// Who filed it.
    pub filed_by: Actor,
    /// When it was filed.
    pub filed_at: Timestamp,
}

impl Resource for Engagement {
    const COLLECTION: &'static str = "engagements";

    fn id(&self) -> &str {
        &self.id
    }
}

/// What happened to an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Filed.
    Filed,
    /// The response at its place has ended.
    ResponseEnded,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Filed => "engagement.filed",
            Self::ResponseEnded => "engagement.response_ended",
        }
    }
}

/// What can be asked about engagements.
#[derive(Clone, Debug)]
pub enum Command {
    /// File one.
    File {
        /// Identifier wanted; empty has one made.
        id: String,
        /// What is said.
        account: Account,
    },
    /// Record that the response has ended.
    EndResponse {
        /// Identifier.
        id: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let (change, row) = match command {
        Command::File { id, account } => (Change::Filed, file(state, id, account, context)?),
        Command::EndResponse { id } => (Change::ResponseEnded, end_response(state, id, context)?),
    };
    Ok(vec![Event::Engagement(change, Box::new(row))])
}

fn file(state: &State, id: &str, account: &Account, context: &Context) -> Result<Engagement, Refusal> {
    let id = if id.is_empty() { &context.fresh_id } else { id };
    let field = |name: &str| format!("engagement.{name}");
    let mut found: Vec<Violation> = check_id("engagement_id", id).err().into_iter().collect();
    found.extend(occurred_violations(&field("occur_time"), account.occurred_at, context.at));
    found.extend(account.location.violations(&field("location")));
    if let Some(party) = &account.party {
        found.extend(participant_violation(state, &field("party"), party)?);
    }
    if !account.decision.is_empty() {
        found.extend(id_in_name(&field("decision"), "decisions", &account.decision).err());
    }
    Refusal::unless_valid(found)?;
    state.engagements.require_free(id)?;
    Ok(Engagement {
        id: id.to_owned(),
        account: account.clone(),
        filed_by: context.actor.clone(),
        filed_at: context.at,
    })
}

fn end_response(state: &State, id: &str, context: &Context) -> Result<Engagement, Refusal> {
    let mut row = state.engagements.find(id)?.as_ref().clone();
    let (name, filed_by) = (row.name(), &row.filed_by.participant);
    if filed_by != &context.actor.participant {
        let message = format!("{name} was filed by {filed_by}; only it ends the response there");
        return Err(Refusal::new(Reason::NotYours, message));
    }
    if row.account.response == Response::Ended {
        return Err(Refusal::new(Reason::StateForbids, format!("the response at {name} has ended already")));
    }
    row.account.response = Response::Ended;
    Ok(row)
}
