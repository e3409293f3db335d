//! How the service behaves as a process: health and drain.

use std::time::{Duration, Instant};

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_testkit::{Cluster, first};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

#[tokio::test]
async fn health_knows_every_service_and_no_other() {
    let cluster = Cluster::start(Mode::Operational).await;
    let channel = cluster.sessions().channel(&first("auditor", Role::Auditor), "registry").unwrap();
    let mut health = HealthClient::new(channel);
    for service in concord_registry::SERVICES.iter().copied().chain([""]) {
        let request = HealthCheckRequest { service: service.to_owned() };
        assert_eq!(health.check(request).await.unwrap().into_inner().status, 1, "{service:?} is SERVING");
    }
    let unknown =
        health.check(HealthCheckRequest { service: "concord.registry.v1.Nothing".to_owned() }).await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_drain_ends_within_its_limit_with_a_stream_open() {
    let mut cluster = Cluster::start(Mode::Operational).await;
    let channel = cluster.sessions().channel(&first("auditor", Role::Auditor), "registry").unwrap();
    let mut health = HealthClient::new(channel);
    let mut watch = health.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 1);
    let began = Instant::now();
    cluster.stop("registry").await;
    assert!(began.elapsed() < Duration::from_secs(12), "the drain took {:?}", began.elapsed());
    let told = watch.message().await;
    assert!(
        !matches!(told, Ok(Some(message)) if message.status == 1),
        "the watcher was not left believing that it serves"
    );
}
