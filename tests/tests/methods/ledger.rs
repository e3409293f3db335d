//! The ledger, which every service offers alike.

use concord_domain::accord::Mode;
use concord_testkit::Cluster;
use serde_json::json;

use crate::play::{Play, Row, Seen, no, ok};
use crate::shell;

const PACKAGE: &str = "concord.ledger.v1";
const AUDITOR: &str = "auditor/auditor/actor-1";

fn rows() -> Vec<Row> {
    let beyond = 1_000_000;
    vec![
        ok(AUDITOR, "LedgerService/GetHead", json!({})),
        ok(AUDITOR, "LedgerService/WatchHead", json!({})),
        ok(AUDITOR, "LedgerService/GetCheckpoint", json!({})),
        ok(AUDITOR, "LedgerService/ListEntries", json!({})),
        no(AUDITOR, "LedgerService/ListEntries", json!({"first_index": beyond}), "INVALID_ARGUMENT"),
        ok(AUDITOR, "LedgerService/GetInclusionProof", json!({})),
        no(AUDITOR, "LedgerService/GetInclusionProof", json!({"index": beyond}), "INVALID_ARGUMENT"),
        ok(AUDITOR, "LedgerService/GetConsistencyProof", json!({"old_size": 1})),
        no(AUDITOR, "LedgerService/GetConsistencyProof", json!({"old_size": beyond}), "INVALID_ARGUMENT"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_gives_every_outcome_that_the_ledger_promises() {
    let mut cluster = Cluster::start_all(Mode::Operational).await;
    for service in ["registry", "incidents", "rules"] {
        let mut play = Play::new(cluster, PACKAGE, service, Seen::default());
        play.run(rows()).await;
        shell::drive(&mut play).await;
        shell::stop_under_streams(&mut play).await;
        play.seen.compare(PACKAGE);
        cluster = play.cluster;
    }
}
