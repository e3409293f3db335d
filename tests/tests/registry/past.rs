//! What stood at an earlier time, given as the entries of the ledger left it, and proven by them.

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::ledger::v1::AsOf;
use concord_testkit::past::{bodies, log_of, recorded};
use concord_testkit::{Cluster, first, second};
use prost_types::Timestamp;

use super::*;

const NOTIFY: &str = "ProtectionService/NotifyProtectedEntity";

async fn notify(cluster: &Cluster, id: &str) -> (Timestamp, pb::ProtectedEntity) {
    let by = first("notifier", Role::Proposer);
    let answer: pb::NotifyProtectedEntityResponse = call(cluster, &by, NOTIFY, hospital(id)).await.unwrap();
    (recorded(cluster, "registry", answer.receipt.as_ref()), answer.protected_entity.unwrap())
}

/// A party consents to removing an entity, which stays.
async fn consent(cluster: &Cluster, entity: &pb::ProtectedEntity) -> (Timestamp, pb::ProtectedEntity) {
    let request = pb::ConsentToProtectionRemovalRequest {
        name: entity.name.clone(),
        etag: entity.etag.clone(),
        reason: "changed".to_owned(),
        ..Default::default()
    };
    let method = "ProtectionService/ConsentToProtectionRemoval";
    let answer: pb::ConsentToProtectionRemovalResponse =
        call(cluster, &first("party-a", Role::Approver), method, request).await.unwrap();
    (recorded(cluster, "registry", answer.receipt.as_ref()), answer.protected_entity.unwrap())
}

async fn get(
    cluster: &Cluster,
    name: &str,
    as_of: Option<Timestamp>,
) -> Result<pb::GetProtectedEntityResponse, Status> {
    let request = pb::GetProtectedEntityRequest { name: name.to_owned(), as_of };
    call(cluster, &first("auditor", Role::Auditor), "ProtectionService/GetProtectedEntity", request).await
}

async fn list(
    cluster: &Cluster,
    as_of: Option<Timestamp>,
    page_size: i32,
    page_token: &str,
) -> pb::ListProtectedEntitiesResponse {
    let page_token = page_token.to_owned();
    let request = pb::ListProtectedEntitiesRequest { page_size, page_token, as_of };
    let by = first("auditor", Role::Auditor);
    call(cluster, &by, "ProtectionService/ListProtectedEntities", request).await.unwrap()
}

fn before(time: Timestamp) -> Timestamp {
    let nanos = (time.seconds * 1_000_000_000 + i64::from(time.nanos)) - 1;
    Timestamp { seconds: nanos.div_euclid(1_000_000_000), nanos: nanos.rem_euclid(1_000_000_000) as i32 }
}

#[tokio::test]
async fn at_every_earlier_time_what_stood_then_is_given_with_the_entries_that_prove_it() {
    let mut cluster = Cluster::start(Mode::Operational).await;
    let (t1, h1) = notify(&cluster, "h-1").await;
    let (t2, h2) = notify(&cluster, "h-2").await;
    let (t3, h1_later) = consent(&cluster, &h1).await;
    assert_ne!(h1, h1_later);
    let stood = [(before(t1), vec![]), (t1, vec![&h1]), (before(t2), vec![&h1])];
    let stood =
        [&stood[..], &[(t2, vec![&h1, &h2]), (before(t3), vec![&h1, &h2]), (t3, vec![&h1_later, &h2])]];
    for kept in ["as written", "read back", "index lost"] {
        for (time, expected) in stood.iter().copied().flatten() {
            let listed = list(&cluster, Some(*time), 0, "").await;
            let AsOf { time: told, size, checkpoint, entries, receipts } = listed.as_of.unwrap();
            assert_eq!(listed.protected_entities.iter().collect::<Vec<_>>(), *expected, "{kept} {time:?}");
            assert_eq!((told, entries.len(), receipts.len()), (Some(*time), expected.len(), 0));
            assert!(log_of(&cluster, "registry").verify(&checkpoint).unwrap().size >= size);
            for (entity, index) in expected.iter().zip(entries) {
                let got = get(&cluster, &entity.name, Some(*time)).await.unwrap();
                assert_eq!(got.protected_entity.as_ref(), Some(*entity), "{kept} {time:?}");
                assert_eq!(got.as_of.as_ref().unwrap().entries, [index]);
                let id = entity.name.rsplit('/').next().unwrap();
                assert!(bodies(&cluster, "registry", got.as_of.as_ref())[0].contains(&format!("\"{id}\"")));
            }
        }
        assert_eq!(reason(get(&cluster, &h2.name, Some(t1)).await), "NOT_FOUND");
        let now = get(&cluster, &h1.name, None).await.unwrap();
        assert_eq!((now.protected_entity.as_ref(), now.as_of), (Some(&h1_later), None));
        cluster.stop("registry").await;
        if kept == "read back" {
            std::fs::remove_dir_all(cluster.data_dir("registry").join("index")).unwrap();
        }
        cluster.restart("registry").await;
    }
}

#[tokio::test]
async fn before_the_accord_there_was_nothing_and_since_then_the_accord() {
    let cluster = Cluster::start(Mode::Operational).await;
    let by = first("auditor", Role::Auditor);
    let ask = async |as_of| -> Result<pb::GetAccordResponse, Status> {
        call(&cluster, &by, "AccordService/GetAccord", pb::GetAccordRequest { as_of }).await
    };
    let early = Timestamp { seconds: 0, nanos: 0 };
    assert_eq!(reason(ask(Some(early)).await), "NOT_FOUND");
    let listed = list(&cluster, Some(early), 0, "").await;
    assert!(listed.protected_entities.is_empty());
    assert_eq!(listed.as_of.unwrap(), AsOf { time: Some(early), ..Default::default() });
    let (now, _) = notify(&cluster, "h-1").await;
    let answer = ask(Some(now)).await.unwrap();
    assert_eq!(answer.accord.unwrap().id, ask(None).await.unwrap().accord.unwrap().id);
    assert!(bodies(&cluster, "registry", answer.as_of.as_ref())[0].contains("accord_opened"));
}

#[tokio::test]
async fn pages_of_the_past_show_one_state_whatever_is_recorded_between_them() {
    let cluster = Cluster::start(Mode::Operational).await;
    for id in ["h-1", "h-3", "h-5"] {
        notify(&cluster, id).await;
    }
    let (time, h7) = notify(&cluster, "h-7").await;
    consent(&cluster, &h7).await;
    let (mut names, mut page_token, mut sizes) = (Vec::new(), String::new(), Vec::new());
    for between in ["h-2", "h-4", "h-6", "h-8"] {
        let page = list(&cluster, Some(time), 1, &page_token).await;
        assert!(page.protected_entities.iter().all(|entity| entity.name != h7.name || *entity == h7));
        names.extend(page.protected_entities.into_iter().map(|entity| entity.name));
        sizes.push(page.as_of.unwrap().size);
        page_token = page.next_page_token;
        notify(&cluster, between).await;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["h-1", "h-3", "h-5", "h-7"].map(|id| format!("protectedEntities/{id}")));
    sizes.dedup();
    assert_eq!(sizes.len(), 1, "{sizes:?}");
}

#[tokio::test]
async fn a_time_that_nothing_can_be_said_about_is_named_beside_all_else_that_is_wrong() {
    let fields = |answer: Result<pb::GetProtectedEntityResponse, Status>| -> Vec<String> {
        let details = answer.unwrap_err().get_error_details();
        details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect()
    };
    let later = Timestamp { seconds: 4_102_444_800, nanos: 0 };
    let cluster = Cluster::start(Mode::Operational).await;
    for as_of in [later, Timestamp { seconds: i64::MAX, nanos: 0 }, Timestamp { seconds: 0, nanos: -1 }] {
        assert_eq!(fields(get(&cluster, "protectedEntities/h-1", Some(as_of)).await), ["as_of"]);
        assert_eq!(fields(get(&cluster, "movements/h-1", Some(as_of)).await), ["name", "as_of"]);
    }
    let request =
        pb::ListProtectedEntitiesRequest { page_size: -1, as_of: Some(later), ..Default::default() };
    let by = first("auditor", Role::Auditor);
    let answer: Result<pb::ListProtectedEntitiesResponse, _> =
        call(&cluster, &by, "ProtectionService/ListProtectedEntities", request).await;
    let details = answer.unwrap_err().get_error_details();
    let named: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|v| &v.field[..]).collect();
    assert_eq!(named, ["page_size", "as_of"]);
    let exercise = Cluster::start(Mode::Exercise).await;
    assert_eq!(fields(get(&exercise, "protectedEntities/h-1", Some(Timestamp::default())).await), ["as_of"]);
}

#[tokio::test]
async fn a_list_of_the_past_asks_for_the_state_that_each_had_then() {
    let cluster = Cluster::start(Mode::Operational).await;
    let group = pb::Designation {
        kind: pb::DesignationKind::Group.into(),
        primary_name: "Group one".to_owned(),
        ..Default::default()
    };
    let request = pb::ProposeDesignationRequest {
        designation_id: "group-1".to_owned(),
        designation: Some(group),
        ..Default::default()
    };
    let by = first("party-a", Role::Proposer);
    let proposed: pb::ProposeDesignationResponse =
        call(&cluster, &by, "DesignationService/ProposeDesignation", request).await.unwrap();
    let at = recorded(&cluster, "registry", proposed.receipt.as_ref());
    let mut standing = proposed.designation.unwrap();
    for party in ["party-a", "party-b"] {
        let request = pb::DecideDesignationRequest {
            name: standing.name.clone(),
            etag: standing.etag.clone(),
            decision: pb::ProposalDecision::Approve.into(),
            envelope: concord_testkit::setting::approval(&cluster, party, &standing),
            ..Default::default()
        };
        let answer: pb::DecideDesignationResponse =
            call(&cluster, &second(party, Role::Approver), "DesignationService/DecideDesignation", request)
                .await
                .unwrap();
        standing = answer.designation.unwrap();
    }
    assert_eq!(standing.state(), pb::DesignationState::Active);
    for (as_of, state, count) in [
        (Some(at), pb::DesignationState::Proposed, 1),
        (Some(at), pb::DesignationState::Active, 0),
        (None, pb::DesignationState::Proposed, 0),
        (None, pb::DesignationState::Active, 1),
    ] {
        let request = pb::ListDesignationsRequest { state: state.into(), as_of, ..Default::default() };
        let by = first("auditor", Role::Auditor);
        let listed: pb::ListDesignationsResponse =
            call(&cluster, &by, "DesignationService/ListDesignations", request).await.unwrap();
        assert_eq!(listed.designations.len(), count, "{as_of:?} {state:?}");
    }
}
