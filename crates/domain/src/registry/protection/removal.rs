//! Confirming a claim takes one party; giving up a place or removing an entity takes every party, and it protects
//! meanwhile.

use super::{Change, ProtectedEntity, Stage};
use crate::consent::{Act, Approval, Approvals, require_party};
use crate::errors::{Reason, Refusal};
use crate::fold::{Context, require_fresh};
use crate::registry::State;
use crate::table::Resource as _;
use crate::text::{reason_given, reason_or_none};

pub(super) fn confirm(
    state: &State,
    id: &str,
    context: &Context,
) -> Result<(Change, ProtectedEntity), Refusal> {
    let mut row = state.protected_entities.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    if row.stage != Stage::Claimed {
        return Err(forbidden(&row, "confirmed"));
    }
    row.stage = Stage::Active;
    // To reject a claim is not to give up what is protected.
    row.removal = None;
    Ok((Change::Confirmed, row))
}

pub(super) fn give_up_former_place(
    state: &State,
    id: &str,
    read: &str,
    context: &Context,
) -> Result<(Change, ProtectedEntity), Refusal> {
    let mut row = state.protected_entities.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    require_fresh(&row, &row.name(), read)?;
    if row.former_areas.is_empty() {
        return Err(forbidden(&row, "relieved of former places, since it has none"));
    }
    let approval = Approval::of(&context.actor, context.at);
    let approvals = Approvals::opened_or_approved(row.former_area_consents.as_ref(), approval)?;
    if approvals.complete(state.accord()?, Act::GiveUpFormerPlace) {
        row.former_areas.clear();
        row.former_area_consents = None;
        return Ok((Change::FormerPlaceGivenUp, row));
    }
    row.former_area_consents = Some(approvals);
    Ok((Change::FormerPlaceConsented, row))
}

pub(super) fn consent(
    state: &State,
    id: &str,
    read: &str,
    reason: &str,
    context: &Context,
) -> Result<(Change, ProtectedEntity), Refusal> {
    reason_or_none("reason", reason)?;
    let mut row = state.protected_entities.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    require_fresh(&row, &row.name(), read)?;
    if row.stage == Stage::Removed {
        return Err(forbidden(&row, "removed"));
    }
    if row.removal.is_none() {
        reason_given("reason", reason)?;
    }
    let approval = Approval::of(&context.actor, context.at);
    let approvals = Approvals::opened_or_approved(row.removal.as_ref(), approval)?;
    let complete = approvals.complete(state.accord()?, Act::RemoveProtection);
    row.removal = Some(approvals);
    if complete {
        row.stage = Stage::Removed;
        return Ok((Change::Removed, row));
    }
    Ok((Change::RemovalConsented, row))
}

fn forbidden(row: &ProtectedEntity, what: &str) -> Refusal {
    let message = format!("{} is {:?}; it cannot be {what}", row.name(), row.stage);
    Refusal::new(Reason::StateForbids, message).with("resource", row.name())
}
