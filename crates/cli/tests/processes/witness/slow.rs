//! What holds up one ledger, or one receipt, holds up no other.

use std::time::Duration;

use concord_proto::pb::incidents::v1 as incidents;

use super::liar::{Liar, Lie};
use super::*;

/// Writes one entry to incidents.
async fn message(cluster: &Cluster) {
    let message = incidents::HotlineMessage {
        precedence: incidents::Precedence::Routine.into(),
        body: "Nothing to report".to_owned(),
        language_code: "en".to_owned(),
        ..Default::default()
    };
    let request = incidents::SendMessageRequest { message: Some(message), ..Default::default() };
    let method = "concord.incidents.v1.HotlineService/SendMessage";
    let by = first("party-a", Role::DutyOfficer);
    let _: incidents::SendMessageResponse = cluster.sessions().call(&by, method, request).await.unwrap();
}

/// A registry of so many entries behind a liar that takes so long over each.
async fn dripping(entries: u64, time: Duration) -> (Cluster, Liar, String) {
    let cluster = Cluster::start_processes(Mode::Operational, &ALL, CONCORD).await;
    for _ in 1..entries {
        notify(&cluster).await;
    }
    let liar = Liar::start(&cluster).await;
    liar.lies(Lie::Drips(time));
    let peer = format!("registry={}", liar.address);
    (cluster, liar, peer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_drips_is_cut_off_told_of_and_gone_on_with_while_the_others_are_cosigned() {
    let (cluster, liar, peer) = dripping(10, Duration::from_millis(700)).await;
    let copy = cluster.folder().join("copy").display().to_string();
    let slowly = ["--peer", &peer, "--copy", &copy, "--round-max-s", "5"];
    ends(&cluster, "party-a", &slowly, UNREACHABLE, "accord-1/registry: cannot be reached: its round took")
        .await;
    for service in ["rules", "incidents"] {
        assert!(cosigned(&cluster, service).await.is_some(), "{service} was not cosigned");
    }
    assert_eq!(liar.cosignatures(), 0);
    let mut rounds = 1;
    while !once(&cluster, "party-a", &slowly).await.status.success() {
        rounds += 1;
        assert!(rounds < 20, "no round comes to an end of it");
    }
    let (checkpoint, _) = cosigned(&cluster, "registry").await.unwrap();
    assert_eq!(copied(&cluster, &copy), (10, Some(checkpoint.root)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_witness_goes_on_with_the_others_while_one_ledger_drips() {
    // Over all its entries this one takes a minute; the others are done with long before.
    let (cluster, _liar, peer) = dripping(12, Duration::from_secs(5)).await;
    let copy = cluster.folder().join("copy").display().to_string();
    let mut running = command(&cluster, "party-a");
    running.args(["--peer", &peer, "--copy", &copy, "--interval-s", "1", "--round-max-s", "600"]);
    let mut running = running.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let mut size = 1;
    while size < 4 {
        let line = lines.next_line().await.unwrap().expect("it goes on");
        assert!(!line.starts_with(ORIGIN), "the others were held up: {line}");
        if line == format!("accord-1/incidents: cosigned over {size} entries") {
            message(&cluster).await;
            size += 1;
        }
    }
    let id = running.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    assert!(running.wait().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_cannot_be_read_is_told_of_and_the_ledgers_are_cosigned_all_the_same() {
    let cluster = Cluster::start_processes(Mode::Operational, &ALL, CONCORD).await;
    let receipts = cluster.folder().join("receipts");
    std::fs::create_dir(&receipts).unwrap();
    std::fs::write(receipts.join("clinic.json"), notify(&cluster).await).unwrap();
    std::fs::write(receipts.join("a-note.txt"), "no receipt").unwrap();
    let folder = receipts.display().to_string();
    ends(&cluster, "party-a", &["--receipts", &folder], INPUT, "a-note.txt").await;
    for service in ALL {
        assert!(cosigned(&cluster, service).await.is_some(), "{service} was not cosigned");
    }
    std::fs::remove_file(receipts.join("a-note.txt")).unwrap();
    ends(&cluster, "party-a", &["--receipts", &folder], 0, "accord-1/registry: cosigned over 2 entries")
        .await;
}
