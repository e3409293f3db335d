//! What somebody else must vouch for, or the submitter must show, before an operation is permitted.

use concord_cli::Who;
use concord_domain::actor::Role;
use concord_proto::pb::rules::v1 as pb;
use concord_testkit::{Cluster, first, second};

use super::setting::*;

const ATTESTATION: &str = r#"
[[article]]
number = 4
kind = "ATTESTATION"
title = "Reviews"
required = ["LEGAL_REVIEW"]
"#;

async fn attest(
    cluster: &Cluster,
    by: &Who,
    operation: &pb::Operation,
    what: pb::AttestationKind,
) -> Result<pb::Coordination, tonic::Status> {
    let request = pb::AttestOperationRequest {
        operation: Some(operation.clone()),
        attestation: what.into(),
        ..Default::default()
    };
    let answer: pb::AttestOperationResponse =
        call(cluster, by, "rules.v1.CoordinationService/AttestOperation", request).await?;
    Ok(answer.coordination.unwrap())
}

#[tokio::test]
async fn an_attestation_is_made_by_another_actor_of_the_party_over_exactly_the_operation() {
    use pb::AttestationKind::{LegalReview, Precautions, Unspecified};
    let cluster = in_order().await;
    adopt_with(&cluster, "attested", ATTESTATION).await;
    let operation = operation();
    let missing = (pb::Verdict::Refer, vec!["ATTESTATION_MISSING".to_owned()]);
    assert_eq!(told(&check(&cluster, operation.clone(), "").await), missing);

    let reviewer = second("party-a", Role::Reviewer);
    assert_eq!(reason(attest(&cluster, &officer(), &operation, LegalReview).await), "ROLE_FORBIDDEN");
    assert_eq!(reason(attest(&cluster, &reviewer, &operation, Unspecified).await), "INVALID_ARGUMENT");
    // The submitting actor under another certificate, another party, and another attestation.
    attest(&cluster, &first("party-a", Role::Approver), &operation, LegalReview).await.unwrap();
    attest(&cluster, &second("party-b", Role::Reviewer), &operation, LegalReview).await.unwrap();
    attest(&cluster, &reviewer, &operation, Precautions).await.unwrap();
    assert_eq!(told(&check(&cluster, operation.clone(), "").await), missing);

    let given = attest(&cluster, &reviewer, &operation, LegalReview).await.unwrap();
    assert_eq!((given.kind(), given.attestation()), (pb::CoordinationKind::Attestation, LegalReview));
    assert_eq!(told(&check(&cluster, operation.clone(), "").await).0, pb::Verdict::Permit);
    let mut other = operation;
    other.description = "another".to_owned();
    assert_eq!(told(&check(&cluster, other, "").await), missing);

    let request = pb::ListCoordinationRequest { operation_digest: given.operation_digest.clone() };
    let listed: pb::ListCoordinationResponse =
        call(&cluster, &officer(), "rules.v1.CoordinationService/ListCoordination", request).await.unwrap();
    assert_eq!(listed.coordination.last(), Some(&given));
}
