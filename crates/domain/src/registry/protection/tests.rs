//! What becomes of an entry that was claimed, or verified, before it is changed.

use super::notification::amended;
use super::removal::confirm;
use super::{Category, Change, ProtectedEntity, Stage};
use crate::actor::{Actor, ParticipantKind, Role};
use crate::consent::Approvals;
use crate::fold::{Context, Fold as _, require_fresh};
use crate::geo::{Area, LatLng};
use crate::registry::{Event, State};
use crate::time::Timestamp;

fn context(name: &str) -> Context {
    let kind = ParticipantKind::StateParty;
    let actor = Actor { participant: "party-a".into(), kind, role: Role::Approver, name: name.to_owned() };
    Context { actor, at: Timestamp::from_seconds(2_000), fresh_id: "fresh".to_owned() }
}

fn claimed() -> ProtectedEntity {
    ProtectedEntity {
        id: "clinic".to_owned(),
        version: 1,
        display_name: "Clinic".to_owned(),
        category: Category::Medical,
        area: Area::point(LatLng { lat: 0.5, lng: 0.5 }),
        accuracy_m: 0.0,
        deny_distance_m: 0.0,
        refer_distance_m: 0.0,
        verified_at: Some(Timestamp::from_seconds(1_000)),
        source: String::new(),
        stage: Stage::Claimed,
        former_areas: Vec::new(),
        notified_by: context("watch").actor,
        notified_at: Timestamp::from_seconds(1_000),
        former_area_consents: None,
        removal: Some(Approvals::new(context("first").actor, Timestamp::from_seconds(1_500))),
    }
}

#[test]
fn consents_to_rejecting_a_claim_are_none_to_removing_what_was_confirmed_since() {
    let mut state = State::new();
    state.apply(&Event::ProtectedEntity(Change::Claimed, Box::new(claimed())));
    let (change, row) = confirm(&state, "clinic", &context("second")).unwrap();
    assert_eq!((change, row.stage, row.removal), (Change::Confirmed, Stage::Active, None));
}

#[test]
fn an_amendment_that_does_not_say_when_the_place_was_verified_leaves_it_as_old_as_it_was() {
    let before = claimed();
    let silent = ProtectedEntity { verified_at: None, ..claimed() };
    assert_eq!(amended(before.clone(), silent, &context("watch")).verified_at, before.verified_at);
    let newer = ProtectedEntity { verified_at: Some(Timestamp::from_seconds(1_900)), ..claimed() };
    assert_eq!(amended(before, newer.clone(), &context("watch")).verified_at, newer.verified_at);
}

#[test]
fn an_etag_that_was_not_given_is_a_wrong_field_and_no_stale_one() {
    let refused = require_fresh(&claimed(), "protectedEntities/clinic", "").unwrap_err();
    let fields: Vec<&str> = refused.violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["etag"]);
}
