//! A journal that is damaged under a stopped service: named, refused, and put together again from a backup or from a
//! witness's copy, so that every earlier answer is given again byte for byte.

use std::path::Path;
use std::time::Duration;

use concord_cli::Who;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::registry::v1 as pb;
use concord_testkit::setting::circle;
use concord_testkit::{Cluster, first};
use prost::Message as _;
use tokio::process::Command;

use super::CONCORD;

const ALL: [&str; 3] = ["registry", "incidents", "rules"];
const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// Exit codes.
const NO: i32 = 1;
const FOUND: i32 = 76;
const CONFIGURATION: i32 = 78;

/// A write that was acknowledged, with the bytes of its answer.
struct Acknowledged {
    request: pb::NotifyProtectedEntityRequest,
    answer: Vec<u8>,
}

fn notifier() -> Who {
    first("notifier", Role::Proposer)
}

async fn notified(cluster: &Cluster, request: &pb::NotifyProtectedEntityRequest) -> Vec<u8> {
    let method = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
    let answer = cluster.sessions().call(&notifier(), method, request.clone()).await;
    let answer: pb::NotifyProtectedEntityResponse = answer.unwrap();
    answer.encode_to_vec()
}

/// Writes one after the other, each a group of its own.
async fn write(cluster: &Cluster, count: usize, kept: &mut Vec<Acknowledged>) {
    for _ in 0..count {
        let request = pb::NotifyProtectedEntityRequest {
            protected_entity_id: format!("clinic-{}", kept.len()),
            protected_entity: Some(pb::ProtectedEntity {
                display_name: "Clinic".to_owned(),
                category: pb::ProtectedCategory::Medical.into(),
                area: Some(circle(0.5, 0.5, 80.0)),
                ..Default::default()
            }),
            request_id: uuid::Uuid::new_v4().to_string(),
            validate_only: false,
        };
        let answer = notified(cluster, &request).await;
        kept.push(Acknowledged { request, answer });
    }
}

/// Every earlier request is given its first answer again, receipt included.
async fn answers_as_before(cluster: &Cluster, kept: &[Acknowledged]) {
    for Acknowledged { request, answer } in kept {
        assert_eq!(&notified(cluster, request).await, answer, "{} is answered otherwise", request.request_id);
    }
}

/// Runs the binary; gives the exit code and everything that it said.
async fn concord(cluster: &Cluster, arguments: &[&str]) -> (i32, String) {
    let accord = cluster.folder().join("accord.toml");
    let output = Command::new(CONCORD).args(arguments).arg("--accord").arg(accord).output().await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), format!("{out}{err}"))
}

async fn does(cluster: &Cluster, arguments: &[&str], code: i32, says: &str) -> String {
    let (ended, told) = concord(cluster, arguments).await;
    assert_eq!(ended, code, "{arguments:?}: {told}");
    assert!(told.contains(says), "{arguments:?}: {says:?} is missing in: {told}");
    told
}

/// A call of the registry's ledger as the auditor.
async fn asks(cluster: &Cluster, command: &str, more: &[&str], code: i32, says: &str) -> String {
    let leaf = cluster.folder().join("auditor/auditor/actor-1");
    let (pem, key) = (leaf.with_extension("pem"), leaf.with_extension("key"));
    let address = &cluster.deployment().addresses["registry"];
    let (pem, key) = (pem.display().to_string(), key.display().to_string());
    let own = ["ledger", command, "--service", "registry", "--address", address];
    let own = [&own[..], &["--certificate", &pem, "--private-key", &key], more].concat();
    does(cluster, &own, code, says).await
}

async fn witnessed(cluster: &Cluster, copy: &str) {
    let config = cluster.folder().join("party-a/witness.toml");
    let mut command = Command::new(CONCORD);
    command.arg("witness").arg("--config").arg(config).args(["--once", "--copy", copy]);
    for (service, address) in &cluster.deployment().addresses {
        command.args(["--peer", &format!("{service}={address}")]);
    }
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn put(from: &Path, to: &Path) {
    if to.exists() {
        std::fs::remove_dir_all(to).unwrap();
    }
    copy(from, to);
}

/// Flips a bit that far into what is written of the first segment, in thousandths.
fn damage(data: &Path, thousandths: usize) {
    let segment = data.join("journal/00000000.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[written * thousandths / 1_000] ^= 4;
    std::fs::write(&segment, bytes).unwrap();
}

/// The service does not start, and its log names what is damaged.
async fn refuses_to_serve(cluster: &mut Cluster) {
    let log = cluster.folder().join("registry.log");
    let before = std::fs::read_to_string(&log).unwrap().len();
    cluster.launch("registry");
    let status = cluster.ended_within("registry", ENDS_WITHIN).await;
    assert_eq!(status.and_then(|status| status.code()), Some(CONFIGURATION));
    let told = std::fs::read_to_string(&log).unwrap().split_off(before);
    // Who follows the registry calls it meanwhile, and those calls are told too, after the cause as well.
    let words = ["00000000.seg", "is damaged at byte", "entries hold, with root"];
    let names_it = |line: &str| words.iter().all(|word| line.contains(word));
    assert!(told.lines().any(names_it), "{words:?} are missing in: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_restored_from_a_backup_or_a_witnesss_copy_and_answers_as_before() {
    let mut cluster = Cluster::start_processes(Mode::Operational, &ALL, CONCORD).await;
    let folder = cluster.folder().to_owned();
    let path = |name: &str| folder.join(name).display().to_string();
    let (backup, witness, early) = (path("backup"), path("copy"), path("early"));
    let data = cluster.data_dir("registry");
    let data_text = data.display().to_string();
    let mut kept = Vec::new();
    write(&cluster, 6, &mut kept).await;
    asks(&cluster, "backup", &["--out", &backup], 0, "7 entries, 7 of them new").await;
    asks(&cluster, "backup", &["--out", &early], 0, "7 entries, 7 of them new").await;
    write(&cluster, 6, &mut kept).await;
    asks(&cluster, "backup", &["--out", &backup], 0, "13 entries, 6 of them new").await;
    asks(&cluster, "backup", &["--out", &backup], 0, "13 entries, 0 of them new").await;
    asks(&cluster, "status", &[], 0, "party-a.example/witness of party-a has cosigned nothing").await;
    witnessed(&cluster, &witness).await;
    // What neither the backup nor the copy holds is taken from behind the damage.
    write(&cluster, 3, &mut kept).await;
    let status = asks(&cluster, "status", &["--json"], 0, "").await;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!((&status["size"], &status["indexed_size"]), (&16.into(), &16.into()), "{status}");
    let own = status["witnesses"].as_array().unwrap();
    let own = own.iter().find(|witness| witness["participant"] == "party-a").unwrap();
    assert_eq!((&own["cosigned_size"], &own["lag"]), (&13.into(), &3.into()), "{status}");
    assert!(status["disk_left_bytes"].as_u64().unwrap() > 0 && status["last_sync_time"].is_string());
    cluster.stop("registry").await;
    let whole = folder.join("whole");
    copy(&data, &whole);
    does(&cluster, &["verify", &data_text], 0, "verified: 16 entries").await;
    does(&cluster, &["verify", &backup], 0, "verified: 13 entries").await;
    let restore = |from: &str| {
        let own = ["ledger", "restore", "--service", "registry", "--data", &data_text, "--from", from];
        own.map(str::to_owned)
    };
    let refused = restore(&backup);
    does(&cluster, &refused.each_ref().map(String::as_str), NO, "nothing is missing").await;

    for (from, thousandths) in [(&backup, 500), (&witness, 300), (&backup, 5), (&witness, 700)] {
        put(&whole, &data);
        damage(&data, thousandths);
        refuses_to_serve(&mut cluster).await;
        let told = does(&cluster, &["ledger", "inspect", &data_text], NO, "is damaged at byte").await;
        does(&cluster, &["verify", &data_text], NO, "DOES NOT VERIFY").await;
        assert!(told.contains("journal format 1"), "{told}");
        let arguments = restore(from);
        let told = does(&cluster, &arguments.each_ref().map(String::as_str), 0, "16 entries with root").await;
        assert!(told.contains("the damaged journal lies in"), "{told}");
        does(&cluster, &["verify", &data_text], 0, "verified: 16 entries").await;
        cluster.restart("registry").await;
        answers_as_before(&cluster, &kept).await;
        witnessed(&cluster, &path("copy-2")).await;
        cluster.stop("registry").await;
    }

    // Where the backup ends before the damage, nothing is restored and nothing is touched.
    put(&whole, &data);
    damage(&data, 700);
    let before = std::fs::read(data.join("journal/00000000.seg")).unwrap();
    let arguments = restore(&early);
    does(&cluster, &arguments.each_ref().map(String::as_str), NO, "are neither in").await;
    assert_eq!(std::fs::read(data.join("journal/00000000.seg")).unwrap(), before);

    // Everything is lost: the whole ledger comes out of the newest copy, and goes on from there.
    std::fs::remove_dir_all(&data).unwrap();
    let newest = path("copy-2");
    does(&cluster, &restore(&newest).each_ref().map(String::as_str), 0, "0 out of the journal, 16 out of")
        .await;
    cluster.restart("registry").await;
    answers_as_before(&cluster, &kept).await;
    write(&cluster, 1, &mut kept).await;
    witnessed(&cluster, &newest).await;

    // An older ledger is not taken into a newer backup.
    asks(&cluster, "backup", &["--out", &backup], 0, "17 entries, 4 of them new").await;
    cluster.stop("registry").await;
    put(&whole, &data);
    cluster.restart("registry").await;
    asks(&cluster, "backup", &["--out", &backup], FOUND, "fewer than the 17 in the backup").await;
}
