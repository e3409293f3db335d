//! Whoever writes a verifier from the format documents alone comes to the same verdict: a script in Python, over what real
//! services gave out and over what was changed in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use concord_client::follow::entry_from_pb;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::export::{group_line, head_line, verify_export};
use concord_ledger::hash::{Hash, from_hex, to_hex};
use concord_ledger::proof::verify_consistency;
use concord_ledger::receipt::Receipt;
use concord_proto::pb::ledger::v1 as ledger;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_proto::pb::registry::v1 as registry;
use concord_testkit::setting::circle;
use concord_testkit::{Cluster, first};
use serde_json::{Value, json};

/// A Python that has `cryptography`, where there is one; in CI there must be.
fn python() -> Option<PathBuf> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/tools/bin/python3");
    let works = |python: &PathBuf| {
        let tried = Command::new(python).args(["-c", "import cryptography"]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let found = [tools, PathBuf::from("python3")].into_iter().find(works);
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "no Python with cryptography");
    if found.is_none() {
        println!("skipped: no Python with cryptography");
    }
    found
}

/// Something to be verified.
#[derive(Clone, Debug)]
struct Case {
    kind: &'static str,
    text: String,
}

impl Case {
    /// The verdict of the first implementation.
    fn holds(&self, log: &LogVerifier) -> bool {
        match self.kind {
            "receipt" => {
                let receipt = Receipt::from_json(self.text.as_bytes());
                receipt.is_ok_and(|receipt| receipt.verify(log).is_ok())
            }
            "ledger" => verify_export(self.text.lines(), log).is_ok(),
            _ => is_consistent(&self.text, log) == Some(true),
        }
    }

    /// The same with one value of its JSON changed, for every value in it.
    fn changed(&self) -> Vec<Self> {
        let mut cases = Vec::new();
        for (number, line) in self.text.split('\n').enumerate() {
            let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
            for changed in changes(&value) {
                let mut lines: Vec<String> = self.text.split('\n').map(str::to_owned).collect();
                lines[number] = changed.to_string();
                cases.push(Self { kind: self.kind, text: lines.join("\n") });
            }
        }
        cases
    }
}

fn is_consistent(text: &str, log: &LogVerifier) -> Option<bool> {
    let value: Value = serde_json::from_str(text).ok()?;
    if value.as_object()?.len() != 3 {
        return None;
    }
    let smaller = log.verify(value.get("smaller")?.as_str()?).ok()?;
    let larger = log.verify(value.get("larger")?.as_str()?).ok()?;
    let proof = value.get("consistency_proof")?.as_array()?.iter();
    let proof: Option<Vec<Hash>> = proof.map(|hash| from_hex(hash.as_str()?)).collect();
    Some(verify_consistency(smaller.size, &smaller.root, larger.size, &larger.root, &proof?).is_ok())
}

/// Every value that differs from `value` in one place: a changed character, number or length, a field too many or missing.
fn changes(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::String(text) => {
            for at in [0, text.len() / 2, text.len().saturating_sub(3)] {
                let mut bytes = text.clone().into_bytes();
                let Some(byte) = bytes.get_mut(at).filter(|byte| byte.is_ascii()) else { continue };
                *byte ^= 1;
                found.extend(String::from_utf8(bytes).map(Value::String));
            }
            found.push(json!(format!("{text}A")));
            found.push(json!(text.to_uppercase()));
        }
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            found.extend([json!(number + 1), json!(number.wrapping_sub(1)), json!(number.to_string())]);
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let with = |changed: Vec<Value>| {
                    let mut list = items.clone();
                    list.splice(at..=at, changed);
                    Value::Array(list)
                };
                found.extend(changes(item).into_iter().map(|changed| with(vec![changed])));
                found.push(with(Vec::new()));
                found.push(with(vec![item.clone(), item.clone()]));
            }
            let mut reversed = items.clone();
            reversed.reverse();
            found.push(Value::Array(reversed));
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                for changed in changes(field) {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), changed);
                    found.push(Value::Object(fields));
                }
                let mut fewer = fields.clone();
                fewer.remove(name);
                found.push(Value::Object(fewer));
            }
            let mut more = fields.clone();
            more.insert("another".to_owned(), json!(""));
            found.push(Value::Object(more));
        }
        Value::Null | Value::Bool(_) => {}
    }
    found.retain(|changed| changed != value);
    found
}

/// A registry with a few entries: receipts, proofs and the whole ledger, as it gives them out.
async fn given_out(cluster: &Cluster) -> Vec<Case> {
    let by = first("notifier", Role::Proposer);
    let mut cases = Vec::new();
    for number in 0..6_u32 {
        let request = registry::NotifyProtectedEntityRequest {
            protected_entity: Some(registry::ProtectedEntity {
                display_name: format!("Clinic \u{e9} {number}"),
                category: registry::ProtectedCategory::Medical.into(),
                area: Some(circle(1.0, f64::from(number), 80.0)),
                ..Default::default()
            }),
            request_id: uuid::Uuid::from_u128(u128::from(number)).to_string(),
            ..Default::default()
        };
        let method = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
        let answer: registry::NotifyProtectedEntityResponse =
            cluster.sessions().call(&by, method, request).await.unwrap();
        cases.push(Case { kind: "receipt", text: answer.receipt.unwrap().json });
    }
    let channel = cluster.sessions().channel(&first("auditor", Role::Auditor), "registry").unwrap();
    let mut client = LedgerServiceClient::new(channel);
    let notes: Vec<String> =
        cases.iter().map(|case| Receipt::from_json(case.text.as_bytes()).unwrap().checkpoint).collect();
    let log = log(cluster);
    for (at, smaller) in notes.iter().enumerate() {
        for larger in &notes[at..] {
            let (old_size, new_size) = (log.verify(smaller).unwrap().size, log.verify(larger).unwrap().size);
            let request = ledger::GetConsistencyProofRequest { old_size, new_size };
            let proof = client.get_consistency_proof(request).await.unwrap().into_inner().proof;
            let proof: Vec<String> =
                proof.iter().map(|hash| to_hex(&Hash::try_from(hash.as_ref()).unwrap())).collect();
            let text =
                json!({ "smaller": smaller, "larger": larger, "consistency_proof": proof }).to_string();
            cases.push(Case { kind: "consistency", text });
        }
    }
    cases.push(exported(&mut client, &log).await);
    cases
}

async fn exported(client: &mut LedgerServiceClient<tonic::transport::Channel>, log: &LogVerifier) -> Case {
    let mut lines = vec![head_line(log.origin()).unwrap()];
    let mut next = 0;
    loop {
        let request = ledger::ListEntriesRequest { first_index: next, page_size: 2 };
        let page = client.list_entries(request).await.unwrap().into_inner();
        if page.entries.is_empty() {
            return Case { kind: "ledger", text: lines.join("\n") };
        }
        let entries: Vec<_> = page.entries.into_iter().map(|entry| entry_from_pb(entry).unwrap()).collect();
        let signed = log.verify(&page.checkpoint).unwrap();
        lines.push(group_line(&entries, signed.size, &signed.root, &page.checkpoint).unwrap());
        next = signed.size;
    }
}

fn log(cluster: &Cluster) -> LogVerifier {
    let accord = &cluster.deployment().accord;
    LogVerifier::from_hex(&accord.origin("registry"), &accord.log_keys["registry"]).unwrap()
}

/// The verdicts of the script.
fn asked(python: &Path, log: &LogVerifier, cases: &[Case]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/verify.py");
    let mut child = Command::new(python)
        .arg(script)
        .args([log.origin(), &log.key().to_hex()])
        .env("PYTHONUTF8", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: String =
        cases.iter().map(|case| format!("{}\n", json!({ "kind": case.kind, "text": case.text }))).collect();
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verifier_written_from_the_documents_alone_comes_to_the_same_verdicts() {
    let Some(python) = python() else { return };
    let cluster = Cluster::start(Mode::Operational).await;
    let genuine = given_out(&cluster).await;
    let log = log(&cluster);
    let verdicts = asked(&python, &log, &genuine);
    assert_eq!(verdicts, vec!["yes"; genuine.len()]);
    assert!(genuine.iter().all(|case| case.holds(&log)));
    let receipt = &genuine[4];
    let changed: Vec<Case> =
        [receipt, &genuine[8], &genuine[genuine.len() - 1]].into_iter().flat_map(Case::changed).collect();
    let verdicts = asked(&python, &log, &changed);
    assert_eq!(verdicts.len(), changed.len());
    let mut refused = 0;
    for (case, verdict) in changed.iter().zip(&verdicts) {
        assert_eq!(case.holds(&log), verdict == "yes", "{verdict}: {case:?}");
        refused += usize::from(verdict != "yes");
    }
    assert!(refused > 200, "{refused} of {}", changed.len());
}
