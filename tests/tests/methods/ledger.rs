//! The ledger, which every service offers alike.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use concord_domain::accord::Mode;
use concord_ledger::{Checkpoint, LogKey, LogVerifier, PrivateKey, WitnessKey};
use concord_server::process::Ended;
use concord_testkit::Cluster;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::call::reason;
use crate::play::{Play, Row, Seen, no, ok, who};
use crate::shell;

const PACKAGE: &str = "concord.ledger.v1";
const AUDITOR: &str = "auditor/auditor/actor-1";
const NOTIFIER: &str = "notifier/proposer/actor-1";
const PARTY_A: &str = "party-a/duty-officer/actor-1";
const PARTY_B: &str = "party-b/duty-officer/actor-1";

fn rows() -> Vec<Row> {
    let beyond = 1_000_000;
    vec![
        ok(AUDITOR, "LedgerService/GetHead", json!({})),
        ok(AUDITOR, "LedgerService/WatchHead", json!({})),
        ok(AUDITOR, "LedgerService/GetCheckpoint", json!({})),
        ok(AUDITOR, "LedgerService/ListEntries", json!({})),
        ok(AUDITOR, "LedgerService/GetLedgerStatus", json!({})),
        ok(PARTY_A, "LedgerService/GetLedgerStatus", json!({})),
        no(NOTIFIER, "LedgerService/GetLedgerStatus", json!({}), "ROLE_FORBIDDEN"),
        no(AUDITOR, "LedgerService/ListEntries", json!({"first_index": beyond}), "INVALID_ARGUMENT"),
        ok(AUDITOR, "LedgerService/WatchEntries", json!({})),
        no(AUDITOR, "LedgerService/WatchEntries", json!({"first_index": beyond}), "INVALID_ARGUMENT"),
        ok(AUDITOR, "LedgerService/GetTile", json!({"width": 1})),
        no(AUDITOR, "LedgerService/GetTile", json!({"index": beyond}), "INVALID_ARGUMENT"),
        ok(AUDITOR, "LedgerService/GetInclusionProof", json!({})),
        no(AUDITOR, "LedgerService/GetInclusionProof", json!({"index": beyond}), "INVALID_ARGUMENT"),
        ok(AUDITOR, "LedgerService/GetConsistencyProof", json!({"old_size": 1})),
        no(AUDITOR, "LedgerService/GetConsistencyProof", json!({"old_size": beyond}), "INVALID_ARGUMENT"),
        no(AUDITOR, "LedgerService/CompleteReceipt", json!({"index": beyond}), "INVALID_ARGUMENT"),
    ]
}

/// What a witness does with the newest checkpoint, and what it may not do.
fn witness_rows(note: &str, checkpoint: &Checkpoint, witness: &WitnessKey) -> Vec<Row> {
    let line = witness.cosign(checkpoint, 1_800_000_000);
    let add = |size: u64, root: [u8; 32], line: &str| json!({"size": size, "root": STANDARD.encode(root), "cosignature": line});
    let Checkpoint { origin: _, size, root } = checkpoint;
    let other = Checkpoint { size: size + 1, ..checkpoint.clone() };
    let (method, first) = ("LedgerService/AddCosignature", json!({"index": 0}));
    let over_another = witness.cosign(&other, 1_800_000_000);
    vec![
        ok(AUDITOR, "LedgerService/ShowCheckpoint", json!({"checkpoint": note})),
        no(AUDITOR, "LedgerService/ShowCheckpoint", json!({"checkpoint": "no note"}), "SIGNATURE_INVALID"),
        no(AUDITOR, "LedgerService/CompleteReceipt", first.clone(), "QUORUM_MISSING"),
        no(PARTY_A, method, add(size + 1_000, *root, &line), "CHECKPOINT_SIZE_UNKNOWN"),
        no(PARTY_A, method, add(*size, [0; 32], &line), "CHECKPOINT_ROOT_DIFFERS"),
        no(PARTY_A, method, add(*size, *root, &over_another), "SIGNATURE_INVALID"),
        no(PARTY_B, method, add(*size, *root, &line), "NOT_YOURS"),
        no(AUDITOR, "LedgerService/CompleteReceipt", first.clone(), "QUORUM_MISSING"),
        ok(PARTY_A, method, add(*size, *root, &line)),
        ok(PARTY_A, method, add(*size, *root, &line)),
        ok(AUDITOR, "LedgerService/CompleteReceipt", first),
    ]
}

fn private_key(play: &Play, path: &str) -> PrivateKey {
    let pem = std::fs::read_to_string(play.cluster.folder().join(path)).unwrap();
    PrivateKey::from_pkcs8_pem(&pem).unwrap()
}

async fn newest(play: &Play) -> String {
    let answer = play.call(&who(AUDITOR), &play.method("LedgerService/GetCheckpoint"), &json!({})).await;
    answer.unwrap()["checkpoint"].as_str().unwrap().to_owned()
}

async fn witness(play: &mut Play) {
    let accord = &play.cluster.deployment().accord;
    let log = LogVerifier::from_hex(&accord.origin(play.service), &accord.log_keys[play.service]).unwrap();
    let key = WitnessKey::new(&accord.witnesses[0].name, private_key(play, "party-a/witness.key")).unwrap();
    let note = newest(play).await;
    play.run(witness_rows(&note, &log.verify(&note).unwrap(), &key)).await;
}

/// A cosignature waits while the disk is short, which the status tells.
async fn cosign_on_a_short_disk(play: &mut Play) {
    let reserve = play.cluster.data_dir(play.service).join("reserve");
    play.cluster.stop(play.service).await;
    // Where a folder stands, no file can be made.
    std::fs::remove_file(&reserve).unwrap();
    std::fs::create_dir(&reserve).unwrap();
    play.cluster.restart(play.service).await;
    assert!(disk_short(play).await);
    let add = play.method("LedgerService/AddCosignature");
    let (by, request) = play.seen.good(&add);
    let refused = play.call(&by, &add, &request).await.unwrap_err();
    play.seen.note(&add, &reason(&refused));
    std::fs::remove_dir(&reserve).unwrap();
    let begun = Instant::now();
    while disk_short(play).await {
        assert!(begun.elapsed() < Duration::from_secs(60), "the disk stays short though there is room again");
        sleep(Duration::from_millis(20)).await;
    }
    play.call(&by, &add, &request).await.unwrap();
}

async fn disk_short(play: &Play) -> bool {
    let status = play.call(&who(AUDITOR), &play.method("LedgerService/GetLedgerStatus"), &json!({})).await;
    status.unwrap()["diskShort"] == json!(true)
}

/// Shows the ledger a checkpoint of its own key over more than it has, and sees it end.
async fn show_too_much(play: &mut Play) {
    let origin = play.cluster.deployment().accord.origin(play.service);
    let key = private_key(play, &format!("operator/{}-log.key", play.service));
    let note = LogKey::new(&origin, key).unwrap().sign(1_000_000, &[7; 32]);
    let shown: Value = json!({"checkpoint": note});
    play.run(vec![no(AUDITOR, "LedgerService/ShowCheckpoint", shown, "NOT_SERVING")]).await;
    assert_eq!(play.cluster.end(play.service).await, Ended::LedgerFault);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_gives_every_outcome_that_the_ledger_promises() {
    let mut cluster = Cluster::start_all(Mode::Operational).await;
    for service in ["registry", "incidents", "rules"] {
        let mut play = Play::new(cluster, PACKAGE, service, Seen::default());
        play.run(rows()).await;
        witness(&mut play).await;
        shell::drive(&mut play).await;
        shell::stop_under_streams(&mut play).await;
        cosign_on_a_short_disk(&mut play).await;
        show_too_much(&mut play).await;
        play.seen.compare(PACKAGE);
        cluster = play.cluster;
    }
}
