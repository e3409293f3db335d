//! What becomes of a referral or a permit by people: released by all, refused by one, given up by its holder.

use crate::table::Resource as _;
use serde::{Deserialize, Serialize};

use crate::consent::{Act, require_party};
use crate::errors::{Reason, Refusal};
use crate::fold::Context;
use crate::ids::name_of;
use crate::limits::TEXT_MAX_CHARS;
use crate::rules::decision::{Decision, Refused, Stage, Status};
use crate::rules::evaluate::Reach;
use crate::rules::finding::Verdict;
use crate::rules::voiding::{voided, was_reviewed};
use crate::rules::{Event, State};
use crate::signed::{self, misplaced};
use crate::text::checked;

/// What happened to a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// A party would let it go ahead.
    ReleaseConsented,
    /// The last party would: released.
    Released,
    /// Refused.
    Refused,
    /// Given up.
    Lapsed,
    /// Voided by a later fact.
    Voided,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::ReleaseConsented => "decision.release_consented",
            Self::Released => "decision.released",
            Self::Refused => "decision.refused",
            Self::Lapsed => "decision.lapsed",
            Self::Voided => "decision.voided",
        }
    }
}

/// What a reviewer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// Would let it go ahead.
    Release,
    /// Refuses it.
    Refuse,
}

/// What can be asked about a decision.
#[derive(Clone, Debug)]
pub enum Command {
    /// Review a referral.
    Review {
        /// Identifier.
        id: String,
        /// Release or refuse.
        review: Review,
        /// Why.
        reason: String,
        /// The party's signature, where it releases: a DSSE envelope as JSON.
        envelope: String,
        /// What the shell confirmed.
        reach: Reach,
    },
    /// Give a permit or referral up.
    Lapse {
        /// Identifier.
        id: String,
    },
    /// Void a permit to which something objects now: what time alone brings about has no entry of its own.
    Recheck {
        /// Identifier.
        id: String,
    },
}

impl Command {
    /// The same, on what the shell confirmed.
    #[must_use]
    pub fn resting_on(self, confirmed: Reach) -> Self {
        match self {
            Self::Review { id, review, reason, envelope, reach: _ } => {
                Self::Review { id, review, reason, envelope, reach: confirmed }
            }
            other => other,
        }
    }

    /// Whether it would let something go ahead.
    #[must_use]
    pub fn releases(&self) -> bool {
        matches!(self, Self::Review { review: Review::Release, .. })
    }
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let party = || require_party(&context.actor);
    let (change, status) = match command {
        Command::Recheck { id } => return Ok(voided(state, id, context.at).into_iter().collect()),
        Command::Review { id, review, reason, envelope, reach } => {
            party()?;
            let reason = checked_reason(*review, reason, envelope)?;
            match review {
                Review::Refuse => refuse(state, id, reason, context)?,
                Review::Release => release(state, id, (reason, envelope), *reach, context)?,
            }
        }
        Command::Lapse { id } => party().and_then(|()| lapse(state, id, context))?,
    };
    Ok(vec![Event::Status(change, Box::new(status))])
}

fn existing(state: &State, id: &str) -> Result<(Decision, Status), Refusal> {
    let found = state.decisions.get(id).zip(state.statuses.get(id));
    let (decision, status) = found.ok_or_else(|| Refusal::not_found(&name_of(Decision::COLLECTION, id)))?;
    Ok((decision.as_ref().clone(), status.as_ref().clone()))
}

fn referred(decision: &Decision, status: &Status, context: &Context) -> Result<(), Refusal> {
    match status.stage_at(decision, context.at) {
        Stage::Referred => Ok(()),
        stage => Err(forbidden(decision, stage)),
    }
}

fn forbidden(decision: &Decision, stage: Stage) -> Refusal {
    let message = format!("{} is {stage:?}", decision.name());
    Refusal::new(Reason::StateForbids, message).with("resource", decision.name())
}

/// Both need a reason; a release needs the party's signature besides.
fn checked_reason(review: Review, reason: &str, envelope: &str) -> Result<String, Refusal> {
    let reason = checked("reason", reason, TEXT_MAX_CHARS);
    let misplaced = misplaced(review == Review::Release, envelope);
    let found = reason.as_ref().err().cloned().into_iter().chain(misplaced).collect();
    Refusal::unless_valid(found).map(|()| reason.unwrap_or_default())
}

fn refuse(state: &State, id: &str, reason: String, context: &Context) -> Result<(Change, Status), Refusal> {
    let (decision, mut status) = existing(state, id)?;
    referred(&decision, &status, context)?;
    status.refused = Some(Refused { by: context.actor.clone(), reason });
    (status.stage, status.since) = (Stage::Refused, context.at);
    Ok((Change::Refused, status))
}

/// A release rests on a fresh evaluation, which may say again what was referred and nothing else.
fn release(
    state: &State,
    id: &str,
    (reason, envelope): (String, &str),
    reach: Reach,
    context: &Context,
) -> Result<(Change, Status), Refusal> {
    let (decision, mut status) = existing(state, id)?;
    referred(&decision, &status, context)?;
    let reach = state.reach(reach);
    let by = &decision.submitted_by;
    let now = state.evaluate(&decision.operation, by, &decision.operation_digest, reach, context.at)?;
    let objecting = now.findings.iter().filter(|finding| finding.level != Verdict::Permit);
    let codes: Vec<&str> =
        objecting.filter(|finding| !was_reviewed(&decision, finding)).map(|f| f.code.as_str()).collect();
    if !codes.is_empty() {
        let message = format!("{} has new objections, check it again: {}", decision.name(), codes.join(", "));
        return Err(Refusal::new(Reason::ReleaseDenied, message).with("codes", codes.join(",")));
    }
    let approval = signed::approval(state.by()?, &decision.release_subject(), envelope, context)?;
    status.reviews.approve(approval.because(reason))?;
    if !status.reviews.complete(state.accord()?, Act::ReleaseReferral) {
        return Ok((Change::ReleaseConsented, status));
    }
    (status.stage, status.since) = (Stage::Released, context.at);
    Ok((Change::Released, status))
}

fn lapse(state: &State, id: &str, context: &Context) -> Result<(Change, Status), Refusal> {
    let (decision, mut status) = existing(state, id)?;
    if decision.submitted_by.participant != context.actor.participant {
        let message = format!("{} is held by {}", decision.name(), decision.submitted_by.participant);
        return Err(Refusal::new(Reason::NotYours, message));
    }
    match status.stage_at(&decision, context.at) {
        Stage::Permitted | Stage::Released | Stage::Referred => {}
        stage => return Err(forbidden(&decision, stage)),
    }
    (status.stage, status.since) = (Stage::Lapsed, context.at);
    Ok((Change::Lapsed, status))
}
