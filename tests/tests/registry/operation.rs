//! How the service behaves as a process: health, drain, deadlines, and what an operator sees with grpcurl.

use std::process::Command;
use std::time::{Duration, Instant};

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_testkit::{Cluster, first};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::*;

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

/// grpcurl where it is installed; in CI it must be.
fn grpcurl(cluster: &Cluster, arguments: &[&str]) -> Option<(bool, String)> {
    let pki = cluster.folder();
    let leaf = pki.join("notifier/proposer/actor-1");
    let port = cluster.deployment().addresses["registry"].rsplit(':').next().unwrap().to_owned();
    let mut command = Command::new("grpcurl");
    command.arg("-cacert").arg(pki.join("operator/root.pem"));
    command.arg("-cert").arg(leaf.with_extension("pem")).arg("-key").arg(leaf.with_extension("key"));
    let (flags, rest): (Vec<&str>, Vec<&str>) = match arguments.iter().position(|a| *a == "--") {
        Some(at) => (arguments[..at].to_vec(), arguments[at + 1..].to_vec()),
        None => (Vec::new(), arguments.to_vec()),
    };
    match command.args(flags).arg(format!("localhost:{port}")).args(rest).output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            Some((output.status.success(), text))
        }
        Err(_) if std::env::var_os("CI").is_none() => {
            println!("skipped: grpcurl is not installed");
            None
        }
        Err(error) => panic!("grpcurl: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_describes_calls_and_reads_errors_with_grpcurl() {
    let cluster = Cluster::start(Mode::Operational).await;
    let by = first("auditor", Role::Auditor);
    call::<_, pb::GetAccordResponse>(&cluster, &by, "AccordService/GetAccord", pb::GetAccordRequest {})
        .await
        .unwrap();
    let Some((listed, services)) = grpcurl(&cluster, &["list"]) else { return };
    assert!(listed && services.contains("concord.registry.v1.ProtectionService"), "{services}");
    let method = "concord.registry.v1.ProtectionService.NotifyProtectedEntity";
    let (described, text) = grpcurl(&cluster, &["describe", method]).unwrap();
    assert!(described && text.contains("protected from this instant"), "{text}");
    let path = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
    let good = "{\"protected_entity\": {\"display_name\": \"Clinic\", \"category\": \"PROTECTED_CATEGORY_MEDICAL\", \
                \"area\": {\"circle\": {\"center\": {\"latitude\": 0.5, \"longitude\": 0.5}, \"radius_m\": 50}}}}";
    let (called, text) = grpcurl(&cluster, &["-d", good, "--", path]).unwrap();
    assert!(called && text.contains("PROTECTION_STATE_ACTIVE"), "{text}");
    let (called, text) =
        grpcurl(&cluster, &["-format-error", "-d", "{\"protected_entity\": {}}", "--", path]).unwrap();
    assert!(!called, "{text}");
    for told in
        ["INVALID_ARGUMENT", "google.rpc.BadRequest", "protected_entity.category", "google.rpc.ErrorInfo"]
    {
        assert!(text.contains(told), "{told} is missing in:\n{text}");
    }
}
