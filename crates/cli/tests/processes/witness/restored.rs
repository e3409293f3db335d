//! A registry that is started on an older copy of its folder: the first round of any witness ends its signing.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::restore::copy;

const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// The exit code of a service that does not start.
const CONFIGURATION: i32 = 78;

fn put(from: &Path, to: &Path) {
    std::fs::remove_dir_all(to).unwrap();
    copy(from, to);
}

/// How a folder is restored behind a witness.
struct Case<'a> {
    party: &'a str,
    /// Flags of the witness.
    with: &'a [&'a str],
    /// Whether the witness sees what is lost; else it holds the receipt of it in `lost.json`.
    sees: bool,
    /// Entries that the older folder lacks.
    lost: usize,
    /// Entries that are then written to it.
    further: usize,
    finds: &'a str,
}

/// Restores an older folder, sees the witness find it and the registry end; then puts the missing entries back. Gives the
/// number of entries before.
async fn restored(cluster: &mut Cluster, case: Case<'_>) -> u64 {
    let Case { party, with, sees, lost, further, finds } = case;
    let (data, aside) = (cluster.data_dir("registry"), tempfile::tempdir().unwrap());
    let (older, newer) = (aside.path().join("older"), aside.path().join("newer"));
    cluster.stop("registry").await;
    copy(&data, &older);
    cluster.restart("registry").await;
    let mut receipt = String::new();
    for _ in 0..lost {
        receipt = notify(cluster).await;
    }
    let size = Receipt::from_json(receipt.as_bytes()).unwrap().index + 1;
    let whole = format!("{ORIGIN}: cosigned over {size} entries");
    if sees {
        ends(cluster, party, with, 0, &whole).await;
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
    ends(cluster, party, with, 0, &whole).await;
    size
}

/// The evidence of a party, verified with the accord alone, says that.
async fn proves(cluster: &Cluster, party: &str, begins: &str, what: &str) {
    let (verifies, says) = verified(cluster, &evidence(cluster, party, begins)).await;
    assert!(verifies && says.contains(what), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_signs_no_second_history_once_a_witness_has_seen_the_first() {
    let mut cluster = Cluster::start_processes(Mode::Operational, &ALL, CONCORD).await;
    notify(&cluster).await;
    let own = cluster.folder().display().to_string();

    let case = Case { party: "party-a", with: &[], sees: true, lost: 1, further: 0, finds: "ROLLBACK" };
    restored(&mut cluster, case).await;
    proves(&cluster, "party-a", "registry-rollback", "over 2 and over 3 entries and owes all 3").await;

    let case = Case { party: "party-a", with: &[], sees: true, lost: 1, further: 2, finds: "SPLIT VIEW" };
    restored(&mut cluster, case).await;
    proves(&cluster, "party-a", "registry-splitview", "signed two histories").await;

    // Party B saw nothing; the receipt that it holds is enough.
    let with = ["--receipts", &format!("{own}/lost.json")];
    let case = Case { party: "party-b", with: &with, sees: false, lost: 1, further: 0, finds: "ROLLBACK" };
    let size = restored(&mut cluster, case).await;
    let missing = format!("entry {}, for which it gave a receipt, is not to be had", size - 1);
    proves(&cluster, "party-b", "registry-rollback", &missing).await;

    // What it signed anew is shorter than what was seen, and only a copy proves that it is another history.
    let with = ["--copy", &format!("{own}/copy")];
    let case = Case { party: "party-b", with: &with, sees: true, lost: 3, further: 1, finds: "SPLIT VIEW" };
    restored(&mut cluster, case).await;
    proves(&cluster, "party-b", "registry-splitview", "signed two histories").await;
}
