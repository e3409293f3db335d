//! The registry over real mutual TLS, with real storage.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

mod certificate;
mod designation;
mod entries;
mod handshake;
mod identity;
mod import;
mod operation;
mod past;
mod protection;
mod reading;

use concord_cli::Who;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::r#type::v1 as shared;
use concord_testkit::Cluster;
use tonic::Status;
use tonic_types::StatusExt as _;

/// A circle on the ground.
fn circle(latitude: f64, longitude: f64, radius_m: f64) -> shared::Area {
    let center = Some(LatLng { latitude, longitude });
    shared::Area { form: Some(shared::area::Form::Circle(shared::Circle { center, radius_m })) }
}

/// A window in 2030.
fn window(from_s: i64, to_s: i64) -> shared::TimeWindow {
    let at = |seconds: i64| Some(prost_types::Timestamp { seconds: 1_898_553_600 + seconds, nanos: 0 });
    shared::TimeWindow { start_time: at(from_s), end_time: at(to_s) }
}

/// A hospital.
fn hospital(id: &str) -> pb::NotifyProtectedEntityRequest {
    pb::NotifyProtectedEntityRequest {
        protected_entity_id: id.to_owned(),
        protected_entity: Some(pb::ProtectedEntity {
            display_name: "Hospital".to_owned(),
            category: pb::ProtectedCategory::Medical.into(),
            area: Some(circle(0.5, 0.5, 80.0)),
            deny_distance_m: 500.0,
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Calls a method of the registry by its short name, such as `ProtectionService/NotifyProtectedEntity`.
async fn call<Q, R>(cluster: &Cluster, by: &Who, method: &str, request: Q) -> Result<R, Status>
where
    Q: prost::Message + 'static,
    R: prost::Message + Default + 'static,
{
    cluster.sessions().call(by, &format!("concord.registry.v1.{method}"), request).await
}

/// The reason of a refusal.
fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.unwrap_err();
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone());
    reason.unwrap_or_else(|| format!("{:?}: {}", status.code(), status.message()))
}
