//! Notifying, claiming and amending: protection begins at once and never shrinks by an amendment.

use super::{Change, Draft, ProtectedEntity, Stage, distance_violation};
use crate::consent::Approvals;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::{Context, require_fresh};
use crate::ids::check_id;
use crate::limits::NAME_MAX_CHARS;
use crate::registry::State;
use crate::table::Resource as _;
use crate::text::{checked, checked_or_empty};

/// Most former places of one entity that can stand at once.
const FORMER_PLACES_MAX: usize = 50;

pub(super) fn begin(
    state: &State,
    draft: &Draft,
    stage: Stage,
    context: &Context,
) -> Result<(Change, ProtectedEntity), Refusal> {
    let id = if draft.id.is_empty() { &context.fresh_id } else { &draft.id };
    let mut found: Vec<Violation> = check_id("protected_entity_id", id).err().into_iter().collect();
    let row = checked_row(id, draft, stage, context, &mut found);
    Refusal::unless_valid(found)?;
    state.protected_entities.require_free(id)?;
    let change = if stage == Stage::Claimed { Change::Claimed } else { Change::Notified };
    Ok((change, row))
}

pub(super) fn amend(
    state: &State,
    draft: &Draft,
    read: &str,
    context: &Context,
) -> Result<(Change, ProtectedEntity), Refusal> {
    let mut found = Vec::new();
    let row = checked_row(&draft.id, draft, Stage::Active, context, &mut found);
    let before = amendable(state, draft, read, context);
    found.extend(before.iter().flat_map(|before| lessening(before, draft)));
    Refusal::unless_valid(found)?;
    Ok((Change::Amended, amended(before?, row, context)))
}

fn amendable(
    state: &State,
    draft: &Draft,
    read: &str,
    context: &Context,
) -> Result<ProtectedEntity, Refusal> {
    let before = state.protected_entities.find(&draft.id)?.as_ref().clone();
    if !context.actor.is_party() && before.notified_by.participant != context.actor.participant {
        let message = format!("{} was notified by {}", before.name(), before.notified_by.participant);
        return Err(Refusal::new(Reason::NotYours, message));
    }
    require_fresh(&before, &before.name(), read)?;
    if before.stage == Stage::Removed {
        return Err(Refusal::new(
            Reason::StateForbids,
            format!("{} is removed; notify it anew", before.name()),
        ));
    }
    Ok(before)
}

pub(super) fn amended(before: ProtectedEntity, row: ProtectedEntity, context: &Context) -> ProtectedEntity {
    let moved = before.area != row.area;
    let mut former_areas = before.former_areas;
    if moved {
        former_areas.push(before.area);
    }
    // Consents were to the places of the version before.
    let anew = || Approvals::new(context.actor.clone(), context.at);
    let former_area_consents = (!former_areas.is_empty()).then(anew);
    ProtectedEntity {
        version: before.version.saturating_add(1),
        former_areas,
        former_area_consents,
        stage: before.stage,
        notified_by: before.notified_by,
        notified_at: before.notified_at,
        // An amendment that says nothing of it makes no entry one that was never verified, which would not grow stale.
        verified_at: row.verified_at.or(before.verified_at),
        // What is amended is not what was agreed to be removed.
        removal: None,
        ..row
    }
}

/// What of an amendment would lessen the protection, or be one too many.
fn lessening(before: &ProtectedEntity, draft: &Draft) -> Vec<Violation> {
    let values = [
        ("accuracy_m", before.accuracy_m, draft.accuracy_m),
        ("deny_distance_m", before.deny_distance_m, draft.deny_distance_m),
        ("refer_distance_m", before.refer_distance_m, draft.refer_distance_m),
    ];
    let smaller = values.into_iter().filter(|(_, old, new)| new < old);
    // Rule sets keep some categories at a greater distance than others.
    let other_category = (before.category != draft.category).then(|| {
        let rule = format!("{:?} as before, since an amendment never lessens protection", before.category);
        let remedy = "keep it, and notify a second entity of the other category";
        Violation::new("protected_entity.category", rule, format!("{:?}", draft.category), remedy)
    });
    let smaller = smaller.map(|(name, old, new)| {
        let rule = format!("not below {old}, since an amendment never lessens protection");
        let remedy = "keep the value; every party together can remove the entity";
        Violation::new(format!("protected_entity.{name}"), rule, new, remedy)
    });
    let too_often = (before.former_areas.len() >= FORMER_PLACES_MAX).then(|| {
        let rule = format!("amended at most {FORMER_PLACES_MAX} times before the former places are given up");
        let remedy = "ask every party to give them up";
        Violation::new("protected_entity.area", rule, FORMER_PLACES_MAX, remedy)
    });
    smaller.chain(other_category).chain(too_often).collect()
}

fn checked_row(
    id: &str,
    draft: &Draft,
    stage: Stage,
    context: &Context,
    found: &mut Vec<Violation>,
) -> ProtectedEntity {
    let field = |name: &str| format!("protected_entity.{name}");
    let display_name = checked(&field("display_name"), &draft.display_name, NAME_MAX_CHARS);
    let display_name = display_name.map_err(|violation| found.push(violation)).unwrap_or_default();
    let source = checked_or_empty(&field("source"), &draft.source, NAME_MAX_CHARS);
    let source = source.map_err(|violation| found.push(violation)).unwrap_or_default();
    found.extend(draft.area.violations(&field("area")));
    let distances = [
        ("accuracy_m", draft.accuracy_m),
        ("deny_distance_m", draft.deny_distance_m),
        ("refer_distance_m", draft.refer_distance_m),
    ];
    found.extend(distances.iter().filter_map(|(name, value_m)| distance_violation(&field(name), *value_m)));
    found.extend(draft.verified_at.and_then(|at| at.check(&field("verify_time")).err()));
    ProtectedEntity {
        id: id.to_owned(),
        version: 1,
        display_name,
        category: draft.category,
        area: draft.area.clone(),
        accuracy_m: draft.accuracy_m,
        deny_distance_m: draft.deny_distance_m,
        refer_distance_m: draft.refer_distance_m,
        verified_at: draft.verified_at,
        source,
        stage,
        former_areas: Vec::new(),
        notified_by: context.actor.clone(),
        notified_at: context.at,
        former_area_consents: None,
        removal: None,
    }
}
