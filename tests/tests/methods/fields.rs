//! Every refusal names all the wrong fields: each method that writes is given, at once, fields that the conversion finds
//! wrong and fields that the decision does, and an identifier that is none.

mod incidents;
mod registry;
mod rules;

use std::collections::BTreeSet;

use concord_domain::accord::Mode;
use concord_proto::pb::ledger::v1::GetHeadRequest;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_testkit::Cluster;
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::call::reason;
use crate::play::{Play, Row, Seen, who};
use crate::promises::{carries_id, methods, short, writes};

/// A character that makes a text read as another.
const DECEIVING: &str = "quiet\u{202E}";
/// After every time that may be named.
const TOO_LATE: &str = "2300-01-01T00:00:00Z";

/// One request in which fields are wrong, and the paths of all of them but `request_id`.
struct Wrong {
    by: &'static str,
    method: &'static str,
    request: Value,
    fields: Vec<&'static str>,
}

fn wrong(by: &'static str, method: &'static str, request: Value, fields: &[&'static str]) -> Wrong {
    Wrong { by, method, request, fields: fields.to_vec() }
}

/// The paths that a refusal names, sorted.
fn named(refused: &Status) -> Vec<String> {
    let details = refused.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    let mut fields: Vec<String> = violations.into_iter().map(|violation| violation.field).collect();
    fields.sort();
    fields
}

/// Size and root of a ledger.
async fn head(cluster: &Cluster, service: &'static str) -> (u64, Vec<u8>) {
    let channel = cluster.sessions().channel(&who("auditor/auditor/actor-1"), service).unwrap();
    let head = LedgerServiceClient::new(channel).get_head(GetHeadRequest {}).await.unwrap();
    let head = head.into_inner().head.unwrap();
    (head.size, head.root.to_vec())
}

/// Plays the requests of a package on a cluster, after what must be there first.
async fn drive(
    cluster: Cluster,
    (package, service): (&'static str, &'static str),
    first: Vec<Row>,
    all: Vec<Wrong>,
) -> Cluster {
    let mut play = Play::new(cluster, package, service, Seen::default());
    play.run(first).await;
    let before = head(&play.cluster, service).await;
    let mut driven = BTreeSet::new();
    for Wrong { by, method: name, request, mut fields } in all {
        let method = play.method(name);
        let mut request = play.filled(&request);
        if carries_id(&method) {
            request["request_id"] = json!("no identifier");
            fields.push("request_id");
        }
        fields.sort_unstable();
        let refused = play.call(&who(by), &method, &request).await;
        let refused = refused.expect_err(&format!("{name} with {request}"));
        assert_eq!(reason(&refused), "INVALID_ARGUMENT", "{name}: {refused:?}");
        assert_eq!(named(&refused), fields, "{name} with {request}");
        driven.insert(name.to_owned());
    }
    let writing: BTreeSet<String> = methods(package).iter().filter(|m| writes(m)).map(short).collect();
    assert_eq!(driven, writing, "every method of {package} that writes has a row");
    assert_eq!(head(&play.cluster, service).await, before, "nothing was written in {service}");
    play.cluster
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_that_writes_names_at_once_all_that_is_wrong_and_writes_nothing() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    let cluster = drive(cluster, registry::SERVED, registry::first(), registry::all()).await;
    let cluster = drive(cluster, rules::SERVED, Vec::new(), rules::all()).await;
    drive(cluster, incidents::SERVED, Vec::new(), incidents::all()).await;
}
