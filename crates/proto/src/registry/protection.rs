//! Protected entities and claims.

use concord_domain::errors::Refusal;
use concord_domain::registry::protection::{
    Category, Command, Content, Draft, FormerPlaces, ProtectedEntity, Stage,
};
use concord_domain::signed::Subject;
use concord_domain::table::Resource as _;

use super::etag_of;
use crate::fields::{Converted, Faults};
use crate::pb::registry::v1 as pb;
use crate::shared::participant::{actor_to_pb, approvals_to_pb};
use crate::shared::{area, time};

const COLLECTION: &str = "protectedEntities";

/// The message of an entity.
#[must_use]
pub fn protected_entity_to_pb(row: &ProtectedEntity) -> pb::ProtectedEntity {
    let (etag, name) = (etag_of(row), row.name());
    let ProtectedEntity {
        id: _,
        version,
        display_name,
        category,
        area: place,
        accuracy_m,
        deny_distance_m,
        refer_distance_m,
        verified_at,
        source,
        stage,
        former_areas,
        notified_by,
        notified_at,
        former_area_consents,
        removal,
    } = row;
    let state = match stage {
        Stage::Claimed => pb::ProtectionState::Claimed,
        Stage::Active => pb::ProtectionState::Active,
        Stage::Removed => pb::ProtectionState::Removed,
    };
    pb::ProtectedEntity {
        name,
        version: *version,
        etag,
        display_name: display_name.clone(),
        category: category_to_pb(*category).into(),
        area: Some(area::to_pb(place)),
        accuracy_m: *accuracy_m,
        deny_distance_m: *deny_distance_m,
        refer_distance_m: *refer_distance_m,
        verify_time: verified_at.map(time::to_pb),
        source: source.clone(),
        state: state.into(),
        former_areas: former_areas.iter().map(area::to_pb).collect(),
        notified_by: Some(actor_to_pb(notified_by)),
        notify_time: Some(time::to_pb(*notified_at)),
        former_area_consents: former_area_consents.as_ref().map(approvals_to_pb),
        removal: removal.as_ref().map(approvals_to_pb),
    }
}

fn category_to_pb(category: Category) -> pb::ProtectedCategory {
    match category {
        Category::Medical => pb::ProtectedCategory::Medical,
        Category::Education => pb::ProtectedCategory::Education,
        Category::Religious => pb::ProtectedCategory::Religious,
        Category::Cultural => pb::ProtectedCategory::Cultural,
        Category::Humanitarian => pb::ProtectedCategory::Humanitarian,
        Category::Water => pb::ProtectedCategory::Water,
        Category::Power => pb::ProtectedCategory::Power,
        Category::Shelter => pb::ProtectedCategory::Shelter,
        Category::Diplomatic => pb::ProtectedCategory::Diplomatic,
        Category::DangerousForces => pb::ProtectedCategory::DangerousForces,
        Category::Media => pb::ProtectedCategory::Media,
        Category::Food => pb::ProtectedCategory::Food,
        Category::Peacekeeping => pb::ProtectedCategory::Peacekeeping,
        Category::OtherCivilian => pb::ProtectedCategory::OtherCivilian,
    }
}

fn category_from_pb(category: pb::ProtectedCategory) -> Option<Category> {
    Some(match category {
        pb::ProtectedCategory::Unspecified => return None,
        pb::ProtectedCategory::Medical => Category::Medical,
        pb::ProtectedCategory::Education => Category::Education,
        pb::ProtectedCategory::Religious => Category::Religious,
        pb::ProtectedCategory::Cultural => Category::Cultural,
        pb::ProtectedCategory::Humanitarian => Category::Humanitarian,
        pb::ProtectedCategory::Water => Category::Water,
        pb::ProtectedCategory::Power => Category::Power,
        pb::ProtectedCategory::Shelter => Category::Shelter,
        pb::ProtectedCategory::Diplomatic => Category::Diplomatic,
        pb::ProtectedCategory::DangerousForces => Category::DangerousForces,
        pb::ProtectedCategory::Media => Category::Media,
        pb::ProtectedCategory::Food => Category::Food,
        pb::ProtectedCategory::Peacekeeping => Category::Peacekeeping,
        pb::ProtectedCategory::OtherCivilian => Category::OtherCivilian,
    })
}

fn draft(faults: &mut Faults, id: String, pb: Option<pb::ProtectedEntity>) -> Draft {
    let pb::ProtectedEntity {
        name: _,
        version: _,
        etag: _,
        display_name,
        category,
        area: place,
        accuracy_m,
        deny_distance_m,
        refer_distance_m,
        verify_time,
        source,
        state: _,
        former_areas: _,
        notified_by: _,
        notify_time: _,
        former_area_consents: _,
        removal: _,
    } = faults.required("protected_entity", pb);
    let category =
        faults.stated("protected_entity.category", category, Category::OtherCivilian, category_from_pb);
    let place = area::from_pb(faults, "protected_entity.area", place);
    let verified_at = time::optional(faults, "protected_entity.verify_time", verify_time);
    Draft {
        id,
        display_name,
        category,
        area: place,
        accuracy_m,
        deny_distance_m,
        refer_distance_m,
        verified_at,
        source,
    }
}

/// The command to notify an entity.
#[must_use]
pub fn notify_from_pb(pb: pb::NotifyProtectedEntityRequest) -> Converted<Command> {
    let pb::NotifyProtectedEntityRequest {
        protected_entity_id,
        protected_entity,
        request_id: _,
        validate_only: _,
    } = pb;
    let mut faults = Faults::default();
    let draft = draft(&mut faults, protected_entity_id, protected_entity);
    faults.finish(Command::Notify(draft))
}

/// The command to claim an entity.
#[must_use]
pub fn claim_from_pb(pb: pb::ClaimProtectedEntityRequest) -> Converted<Command> {
    let pb::ClaimProtectedEntityRequest {
        protected_entity_id,
        protected_entity,
        request_id: _,
        validate_only: _,
    } = pb;
    let mut faults = Faults::default();
    let draft = draft(&mut faults, protected_entity_id, protected_entity);
    faults.finish(Command::Claim(draft))
}

/// The command to amend an entity.
#[must_use]
pub fn amend_from_pb(pb: pb::AmendProtectedEntityRequest) -> Converted<Command> {
    let pb::AmendProtectedEntityRequest { protected_entity, etag, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let name = protected_entity.as_ref().map(|entity| entity.name.clone()).unwrap_or_default();
    let id = faults.id("protected_entity.name", COLLECTION, &name);
    let draft = draft(&mut faults, id, protected_entity);
    faults.finish(Command::Amend { draft, etag })
}

/// The command to give up former places.
#[must_use]
pub fn give_up_from_pb(pb: pb::GiveUpFormerPlaceRequest) -> Converted<Command> {
    let pb::GiveUpFormerPlaceRequest { name, etag, envelope, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::GiveUpFormerPlace { id, etag, envelope })
}

/// The command to confirm a claim.
#[must_use]
pub fn confirm_from_pb(pb: pb::ConfirmProtectedEntityRequest) -> Converted<Command> {
    let pb::ConfirmProtectedEntityRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Confirm { id })
}

/// The command to consent to removing an entity.
#[must_use]
pub fn consent_to_removal_from_pb(pb: pb::ConsentToProtectionRemovalRequest) -> Converted<Command> {
    let pb::ConsentToProtectionRemovalRequest {
        name,
        etag,
        reason,
        envelope,
        request_id: _,
        validate_only: _,
    } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::ConsentToRemoval { id, etag, reason, envelope })
}

/// What a party signs that consents to removing an entity as it was read.
///
/// # Errors
/// `INVALID_ARGUMENT` that names what is missing in it.
pub fn removal_subject_of(pb: pb::ProtectedEntity) -> Result<Subject, Refusal> {
    let mut faults = Faults::default();
    let (id, version) = (faults.id("name", COLLECTION, &pb.name), pb.version);
    let stage = faults.stated("state", pb.state, Stage::Active, |state: pb::ProtectionState| match state {
        pb::ProtectionState::Unspecified => None,
        pb::ProtectionState::Claimed => Some(Stage::Claimed),
        pb::ProtectionState::Active => Some(Stage::Active),
        pb::ProtectionState::Removed => Some(Stage::Removed),
    });
    let draft = draft(&mut faults, id, Some(pb));
    let Draft {
        id,
        display_name,
        category,
        area,
        accuracy_m,
        deny_distance_m,
        refer_distance_m,
        verified_at: _,
        source: _,
    } = faults.only(draft)?;
    let content = Content {
        version,
        stage,
        display_name: &display_name,
        category,
        area: &area,
        accuracy_m,
        deny_distance_m,
        refer_distance_m,
    };
    Ok(content.removal_of(&id))
}

/// What a party signs that consents to giving up the former places of an entity as it was read.
///
/// # Errors
/// `INVALID_ARGUMENT` that names what is missing in it.
pub fn former_places_subject_of(pb: pb::ProtectedEntity) -> Result<Subject, Refusal> {
    let mut faults = Faults::default();
    let (id, version) = (faults.id("name", COLLECTION, &pb.name), pb.version);
    let places = pb.former_areas.into_iter().enumerate();
    let former_areas: Vec<_> = places
        .map(|(i, place)| area::from_pb(&mut faults, &format!("former_areas[{i}]"), Some(place)))
        .collect();
    let (id, former_areas) = faults.only((id, former_areas))?;
    Ok(FormerPlaces { version, former_areas: &former_areas }.given_up_of(&id))
}
