//! Areas in which operations are restricted.

use concord_domain::errors::Refusal;
use concord_domain::ids::ParticipantId;
use concord_domain::registry::area::{Command, Content, Draft, Kind, RestrictedArea, Stage};
use concord_domain::signed::Subject;
use concord_domain::table::Resource as _;

use super::etag_of;
use crate::fields::{Converted, Faults};
use crate::pb::registry::v1 as pb;
use crate::shared::participant::{actor_to_pb, approvals_to_pb};
use crate::shared::{area, time};

const COLLECTION: &str = "areas";

/// The message of an area.
#[must_use]
pub fn area_to_pb(row: &RestrictedArea) -> pb::RestrictedArea {
    let (etag, name) = (etag_of(row), row.name());
    let RestrictedArea {
        id: _,
        display_name,
        kind,
        area: place,
        window,
        altitude_band,
        excluded_groups,
        present_groups,
        verified_at,
        stage,
        declared_by,
        end_consents,
    } = row;
    let kind = match kind {
        Kind::Ceasefire => pb::RestrictedAreaKind::Ceasefire,
        Kind::BorderBuffer => pb::RestrictedAreaKind::BorderBuffer,
        Kind::GroundArea => pb::RestrictedAreaKind::GroundArea,
        Kind::PopulatedArea => pb::RestrictedAreaKind::PopulatedArea,
        Kind::HeldArea => pb::RestrictedAreaKind::HeldArea,
    };
    let state = match stage {
        Stage::Active => pb::RestrictedAreaState::Active,
        Stage::Ended => pb::RestrictedAreaState::Ended,
    };
    pb::RestrictedArea {
        name,
        etag,
        display_name: display_name.clone(),
        kind: kind.into(),
        area: Some(area::to_pb(place)),
        window: window.as_ref().map(time::window_to_pb),
        altitude_band: altitude_band.as_ref().map(area::band_to_pb),
        excluded_groups: excluded_groups.clone(),
        present_groups: present_groups.clone(),
        verify_time: verified_at.map(time::to_pb),
        state: state.into(),
        declared_by: Some(actor_to_pb(declared_by)),
        end_consents: end_consents.as_ref().map(approvals_to_pb),
    }
}

/// The command to declare an area.
#[must_use]
pub fn declare_from_pb(pb: pb::DeclareAreaRequest) -> Converted<Command> {
    let pb::DeclareAreaRequest { area_id, area, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let area = faults.required("area", area);
    let draft = draft(&mut faults, area_id, area);
    faults.finish(Command::Declare(draft))
}

fn draft(faults: &mut Faults, id: String, pb: pb::RestrictedArea) -> Draft {
    let pb::RestrictedArea {
        name: _,
        etag: _,
        display_name,
        kind,
        area: place,
        window,
        altitude_band,
        excluded_groups,
        present_groups,
        verify_time,
        state: _,
        declared_by: _,
        end_consents: _,
    } = pb;
    // The kind that may name the groups that are named.
    let fitting = if excluded_groups.is_empty() { Kind::GroundArea } else { Kind::Ceasefire };
    let kind = faults.stated("area.kind", kind, fitting, |kind: pb::RestrictedAreaKind| match kind {
        pb::RestrictedAreaKind::Unspecified => None,
        pb::RestrictedAreaKind::Ceasefire => Some(Kind::Ceasefire),
        pb::RestrictedAreaKind::BorderBuffer => Some(Kind::BorderBuffer),
        pb::RestrictedAreaKind::GroundArea => Some(Kind::GroundArea),
        pb::RestrictedAreaKind::PopulatedArea => Some(Kind::PopulatedArea),
        pb::RestrictedAreaKind::HeldArea => Some(Kind::HeldArea),
    });
    let place = area::from_pb(faults, "area.area", place);
    let window = window.map(|window| time::window_from_pb(faults, "area.window", window));
    let verified_at = time::optional(faults, "area.verify_time", verify_time);
    Draft {
        id,
        display_name,
        kind,
        area: place,
        window,
        altitude_band: altitude_band.map(area::band_from_pb),
        excluded_groups,
        present_groups,
        verified_at,
    }
}

/// The command to consent to ending an area.
#[must_use]
pub fn consent_to_end_from_pb(pb: pb::ConsentToAreaEndRequest) -> Converted<Command> {
    let pb::ConsentToAreaEndRequest { name, etag, envelope, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::ConsentToEnd { id, etag, envelope })
}

/// What a party signs that consents to ending an area as it was read.
///
/// # Errors
/// `INVALID_ARGUMENT` that names what is missing in it.
pub fn end_subject_of(pb: pb::RestrictedArea) -> Result<Subject, Refusal> {
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &pb.name);
    let declared_by = faults.required("declared_by", pb.declared_by.clone());
    let draft = draft(&mut faults, id, pb);
    let draft = faults.only(draft)?;
    let content = Content {
        display_name: &draft.display_name,
        kind: draft.kind,
        area: &draft.area,
        window: draft.window,
        altitude_band: draft.altitude_band,
        excluded_groups: &draft.excluded_groups,
        present_groups: &draft.present_groups,
        verified_at: draft.verified_at,
        declared_by: &ParticipantId(declared_by.participant),
    };
    Ok(content.end_of(&draft.id))
}
