//! SIGKILL at random moments: what was acknowledged is there for ever, what was not is there whole or not at all.

use std::process::Command;
use std::time::{Duration, Instant};

use concord_cli::{Sessions, Who};
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::receipt::Receipt;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::r#type::v1 as shared;
use concord_testkit::{Cluster, first, second};
use prost::Message as _;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::{CONCORD, dice};

const ROUNDS: usize = 50;
/// Every so many rounds the start itself is killed too.
const START_KILLED_EVERY: usize = 5;
const KILL_WITHIN_US: u64 = 100_000;
const NOTIFY: &str = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
const GET: &str = "concord.registry.v1.ProtectionService/GetProtectedEntity";

/// A write that was acknowledged, with the bytes of its answer.
#[derive(Clone)]
struct Acknowledged {
    by: Who,
    request: pb::NotifyProtectedEntityRequest,
    answer: Vec<u8>,
}

/// What a client did until the registry was gone.
struct Written {
    acknowledged: Vec<Acknowledged>,
    unanswered: (Who, pb::NotifyProtectedEntityRequest),
}

fn clients() -> [Who; 6] {
    let role = Role::Proposer;
    [
        first("notifier", role),
        second("notifier", role),
        first("party-a", role),
        second("party-a", role),
        first("party-b", role),
        first("third-state", role),
    ]
}

fn site(id: &str, number: usize) -> pb::NotifyProtectedEntityRequest {
    let center = Some(LatLng { latitude: 0.5, longitude: 0.001 * (number % 1_000) as f64 });
    let circle = shared::Circle { center, radius_m: 80.0 };
    pb::NotifyProtectedEntityRequest {
        protected_entity_id: id.to_owned(),
        protected_entity: Some(pb::ProtectedEntity {
            display_name: format!("Clinic {id}"),
            category: pb::ProtectedCategory::Medical.into(),
            area: Some(shared::Area { form: Some(shared::area::Form::Circle(circle)) }),
            accuracy_m: number as f64,
            ..Default::default()
        }),
        request_id: uuid::Uuid::new_v4().to_string(),
        validate_only: false,
    }
}

async fn notify(
    sessions: &Sessions,
    by: &Who,
    request: &pb::NotifyProtectedEntityRequest,
) -> Result<pb::NotifyProtectedEntityResponse, Status> {
    sessions.call(by, NOTIFY, request.clone()).await
}

/// Writes one after the other until there is no answer.
async fn write_until_gone(sessions: Sessions, by: Who, prefix: String) -> Written {
    let mut acknowledged = Vec::new();
    loop {
        let number = acknowledged.len();
        let request = site(&format!("{prefix}-{number}"), number);
        match notify(&sessions, &by, &request).await {
            Ok(answer) => {
                let (by, answer) = (by.clone(), answer.encode_to_vec());
                acknowledged.push(Acknowledged { by, request, answer });
            }
            Err(_) => return Written { acknowledged, unanswered: (by, request) },
        }
    }
}

/// All clients write; the registry is killed under them.
async fn write_and_kill(cluster: &mut Cluster, round: usize, dice: &mut fastrand::Rng) -> Vec<Written> {
    let mut writing = JoinSet::new();
    for (number, by) in clients().into_iter().enumerate() {
        let prefix = format!("r{round}-c{number}");
        writing.spawn(write_until_gone(cluster.sessions().clone(), by, prefix));
    }
    tokio::time::sleep(Duration::from_micros(dice.u64(..=KILL_WITHIN_US))).await;
    cluster.kill("registry").await;
    writing.join_all().await
}

/// The request is given its first answer again.
async fn assert_kept(sessions: &Sessions, write: &Acknowledged) {
    let id = &write.request.protected_entity_id;
    let again = notify(sessions, &write.by, &write.request).await;
    let again = again.unwrap_or_else(|status| panic!("{id} was acknowledged and is lost: {status:?}"));
    assert_eq!(again.encode_to_vec(), write.answer, "{id} was acknowledged otherwise");
}

/// What had no answer is there whole or not at all; repeated, it is there. Says whether it was there.
async fn settle(
    cluster: &Cluster,
    log: &LogVerifier,
    by: Who,
    request: pb::NotifyProtectedEntityRequest,
) -> (bool, Acknowledged) {
    let id = &request.protected_entity_id;
    let get = pb::GetProtectedEntityRequest { name: format!("protectedEntities/{id}"), as_of: None };
    let found: Result<pb::GetProtectedEntityResponse, _> = cluster.sessions().call(&by, GET, get).await;
    let found = match found {
        Ok(found) => found.protected_entity,
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => panic!("{id}: {status:?}"),
    };
    let answer = notify(cluster.sessions(), &by, &request).await.unwrap();
    let entity = answer.protected_entity.as_ref().unwrap();
    let asked = request.protected_entity.as_ref().unwrap();
    assert_eq!(
        (&entity.display_name, &entity.area, entity.accuracy_m),
        (&asked.display_name, &asked.area, asked.accuracy_m),
        "{id} is not whole"
    );
    assert!(found.as_ref().is_none_or(|found| found == entity), "{id} was there and is answered otherwise");
    let receipt = Receipt::from_json(answer.receipt.as_ref().unwrap().json.as_bytes()).unwrap();
    assert_eq!(receipt.verify(log).unwrap().header().request_id, request.request_id);
    let answer = answer.encode_to_vec();
    (found.is_some(), Acknowledged { by, request, answer })
}

fn log_of(cluster: &Cluster) -> LogVerifier {
    let accord = &cluster.deployment().accord;
    LogVerifier::from_hex(&accord.origin("registry"), &accord.log_keys["registry"]).unwrap()
}

/// Exports the ledger and verifies the file, both with the binary; gives what it told.
fn exported_and_verified(cluster: &Cluster) -> String {
    let (pki, out) = (cluster.folder(), cluster.folder().join("registry.jsonl"));
    let leaf = pki.join("auditor/auditor/actor-1");
    let mut export = Command::new(CONCORD);
    export.args(["ledger", "export", "--service", "registry"]);
    export.arg("--address").arg(&cluster.deployment().addresses["registry"]);
    export.arg("--certificate").arg(leaf.with_extension("pem"));
    export.arg("--private-key").arg(leaf.with_extension("key"));
    export.arg("--accord").arg(pki.join("accord.toml")).arg("--out").arg(&out);
    let mut verify = Command::new(CONCORD);
    verify.arg("verify").arg(&out).arg("--accord").arg(pki.join("accord.toml"));
    let mut told = String::new();
    for mut command in [export, verify] {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        told = String::from_utf8(output.stdout).unwrap();
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_lose_nothing_that_was_acknowledged_and_leave_nothing_half_written() {
    let (begun, mut dice) = (Instant::now(), dice());
    let mut cluster = Cluster::start_processes(Mode::Operational, &["registry"], CONCORD).await;
    let log = log_of(&cluster);
    let (mut kept, mut were_there): (Vec<Acknowledged>, usize) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let written = write_and_kill(&mut cluster, round, &mut dice).await;
        if round % START_KILLED_EVERY == 0 {
            cluster.launch("registry");
            tokio::time::sleep(Duration::from_micros(dice.u64(..=KILL_WITHIN_US))).await;
            cluster.kill("registry").await;
        }
        cluster.restart("registry").await;
        for Written { acknowledged, unanswered: (by, request) } in written {
            for write in acknowledged {
                assert_kept(cluster.sessions(), &write).await;
                kept.push(write);
            }
            let (was_there, write) = settle(&cluster, &log, by, request).await;
            were_there += usize::from(was_there);
            kept.push(write);
        }
    }
    let unanswered = ROUNDS * clients().len();
    println!("{} writes, {were_there} of {unanswered} unanswered ones were there", kept.len());
    assert!(
        kept.len() > unanswered + ROUNDS,
        "too few writes were acknowledged before the kills to show anything"
    );
    for write in &kept {
        assert_kept(cluster.sessions(), write).await;
    }
    let told = exported_and_verified(&cluster);
    let entries = format!("verified: {} entries", kept.len() + 1);
    let entities = format!("{} protected entities", kept.len());
    assert!(told.contains(&entries) && told.contains(&entities), "each write is there once: {told}");
    println!("took {:?}", begun.elapsed());
}
