//! Confirming a claim takes one party; giving up a place or removing an entity takes every party, and it protects
//! meanwhile.

use super::{Change, ProtectedEntity, Stage};
use crate::consent::{Act, require_party};
use crate::errors::{Reason, Refusal};
use crate::fold::{Context, require_fresh};
use crate::limits::TEXT_MAX_CHARS;
use crate::registry::State;
use crate::signed::{misplaced, opened_or_approved};
use crate::table::Resource as _;
use crate::text::{checked, reason_or_none};

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
    // Who agreed to reject a claim has not agreed to remove what was confirmed.
    row.removal = None;
    Ok((Change::Confirmed, row))
}

pub(super) fn give_up_former_place(
    state: &State,
    (id, read): (&str, &str),
    envelope: &str,
    context: &Context,
) -> Result<(Change, ProtectedEntity), Refusal> {
    Refusal::unless_valid(misplaced(true, envelope).into_iter().collect())?;
    let mut row = state.protected_entities.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    require_fresh(&row, &row.name(), read)?;
    if row.former_areas.is_empty() {
        return Err(forbidden(&row, "relieved of former places, since it has none"));
    }
    let (by, subject) = (state.by()?, row.former_places_subject());
    let approvals = opened_or_approved(
        by,
        row.former_area_consents.as_ref(),
        &subject,
        (String::new(), envelope),
        context,
    )?;
    let complete = approvals.complete(state.accord()?, Act::GiveUpFormerPlace);
    row.former_area_consents = Some(approvals);
    if complete {
        row.former_areas.clear();
        return Ok((Change::FormerPlaceGivenUp, row));
    }
    Ok((Change::FormerPlaceConsented, row))
}

pub(super) fn consent(
    state: &State,
    (id, read): (&str, &str),
    (reason, envelope): (&str, &str),
    context: &Context,
) -> Result<(Change, ProtectedEntity), Refusal> {
    let given = reason_or_none("reason", reason)?;
    let mut row = state.protected_entities.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    require_fresh(&row, &row.name(), read)?;
    if row.stage == Stage::Removed {
        return Err(forbidden(&row, "removed"));
    }
    if row.removal.is_none() {
        let missing = checked("reason", reason, TEXT_MAX_CHARS).err();
        Refusal::unless_valid(missing.into_iter().chain(misplaced(false, envelope)).collect())?;
    }
    let (by, subject) = (state.by()?, row.removal_subject());
    let approvals = opened_or_approved(by, row.removal.as_ref(), &subject, (given, envelope), context)?;
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
