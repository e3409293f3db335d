//! A registry that is started on an older copy of its folder: the first round of any witness ends its signing.

use std::path::Path;
use std::time::Duration;

use super::*;

const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// The exit code of a service that does not start.
const CONFIGURATION: i32 = 78;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn put(from: &Path, to: &Path) {
    std::fs::remove_dir_all(to).unwrap();
    copy(from, to);
}

/// Restores an older folder after `party` has seen more (or holds a receipt for it), has `further` entries written, and
/// sees the witness find it; then puts the missing entries back.
async fn restored(cluster: &mut Cluster, party: &str, with: &[&str], further: usize, finds: &str) {
    let (data, aside) = (cluster.data_dir("registry"), tempfile::tempdir().unwrap());
    let (older, newer) = (aside.path().join("older"), aside.path().join("newer"));
    cluster.stop("registry").await;
    copy(&data, &older);
    cluster.restart("registry").await;
    let receipt = notify(cluster).await;
    let lost = Receipt::from_json(receipt.as_bytes()).unwrap().index;
    if with.is_empty() {
        ends(cluster, party, &[], 0, &format!("{ORIGIN}: cosigned over {} entries", lost + 1)).await;
    } else {
        std::fs::write(cluster.folder().join("lost.json"), &receipt).unwrap();
    }
    cluster.stop("registry").await;
    copy(&data, &newer);
    put(&older, &data);
    cluster.restart("registry").await;
    for _ in 0..further {
        notify(cluster).await;
    }

    ends(cluster, party, with, FOUND, finds).await;
    let status = cluster.ended_within("registry", ENDS_WITHIN).await;
    assert_eq!(status.and_then(|status| status.code()), Some(STORE), "it signs no more");
    cluster.launch("registry");
    let status = cluster.ended_within("registry", ENDS_WITHIN).await;
    assert_eq!(status.and_then(|status| status.code()), Some(CONFIGURATION), "nor after a start");
    let log = std::fs::read_to_string(cluster.folder().join("registry.log")).unwrap();
    assert!(log.contains("restore the missing entries"), "{log}");

    put(&newer, &data);
    cluster.restart("registry").await;
    ends(cluster, party, with, FOUND, "--looked accord-1/registry").await;
    look(cluster, party).await;
    ends(cluster, party, with, 0, &format!("{ORIGIN}: cosigned over {} entries", lost + 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_signs_no_second_history_once_a_witness_has_seen_the_first() {
    let mut cluster = Cluster::start_processes(Mode::Operational, &ALL, CONCORD).await;
    notify(&cluster).await;

    restored(&mut cluster, "party-a", &[], 0, "ROLLBACK").await;
    let (verifies, says) = verified(&cluster, &evidence(&cluster, "party-a", "registry-rollback")).await;
    assert!(verifies && says.contains("over 2 and over 3 entries and owes all 3"), "{says}");

    restored(&mut cluster, "party-a", &[], 2, "SPLIT VIEW").await;
    let (verifies, says) = verified(&cluster, &evidence(&cluster, "party-a", "registry-splitview")).await;
    assert!(verifies && says.contains("signed two histories"), "{says}");

    // Party B saw nothing; the receipt that it holds is enough.
    let lost = cluster.folder().join("lost.json").display().to_string();
    restored(&mut cluster, "party-b", &["--receipts", &lost], 0, "ROLLBACK").await;
    let (verifies, says) = verified(&cluster, &evidence(&cluster, "party-b", "registry-rollback")).await;
    assert!(verifies && says.contains("entry 4, for which it gave a receipt, is not to be had"), "{says}");
}
