//! Groups that are not acceptable targets.

use concord_domain::errors::Refusal;
use concord_domain::registry::non_target::{Command, Content, NonTargetGroup, Stage};
use concord_domain::signed::Subject;
use concord_domain::table::Resource as _;

use super::etag_of;
use crate::fields::{Converted, Faults};
use crate::pb::registry::v1 as pb;
use crate::shared::participant::{actor_to_pb, approvals_to_pb};

const COLLECTION: &str = "nonTargetGroups";

/// The message of a group.
#[must_use]
pub fn non_target_group_to_pb(row: &NonTargetGroup) -> pb::NonTargetGroup {
    let (etag, name) = (etag_of(row), row.name());
    let NonTargetGroup { id: _, version, primary_name, aliases, reason, stage, named_by, removal } = row;
    let state = match stage {
        Stage::Active => pb::NonTargetState::Active,
        Stage::Removed => pb::NonTargetState::Removed,
    };
    pb::NonTargetGroup {
        name,
        version: *version,
        etag,
        primary_name: primary_name.clone(),
        aliases: aliases.clone(),
        reason: reason.clone(),
        state: state.into(),
        named_by: Some(actor_to_pb(named_by)),
        removal: removal.as_ref().map(approvals_to_pb),
    }
}

/// The command to name a group.
#[must_use]
pub fn name_from_pb(pb: pb::NameNonTargetGroupRequest) -> Converted<Command> {
    let pb::NameNonTargetGroupRequest {
        non_target_group_id,
        non_target_group,
        request_id: _,
        validate_only: _,
    } = pb;
    let mut faults = Faults::default();
    let pb::NonTargetGroup {
        name: _,
        version: _,
        etag: _,
        primary_name,
        aliases,
        reason,
        state: _,
        named_by: _,
        removal: _,
    } = faults.required("non_target_group", non_target_group);
    faults.finish(Command::Name { id: non_target_group_id, primary_name, aliases, reason })
}

/// The command to consent to removing a group.
#[must_use]
pub fn consent_to_removal_from_pb(pb: pb::ConsentToNonTargetRemovalRequest) -> Converted<Command> {
    let pb::ConsentToNonTargetRemovalRequest { name, etag, envelope, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::ConsentToRemoval { id, etag, envelope })
}

/// What a party signs that consents to removing a group as it was read.
///
/// # Errors
/// `INVALID_ARGUMENT` that names what is missing in it.
pub fn removal_subject_of(pb: &pb::NonTargetGroup) -> Result<Subject, Refusal> {
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &pb.name);
    let pb::NonTargetGroup { version, primary_name, aliases, reason, .. } = pb;
    let content = Content { version: *version, primary_name, aliases, reason };
    faults.only(content.removal_of(&id))
}
