//! Decisions, rule sets and what was said about operations, as they stood at an earlier time.

use concord_domain::actor::Role;
use concord_proto::pb::rules::v1 as pb;
use concord_testkit::past::{bodies, recorded};
use concord_testkit::{Cluster, first};
use prost_types::Timestamp;

use super::setting::*;

async fn decision(cluster: &Cluster, name: &str, as_of: Option<Timestamp>) -> pb::GetDecisionResponse {
    let request = pb::GetDecisionRequest { name: name.to_owned(), as_of };
    let by = first("auditor", Role::Auditor);
    call(cluster, &by, "rules.v1.CheckService/GetDecision", request).await.unwrap()
}

#[tokio::test]
async fn a_permit_that_fell_is_shown_as_it_stood_but_never_as_confirmed() {
    let mut cluster = in_order().await;
    let permitted = check(&cluster, operation(), "").await;
    let at = recorded(&cluster, "rules", permitted.receipt.as_ref());
    let name = permitted.decision.as_ref().unwrap().name.clone();
    notify_clinic(&cluster).await;
    let now = decision(&cluster, &name, None).await;
    let void = now.status.unwrap();
    assert_eq!((void.state(), now.as_of), (pb::DecisionState::Void, None));
    for kept in ["as written", "index lost"] {
        let then = decision(&cluster, &name, Some(at)).await;
        assert_eq!(then.decision, permitted.decision, "{kept}");
        let status = then.status.unwrap();
        assert_eq!(
            (status.state(), status.confirmation(), status.confirm_by_time),
            (pb::DecisionState::Permitted, pb::Confirmation::Unconfirmed, None)
        );
        let told = bodies(&cluster, "rules", then.as_of.as_ref());
        assert!(told.len() == 2 && told.iter().all(|body| body.contains("decision")), "{told:?}");
        let later = decision(&cluster, &name, void.state_time).await;
        assert_eq!(later.status.unwrap().state(), pb::DecisionState::Void);
        let [decided, voided] = later.as_of.unwrap().entries[..] else { panic!("two entries") };
        assert!(decided < voided);
        cluster.stop("rules").await;
        std::fs::remove_dir_all(cluster.data_dir("rules").join("index")).unwrap();
        cluster.restart("rules").await;
    }
}

#[tokio::test]
async fn the_rule_set_in_force_is_the_one_of_the_time_that_is_asked_about() {
    let cluster = in_order().await;
    let auditor = first("auditor", Role::Auditor);
    let get = async |as_of: Option<Timestamp>| -> pb::GetRuleSetResponse {
        let request = pb::GetRuleSetRequest { name: "ruleSets/in-force".to_owned(), as_of };
        call(&cluster, &auditor, "rules.v1.RuleSetService/GetRuleSet", request).await.unwrap()
    };
    let first_one = get(None).await.rule_set.unwrap();
    adopt(&cluster, "rules-2").await;
    let second_one = get(None).await.rule_set.unwrap();
    assert_ne!(first_one.name, second_one.name);
    let then = get(first_one.in_force_time).await;
    assert_eq!(then.rule_set, Some(first_one));
    assert_eq!(bodies(&cluster, "rules", then.as_of.as_ref()).len(), 1);
    assert_eq!(get(second_one.in_force_time).await.rule_set, Some(second_one));
}

#[tokio::test]
async fn what_was_said_about_an_operation_is_given_as_far_as_it_was_said_by_then() {
    let cluster = in_order().await;
    let by = first("party-b", Role::DutyOfficer);
    let mut said = Vec::new();
    for _ in 0..2 {
        let request = pb::GiveNoticeRequest { operation: Some(operation()), ..Default::default() };
        let answer: pb::GiveNoticeResponse =
            call(&cluster, &by, "rules.v1.CoordinationService/GiveNotice", request).await.unwrap();
        said.push((recorded(&cluster, "rules", answer.receipt.as_ref()), answer.coordination.unwrap()));
    }
    let digest = said[0].1.operation_digest.clone();
    let list = async |as_of: Option<Timestamp>| -> pb::ListCoordinationResponse {
        let request = pb::ListCoordinationRequest { operation_digest: digest.clone(), as_of };
        call(&cluster, &by, "rules.v1.CoordinationService/ListCoordination", request).await.unwrap()
    };
    let all: Vec<_> = said.iter().map(|(_, row)| row.clone()).collect();
    assert_eq!(list(None).await.coordination, all);
    for (count, (time, _)) in (1..).zip(&said) {
        let then = list(Some(*time)).await;
        assert_eq!(then.coordination, all[..count]);
        assert_eq!(then.as_of.unwrap().entries.len(), count);
    }
}
