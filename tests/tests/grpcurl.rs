//! What an operator sees from a shell: real sessions of the grpcurl program with real services, which it knows by
//! reflection alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use concord_cli::Who;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_testkit::setting::{in_order, officer, operation};
use concord_testkit::{Cluster, first};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};

/// The program, where it is installed; in CI it must be.
fn grpcurl() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/tools/bin/grpcurl");
    let found = [PathBuf::from("grpcurl"), tools];
    let found = found.into_iter().find(|program| Command::new(program).arg("--version").output().is_ok());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "grpcurl is not installed");
    if found.is_none() {
        println!("skipped: grpcurl is not installed");
    }
    found
}

/// A shell in which an actor calls one service.
struct Session<'a> {
    program: &'a Path,
    cluster: &'a Cluster,
    service: &'a str,
    by: Who,
}

impl Session<'_> {
    /// Runs the program with flags, then the address, then the rest; gives standard output, or else standard error.
    fn run(&self, flags: &[&str], rest: &[&str]) -> Result<String, String> {
        let pki = self.cluster.folder();
        let leaf = pki.join(&self.by.participant).join(self.by.role.path()).join(&self.by.actor);
        let port = self.cluster.deployment().addresses[self.service].rsplit(':').next().unwrap();
        let mut command = Command::new(self.program);
        command.arg("-cacert").arg(pki.join("operator/root.pem"));
        command.arg("-cert").arg(leaf.with_extension("pem")).arg("-key").arg(leaf.with_extension("key"));
        let output = command.args(flags).arg(format!("localhost:{port}")).args(rest).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Calls a method with a message in JSON; an answer is JSON, and so is an error with its details.
    fn call(&self, method: &str, message: &Value) -> Result<Value, Value> {
        let read = |text: String| serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let answer = self.run(&["-format-error", "-d", &message.to_string()], &[method]);
        answer.map(read).map_err(read)
    }
}

/// The detail of a type in an error.
fn detail<'a>(error: &'a Value, of: &str) -> &'a Value {
    let details = error["details"].as_array().unwrap_or_else(|| panic!("no details: {error}"));
    let of = format!("type.googleapis.com/google.rpc.{of}");
    details.iter().find(|detail| detail["@type"] == of.as_str()).unwrap_or_else(|| panic!("no {of}: {error}"))
}

/// The fields that an INVALID_ARGUMENT names in its `BadRequest`.
fn wrong_fields(error: &Value) -> Vec<&str> {
    assert_eq!(error["code"], 3, "INVALID_ARGUMENT: {error}");
    assert_eq!(detail(error, "ErrorInfo")["reason"], "INVALID_ARGUMENT");
    let violations = detail(error, "BadRequest")["fieldViolations"].as_array().unwrap();
    assert!(
        violations.iter().all(|violation| violation["description"].as_str().unwrap().contains("must be"))
    );
    violations.iter().map(|violation| violation["field"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_describes_notifies_and_reads_errors_of_the_registry() {
    let Some(program) = grpcurl() else { return };
    let cluster = Cluster::start(Mode::Operational).await;
    let by = first("notifier", Role::Proposer);
    let session = Session { program: &program, cluster: &cluster, service: "registry", by };
    let listed = session.run(&[], &["list"]).unwrap();
    for service in concord_registry::SERVICES {
        assert!(listed.lines().any(|line| line == *service), "{service} is not listed: {listed}");
    }
    let method = "concord.registry.v1.ProtectionService.NotifyProtectedEntity";
    let described = session.run(&[], &["describe", method]).unwrap();
    assert!(described.contains("protected from this instant"), "comments come too: {described}");
    let area = json!({"circle": {"center": {"latitude": 0.5, "longitude": 0.5}, "radius_m": 50}});
    let entity = json!({"display_name": "Clinic", "category": "PROTECTED_CATEGORY_MEDICAL", "area": area});
    let path = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
    let answer = session.call(path, &json!({"protected_entity": entity})).unwrap();
    assert_eq!(answer["protectedEntity"]["state"], "PROTECTION_STATE_ACTIVE");
    let error = session.call(path, &json!({"protected_entity": {}})).unwrap_err();
    let expected = ["protected_entity.category", "protected_entity.area", "protected_entity.display_name"];
    assert_eq!(wrong_fields(&error), expected);
}

/// A message of the contract as its JSON.
fn as_json(name: &str, message: &[u8]) -> Value {
    let pool = DescriptorPool::decode(concord_proto::DESCRIPTORS).unwrap();
    let message = DynamicMessage::decode(pool.get_message_by_name(name).unwrap(), message).unwrap();
    serde_json::to_value(message).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_checks_an_operation_and_reads_the_verdict_and_every_wrong_field() {
    let Some(program) = grpcurl() else { return };
    let cluster = in_order().await;
    let session = Session { program: &program, cluster: &cluster, service: "rules", by: officer() };
    let listed = session.run(&[], &["list"]).unwrap();
    for service in concord_rules::SERVICES {
        assert!(listed.lines().any(|line| line == *service), "{service} is not listed: {listed}");
    }
    let described = session.run(&[], &["describe", "concord.rules.v1.CheckService"]).unwrap();
    assert!(
        described.contains("rpc CheckOperation") && described.contains("no legal clearance"),
        "{described}"
    );

    let path = "concord.rules.v1.CheckService/CheckOperation";
    let mut operation = as_json("concord.rules.v1.Operation", &operation().encode_to_vec());
    let answer = session.call(path, &json!({"operation": operation})).unwrap();
    assert_eq!(answer["decision"]["verdict"], "VERDICT_PERMIT", "{answer}");
    assert_eq!(answer["decision"]["findings"][0]["code"], "ALL_CHECKS_PASSED");
    assert!(answer["receipt"]["json"].as_str().is_some_and(|receipt| receipt.contains("checkpoint")));

    for field in ["kind", "window"] {
        operation.as_object_mut().unwrap().remove(field).unwrap();
    }
    let error = session.call(path, &json!({"operation": operation})).unwrap_err();
    assert_eq!(wrong_fields(&error), ["operation.kind", "operation.window"]);
    let unknown = json!({"name": "decisions/none"});
    let error = session.call("concord.rules.v1.CheckService/GetDecision", &unknown).unwrap_err();
    assert_eq!((&error["code"], &detail(&error, "ErrorInfo")["reason"]), (&json!(5), &json!("NOT_FOUND")));
}
