//! What others say about an operation before it is checked: each an entry of its giver over the operation's digest.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::require_party;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::Context;
use crate::geo::LatLng;
use crate::ids::ParticipantId;
use crate::registry::area;
use crate::rules::operation::Operation;
use crate::rules::{Event, State};
use crate::table::Resource;
use crate::time::Timestamp;

/// What was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Said {
    /// Notice by the submitting party, of a point where it differs from the middle of the effect area.
    Notice(Option<LatLng>),
    /// Approval by a party.
    Approval,
    /// Consent by the holder of a reservation or ground area, named as a resource.
    Consent(String),
    /// Attestation by somebody else of the submitting party that a review was made.
    Attestation(Attestation),
}

/// What is attested. A closed set, so that a rule set cannot ask for what nobody can attest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Attestation {
    /// A legal adviser has reviewed the operation (Additional Protocol I art. 82).
    LegalReview,
    /// The feasible precautions were taken (art. 57).
    Precautions,
    /// No prohibited practice is part of it: torture, collective punishment, reprisals.
    ProhibitedPractices,
}

impl Attestation {
    /// Every attestation.
    pub const ALL: [Self; 3] = [Self::LegalReview, Self::Precautions, Self::ProhibitedPractices];

    /// As it stands in a rule set.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LegalReview => "LEGAL_REVIEW",
            Self::Precautions => "PRECAUTIONS",
            Self::ProhibitedPractices => "PROHIBITED_PRACTICES",
        }
    }
}

/// One thing said about one operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coordination {
    /// Identifier.
    pub id: String,
    /// What was said.
    pub said: Said,
    /// Digest of the operation.
    pub operation_digest: String,
    /// The party whose operation it is.
    pub party: ParticipantId,
    /// Who said it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Resource for Coordination {
    const COLLECTION: &'static str = "coordination";

    fn id(&self) -> &str {
        &self.id
    }
}

/// Says something about an operation.
#[derive(Clone, Debug)]
pub struct Command {
    /// What is said.
    pub said: Said,
    /// The operation.
    pub operation: Box<Operation>,
    /// The party whose operation it is; for a notice or an attestation the caller's own.
    pub party: Option<ParticipantId>,
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    require_party(&context.actor)?;
    let party = command.party.clone().unwrap_or_else(|| context.actor.participant.clone());
    let checked = command.operation.as_ref().clone().checked();
    let mut found = checked.as_ref().err().map(|refusal| refusal.violations.clone()).unwrap_or_default();
    if !state.accord()?.is_party(&party) {
        let remedy = "name the submitting party";
        found.push(Violation::new("party", "a state party of the accord", &party, remedy));
    }
    if let Said::Notice(Some(point)) = &command.said {
        found.extend(point.violations("notified_point"));
    }
    Refusal::unless_valid(found)?;
    if let Said::Consent(resource) = &command.said {
        holder_only(state, resource, context)?;
    }
    let operation = checked?;
    let row = Coordination {
        id: context.fresh_id.clone(),
        said: command.said.clone(),
        operation_digest: operation.digest(&party)?,
        party,
        by: context.actor.clone(),
        at: context.at,
    };
    Ok(vec![Event::Coordination(Box::new(row))])
}

fn holder_only(state: &State, resource: &str, context: &Context) -> Result<(), Refusal> {
    let reservation = resource.strip_prefix("airReservations/").and_then(|id| state.reservations.get(id));
    let area = resource.strip_prefix("areas/").and_then(|id| state.registry.areas.get(id));
    let ground = area.filter(|area| area.kind == area::Kind::GroundArea);
    let holder = reservation.map(|row| &row.held_by).or_else(|| ground.map(|row| &row.declared_by));
    let holder = holder.ok_or_else(|| Refusal::not_found(resource))?;
    if holder.participant == context.actor.participant {
        return Ok(());
    }
    Err(Refusal::new(Reason::NotYours, format!("{resource} is held by {}", holder.participant)))
}

impl Coordination {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.said {
            Said::Notice(_) => "operation.notified",
            Said::Approval => "operation.approved",
            Said::Consent(_) => "operation.consented",
            Said::Attestation(_) => "operation.attested",
        }
    }
}
