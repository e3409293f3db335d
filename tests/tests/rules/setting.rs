//! What the tests of rules share: a small rule set over a world in order, and what they ask of it.

use concord_domain::actor::Role;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as pb;
pub(crate) use concord_testkit::setting::{call, circle, officer, operation, propose, ratify, window};
use concord_testkit::{Cluster, first, setting};
use tonic::Status;
use tonic_types::StatusExt as _;

pub(crate) const TEXT: &str = r#"title = "Rules of tests"
[[article]]
number = 1
kind = "CORROBORATION"
title = "Two sources"
min_sources = 2
[[article]]
number = 2
kind = "PROTECTED_PROXIMITY"
title = "Protected entities"
deny_m = 500.0
refer_m = 1000.0
[[article]]
number = 3
kind = "AIRSPACE"
title = "Separation"
horizontal_m = 3000.0
vertical_m = 600.0
time_s = 0
"#;

pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.unwrap_err();
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    reason.unwrap_or_else(|| format!("{:?}: {}", status.code(), status.message()))
}

/// A cluster with everything in order.
pub(crate) async fn in_order() -> Cluster {
    setting::in_order(TEXT).await
}

pub(crate) async fn adopt(cluster: &Cluster, id: &str) {
    setting::adopt(cluster, id, TEXT).await;
}

/// Brings [`TEXT`] with more articles into force.
pub(crate) async fn adopt_with(cluster: &Cluster, id: &str, articles: &str) {
    setting::adopt(cluster, id, &format!("{TEXT}{articles}")).await;
}

pub(crate) async fn check(
    cluster: &Cluster,
    operation: pb::Operation,
    request_id: &str,
) -> pb::CheckOperationResponse {
    let request = pb::CheckOperationRequest {
        operation: Some(operation),
        request_id: request_id.to_owned(),
        validate_only: false,
    };
    call(cluster, &officer(), "rules.v1.CheckService/CheckOperation", request).await.unwrap()
}

/// The verdict and the codes of a check.
pub(crate) fn told(answer: &pb::CheckOperationResponse) -> (pb::Verdict, Vec<String>) {
    let decision = answer.decision.as_ref().unwrap();
    (decision.verdict(), decision.findings.iter().map(|finding| finding.code.clone()).collect())
}

/// Notifies a clinic inside the effect area.
pub(crate) async fn notify_clinic(cluster: &Cluster) {
    notify_clinic_at(cluster, 0.5).await;
}

/// Notifies a clinic 2 km from the effect area, which no distance of [`TEXT`] reaches.
pub(crate) async fn notify_distant_clinic(cluster: &Cluster) {
    notify_clinic_at(cluster, 0.520_8).await;
}

async fn notify_clinic_at(cluster: &Cluster, latitude: f64) {
    let request = registry::NotifyProtectedEntityRequest {
        protected_entity_id: "clinic-1".to_owned(),
        protected_entity: Some(registry::ProtectedEntity {
            display_name: "Clinic".to_owned(),
            category: registry::ProtectedCategory::Medical.into(),
            area: Some(circle(latitude, 0.5, 50.0)),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("notifier", Role::Proposer);
    let method = "registry.v1.ProtectionService/NotifyProtectedEntity";
    call::<_, registry::NotifyProtectedEntityResponse>(cluster, &by, method, request).await.unwrap();
}
