//! A disk that fails under a process: it ends at once, whoever is connected, and says so by its exit code.

use std::process::Command;
use std::time::{Duration, Instant};

use concord_cli::Sessions;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::registry::v1 as pb;
use concord_testkit::setting::circle;
use concord_testkit::{Cluster, first};
use tokio::net::TcpStream;

use super::CONCORD;

const ENDS_WITHIN: Duration = Duration::from_secs(1);
/// The exit code of a process whose ledger failed.
const STORE: i32 = 74;

async fn notify(sessions: &Sessions) -> bool {
    let entity = pb::ProtectedEntity {
        display_name: "Clinic".to_owned(),
        category: pb::ProtectedCategory::Medical.into(),
        area: Some(circle(0.5, 0.5, 80.0)),
        ..Default::default()
    };
    let request = pb::NotifyProtectedEntityRequest { protected_entity: Some(entity), ..Default::default() };
    let method = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
    let by = first("notifier", Role::Proposer);
    sessions.call::<_, pb::NotifyProtectedEntityResponse>(&by, method, request).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_sync_ends_the_process_within_a_second_though_a_peer_that_says_nothing_is_connected() {
    if Command::new("strace").arg("-V").output().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "strace is required in CI");
        return println!("skipped: strace is not installed");
    }
    let mut cluster = Cluster::start_processes(Mode::Operational, &["registry"], CONCORD).await;
    cluster.stop("registry").await;
    let trace = cluster.folder().join("trace").display().to_string();
    let strace = ["strace", "-D", "-f", "-o", &trace, "-e", "inject=fdatasync:error=EIO:when=3"];
    cluster.launch_under("registry", &strace.map(str::to_owned));
    cluster.served_within("registry", Duration::from_secs(20)).await.unwrap();
    let address = cluster.deployment().addresses["registry"].trim_start_matches("https://").to_owned();
    let silent = TcpStream::connect(address).await.unwrap();
    let mut answered = 0;
    while notify(cluster.sessions()).await {
        answered += 1;
        assert!(answered < 100, "no sync has failed");
    }
    let failed = Instant::now();
    let status = cluster.ended_within("registry", Duration::from_secs(20)).await;
    assert!(failed.elapsed() < ENDS_WITHIN, "it took {:?} to end", failed.elapsed());
    assert_eq!((answered, status.and_then(|status| status.code())), (2, Some(STORE)));
    drop(silent);
    cluster.restart("registry").await;
    assert!(notify(cluster.sessions()).await);
}
