//! Answers about the past: when something was recorded, and what an answer proves.

use concord_domain::time::Timestamp;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::entry::Entry;
use concord_ledger::receipt::Receipt;
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::shared::time;

use crate::Cluster;

/// The verifier of a service's ledger.
///
/// # Panics
/// Where the accord names no key for it.
#[must_use]
pub fn log_of(cluster: &Cluster, service: &str) -> LogVerifier {
    let accord = &cluster.deployment().accord;
    let key = accord.log_keys.get(service).expect("the accord names the key");
    LogVerifier::from_hex(&accord.origin(service), key).expect("the key is one")
}

/// The entry that a receipt proves.
///
/// # Panics
/// Where it proves none.
#[must_use]
pub fn proven(cluster: &Cluster, service: &str, receipt: &pb::Receipt) -> Entry {
    let receipt = Receipt::from_json(receipt.json.as_bytes()).expect("a receipt");
    receipt.verify(&log_of(cluster, service)).expect("the receipt verifies")
}

/// When the entry of a receipt was recorded.
///
/// # Panics
/// Where there is no receipt, or it proves nothing.
#[must_use]
pub fn recorded(cluster: &Cluster, service: &str, receipt: Option<&pb::Receipt>) -> time::Pb {
    let entry = proven(cluster, service, receipt.expect("a receipt"));
    time::to_pb(Timestamp::parse(&entry.header().time).expect("a time"))
}

/// The bodies of the entries that an answer about the past names, each proven, under a checkpoint over all that was
/// recorded by then.
///
/// # Panics
/// Where something of it is not so.
#[must_use]
pub fn bodies(cluster: &Cluster, service: &str, as_of: Option<&pb::AsOf>) -> Vec<String> {
    let as_of = as_of.expect("what the answer rests on");
    let checkpoint = log_of(cluster, service).verify(&as_of.checkpoint).expect("the checkpoint verifies");
    assert!(checkpoint.size >= as_of.size, "{} of {}", checkpoint.size, as_of.size);
    let entries: Vec<Entry> =
        as_of.receipts.iter().map(|receipt| proven(cluster, service, receipt)).collect();
    assert_eq!(entries.iter().map(Entry::index).collect::<Vec<_>>(), as_of.entries);
    let of_then = |entry: &Entry| {
        assert!(entry.index() < as_of.size, "it was recorded by then");
        String::from_utf8_lossy(entry.body().expect("a body")).into_owned()
    };
    entries.iter().map(of_then).collect()
}
