//! Further names of a designated group: until every party has ratified one, it refers.

use super::decision::checked_reason;
use super::{Alias, AliasProposal, AliasStage, Change, Decision, Stage, event, forbidden_in};
use crate::consent::{Act, Approvals, require_party};
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::{Context, require_fresh};
use crate::limits::{ALIASES_MAX, NAME_MAX_CHARS};
use crate::registry::{Event, State};
use crate::table::Resource as _;
use crate::text::{checked, folded};

pub(super) fn propose(
    state: &State,
    id: &str,
    alias: &Alias,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let name = checked("alias.name", &alias.name, NAME_MAX_CHARS)
        .map_err(|violation| Refusal::invalid(vec![violation]))?;
    let mut row = state.designations.find(id)?.as_ref().clone();
    if matches!(row.stage, Stage::Rejected | Stage::Expired) {
        return Err(forbidden_in(&row, "given a further name"));
    }
    let later = row.alias_proposals.iter().filter(|proposal| proposal.stage != AliasStage::Rejected);
    let known = row.aliases.iter().chain(later.map(|proposal| &proposal.alias)).map(|alias| &alias.name);
    if known.chain([&row.primary_name]).any(|known| folded(known) == folded(&name)) {
        return Err(Refusal::new(
            Reason::AlreadyExists,
            format!("{} has the name {name:?} already", row.name()),
        ));
    }
    if row.alias_proposals.len() >= ALIASES_MAX {
        let rule = format!("at most {ALIASES_MAX} proposed names of one designation");
        let violation =
            Violation::new("alias", rule, row.alias_proposals.len(), "propose the designation anew");
        return Err(Refusal::invalid(vec![violation]));
    }
    row.alias_proposals.push(AliasProposal {
        id: context.fresh_id.clone(),
        alias: Alias { name, quality: alias.quality },
        stage: AliasStage::Proposed,
        stage_reason: String::new(),
        approvals: Approvals::new(context.actor.clone(), context.at),
    });
    Ok(vec![event(Change::AliasProposed, row)])
}

pub(super) fn decide(
    state: &State,
    id: &str,
    (alias_id, read): (&str, &str),
    (decision, reason, envelope): (Decision, &str, &str),
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let reason = decidable(decision, reason, envelope)?;
    let mut row = state.designations.find(id)?.as_ref().clone();
    require_party(&context.actor)?;
    let of = row.name();
    let name = format!("{of}/aliases/{alias_id}");
    let version = row.version;
    let proposal = row.alias_proposals.iter_mut().find(|proposal| proposal.id == alias_id);
    let proposal = proposal.ok_or_else(|| Refusal::not_found(&name))?;
    require_fresh(proposal, &name, read)?;
    if proposal.stage != AliasStage::Proposed {
        return Err(Refusal::new(Reason::AlreadyDecided, format!("{name} is {:?} already", proposal.stage)));
    }
    let change = match decision {
        Decision::Approve => {
            let approval = state.signed(&proposal.subject(id, version), envelope, context)?;
            proposal.approvals.approve(approval.because(reason))?;
            let ratified = proposal.approvals.complete(state.accord()?, Act::RatifyAlias);
            if ratified { Change::AliasRatified } else { Change::AliasApproved }
        }
        Decision::Reject => {
            proposal.stage_reason = reason;
            Change::AliasRejected
        }
        Decision::Hold => return Err(forbidden_in(&row, "held by a name")),
    };
    proposal.stage = match change {
        Change::AliasRatified => AliasStage::Ratified,
        Change::AliasRejected => AliasStage::Rejected,
        _ => AliasStage::Proposed,
    };
    Ok(vec![event(change, row)])
}

/// A name is approved, or rejected with a reason; it cannot be held.
fn decidable(decision: Decision, reason: &str, envelope: &str) -> Result<String, Refusal> {
    let held = (decision == Decision::Hold).then(|| {
        Violation::new("decision", "APPROVE or REJECT for a name", "HOLD", "leave it undecided instead")
    });
    match checked_reason(decision, reason, envelope) {
        Ok(reason) => Refusal::unless_valid(held.into_iter().collect()).map(|()| reason),
        Err(refusal) => Err(refusal.besides(held)),
    }
}
