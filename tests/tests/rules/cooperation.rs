//! What incidents records changes the next check at once, and voids what lives.

use concord_client::follow::entry_from_pb;
use concord_domain::actor::Role;
use concord_ledger::checkpoint::LogVerifier;
use concord_proto::incidents::cooperation::lift_subject_of;
use concord_proto::pb::incidents::v1 as incidents;
use concord_proto::pb::ledger::v1 as ledger;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_proto::pb::rules::v1 as pb;
use concord_store::{FollowedCopy, SEGMENT_BYTES};
use concord_testkit::{Cluster, first};

use super::setting::*;

async fn state_of(cluster: &Cluster, name: &str) -> pb::DecisionStatus {
    let request = pb::GetDecisionRequest { name: name.to_owned(), as_of: None };
    let answer: pb::GetDecisionResponse =
        call(cluster, &officer(), "rules.v1.CheckService/GetDecision", request).await.unwrap();
    answer.status.unwrap()
}

async fn permitted(cluster: &Cluster) -> String {
    let answer = check(cluster, operation(), "").await;
    assert_eq!(told(&answer).0, pb::Verdict::Permit, "{answer:?}");
    answer.decision.unwrap().name
}

async fn warn(cluster: &Cluster) -> incidents::HotlineMessage {
    let warning = incidents::Warning { area: Some(circle(0.5, 0.5, 10.0)), ..Default::default() };
    let message = incidents::HotlineMessage {
        precedence: incidents::Precedence::Flash.into(),
        body: "You are firing at us".to_owned(),
        warning: Some(warning),
        ..Default::default()
    };
    let request = incidents::SendMessageRequest { message: Some(message), ..Default::default() };
    let by = first("observer", Role::DutyOfficer);
    let method = "incidents.v1.HotlineService/SendMessage";
    let answer: incidents::SendMessageResponse = call(cluster, &by, method, request).await.unwrap();
    answer.message.unwrap()
}

#[tokio::test]
async fn a_warning_denies_the_next_check_and_voids_what_lives_until_its_sender_resolves_it() {
    let cluster = in_order().await;
    let name = permitted(&cluster).await;
    let message = warn(&cluster).await;
    let (verdict, codes) = told(&check(&cluster, operation(), "").await);
    assert_eq!((verdict, codes), (pb::Verdict::Deny, vec!["OPEN_HOTLINE_WARNING".to_owned()]));
    let status = state_of(&cluster, &name).await;
    assert_eq!(status.state(), pb::DecisionState::Void);
    assert_eq!(status.causes[0].evidence, message.name);
    let request = incidents::ResolveWarningRequest { name: message.name, ..Default::default() };
    let method = "incidents.v1.HotlineService/ResolveWarning";
    let refused: Result<incidents::ResolveWarningResponse, _> =
        call(&cluster, &officer(), method, request.clone()).await;
    assert_eq!(reason(refused), "NOT_YOURS");
    let by = first("observer", Role::DutyOfficer);
    call::<_, incidents::ResolveWarningResponse>(&cluster, &by, method, request).await.unwrap();
    permitted(&cluster).await;
    let status = state_of(&cluster, &name).await;
    assert_eq!(status.state(), pb::DecisionState::Void, "what is void stays void");
}

/// Party B suspends operations with party A.
pub(crate) async fn suspend_operations(cluster: &Cluster) -> incidents::Suspension {
    let suspension = incidents::Suspension {
        party: "party-a".to_owned(),
        domain: incidents::CooperationDomain::Operations.into(),
        reason: "as agreed".to_owned(),
        ..Default::default()
    };
    let request = incidents::SuspendCooperationRequest { suspension: Some(suspension), ..Default::default() };
    let by = first("party-b", Role::DutyOfficer);
    let method = "incidents.v1.CooperationService/SuspendCooperation";
    let answer: incidents::SuspendCooperationResponse = call(cluster, &by, method, request).await.unwrap();
    answer.suspension.unwrap()
}

#[tokio::test]
async fn a_suspension_by_one_voids_what_lives_and_holds_until_all_have_lifted_it() {
    let cluster = in_order().await;
    let name = permitted(&cluster).await;
    let standing = suspend_operations(&cluster).await;
    let (suspension, subject) = (standing.name.clone(), lift_subject_of(standing).unwrap());
    let (verdict, codes) = told(&check(&cluster, operation(), "").await);
    assert_eq!((verdict, codes), (pb::Verdict::Deny, vec!["PARTY_SUSPENDED".to_owned()]));
    assert_eq!(state_of(&cluster, &name).await.state(), pb::DecisionState::Void);
    for (party, status) in [
        ("party-a", incidents::CooperationStatus::Suspended),
        ("party-b", incidents::CooperationStatus::Normal),
    ] {
        let request = incidents::ConsentToLiftRequest {
            name: suspension.clone(),
            corrective_action: "as agreed".to_owned(),
            envelope: cluster.deployment().consent(party, &subject).unwrap(),
            ..Default::default()
        };
        let by = first(party, Role::Approver);
        let method = "incidents.v1.CooperationService/ConsentToLift";
        call::<_, incidents::ConsentToLiftResponse>(&cluster, &by, method, request).await.unwrap();
        let request =
            incidents::GetCooperationStatusRequest { party: "party-a".to_owned(), ..Default::default() };
        let method = "incidents.v1.CooperationService/GetCooperationStatus";
        let answer: incidents::GetCooperationStatusResponse =
            call(&cluster, &by, method, request).await.unwrap();
        assert_eq!(answer.status(), status, "after the consent of {party}");
    }
    permitted(&cluster).await;
}

#[tokio::test]
async fn without_incidents_or_before_it_has_taken_up_the_rule_set_every_check_is_denied() {
    let mut cluster = in_order().await;
    cluster.stop("incidents").await;
    let denied = (pb::Verdict::Deny, vec!["INCIDENTS_UNAVAILABLE".to_owned()]);
    assert_eq!(told(&check(&cluster, operation(), "").await), denied);
    adopt(&cluster, "second").await;
    cluster.restart("incidents").await;
    permitted(&cluster).await;
    cluster.stop("rules").await;
    cluster.restart("rules").await;
    permitted(&cluster).await;
}

#[tokio::test]
async fn what_was_kept_before_a_crash_and_not_yet_taken_account_of_voids_at_the_next_start() {
    let mut cluster = in_order().await;
    let name = permitted(&cluster).await;
    cluster.stop("rules").await;
    notify_clinic(&cluster).await;
    keep_what_is_missing(&cluster).await;
    cluster.restart("rules").await;
    let status = state_of(&cluster, &name).await;
    assert_eq!(status.state(), pb::DecisionState::Void);
    assert_eq!(status.causes[0].code, "PROTECTED_ENTITY_OVERLAP");
}

/// Writes into the copy of the stopped service what the registry holds beyond it, as a crash right after would leave it.
async fn keep_what_is_missing(cluster: &Cluster) {
    let accord = &cluster.deployment().accord;
    let log = LogVerifier::from_hex(&accord.origin("registry"), &accord.log_keys["registry"]).unwrap();
    let folder = cluster.data_dir("rules").join("followed/registry");
    let (mut copy, torn) = FollowedCopy::open(&folder, log, SEGMENT_BYTES).unwrap();
    assert!(torn.is_none());
    let auditor = first("auditor", Role::Auditor);
    let mut client = LedgerServiceClient::new(cluster.sessions().channel(&auditor, "registry").unwrap());
    let request = ledger::ListEntriesRequest { first_index: copy.size(), page_size: 500 };
    let page = client.list_entries(request).await.unwrap().into_inner();
    assert!(!page.entries.is_empty());
    let entries: Vec<_> = page.entries.into_iter().map(|entry| entry_from_pb(entry).unwrap()).collect();
    copy.append(&entries, &page.checkpoint).unwrap();
}
