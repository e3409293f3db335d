//! Deciding on a designation: approval by every party of one version; holding, rejecting, suspending and ending by one.

use super::{Change, Decision, Designation, Stage, event, forbidden_in};
use crate::consent::{Act, require_party};
use crate::errors::Refusal;
use crate::fold::{Context, require_fresh};
use crate::limits::TEXT_MAX_CHARS;
use crate::registry::{Event, State};
use crate::signed;
use crate::table::Resource as _;
use crate::text::{checked, checked_or_empty, reason_given};

pub(super) fn decide(
    state: &State,
    (id, read): (&str, &str),
    (decision, reason, envelope): (Decision, &str, &str),
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let reason = checked_reason(decision, reason, envelope)?;
    let mut row = state.designations.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    require_fresh(&row, &row.name(), read)?;
    if !matches!(row.stage, Stage::Proposed | Stage::Held) {
        return Err(forbidden_in(&row, "decided on"));
    }
    let change = match decision {
        Decision::Approve => approve(state, &mut row, (reason, envelope), context)?,
        Decision::Hold => {
            row.stage_reason = reason;
            row.stage = Stage::Held;
            // INVARIANT (CON-3): what was signed before a hold, by its party or by others who did not know, does not outrun it.
            row.approvals.given.clear();
            row.holds = row.holds.saturating_add(1);
            Change::Held
        }
        Decision::Reject => {
            row.stage_reason = reason;
            row.stage = Stage::Rejected;
            Change::Rejected
        }
    };
    Ok(vec![event(change, row)])
}

/// An approval may have a reason, and needs the party's signature; what stands against a proposal needs a reason alone.
pub(super) fn checked_reason(decision: Decision, reason: &str, envelope: &str) -> Result<String, Refusal> {
    let reason = match decision {
        Decision::Approve => checked_or_empty("reason", reason, TEXT_MAX_CHARS),
        Decision::Hold | Decision::Reject => checked("reason", reason, TEXT_MAX_CHARS),
    };
    let misplaced = signed::misplaced(decision == Decision::Approve, envelope);
    let found = reason.as_ref().err().cloned().into_iter().chain(misplaced).collect();
    Refusal::unless_valid(found).map(|()| reason.unwrap_or_default())
}

/// An approval also lifts a hold; nothing takes effect before every party has approved after it, the one that held too.
fn approve(
    state: &State,
    row: &mut Designation,
    (reason, envelope): (String, &str),
    context: &Context,
) -> Result<Change, Refusal> {
    row.approvals.approve(state.signed(&row.subject(), envelope, context)?.because(reason))?;
    row.stage = Stage::Proposed;
    row.stage_reason = String::new();
    if !row.approvals.complete(state.accord()?, Act::Designate) {
        return Ok(Change::Approved);
    }
    if state.shares_name_with_non_target(row) {
        return Err(forbidden_in(
            row,
            "designated while a group of that name is named as no acceptable target",
        ));
    }
    row.stage = Stage::Active;
    Ok(Change::Activated)
}

pub(super) fn suspend(
    state: &State,
    id: &str,
    reason: &str,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let reason = reason_given("reason", reason)?;
    let mut row = state.designations.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    row.stage_reason = reason;
    if row.stage != Stage::Active {
        return Err(forbidden_in(&row, "suspended"));
    }
    row.stage = Stage::Suspended;
    Ok(vec![event(Change::Suspended, row)])
}

pub(super) fn expire(
    state: &State,
    id: &str,
    reason: &str,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let reason = reason_given("reason", reason)?;
    let mut row = state.designations.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    row.stage_reason = reason;
    if matches!(row.stage, Stage::Rejected | Stage::Expired) {
        return Err(forbidden_in(&row, "ended"));
    }
    row.stage = Stage::Expired;
    Ok(vec![event(Change::Expired, row)])
}
