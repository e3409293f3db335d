//! Checks: permitted, voided, referred, released, refused, repeated, replayed.

use concord_client::permit::{Standing, standing};
use concord_domain::actor::Role;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::receipt::Receipt;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::check_service_client::CheckServiceClient;
use concord_server::clock::real;
use concord_testkit::{Cluster, first, second};

use super::setting::*;

async fn replay(cluster: &Cluster, name: &str) -> pb::ReplayDecisionResponse {
    let request = pb::ReplayDecisionRequest { name: name.to_owned() };
    let by = first("auditor", Role::Auditor);
    call(cluster, &by, "rules.v1.CheckService/ReplayDecision", request).await.unwrap()
}

#[tokio::test]
async fn a_permit_is_void_on_its_holders_stream_as_soon_as_a_clinic_is_notified_there() {
    let cluster = in_order().await;
    let request_id = uuid::Uuid::new_v4().to_string();
    let operation = operation();
    let permitted = check(&cluster, operation.clone(), &request_id).await;
    assert_eq!(told(&permitted), (pb::Verdict::Permit, vec!["ALL_CHECKS_PASSED".to_owned()]));
    let decision = permitted.decision.clone().unwrap();
    assert_eq!(decision.rests_on.len(), 2, "the heads that it rests on are stated");
    let receipt = Receipt::from_json(permitted.receipt.clone().unwrap().json.as_bytes()).unwrap();
    let accord = &cluster.deployment().accord;
    let log = LogVerifier::from_hex(&accord.origin("rules"), &accord.log_keys["rules"]).unwrap();
    assert_eq!(receipt.verify(&log).unwrap().kind(), "decision.permitted");

    let channel = cluster.sessions().channel(&officer(), "rules").unwrap();
    let watch = pb::WatchDecisionRequest { name: decision.name.clone() };
    let mut stream = CheckServiceClient::new(channel).watch_decision(watch).await.unwrap().into_inner();
    let begun = stream.message().await.unwrap().unwrap().status.unwrap();
    assert_eq!(
        (begun.state(), begun.confirmation()),
        (pb::DecisionState::Permitted, pb::Confirmation::Confirmed)
    );
    notify_clinic(&cluster).await;
    let void = stream.message().await.unwrap().unwrap().status.unwrap();
    assert_eq!(void.state(), pb::DecisionState::Void);
    assert_eq!(void.causes[0].code, "PROTECTED_ENTITY_OVERLAP");

    let again = check(&cluster, operation.clone(), &request_id).await;
    assert_eq!(again.decision, permitted.decision, "as first written");
    assert_eq!(again.receipt, permitted.receipt);
    assert_eq!(again.status.unwrap().state(), pb::DecisionState::Void, "beside its state now");
    let (verdict, codes) = told(&check(&cluster, operation, "").await);
    assert_eq!((verdict, codes[0].as_str()), (pb::Verdict::Deny, "PROTECTED_ENTITY_OVERLAP"));
    assert_eq!(replay(&cluster, &decision.name).await.result(), pb::ReplayResult::Identical);
}

#[tokio::test]
async fn a_check_that_starts_after_a_notification_was_acknowledged_sees_it() {
    let cluster = in_order().await;
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Permit);
    notify_clinic(&cluster).await;
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Deny);
}

#[tokio::test]
async fn what_is_left_out_refers_and_a_person_is_denied_without_a_word_about_the_person() {
    let cluster = in_order().await;
    let mut silent = operation();
    silent.dissent = 0;
    silent.sources.truncate(1);
    let (verdict, codes) = told(&check(&cluster, silent, "").await);
    assert_eq!(verdict, pb::Verdict::Refer);
    assert_eq!(codes, ["SINGLE_SOURCE_INTELLIGENCE"], "dissent is no article of this rule set");

    let mut person = operation();
    person.target_type = pb::TargetType::NaturalPerson.into();
    let request = pb::CheckOperationRequest { operation: Some(person.clone()), ..Default::default() };
    let method = "rules.v1.CheckService/CheckOperation";
    let refused: Result<pb::CheckOperationResponse, _> = call(&cluster, &officer(), method, request).await;
    assert_eq!(reason(refused), "INVALID_ARGUMENT");
    person.claimed_group.clear();
    let (verdict, codes) = told(&check(&cluster, person, "").await);
    assert_eq!(verdict, pb::Verdict::Deny);
    assert!(codes.contains(&"NATURAL_PERSON_TARGET".to_owned()), "{codes:?}");
}

async fn review(
    cluster: &Cluster,
    party: &str,
    name: &str,
    decision: pb::ReviewDecision,
) -> Result<pb::DecisionStatus, tonic::Status> {
    let envelope = match decision {
        pb::ReviewDecision::Release => release(cluster, party, name).await,
        _ => String::new(),
    };
    let request = pb::ReviewReferralRequest {
        name: name.to_owned(),
        decision: decision.into(),
        reason: "as reviewed".to_owned(),
        envelope,
        ..Default::default()
    };
    let by = second(party, Role::Reviewer);
    let answer: pb::ReviewReferralResponse =
        call(cluster, &by, "rules.v1.CheckService/ReviewReferral", request).await?;
    Ok(answer.status.unwrap())
}

async fn referred(cluster: &Cluster) -> String {
    let mut single = operation();
    single.sources.truncate(1);
    check(cluster, single, "").await.decision.unwrap().name
}

#[tokio::test]
async fn a_referral_is_released_by_every_party_and_refused_by_one() {
    use pb::ReviewDecision::{Refuse, Release};
    let cluster = in_order().await;
    let name = referred(&cluster).await;
    let once = review(&cluster, "party-a", &name, Release).await.unwrap();
    assert_eq!(once.state(), pb::DecisionState::Referred);
    assert_eq!(reason(review(&cluster, "party-a", &name, Release).await), "ALREADY_DECIDED");
    let released = review(&cluster, "party-b", &name, Release).await.unwrap();
    assert_eq!(released.state(), pb::DecisionState::Released);
    let reasons: Vec<_> = released.reviews.unwrap().given.into_iter().map(|given| given.reason).collect();
    assert_eq!(reasons, ["as reviewed", "as reviewed"]);
    assert_eq!(reason(review(&cluster, "party-b", &name, Refuse).await), "STATE_FORBIDS");

    let other = referred(&cluster).await;
    let refused = review(&cluster, "party-b", &other, Refuse).await.unwrap();
    assert_eq!(refused.state(), pb::DecisionState::Refused);
    assert_eq!(refused.refused_by.unwrap().participant, "party-b", "who refused is told");

    let late = referred(&cluster).await;
    notify_clinic(&cluster).await;
    assert_eq!(reason(review(&cluster, "party-a", &late, Release).await), "RELEASE_DENIED");
    let stand = pb::GetDecisionRequest { name, as_of: None };
    let by = first("auditor", Role::Auditor);
    let stand: pb::GetDecisionResponse =
        call(&cluster, &by, "rules.v1.CheckService/GetDecision", stand).await.unwrap();
    assert_eq!(stand.status.unwrap().state(), pb::DecisionState::Void, "a release falls too");
}

#[tokio::test]
async fn a_permit_is_confirmed_and_given_up_by_its_holder_alone() {
    let cluster = in_order().await;
    let name = check(&cluster, operation(), "").await.decision.unwrap().name;
    let request = pb::ConfirmDecisionRequest { name: name.clone() };
    let method = "rules.v1.CheckService/ConfirmDecision";
    let other = first("party-b", Role::DutyOfficer);
    let foreign: Result<pb::ConfirmDecisionResponse, _> =
        call(&cluster, &other, method, request.clone()).await;
    assert_eq!(reason(foreign), "NOT_YOURS");
    let confirmed: pb::ConfirmDecisionResponse = call(&cluster, &officer(), method, request).await.unwrap();
    let status = confirmed.status.unwrap();
    assert_eq!(status.confirmation(), pb::Confirmation::Confirmed);
    assert!(status.confirm_by_time.is_some());
    let request = pb::LapseDecisionRequest { name, ..Default::default() };
    let method = "rules.v1.CheckService/LapseDecision";
    let lapsed: pb::LapseDecisionResponse =
        call(&cluster, &officer(), method, request.clone()).await.unwrap();
    assert_eq!(lapsed.status.unwrap().state(), pb::DecisionState::Lapsed);
    let again: Result<pb::LapseDecisionResponse, _> = call(&cluster, &officer(), method, request).await;
    assert_eq!(reason(again), "STATE_FORBIDS");
}

#[tokio::test]
async fn a_dry_run_confirms_nothing_since_nothing_could_ever_void_it() {
    let cluster = in_order().await;
    let request =
        pb::CheckOperationRequest { operation: Some(operation()), validate_only: true, ..Default::default() };
    let method = "rules.v1.CheckService/CheckOperation";
    let answer: pb::CheckOperationResponse = call(&cluster, &officer(), method, request).await.unwrap();
    assert_eq!(told(&answer).0, pb::Verdict::Permit);
    let status = answer.status.unwrap();
    assert_eq!(status.confirmation(), pb::Confirmation::Unconfirmed);
    assert_eq!((status.confirm_by_time, answer.decision.unwrap().confirm_by_time), (None, None));
    assert_eq!(standing(&status, real()), Standing::Unconfirmed);
}

#[tokio::test]
async fn a_release_that_is_asked_for_again_says_where_it_stands_now() {
    let cluster = in_order().await;
    let name = referred(&cluster).await;
    review(&cluster, "party-a", &name, pb::ReviewDecision::Release).await.unwrap();
    let request = pb::ReviewReferralRequest {
        envelope: release(&cluster, "party-b", &name).await,
        name,
        decision: pb::ReviewDecision::Release.into(),
        reason: "as reviewed".to_owned(),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..Default::default()
    };
    let by = second("party-b", Role::Reviewer);
    let method = "rules.v1.CheckService/ReviewReferral";
    let released: pb::ReviewReferralResponse = call(&cluster, &by, method, request.clone()).await.unwrap();
    assert_eq!(released.status.unwrap().state(), pb::DecisionState::Released);
    notify_clinic(&cluster).await;
    let again: pb::ReviewReferralResponse = call(&cluster, &by, method, request).await.unwrap();
    assert_eq!(again.status.unwrap().state(), pb::DecisionState::Void);
    assert_eq!(again.receipt, released.receipt);
}
