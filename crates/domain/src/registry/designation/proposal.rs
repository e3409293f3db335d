//! Proposing a designation: what a proposal must hold, and what it may never hold.

use super::{AliasQuality, Change, Designation, Draft, Kind, Stage, event};
use crate::consent::Approvals;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::Context;
use crate::ids::check_id;
use crate::limits::{ALIASES_MAX, DESIGNATION_MAX_S, NAME_MAX_CHARS, TEXT_MAX_CHARS};
use crate::registry::{Event, State};
use crate::table::Resource as _;
use crate::text::{checked, checked_or_empty};
use crate::time::Timestamp;

/// Seconds that a designation of a site may last (30 days).
const SITE_MAX_S: i64 = 30 * 86_400;

pub(super) fn propose(state: &State, draft: &Draft, context: &Context) -> Result<Vec<Event>, Refusal> {
    let id = if draft.id.is_empty() { context.fresh_id.clone() } else { draft.id.clone() };
    let row = checked_row(draft, id, context)?;
    let version = match state.designations.get(&row.id) {
        None => 1,
        Some(before) if over(before, context.at) => before.version.saturating_add(1),
        Some(_) => {
            let name = row.name();
            let message =
                format!("{name} exists and is not over; decide on it, or choose another identifier");
            return Err(Refusal::new(Reason::AlreadyExists, message).with("resource", name));
        }
    };
    Ok(vec![event(Change::Proposed, Designation { version, ..row })])
}

fn over(row: &Designation, at: Timestamp) -> bool {
    matches!(row.stage, Stage::Rejected | Stage::Expired) || row.expires_at <= at
}

fn checked_row(draft: &Draft, id: String, context: &Context) -> Result<Designation, Refusal> {
    let mut found: Vec<Violation> = check_id("designation_id", &id).err().into_iter().collect();
    let mut text = |field: &str, text: &str, max: usize, empty_allowed: bool| {
        let result =
            if empty_allowed { checked_or_empty(field, text, max) } else { checked(field, text, max) };
        result.unwrap_or_else(|violation| {
            found.push(violation);
            String::new()
        })
    };
    let primary_name = text("designation.primary_name", &draft.primary_name, NAME_MAX_CHARS, false);
    let narrative_reasons =
        text("designation.narrative_reasons", &draft.narrative_reasons, TEXT_MAX_CHARS, true);
    let list_reference = text("designation.list_reference", &draft.list_reference, NAME_MAX_CHARS, true);
    let mut aliases = draft.aliases.clone();
    for (i, alias) in aliases.iter_mut().enumerate() {
        alias.name = text(&format!("designation.aliases[{i}].name"), &alias.name, NAME_MAX_CHARS, false);
    }
    if draft.aliases.len() > ALIASES_MAX {
        let rule = format!("at most {ALIASES_MAX} names");
        found.push(Violation::new("designation.aliases", rule, draft.aliases.len(), "leave out weak names"));
    }
    found.extend(person_reference(&list_reference));
    let effective_at = draft.effective_at.unwrap_or(context.at);
    let longest_s = if draft.kind == Kind::Site { SITE_MAX_S } else { DESIGNATION_MAX_S };
    let expires_at = draft.expires_at.unwrap_or_else(|| effective_at.plus_seconds(longest_s));
    found.extend(duration_violations(effective_at, expires_at, longest_s));
    found.extend(site_violations(draft));
    Refusal::unless_valid(found)?;
    Ok(Designation {
        id,
        version: 1,
        holds: 0,
        kind: draft.kind,
        primary_name,
        aliases,
        alias_proposals: Vec::new(),
        list_reference,
        narrative_reasons,
        effective_at,
        expires_at,
        site: draft.site.clone(),
        stage: Stage::Proposed,
        stage_reason: String::new(),
        approvals: Approvals::new(context.actor.clone(), context.at),
    })
}

/// References of natural persons in the UN consolidated list end their letters in `i`, as in `QDi.001`.
fn person_reference(reference: &str) -> Option<Violation> {
    let letters = reference.split('.').next().unwrap_or_default();
    let person = reference.contains('.') && letters.len() == 3 && letters.ends_with('i');
    person.then(|| {
        let rule = "the reference of a group or site: a natural person cannot be designated";
        Violation::new("designation.list_reference", rule, "a person's reference", "propose groups only")
    })
}

fn duration_violations(effective_at: Timestamp, expires_at: Timestamp, longest_s: i64) -> Vec<Violation> {
    let mut found: Vec<Violation> =
        [effective_at.check("designation.effective_time"), expires_at.check("designation.expire_time")]
            .into_iter()
            .filter_map(Result::err)
            .collect();
    let lasts_s = expires_at.seconds_since(effective_at);
    if !(1..=longest_s).contains(&lasts_s) {
        let rule = format!("after effective_time and at most {longest_s} seconds after it");
        let value = format!("{lasts_s} seconds after it");
        found.push(Violation::new("designation.expire_time", rule, value, "propose it anew when it ends"));
    }
    found
}

fn site_violations(draft: &Draft) -> Vec<Violation> {
    match (&draft.kind, &draft.site) {
        (Kind::Site, Some(site)) => site.violations("designation.site"),
        (Kind::Site, None) => {
            vec![Violation::new("designation.site", "present for a site", "", "give the place of the site")]
        }
        (Kind::Group, Some(_)) => {
            let rule = "absent for a group, which has no place";
            vec![Violation::new("designation.site", rule, "a place", "leave it out")]
        }
        (Kind::Group, None) => Vec::new(),
    }
}

/// A name that is not stated to be strong is weak.
impl Default for AliasQuality {
    fn default() -> Self {
        Self::Weak
    }
}
