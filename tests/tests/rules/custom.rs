//! Custom articles: restrictions in Cedar, refused where they are wrong when they are proposed, and never more than an
//! objection afterwards.

use concord_domain::actor::Role;
use concord_proto::pb::rules::v1 as pb;
use concord_testkit::{Cluster, first, second};

use super::setting::*;

/// An article of the kind `CUSTOM`.
fn article(level: &str, restriction: &str) -> String {
    let head = "\n[[article]]\nnumber = 20\nkind = \"CUSTOM\"\ntitle = \"C\"";
    format!("{head}\nlevel = \"{level}\"\nrestriction = '''\n{restriction}\n'''\n")
}

fn forbid(id: &str, condition: &str) -> String {
    format!("@id(\"{id}\") forbid (principal, action, resource) when {{ {condition} }};")
}

async fn replay(cluster: &Cluster, name: &str) -> pb::ReplayResult {
    let request = pb::ReplayDecisionRequest { name: name.to_owned() };
    let by = first("auditor", Role::Auditor);
    let method = "rules.v1.CheckService/ReplayDecision";
    call::<_, pb::ReplayDecisionResponse>(cluster, &by, method, request).await.unwrap().result()
}

#[tokio::test]
async fn a_restriction_is_refused_at_proposal_with_its_article_and_fault() {
    let cluster = in_order().await;
    for (restriction, fault) in [
        ("@id(\"a\") permit (principal, action, resource);".to_owned(), "forbid alone"),
        (forbid("a", "context.nearest_m.HOSPITAL < 1000"), "HOSPITAL"),
        (forbid("a", "context.kind == Kind::\"AIRSTRIKE\""), "AIRSTRIKE"),
        ("forbid (principal, action, resource);".to_owned(), "@id"),
        (format!("{}context.dissent{}", "(".repeat(1_900), ")".repeat(1_900)), "nested at most"),
    ] {
        let text = format!("{TEXT}{}", article("DENY", &restriction));
        let refused = propose(&cluster, "wrong", &text).await;
        let message = refused.as_ref().unwrap_err().message().to_owned();
        assert_eq!(reason(refused), "RULE_SET_INVALID", "{message}");
        assert!(message.contains("article 20.restriction") && message.contains(fault), "{message}");
    }
    let text = format!("{TEXT}{}", article("DENY", &forbid("a", "context.x")));
    let both = text.replace("min_sources = 2", "min_sources = 0");
    let message = propose(&cluster, "wrong", &both).await.unwrap_err().message().to_owned();
    assert!(message.contains("article 1.min_sources"), "{message}");
    assert!(message.contains("article 20.restriction"), "every fault at once: {message}");
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Permit, "and it serves on");
}

#[tokio::test]
async fn a_restriction_objects_over_what_is_measured_and_is_recomputed_after_a_restart() {
    let mut cluster = in_order().await;
    let permitted = check(&cluster, operation(), "").await.decision.unwrap();
    let unless = "!context.approved_by.contains(Party::\"party-b\")";
    let restriction = forbid("clinics", &format!("context.nearest_m.MEDICAL < 5000 && {unless}"));
    adopt_with(&cluster, "custom", &article("REFER", &restriction)).await;
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Permit, "no clinic is near");
    notify_distant_clinic(&cluster).await;
    let referred = check(&cluster, operation(), "").await;
    assert_eq!(told(&referred), (pb::Verdict::Refer, vec!["CUSTOM_RESTRICTION".to_owned()]));
    let decision = referred.decision.unwrap();
    let finding = &decision.findings[0];
    let of = (finding.article, finding.kind.as_str(), finding.evidence.as_str());
    assert_eq!(of, (20, "CUSTOM", "clinics"));
    assert!(finding.message.contains("clinics"), "{}", finding.message);

    let same = decision.operation.clone().unwrap();
    let request = pb::ApproveOperationRequest {
        operation: Some(same.clone()),
        party: "party-a".to_owned(),
        ..Default::default()
    };
    let by = second("party-b", Role::Approver);
    let method = "rules.v1.CoordinationService/ApproveOperation";
    call::<_, pb::ApproveOperationResponse>(&cluster, &by, method, request).await.unwrap();
    assert_eq!(told(&check(&cluster, same, "").await).0, pb::Verdict::Permit);

    cluster.stop("rules").await;
    cluster.restart("rules").await;
    let other = pb::Operation { description: "another".to_owned(), ..operation() };
    let again = check(&cluster, other, "").await;
    assert_eq!(told(&again), (pb::Verdict::Refer, vec!["CUSTOM_RESTRICTION".to_owned()]), "compiled anew");
    for name in [&permitted.name, &decision.name] {
        assert_eq!(replay(&cluster, name).await, pb::ReplayResult::Identical);
    }
}

#[tokio::test]
async fn a_restriction_that_errors_denies_and_voids_what_was_permitted() {
    let cluster = in_order().await;
    let permitted = check(&cluster, operation(), "").await.decision.unwrap();
    let restriction = forbid("sum", "context.radius_m + 9223372036854775807 < 0");
    adopt_with(&cluster, "custom", &article("REFER", &restriction)).await;
    let answer = check(&cluster, operation(), "").await;
    assert_eq!(told(&answer), (pb::Verdict::Deny, vec!["EVALUATION_ERROR".to_owned()]));
    assert_eq!(answer.decision.unwrap().findings[0].evidence, "sum");
    let request = pb::GetDecisionRequest { name: permitted.name, as_of: None };
    let stand: pb::GetDecisionResponse =
        call(&cluster, &officer(), "rules.v1.CheckService/GetDecision", request).await.unwrap();
    assert_eq!(stand.status.unwrap().state(), pb::DecisionState::Void);
    adopt(&cluster, "without").await;
    assert_eq!(told(&check(&cluster, operation(), "").await).0, pb::Verdict::Permit);
}

#[tokio::test]
async fn a_restriction_never_lifts_what_another_article_finds() {
    let cluster = in_order().await;
    notify_clinic(&cluster).await;
    for (id, condition) in [("never", "context.radius_m > 9999"), ("always", "context.radius_m > 1")] {
        adopt_with(&cluster, id, &article("REFER", &forbid(id, condition))).await;
        let (verdict, codes) = told(&check(&cluster, operation(), "").await);
        assert_eq!(
            (verdict, codes[0].as_str()),
            (pb::Verdict::Deny, "PROTECTED_ENTITY_OVERLAP"),
            "{codes:?}"
        );
    }
}
