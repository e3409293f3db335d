//! A clock that jumped: no restart makes a service believe it again, only an operator who confirms it.

use std::process::Output;

use concord_domain::accord::Mode;
use concord_proto::pb::rules::v1::Verdict;
use concord_server::clock::JUMP_FILE;
use concord_testkit::Cluster;
use concord_testkit::setting::{check, operation, put_in_order, told};
use tokio::process::Command;

use super::CONCORD;

async fn confirm(cluster: &Cluster) -> Output {
    let config = cluster.folder().join("rules.toml");
    Command::new(CONCORD).args(["confirm-clock", "--config"]).arg(config).output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_refer_after_a_jump_of_the_clock_until_an_operator_confirms_it_whatever_restarts() {
    let services = ["registry", "incidents", "rules"];
    let mut cluster = Cluster::start_processes(Mode::Operational, &services, CONCORD).await;
    put_in_order(&cluster).await;
    assert_eq!(confirm(&cluster).await.status.code(), Some(1), "there is nothing to confirm yet");
    let what = async |cluster: &Cluster| told(&check(cluster, operation(), "").await);
    assert_eq!(what(&cluster).await.0, Verdict::Permit);

    cluster.stop("rules").await;
    std::fs::write(cluster.data_dir("rules").join(JUMP_FILE), "The clock jumped: by 60 s.\n").unwrap();
    for _ in 0..2 {
        cluster.restart("rules").await;
        assert_eq!(what(&cluster).await, (Verdict::Refer, vec!["CLOCK_UNCONFIRMED".to_owned()]));
        cluster.stop("rules").await;
    }
    cluster.restart("rules").await;
    let confirmed = confirm(&cluster).await;
    let told = String::from_utf8_lossy(&confirmed.stdout).into_owned();
    assert!(confirmed.status.success() && told.contains("by 60 s"), "{confirmed:?}");
    assert_eq!(what(&cluster).await.0, Verdict::Permit, "it needs no restart");
}
