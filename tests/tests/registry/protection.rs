//! Protected entities, movements, areas and presence.

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::registry::area::end_subject_of;
use concord_proto::registry::protection::{former_places_subject_of, removal_subject_of};
use concord_testkit::{Cluster, first, second};

use super::*;

#[tokio::test]
async fn protection_begins_at_once_never_shrinks_and_ends_only_by_all() {
    let cluster = Cluster::start(Mode::Operational).await;
    let notifier = first("notifier", Role::Proposer);
    let answer: pb::NotifyProtectedEntityResponse =
        call(&cluster, &notifier, "ProtectionService/NotifyProtectedEntity", hospital("h-1")).await.unwrap();
    let entity = answer.protected_entity.unwrap();
    assert_eq!(entity.state(), pb::ProtectionState::Active);

    let mut smaller = entity.clone();
    smaller.deny_distance_m = 100.0;
    let amend = |entity: &pb::ProtectedEntity, etag: &str| pb::AmendProtectedEntityRequest {
        protected_entity: Some(entity.clone()),
        etag: etag.to_owned(),
        ..Default::default()
    };
    let method = "ProtectionService/AmendProtectedEntity";
    let refused: Result<pb::AmendProtectedEntityResponse, _> =
        call(&cluster, &notifier, method, amend(&smaller, &entity.etag)).await;
    assert_eq!(reason(refused), "INVALID_ARGUMENT");
    let stranger = first("third-state", Role::Proposer);
    let refused: Result<pb::AmendProtectedEntityResponse, _> =
        call(&cluster, &stranger, method, amend(&entity, &entity.etag)).await;
    assert_eq!(reason(refused), "NOT_YOURS");

    let mut moved = entity.clone();
    moved.area = Some(circle(0.6, 0.6, 80.0));
    let answer: pb::AmendProtectedEntityResponse =
        call(&cluster, &notifier, method, amend(&moved, &entity.etag)).await.unwrap();
    let mut entity = answer.protected_entity.unwrap();
    assert_eq!(entity.former_areas, [circle(0.5, 0.5, 80.0)], "the old place still protects");
    for party in ["party-a", "party-b"] {
        let subject = former_places_subject_of(entity.clone()).unwrap();
        let request = pb::GiveUpFormerPlaceRequest {
            name: entity.name.clone(),
            etag: entity.etag.clone(),
            envelope: cluster.deployment().consent(party, &subject).unwrap(),
            ..Default::default()
        };
        let by = first(party, Role::Approver);
        let answer: pb::GiveUpFormerPlaceResponse =
            call(&cluster, &by, "ProtectionService/GiveUpFormerPlace", request).await.unwrap();
        entity = answer.protected_entity.unwrap();
        assert_eq!(entity.former_areas.is_empty(), party == "party-b");
    }
    remove_by_all(&cluster, entity).await;
}

/// Every party consents to removing an entity; it stays until the last one has. Who asks first proposes it, and signs nothing.
pub(crate) async fn remove_by_all(cluster: &Cluster, mut entity: pb::ProtectedEntity) {
    let removing = [
        first("party-b", Role::Approver),
        first("party-a", Role::Approver),
        second("party-b", Role::Approver),
    ];
    for (number, by) in removing.into_iter().enumerate() {
        let subject = removal_subject_of(entity.clone()).unwrap();
        let signed = || cluster.deployment().consent(&by.participant, &subject).unwrap();
        let request = pb::ConsentToProtectionRemovalRequest {
            name: entity.name.clone(),
            etag: entity.etag.clone(),
            reason: "demolished".to_owned(),
            envelope: if number == 0 { String::new() } else { signed() },
            ..Default::default()
        };
        let answer: pb::ConsentToProtectionRemovalResponse =
            call(cluster, &by, "ProtectionService/ConsentToProtectionRemoval", request).await.unwrap();
        entity = answer.protected_entity.unwrap();
        let expected = if number == 2 { pb::ProtectionState::Removed } else { pb::ProtectionState::Active };
        assert_eq!(entity.state(), expected);
    }
}

#[tokio::test]
async fn a_claim_of_an_observer_is_confirmed_by_one_party() {
    let cluster = Cluster::start(Mode::Operational).await;
    let request = pb::ClaimProtectedEntityRequest {
        protected_entity_id: "c-1".to_owned(),
        protected_entity: hospital("").protected_entity,
        ..Default::default()
    };
    let observer = first("observer", Role::Proposer);
    let answer: pb::ClaimProtectedEntityResponse =
        call(&cluster, &observer, "ProtectionService/ClaimProtectedEntity", request).await.unwrap();
    assert_eq!(answer.protected_entity.unwrap().state(), pb::ProtectionState::Claimed);
    let request =
        pb::ConfirmProtectedEntityRequest { name: "protectedEntities/c-1".to_owned(), ..Default::default() };
    let by = first("party-b", Role::Proposer);
    let answer: pb::ConfirmProtectedEntityResponse =
        call(&cluster, &by, "ProtectionService/ConfirmProtectedEntity", request.clone()).await.unwrap();
    assert_eq!(answer.protected_entity.unwrap().state(), pb::ProtectionState::Active);
    let again: Result<pb::ConfirmProtectedEntityResponse, _> =
        call(&cluster, &by, "ProtectionService/ConfirmProtectedEntity", request).await;
    assert_eq!(reason(again), "STATE_FORBIDS");
}

#[tokio::test]
async fn an_amended_movement_keeps_its_former_plan_and_asks_for_new_acknowledgements() {
    let cluster = Cluster::start(Mode::Operational).await;
    let notifier = first("notifier", Role::Proposer);
    let plan = |latitude| pb::MovementPlan {
        path: vec![LatLng { latitude, longitude: 0.1 }, LatLng { latitude, longitude: 0.4 }],
        buffer_m: 500.0,
        window: Some(window(0, 3_600)),
        altitude_band: None,
    };
    let request = pb::NotifyMovementRequest {
        movement_id: "m-1".to_owned(),
        movement: Some(pb::Movement {
            display_name: "Convoy".to_owned(),
            kind: pb::MovementKind::Notified.into(),
            plan: Some(plan(0.1)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let answer: pb::NotifyMovementResponse =
        call(&cluster, &notifier, "MovementService/NotifyMovement", request).await.unwrap();
    let movement = answer.movement.unwrap();
    let acknowledge = |version| pb::AcknowledgeMovementRequest {
        name: "movements/m-1".to_owned(),
        version,
        level: pb::AcknowledgementLevel::Unit.into(),
        ..Default::default()
    };
    let officer = first("party-a", Role::DutyOfficer);
    let method = "MovementService/AcknowledgeMovement";
    let answer: pb::AcknowledgeMovementResponse =
        call(&cluster, &officer, method, acknowledge(1)).await.unwrap();
    assert_eq!(answer.movement.unwrap().acknowledgements.len(), 1);
    let twice: Result<pb::AcknowledgeMovementResponse, _> =
        call(&cluster, &officer, method, acknowledge(1)).await;
    assert_eq!(reason(twice), "ALREADY_DECIDED");
    let stale: Result<pb::AcknowledgeMovementResponse, _> =
        call(&cluster, &officer, method, acknowledge(7)).await;
    assert_eq!(reason(stale), "ETAG_STALE");

    let read = pb::GetMovementRequest { name: movement.name.clone(), as_of: None };
    let etag = call::<_, pb::GetMovementResponse>(&cluster, &officer, "MovementService/GetMovement", read)
        .await
        .unwrap();
    let request = pb::AmendMovementRequest {
        name: movement.name.clone(),
        etag: etag.movement.unwrap().etag,
        plan: Some(plan(0.2)),
        ..Default::default()
    };
    let answer: pb::AmendMovementResponse =
        call(&cluster, &notifier, "MovementService/AmendMovement", request).await.unwrap();
    let movement = answer.movement.unwrap();
    assert_eq!((movement.version, movement.former_plans.len(), movement.acknowledgements.len()), (2, 1, 0));

    let request = pb::CompleteMovementRequest { name: movement.name.clone(), ..Default::default() };
    let stranger = first("party-a", Role::Proposer);
    let refused: Result<pb::CompleteMovementResponse, _> =
        call(&cluster, &stranger, "MovementService/CompleteMovement", request.clone()).await;
    assert_eq!(reason(refused), "NOT_YOURS");
    let answer: pb::CompleteMovementResponse =
        call(&cluster, &notifier, "MovementService/CompleteMovement", request).await.unwrap();
    assert_eq!(answer.movement.unwrap().state(), pb::MovementState::Completed);
}

#[tokio::test]
async fn areas_and_presence_are_declared_by_one_party_and_taken_back_as_agreed() {
    let cluster = Cluster::start(Mode::Operational).await;
    let by = first("party-a", Role::Proposer);
    let declare = |id: &str, kind: pb::RestrictedAreaKind| pb::DeclareAreaRequest {
        area_id: id.to_owned(),
        area: Some(pb::RestrictedArea {
            display_name: "Area".to_owned(),
            kind: kind.into(),
            area: Some(circle(0.5, 0.5, 5_000.0)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let method = "AreaService/DeclareArea";
    let ground = declare("ground", pb::RestrictedAreaKind::GroundArea);
    let ground: pb::DeclareAreaResponse = call(&cluster, &by, method, ground).await.unwrap();
    let held = declare("held", pb::RestrictedAreaKind::HeldArea);
    let held: pb::DeclareAreaResponse = call(&cluster, &by, method, held).await.unwrap();
    let end = |area: &pb::RestrictedArea, signed_by: &str| pb::ConsentToAreaEndRequest {
        name: area.name.clone(),
        etag: area.etag.clone(),
        envelope: match signed_by {
            "" => String::new(),
            party => cluster.deployment().consent(party, &end_subject_of(area.clone()).unwrap()).unwrap(),
        },
        ..Default::default()
    };
    let (ground, held) = (ground.area.unwrap(), held.area.unwrap());
    let method = "AreaService/ConsentToAreaEnd";
    let foreign: Result<pb::ConsentToAreaEndResponse, _> =
        call(&cluster, &first("party-b", Role::Approver), method, end(&ground, "party-b")).await;
    assert_eq!(reason(foreign), "NOT_YOURS");
    let by_a = first("party-a", Role::Approver);
    let unsigned: Result<pb::ConsentToAreaEndResponse, _> =
        call(&cluster, &by_a, method, end(&ground, "")).await;
    assert_eq!(reason(unsigned), "INVALID_ARGUMENT");
    let ended: pb::ConsentToAreaEndResponse =
        call(&cluster, &by_a, method, end(&ground, "party-a")).await.unwrap();
    assert_eq!(ended.area.unwrap().state(), pb::RestrictedAreaState::Ended);
    let still: pb::ConsentToAreaEndResponse = call(&cluster, &by_a, method, end(&held, "")).await.unwrap();
    assert_eq!(still.area.unwrap().state(), pb::RestrictedAreaState::Active);

    let request = pb::FilePresenceRequest {
        assessment: Some(pb::PresenceAssessment {
            subject: pb::PresenceSubject::OtherArmedGroups.into(),
            level: pb::PresenceLevel::None.into(),
            area: Some(circle(0.5, 0.5, 5_000.0)),
            observe_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
            ..Default::default()
        }),
        ..Default::default()
    };
    let officer = first("party-a", Role::DutyOfficer);
    let filed: pb::FilePresenceResponse =
        call(&cluster, &officer, "PresenceService/FilePresence", request).await.unwrap();
    let request = pb::WithdrawPresenceRequest { name: filed.assessment.unwrap().name, ..Default::default() };
    let method = "PresenceService/WithdrawPresence";
    let foreign: Result<pb::WithdrawPresenceResponse, _> =
        call(&cluster, &first("party-b", Role::DutyOfficer), method, request.clone()).await;
    assert_eq!(reason(foreign), "NOT_YOURS");
    let withdrawn: pb::WithdrawPresenceResponse = call(&cluster, &officer, method, request).await.unwrap();
    assert!(withdrawn.assessment.unwrap().withdraw_time.is_some());
}
