//! Repeated requests, dry runs, pages, the clock of an exercise, and what a restart keeps.

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::receipt::Receipt;
use concord_testkit::{Cluster, first};
use prost::Message as _;

use super::*;

const NOTIFY: &str = "ProtectionService/NotifyProtectedEntity";

#[tokio::test]
async fn a_repeated_request_gives_the_first_answer_byte_for_byte_also_after_later_changes_and_restarts() {
    let mut cluster = Cluster::start(Mode::Operational).await;
    let notifier = first("notifier", Role::Proposer);
    let mut request = hospital("h-1");
    request.request_id = uuid::Uuid::new_v4().to_string();
    let once: pb::NotifyProtectedEntityResponse =
        call(&cluster, &notifier, NOTIFY, request.clone()).await.unwrap();
    let entity = once.protected_entity.clone().unwrap();
    let consent = pb::ConsentToProtectionRemovalRequest {
        name: entity.name.clone(),
        etag: entity.etag,
        reason: "changed".to_owned(),
        ..Default::default()
    };
    let by = first("party-a", Role::Approver);
    call::<_, pb::ConsentToProtectionRemovalResponse>(
        &cluster,
        &by,
        "ProtectionService/ConsentToProtectionRemoval",
        consent,
    )
    .await
    .unwrap();
    for kept in ["nothing lost", "index lost"] {
        let again: pb::NotifyProtectedEntityResponse =
            call(&cluster, &notifier, NOTIFY, request.clone()).await.unwrap();
        assert_eq!(again.encode_to_vec(), once.encode_to_vec(), "{kept}");
        cluster.stop("registry").await;
        if kept == "index lost" {
            std::fs::remove_dir_all(cluster.data_dir("registry").join("index")).unwrap();
        }
        cluster.restart("registry").await;
    }
    let again: pb::NotifyProtectedEntityResponse =
        call(&cluster, &notifier, NOTIFY, request.clone()).await.unwrap();
    assert_eq!(again.encode_to_vec(), once.encode_to_vec());
    if let Some(entity) = &mut request.protected_entity {
        entity.display_name = "Another".to_owned();
    }
    let other: Result<pb::NotifyProtectedEntityResponse, _> =
        call(&cluster, &notifier, NOTIFY, request).await;
    assert_eq!(reason(other), "REQUEST_ID_REUSED");
    cluster.stop("registry").await;
}

#[tokio::test]
async fn a_receipt_verifies_with_the_public_key_of_the_accord_alone() {
    let cluster = Cluster::start(Mode::Operational).await;
    let notifier = first("notifier", Role::Proposer);
    let answer: pb::NotifyProtectedEntityResponse =
        call(&cluster, &notifier, NOTIFY, hospital("h-1")).await.unwrap();
    let receipt = Receipt::from_json(answer.receipt.unwrap().json.as_bytes()).unwrap();
    let accord = &cluster.deployment().accord;
    let log = LogVerifier::from_hex(&accord.origin("registry"), &accord.log_keys["registry"]).unwrap();
    let entry = receipt.verify(&log).unwrap();
    assert_eq!(entry.header().participant, "notifier");
    let other = LogVerifier::from_hex(&accord.origin("registry"), &accord.log_keys["rules"]).unwrap();
    assert!(receipt.verify(&other).is_err(), "another log's key proves nothing");
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_refuses_what_the_call_would_refuse() {
    let cluster = Cluster::start(Mode::Operational).await;
    let notifier = first("notifier", Role::Proposer);
    let mut request = hospital("h-1");
    request.validate_only = true;
    let answer: pb::NotifyProtectedEntityResponse =
        call(&cluster, &notifier, NOTIFY, request.clone()).await.unwrap();
    assert!(answer.protected_entity.is_some() && answer.receipt.is_none());
    let read = pb::GetProtectedEntityRequest { name: "protectedEntities/h-1".to_owned(), as_of: None };
    let missing: Result<pb::GetProtectedEntityResponse, _> =
        call(&cluster, &notifier, "ProtectionService/GetProtectedEntity", read).await;
    assert_eq!(reason(missing), "NOT_FOUND");
    if let Some(entity) = &mut request.protected_entity {
        entity.category = 0;
        entity.area = None;
    }
    let refused: Result<pb::NotifyProtectedEntityResponse, _> =
        call(&cluster, &notifier, NOTIFY, request).await;
    let status = refused.unwrap_err();
    let fields: Vec<_> = status.get_error_details().bad_request().unwrap().field_violations.clone();
    let fields: Vec<_> = fields.into_iter().map(|violation| violation.field).collect();
    assert_eq!(fields, ["protected_entity.category", "protected_entity.area"]);
}

#[tokio::test]
async fn pages_hold_everything_once() {
    let cluster = Cluster::start(Mode::Operational).await;
    let notifier = first("notifier", Role::Proposer);
    for number in 0..7 {
        let request = hospital(&format!("h-{number}"));
        call::<_, pb::NotifyProtectedEntityResponse>(&cluster, &notifier, NOTIFY, request).await.unwrap();
    }
    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListProtectedEntitiesRequest { page_size: 3, page_token, as_of: None };
        let page: pb::ListProtectedEntitiesResponse =
            call(&cluster, &notifier, "ProtectionService/ListProtectedEntities", request).await.unwrap();
        names.extend(page.protected_entities.into_iter().map(|entity| entity.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let expected: Vec<_> = (0..7).map(|number| format!("protectedEntities/h-{number}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn the_clock_of_an_exercise_moves_forward_only_and_survives_a_restart() {
    let mut cluster = Cluster::start(Mode::Exercise).await;
    let by = first("party-a", Role::DutyOfficer);
    let set = |seconds| pb::SetClockRequest {
        time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        request_id: String::new(),
    };
    let method = "AccordService/SetClock";
    call::<_, pb::SetClockResponse>(&cluster, &by, method, set(1_474_300_800)).await.unwrap();
    let back: Result<pb::SetClockResponse, _> = call(&cluster, &by, method, set(1_474_300_799)).await;
    assert_eq!(reason(back), "CLOCK_BACKWARDS");
    cluster.stop("registry").await;
    cluster.restart("registry").await;
    let answer: pb::GetAccordResponse =
        call(&cluster, &by, "AccordService/GetAccord", pb::GetAccordRequest { as_of: None }).await.unwrap();
    let accord = answer.accord.unwrap();
    assert_eq!(accord.current_time.unwrap().seconds, 1_474_300_800);
    assert!(accord.id.starts_with("exercise-"));
    cluster.stop("registry").await;

    let real = Cluster::start(Mode::Operational).await;
    let refused: Result<pb::SetClockResponse, _> = call(&real, &by, method, set(4_000_000_000)).await;
    assert_eq!(reason(refused), "NOT_AN_EXERCISE");
}
