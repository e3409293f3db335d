//! What fails: the registry away, or replaced by a copy older than what was followed. Never a permit.

use concord_domain::actor::Role;
use concord_proto::pb::rules::v1 as pb;
use concord_testkit::first;

use super::setting::*;

#[tokio::test]
async fn while_the_registry_is_away_every_check_is_denied_and_nothing_that_lives_is_confirmed() {
    let mut cluster = in_order().await;
    let name = check(&cluster, operation(), "").await.decision.unwrap().name;
    cluster.stop("registry").await;
    let (verdict, codes) = told(&check(&cluster, operation(), "").await);
    assert_eq!((verdict, codes[0].as_str()), (pb::Verdict::Deny, "REGISTRY_UNAVAILABLE"));
    let request = pb::ConfirmDecisionRequest { name: name.clone() };
    let method = "rules.v1.CheckService/ConfirmDecision";
    let unconfirmed: pb::ConfirmDecisionResponse = call(&cluster, &officer(), method, request).await.unwrap();
    assert_eq!(unconfirmed.status.unwrap().confirmation(), pb::Confirmation::Unconfirmed);
    cluster.restart("registry").await;
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Permit);
}

#[tokio::test]
async fn a_registry_older_than_what_was_followed_is_not_believed() {
    let mut cluster = in_order().await;
    cluster.stop("registry").await;
    let (kept, older) = (cluster.data_dir("registry"), cluster.folder().join("older"));
    copy(&kept, &older);
    cluster.restart("registry").await;
    notify_clinic(&cluster).await;
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Deny);
    cluster.stop("registry").await;
    let newer = cluster.folder().join("newer");
    std::fs::rename(&kept, &newer).unwrap();
    copy(&older, &kept);
    cluster.restart("registry").await;
    for _ in 0..3 {
        let (verdict, codes) = told(&check(&cluster, operation(), "").await);
        assert_eq!(verdict, pb::Verdict::Deny);
        assert!(codes.contains(&"REGISTRY_UNAVAILABLE".to_owned()), "{codes:?}");
    }
    cluster.stop("registry").await;
    std::fs::remove_dir_all(&kept).unwrap();
    std::fs::rename(&newer, &kept).unwrap();
    cluster.restart("registry").await;
    let (_, codes) = told(&check(&cluster, operation(), "").await);
    assert!(!codes.contains(&"REGISTRY_UNAVAILABLE".to_owned()), "the missing range is back: {codes:?}");
}

#[tokio::test]
async fn rules_remembers_what_its_decisions_rest_on_though_its_copy_of_the_registry_is_lost() {
    let mut cluster = in_order().await;
    cluster.stop("registry").await;
    let (kept, older, newer) =
        (cluster.data_dir("registry"), cluster.folder().join("older"), cluster.folder().join("newer"));
    copy(&kept, &older);
    cluster.restart("registry").await;
    notify_clinic(&cluster).await;
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Deny);
    cluster.stop("rules").await;
    cluster.stop("registry").await;
    std::fs::remove_dir_all(cluster.data_dir("rules").join("followed/registry")).unwrap();
    std::fs::rename(&kept, &newer).unwrap();
    copy(&older, &kept);
    cluster.restart("registry").await;
    cluster.restart("rules").await;
    let (_, codes) = told(&check(&cluster, operation(), "").await);
    assert!(codes.contains(&"REGISTRY_UNAVAILABLE".to_owned()), "the clinic is missing: {codes:?}");
    cluster.stop("registry").await;
    std::fs::remove_dir_all(&kept).unwrap();
    std::fs::rename(&newer, &kept).unwrap();
    cluster.restart("registry").await;
    let (_, codes) = told(&check(&cluster, operation(), "").await);
    assert!(!codes.contains(&"REGISTRY_UNAVAILABLE".to_owned()), "the missing range is back: {codes:?}");
    assert!(codes.contains(&"PROTECTED_ENTITY_OVERLAP".to_owned()), "{codes:?}");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[tokio::test]
async fn a_restart_of_rules_keeps_every_decision_and_recomputes_each_to_the_same() {
    let mut cluster = in_order().await;
    let request_id = uuid::Uuid::new_v4().to_string();
    let operation = operation();
    let permitted = check(&cluster, operation.clone(), &request_id).await;
    let mut single = operation.clone();
    single.sources.clear();
    let referred = check(&cluster, single, "").await;
    cluster.stop("rules").await;
    cluster.restart("rules").await;
    let again = check(&cluster, operation, &request_id).await;
    assert_eq!((&again.decision, &again.receipt), (&permitted.decision, &permitted.receipt));
    assert_eq!(again.status.unwrap().state(), pb::DecisionState::Permitted, "a restart voids nothing");
    for decision in [permitted, referred] {
        let request = pb::ReplayDecisionRequest { name: decision.decision.unwrap().name };
        let by = first("auditor", Role::Auditor);
        let replayed: pb::ReplayDecisionResponse =
            call(&cluster, &by, "rules.v1.CheckService/ReplayDecision", request).await.unwrap();
        assert_eq!((replayed.result(), replayed.difference.as_str()), (pb::ReplayResult::Identical, ""));
    }
}
