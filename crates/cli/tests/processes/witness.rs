//! `concord witness` as its party runs it: against real services over mutual TLS, and against a ledger that lies.

mod liar;
mod lies;
mod restored;
mod slow;
mod steps;

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_ledger::hash::Hash;
use concord_ledger::receipt::Receipt;
use concord_ledger::{Checkpoint, LogVerifier};
use concord_proto::pb::ledger::v1 as ledger;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_proto::pb::registry::v1 as pb;
use concord_store::{FollowedCopy, SEGMENT_BYTES};
use concord_testkit::setting::circle;
use concord_testkit::{Cluster, first, spec};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::CONCORD;

const ALL: [&str; 3] = ["registry", "incidents", "rules"];
const ORIGIN: &str = "accord-1/registry";
/// Exit codes of the command.
const NO: i32 = 1;
const INPUT: i32 = 65;
const UNREACHABLE: i32 = 69;
const STORE: i32 = 74;
const FOUND: i32 = 76;

/// The witness of a party, not yet started.
fn command(cluster: &Cluster, party: &str) -> Command {
    let mut command = Command::new(CONCORD);
    command.arg("witness").arg("--config").arg(cluster.folder().join(party).join("witness.toml"));
    for (service, address) in &cluster.deployment().addresses {
        command.args(["--peer", &format!("{service}={address}")]);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// One round of the witness of a party.
async fn once(cluster: &Cluster, party: &str, more: &[&str]) -> Output {
    command(cluster, party).arg("--once").args(more).output().await.unwrap()
}

fn told(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

/// A round that ends with that code and says that.
async fn ends(cluster: &Cluster, party: &str, more: &[&str], code: i32, says: &str) {
    let output = once(cluster, party, more).await;
    let told = told(&output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(told.contains(says), "{says:?} is missing in: {told}");
}

/// Says that an operator has looked at what stands against the registry.
async fn look(cluster: &Cluster, party: &str) {
    let output = command(cluster, party).args(["--looked", ORIGIN]).output().await.unwrap();
    assert!(output.status.success(), "{}", told(&output));
}

fn witness_folder(cluster: &Cluster, party: &str) -> PathBuf {
    cluster.folder().join(party).join("witness")
}

/// What `concord verify` says of a file, with the accord alone.
async fn verified(cluster: &Cluster, file: &Path) -> (bool, String) {
    let accord = cluster.folder().join("accord.toml");
    let output = Command::new(CONCORD).arg("verify").arg(file).arg("--accord").arg(accord).output().await;
    let output = output.unwrap();
    (output.status.success(), told(&output))
}

/// The only piece of evidence of a party whose name begins so.
fn evidence(cluster: &Cluster, party: &str, begins: &str) -> PathBuf {
    let folder = witness_folder(cluster, party).join("evidence");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let begins_so = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(begins);
    let found: Vec<_> = files.filter(begins_so).collect();
    assert_eq!(found.len(), 1, "{begins}: {found:?}");
    found[0].clone()
}

/// Writes one entry to the registry and gives its receipt, as JSON.
async fn notify(cluster: &Cluster) -> String {
    let entity = pb::ProtectedEntity {
        display_name: "Clinic".to_owned(),
        category: pb::ProtectedCategory::Medical.into(),
        area: Some(circle(0.5, 0.5, 80.0)),
        ..Default::default()
    };
    let request = pb::NotifyProtectedEntityRequest { protected_entity: Some(entity), ..Default::default() };
    let method = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
    let by = first("notifier", Role::Proposer);
    let answer: pb::NotifyProtectedEntityResponse =
        cluster.sessions().call(&by, method, request).await.unwrap();
    answer.receipt.unwrap().json
}

fn client(cluster: &Cluster, service: &'static str) -> LedgerServiceClient<tonic::transport::Channel> {
    let channel = cluster.sessions().channel(&first("auditor", Role::Auditor), service).unwrap();
    LedgerServiceClient::new(channel)
}

fn log_of(cluster: &Cluster, service: &str) -> LogVerifier {
    let accord = &cluster.deployment().accord;
    LogVerifier::from_hex(&accord.origin(service), &accord.log_keys[service]).unwrap()
}

/// The newest checkpoint of a ledger that a witness cosigned, with the note.
async fn cosigned(cluster: &Cluster, service: &'static str) -> Option<(Checkpoint, String)> {
    let answer = client(cluster, service).get_checkpoint(ledger::GetCheckpointRequest {}).await.unwrap();
    let note = answer.into_inner().cosigned_checkpoint;
    (!note.is_empty()).then(|| (log_of(cluster, service).verify(&note).unwrap(), note))
}

/// Size and root of a copy of the registry, every entry of which can be read.
fn copied(cluster: &Cluster, folder: &str) -> (u64, Option<Hash>) {
    let folder = Path::new(folder).join("registry");
    let (copy, _) = FollowedCopy::open(&folder, log_of(cluster, "registry"), SEGMENT_BYTES).unwrap();
    assert_eq!(copy.entries(0, 1_000).unwrap().len() as u64, copy.size());
    (copy.size(), copy.root_at(copy.size()))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_parties_witnesses_make_up_the_quorum_of_a_receipt_that_anybody_verifies() {
    let spec = concord_server::pki::AccordSpec { witness_quorum: 2, ..spec(Mode::Operational) };
    let cluster = Cluster::start_processes_of(&spec, &ALL, CONCORD).await;
    let (receipt, folder) = (notify(&cluster).await, cluster.folder().to_owned());
    let index = Receipt::from_json(receipt.as_bytes()).unwrap().index;
    std::fs::write(folder.join("own.json"), &receipt).unwrap();
    let (_, says) = verified(&cluster, &folder.join("own.json")).await;
    assert!(says.contains("0 of 2 witnesses") && says.contains("quorum of 2 is not met"), "{says}");

    let copy = folder.join("copy").display().to_string();
    let seen = format!("{ORIGIN}: cosigned over {} entries", index + 1);
    ends(&cluster, "party-a", &["--copy", &copy], 0, &seen).await;
    let complete = ledger::CompleteReceiptRequest { index };
    let refused = client(&cluster, "registry").complete_receipt(complete).await.unwrap_err();
    assert!(refused.message().contains("2 witnesses cosigned"), "{refused:?}");
    ends(&cluster, "party-b", &[], 0, &seen).await;
    let completed = client(&cluster, "registry").complete_receipt(complete).await.unwrap().into_inner();
    std::fs::write(folder.join("completed.json"), completed.receipt.unwrap().json).unwrap();
    let (verifies, says) = verified(&cluster, &folder.join("completed.json")).await;
    assert!(verifies && says.contains("2 of 2 witnesses") && says.contains("quorum of 2 is met"), "{says}");

    let (checkpoint, note) = cosigned(&cluster, "registry").await.unwrap();
    assert_eq!(copied(&cluster, &copy), (checkpoint.size, Some(checkpoint.root)));
    for service in ["rules", "incidents"] {
        assert!(cosigned(&cluster, service).await.is_some(), "{service} was not cosigned");
    }
    // What was kept is handed over again; it is not signed a second time.
    ends(&cluster, "party-a", &[], 0, &seen).await;
    assert_eq!(cosigned(&cluster, "registry").await.unwrap().1, note);
    // The copy goes on where it ended.
    notify(&cluster).await;
    let seen = format!("{ORIGIN}: cosigned over {} entries", index + 2);
    ends(&cluster, "party-a", &["--copy", &copy], 0, &seen).await;
    let (checkpoint, _) = cosigned(&cluster, "registry").await.unwrap();
    assert_eq!(copied(&cluster, &copy), (index + 2, Some(checkpoint.root)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_witness_goes_on_until_it_is_told_to_stop_and_shares_its_folder_with_no_other() {
    let cluster = Cluster::start_processes(Mode::Operational, &ALL, CONCORD).await;
    let mut running = command(&cluster, "party-a");
    let mut running = running.args(["--interval-s", "1"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let mut size = 1;
    while let Some(line) = lines.next_line().await.unwrap() {
        if line == format!("{ORIGIN}: cosigned over {size} entries") {
            if size == 3 {
                break;
            }
            if size == 1 {
                ends(&cluster, "party-a", &[], STORE, "held by another process").await;
            }
            notify(&cluster).await;
            size += 1;
        }
    }
    assert_eq!(cosigned(&cluster, "registry").await.unwrap().0.size, 3);
    let id = running.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    assert!(running.wait().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_without_an_address_and_a_key_that_is_not_the_witnesss_are_refused_before_anything_is_asked()
{
    let cluster = Cluster::start_processes(Mode::Operational, &[], CONCORD).await;
    let folder = cluster.folder();
    std::fs::write(
        folder.join("party-a/short.toml"),
        "accord = \"../accord.toml\"\nwitness_key = \"signing.key\"\n[peers]\nregistry = \"https://127.0.0.1:1\"\n",
    )
    .unwrap();
    let config = folder.join("party-a/short.toml");
    let output = Command::new(CONCORD).arg("witness").arg("--config").arg(config).output().await.unwrap();
    let told = told(&output);
    assert_eq!(output.status.code(), Some(78), "{told}");
    for fault in
        ["certificate:", "private_key:", "data_dir:", "peers.rules:", "peers.incidents:", "no witness"]
    {
        assert!(told.contains(fault), "{fault} is missing in: {told}");
    }
}
