//! What a witness makes of a ledger that lies: it cosigns none of it, and exports what proves the lie.

use super::liar::{Liar, Lie};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_split_view_a_missing_proof_and_a_withheld_entry_are_each_found_and_never_cosigned() {
    let cluster = Cluster::start_processes(Mode::Operational, &ALL, CONCORD).await;
    let liar = Liar::start(&cluster).await;
    let peer = format!("registry={}", liar.address);
    let receipt = notify(&cluster).await;
    let receipts = cluster.folder().join("receipts");
    std::fs::create_dir(&receipts).unwrap();
    std::fs::write(receipts.join("clinic.json"), receipt).unwrap();
    let receipts = receipts.display().to_string();
    let behind = ["--peer", &peer, "--receipts", &receipts];
    ends(&cluster, "party-a", &behind, 0, "accord-1/registry: cosigned over 2 entries").await;
    assert_eq!(liar.cosignatures(), 1);

    let cases = [
        (Lie::OtherRoot, "SPLIT VIEW", "registry-splitview", true, "signed two histories"),
        (Lie::NoProof, "UNPROVEN", "registry-unproven", false, "nothing here shows"),
        (
            Lie::Withholds(1),
            "WITHHELD ENTRY",
            "registry-withheldentry",
            true,
            "entry 1, for which it gave a receipt",
        ),
        (
            Lie::Swaps(1),
            "WITHHELD ENTRY",
            "registry-withheldentry",
            true,
            "entry 1, for which it gave a receipt",
        ),
    ];
    for (lie, finds, name, proves, says) in cases {
        liar.lies(lie);
        ends(&cluster, "party-a", &behind, FOUND, finds).await;
        let (verifies, told) = verified(&cluster, &evidence(&cluster, "party-a", name)).await;
        assert!(verifies == proves && told.contains(says), "{lie:?}: {told}");
        // An honest answer does not make up for it.
        liar.lies(Lie::None);
        ends(&cluster, "party-a", &behind, FOUND, "nothing of it is cosigned").await;
        assert_eq!(liar.cosignatures(), 1, "{lie:?}");
        look(&cluster, "party-a").await;
    }

    // A first look is compared with what another party's witness has cosigned.
    liar.lies(Lie::OtherRoot);
    ends(&cluster, "party-b", &["--peer", &peer], FOUND, "SPLIT VIEW").await;
    look(&cluster, "party-b").await;
    let copy = cluster.folder().join("copy").display().to_string();
    for (lie, says) in [(Lie::Withholds(1), "withholds entry 1"), (Lie::Swaps(1), "does not verify")] {
        liar.lies(lie);
        ends(&cluster, "party-b", &["--peer", &peer, "--copy", &copy], NO, says).await;
        assert_eq!(liar.cosignatures(), 1, "{lie:?}");
    }
    liar.lies(Lie::None);
    ends(&cluster, "party-a", &behind, 0, "accord-1/registry: cosigned over 2 entries").await;
    assert_eq!(liar.cosignatures(), 2);
}
