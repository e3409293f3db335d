//! Rule sets: nothing is permitted without one, and only every party's own signature brings one into force.

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_testkit::{Cluster, first, second};

use super::setting::*;
use concord_proto::pb::rules::v1 as pb;

#[tokio::test]
async fn without_a_rule_set_every_check_is_denied() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    let (verdict, codes) = told(&check(&cluster, operation(), "").await);
    assert_eq!(verdict, pb::Verdict::Deny);
    assert!(codes.contains(&"NO_RULE_SET_IN_FORCE".to_owned()), "{codes:?}");
    assert!(codes.contains(&"GROUP_NOT_DESIGNATED".to_owned()), "every reason is given: {codes:?}");
}

#[tokio::test]
async fn a_rule_set_comes_into_force_by_every_partys_signature_over_its_text_alone() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    let request = pb::ProposeRuleSetRequest {
        rule_set_id: "first".to_owned(),
        text: TEXT.to_owned(),
        ..Default::default()
    };
    let proposer = first("party-a", Role::Proposer);
    let method = "rules.v1.RuleSetService/ProposeRuleSet";
    call::<_, pb::ProposeRuleSetResponse>(&cluster, &proposer, method, request.clone()).await.unwrap();
    let again: Result<pb::ProposeRuleSetResponse, _> = call(&cluster, &proposer, method, request).await;
    assert_eq!(reason(again), "ALREADY_EXISTS");
    let wrong = pb::ProposeRuleSetRequest { text: "title = 1".to_owned(), ..Default::default() };
    let wrong: Result<pb::ProposeRuleSetResponse, _> = call(&cluster, &proposer, method, wrong).await;
    assert_eq!(reason(wrong), "RULE_SET_INVALID");

    let approver = second("party-b", Role::Approver);
    let foreign_key = ratify(&cluster, &approver, "first", TEXT, "party-a").await;
    assert_eq!(reason(foreign_key), "SIGNATURE_INVALID");
    let other_text = ratify(&cluster, &approver, "first", "title = \"Another\"", "party-b").await;
    assert_eq!(reason(other_text), "SIGNATURE_INVALID");
    let own = ratify(&cluster, &first("party-a", Role::Approver), "first", TEXT, "party-a").await;
    assert_eq!(reason(own), "SELF_APPROVAL");
    let once = ratify(&cluster, &approver, "first", TEXT, "party-b").await.unwrap();
    assert_eq!(once.state(), pb::RuleSetState::Proposed);
    let twice = ratify(&cluster, &approver, "first", TEXT, "party-b").await;
    assert_eq!(reason(twice), "ALREADY_DECIDED");
    let adopted =
        ratify(&cluster, &second("party-a", Role::Approver), "first", TEXT, "party-a").await.unwrap();
    assert_eq!((adopted.state(), adopted.number), (pb::RuleSetState::InForce, 1));
    let floor = adopted.articles.iter().filter(|article| article.number == 0).count();
    assert!(floor > 0, "what cannot be ratified away is shown");
    let late = ratify(&cluster, &approver, "first", TEXT, "party-b").await;
    assert_eq!(reason(late), "STATE_FORBIDS");

    adopt(&cluster, "second").await;
    let read = |name: &str| pb::GetRuleSetRequest { name: format!("ruleSets/{name}"), as_of: None };
    let method = "rules.v1.RuleSetService/GetRuleSet";
    let before: pb::GetRuleSetResponse = call(&cluster, &proposer, method, read("first")).await.unwrap();
    assert_eq!(before.rule_set.unwrap().state(), pb::RuleSetState::Superseded);
    let now: pb::GetRuleSetResponse = call(&cluster, &proposer, method, read("in-force")).await.unwrap();
    assert_eq!(now.rule_set.unwrap().name, "ruleSets/second");
}
