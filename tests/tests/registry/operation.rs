//! How the service behaves as a process: health from the beginning, and drain.

use std::time::{Duration, Instant};

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_domain::registry::{Event, State};
use concord_proto::pb::ledger::v1 as ledger;
use concord_server::process::{Service, run};
use concord_testkit::{Cluster, first};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt as _;

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

#[tokio::test]
async fn until_it_is_ready_a_service_says_so_and_answers_nothing_else() {
    let mut cluster = Cluster::start(Mode::Operational).await;
    cluster.stop("registry").await;
    let address = cluster.deployment().addresses["registry"].trim_start_matches("https://").to_owned();
    let listener = TcpListener::bind(address).await.unwrap();
    let (ready, waits) = oneshot::channel::<()>();
    let stop = CancellationToken::new();
    let service = Service {
        initial: State::new(),
        opening: Event::AccordOpened,
        offers: &["concord.ledger.v1.LedgerService"],
    };
    let running =
        run(cluster.config("registry"), listener, stop.clone(), service, async |routes, _, _, _| {
            waits.await.map(|()| routes).map_err(|e| e.to_string())
        });
    let running = tokio::spawn(running);
    let auditor = first("auditor", Role::Auditor);
    let mut health = HealthClient::new(cluster.sessions().channel(&auditor, "registry").unwrap());
    let mut watch = health.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 2, "NOT_SERVING");
    let method = "concord.registry.v1.AccordService/GetAccord";
    let refused: Result<ledger::GetHeadResponse, Status> =
        cluster.sessions().call(&auditor, method, ledger::GetHeadRequest {}).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "NOT_SERVING");
    ready.send(()).unwrap();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 1, "SERVING");
    stop.cancel();
    running.await.unwrap().unwrap();
}
