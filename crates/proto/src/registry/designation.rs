//! Designations and their names.

use concord_domain::errors::Refusal;
use concord_domain::registry::designation::{
    Alias, AliasContent, AliasProposal, AliasQuality, AliasStage, Command, Content, Decision, Designation,
    Draft, Kind, Stage,
};
use concord_domain::signed::Subject;
use concord_domain::table::Resource as _;
use concord_domain::time::Timestamp;

use super::etag_of;
use crate::fields::{Converted, Faults};
use crate::pb::registry::v1 as pb;
use crate::shared::participant::approvals_to_pb;
use crate::shared::{area, time};

const COLLECTION: &str = "designations";

/// The message of a designation as it stands at `now`: one whose time is over is EXPIRED.
#[must_use]
pub fn designation_to_pb(row: &Designation, now: Timestamp) -> pb::Designation {
    let etag = etag_of(row);
    let name = row.name();
    let Designation {
        id: _,
        version,
        holds,
        kind,
        primary_name,
        aliases,
        alias_proposals,
        list_reference,
        narrative_reasons,
        effective_at,
        expires_at,
        site,
        stage,
        stage_reason,
        approvals,
    } = row;
    let kind = match kind {
        Kind::Group => pb::DesignationKind::Group,
        Kind::Site => pb::DesignationKind::Site,
    };
    pb::Designation {
        name,
        version: *version,
        holds: *holds,
        etag,
        kind: kind.into(),
        primary_name: primary_name.clone(),
        aliases: aliases.iter().map(alias_to_pb).collect(),
        alias_proposals: alias_proposals.iter().map(alias_proposal_to_pb).collect(),
        list_reference: list_reference.clone(),
        narrative_reasons: narrative_reasons.clone(),
        effective_time: Some(time::to_pb(*effective_at)),
        expire_time: Some(time::to_pb(*expires_at)),
        site: site.as_ref().map(area::to_pb),
        state: state_of(*stage, *expires_at <= now).into(),
        state_reason: stage_reason.clone(),
        approvals: Some(approvals_to_pb(approvals)),
    }
}

fn state_of(stage: Stage, over: bool) -> pb::DesignationState {
    match stage {
        Stage::Rejected => pb::DesignationState::Rejected,
        Stage::Expired => pb::DesignationState::Expired,
        Stage::Proposed | Stage::Held | Stage::Active | Stage::Suspended if over => {
            pb::DesignationState::Expired
        }
        Stage::Proposed => pb::DesignationState::Proposed,
        Stage::Held => pb::DesignationState::Held,
        Stage::Active => pb::DesignationState::Active,
        Stage::Suspended => pb::DesignationState::Suspended,
    }
}

fn alias_to_pb(alias: &Alias) -> pb::Alias {
    let Alias { name, quality } = alias;
    let quality = match quality {
        AliasQuality::Strong => pb::AliasQuality::Strong,
        AliasQuality::Weak => pb::AliasQuality::Weak,
    };
    pb::Alias { name: name.clone(), quality: quality.into() }
}

fn alias_proposal_to_pb(proposal: &AliasProposal) -> pb::AliasProposal {
    let etag = etag_of(proposal);
    let AliasProposal { id, alias, stage, stage_reason, approvals } = proposal;
    let state = match stage {
        AliasStage::Proposed => pb::AliasState::Proposed,
        AliasStage::Ratified => pb::AliasState::Ratified,
        AliasStage::Rejected => pb::AliasState::Rejected,
    };
    pb::AliasProposal {
        id: id.clone(),
        alias: Some(alias_to_pb(alias)),
        state: state.into(),
        approvals: Some(approvals_to_pb(approvals)),
        etag,
        state_reason: stage_reason.clone(),
    }
}

/// The command to propose a designation.
#[must_use]
pub fn propose_from_pb(pb: pb::ProposeDesignationRequest) -> Converted<Command> {
    let pb::ProposeDesignationRequest { designation_id, designation, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let designation = faults.required("designation", designation);
    let draft = draft(&mut faults, designation_id, designation);
    faults.finish(Command::Propose(draft))
}

fn draft(faults: &mut Faults, id: String, pb: pb::Designation) -> Draft {
    let pb::Designation {
        name: _,
        version: _,
        holds: _,
        etag: _,
        kind,
        primary_name,
        aliases,
        alias_proposals: _,
        list_reference,
        narrative_reasons,
        effective_time,
        expire_time,
        site,
        state: _,
        state_reason: _,
        approvals: _,
    } = pb;
    let fitting = if site.is_some() { Kind::Site } else { Kind::Group };
    let kind = faults.stated("designation.kind", kind, fitting, |kind: pb::DesignationKind| match kind {
        pb::DesignationKind::Unspecified => None,
        pb::DesignationKind::Group => Some(Kind::Group),
        pb::DesignationKind::Site => Some(Kind::Site),
    });
    let begins = effective_time.is_some();
    let effective_at = time::optional(faults, "designation.effective_time", effective_time);
    let expires_at = time::optional(faults, "designation.expire_time", expire_time);
    // Beside a wrong beginning stands the end, so that nothing is wrong with the length.
    let fitting = expires_at.filter(|_| begins).map(|end| end.plus_seconds(-1));
    let site = site.map(|site| area::from_pb(faults, "designation.site", Some(site)));
    let aliases = aliases.into_iter().enumerate();
    let aliases =
        aliases.map(|(i, alias)| alias_from_pb(faults, &format!("designation.aliases[{i}]"), alias));
    Draft {
        aliases: aliases.collect(),
        id,
        kind,
        primary_name,
        list_reference,
        narrative_reasons,
        effective_at: effective_at.or(fitting),
        expires_at,
        site,
    }
}

/// What a party signs that approves a designation as it was read; made from what it says, not from what anybody says of it.
///
/// # Errors
/// `INVALID_ARGUMENT` that names what is missing in it.
pub fn subject_of(pb: pb::Designation) -> Result<Subject, Refusal> {
    let mut faults = Faults::default();
    let (id, version, holds) = (faults.id("name", COLLECTION, &pb.name), pb.version, pb.holds);
    let effective_at = time::required(&mut faults, "effective_time", pb.effective_time);
    let expires_at = time::required(&mut faults, "expire_time", pb.expire_time);
    let draft = draft(&mut faults, id, pb);
    let Draft { id, kind, primary_name, aliases, list_reference, narrative_reasons, site, .. } =
        faults.only(draft)?;
    let content = Content {
        version,
        holds,
        kind,
        primary_name: &primary_name,
        aliases: &aliases,
        list_reference: &list_reference,
        narrative_reasons: &narrative_reasons,
        effective_at,
        expires_at,
        site: site.as_ref(),
    };
    Ok(content.of(&id))
}

/// What a party signs that ratifies a further name of a designation as it was read.
///
/// # Errors
/// `INVALID_ARGUMENT` where there is no such name.
pub fn alias_subject_of(pb: pb::Designation, alias_id: &str) -> Result<Subject, Refusal> {
    let mut faults = Faults::default();
    let (id, version) = (faults.id("name", COLLECTION, &pb.name), pb.version);
    let found = pb.alias_proposals.into_iter().find(|proposal| proposal.id == alias_id);
    let alias = faults.required("alias_proposals", found.and_then(|proposal| proposal.alias));
    let alias = alias_from_pb(&mut faults, "alias_proposals", alias);
    let (id, alias) = faults.only((id, alias))?;
    let Alias { name, quality } = &alias;
    Ok(AliasContent { version, name, quality: *quality }.of(&id, alias_id))
}

/// A quality that is not stated is weak, which refers.
fn alias_from_pb(faults: &mut Faults, field: &str, pb: pb::Alias) -> Alias {
    let pb::Alias { name, quality } = pb;
    let field = format!("{field}.quality");
    let quality =
        faults.stated(&field, quality, AliasQuality::Weak, |quality: pb::AliasQuality| match quality {
            pb::AliasQuality::Strong => Some(AliasQuality::Strong),
            pb::AliasQuality::Weak | pb::AliasQuality::Unspecified => Some(AliasQuality::Weak),
        });
    Alias { name, quality }
}

/// An approval, which needs no reason, stands for a decision that is not stated.
fn decision(faults: &mut Faults, number: i32) -> Decision {
    faults.stated("decision", number, Decision::Approve, |decision: pb::ProposalDecision| match decision {
        pb::ProposalDecision::Unspecified => None,
        pb::ProposalDecision::Approve => Some(Decision::Approve),
        pb::ProposalDecision::Hold => Some(Decision::Hold),
        pb::ProposalDecision::Reject => Some(Decision::Reject),
    })
}

/// The command to decide on a designation.
#[must_use]
pub fn decide_from_pb(pb: pb::DecideDesignationRequest) -> Converted<Command> {
    let pb::DecideDesignationRequest {
        name,
        etag,
        decision: number,
        reason,
        envelope,
        request_id: _,
        validate_only: _,
    } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    let decision = decision(&mut faults, number);
    faults.finish(Command::Decide { id, etag, decision, reason, envelope })
}

/// The command to suspend a designation.
#[must_use]
pub fn suspend_from_pb(pb: pb::SuspendDesignationRequest) -> Converted<Command> {
    let pb::SuspendDesignationRequest { name, reason, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Suspend { id, reason })
}

/// The command to end a designation.
#[must_use]
pub fn expire_from_pb(pb: pb::ExpireDesignationRequest) -> Converted<Command> {
    let pb::ExpireDesignationRequest { name, reason, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Expire { id, reason })
}

/// The command to propose a name.
#[must_use]
pub fn propose_alias_from_pb(pb: pb::ProposeAliasRequest) -> Converted<Command> {
    let pb::ProposeAliasRequest { name, alias, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    let alias = faults.required("alias", alias);
    let alias = alias_from_pb(&mut faults, "alias", alias);
    faults.finish(Command::ProposeAlias { id, alias })
}

/// The command to decide on a name.
#[must_use]
pub fn decide_alias_from_pb(pb: pb::DecideAliasRequest) -> Converted<Command> {
    let pb::DecideAliasRequest {
        name,
        alias_id,
        etag,
        decision: number,
        reason,
        envelope,
        request_id: _,
        validate_only: _,
    } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    let decision = decision(&mut faults, number);
    faults.finish(Command::DecideAlias { id, alias_id, etag, decision, reason, envelope })
}

/// Whether a row, as its message, is in the state that a list asks for; an unspecified state asks for all.
#[must_use]
pub fn is_listed(pb: &pb::Designation, state: i32) -> bool {
    state == i32::from(pb::DesignationState::Unspecified) || pb.state == state
}
