//! Incidents over real mutual TLS, beside a real registry and real rules.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod hotline;
mod past;
mod reports;

use concord_cli::Who;
use concord_domain::actor::Role;
use concord_proto::pb::registry::v1 as registry;
use concord_testkit::{Cluster, first};
use prost::Message;
use tonic::Status;
use tonic_types::StatusExt as _;

pub(crate) async fn call<Q, R>(cluster: &Cluster, by: &Who, method: &str, request: Q) -> Result<R, Status>
where
    Q: Message + 'static,
    R: Message + Default + 'static,
{
    cluster.sessions().call(by, &format!("concord.{method}"), request).await
}

pub(crate) fn reason<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let details = answer.unwrap_err().get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

pub(crate) fn officer(participant: &str) -> Who {
    first(participant, Role::DutyOfficer)
}

/// Sets the clock of an exercise to so many seconds after 1970.
pub(crate) async fn set_clock(cluster: &Cluster, seconds: i64) {
    let time = Some(prost_types::Timestamp { seconds, nanos: 0 });
    let request = registry::SetClockRequest { time, request_id: String::new() };
    let method = "registry.v1.AccordService/SetClock";
    call::<_, registry::SetClockResponse>(cluster, &officer("party-a"), method, request).await.unwrap();
}
