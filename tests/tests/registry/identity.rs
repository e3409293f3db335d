//! Who is let in: only certificates of the participant that owns the trust domain, only in its roles.

use std::sync::Arc;

use concord_cli::{Deployment, Sessions};
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_testkit::{Cluster, first, spec};
use tonic::Code;

use super::*;

async fn accord_by(sessions: &Sessions, by: &Who) -> Result<pb::GetAccordResponse, Status> {
    sessions
        .call(by, "concord.registry.v1.AccordService/GetAccord", pb::GetAccordRequest { as_of: None })
        .await
}

#[tokio::test]
async fn a_certificate_under_another_root_is_refused_though_it_names_a_known_identity() {
    let cluster = Cluster::start(Mode::Operational).await;
    let by = first("party-a", Role::Proposer);
    accord_by(cluster.sessions(), &by).await.unwrap();
    let forged = tempfile::tempdir().unwrap();
    concord_server::pki::init(forged.path(), &spec(Mode::Operational)).unwrap();
    let deployment = Deployment { pki: forged.path().to_owned(), ..cluster.deployment().as_ref().clone() };
    let refused = accord_by(&Sessions::new(Arc::new(deployment)), &by).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unavailable, "no handshake, so no answer");
}

#[tokio::test]
async fn a_server_that_is_no_service_of_the_operator_is_refused_by_the_client() {
    let cluster = Cluster::start(Mode::Operational).await;
    let other = tempfile::tempdir().unwrap();
    let accord = concord_server::pki::init(other.path(), &spec(Mode::Operational)).unwrap();
    let deployment = Deployment { accord, ..cluster.deployment().as_ref().clone() };
    let refused = accord_by(&Sessions::new(Arc::new(deployment)), &first("party-a", Role::Proposer)).await;
    assert_eq!(refused.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_role_that_may_not_is_told_so() {
    let cluster = Cluster::start(Mode::Operational).await;
    for by in [
        first("auditor", Role::Auditor),
        first("observer", Role::DutyOfficer),
        first("party-a", Role::Approver),
    ] {
        let refused: Result<pb::NotifyProtectedEntityResponse, _> =
            call(&cluster, &by, "ProtectionService/NotifyProtectedEntity", hospital("h-1")).await;
        assert_eq!(reason(refused), "ROLE_FORBIDDEN");
    }
}

#[tokio::test]
async fn a_path_that_is_no_method_reaches_no_handler() {
    let cluster = Cluster::start(Mode::Operational).await;
    let by = first("party-a", Role::Proposer);
    for method in
        ["concord.registry.v1.AccordService/getAccord", "concord.registry.v1.AccordService/GetAccord/"]
    {
        let refused: Result<pb::GetAccordResponse, _> =
            cluster.sessions().call(&by, method, pb::GetAccordRequest { as_of: None }).await;
        assert_eq!(refused.unwrap_err().code(), Code::Unimplemented, "{method}");
    }
}
