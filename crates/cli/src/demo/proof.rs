//! Proof: a receipt verified offline, every acknowledged entry after a SIGKILL, and the whole ledger exported, verified
//! and folded anew.

use std::time::Instant;

use concord_domain::actor::Role;
use concord_proto::pb::registry::v1 as pb;
use prost::Message as _;
use tokio::process::Command;

use super::Step;
use super::protection::hospital;
use super::stage::Stage;
use super::tell::Teller;
use crate::ledger::{Export, Remote, export as export_ledger};
use crate::session::Who;
use crate::verify::verify_text;

const NOTIFY: &str = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
/// Writes in flight when the process is killed.
const WRITES: u32 = 64;

pub(super) async fn receipt(stage: &Stage, teller: &Teller) -> Step {
    teller.part(
        "Every write is answered with a receipt that anybody can verify with the accord's public keys alone.",
    );
    let by = Who::new("notifier", "actor-1", Role::Proposer);
    let began = Instant::now();
    let answer: pb::NotifyProtectedEntityResponse =
        stage.must(&by, NOTIFY, hospital("hospital-1", 0.5, 0.5)).await?;
    let receipt = answer.receipt.ok_or("no receipt in the answer")?.json;
    teller.call(&by, "notify a hospital", &format!("protected; a receipt of {} bytes", receipt.len()), began);
    let accord = &stage.deployment().accord;
    teller.plain(&format!("   verified offline: {}", verify_text(accord, &receipt)?));
    let mut changed: serde_json::Value = serde_json::from_str(&receipt).map_err(|e| e.to_string())?;
    if let Some(index) = changed.get_mut("index") {
        *index = serde_json::json!(index.as_u64().unwrap_or_default() + 1);
    }
    let forged = changed.to_string();
    match verify_text(accord, &forged) {
        Err(cause) => {
            teller.plain(&format!("   the same receipt with one change does not verify: {cause}"));
            Ok(())
        }
        Ok(_) => Err("a changed receipt verified".to_owned()),
    }
}

pub(super) async fn survives_a_kill(stage: &mut Stage, teller: &Teller) -> Step {
    teller.part(
        "The process is killed with SIGKILL while writes run: whatever was answered is there, byte for byte.",
    );
    let by = Who::new("notifier", "actor-1", Role::Proposer);
    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..WRITES {
        let (sessions, by) = (stage.sessions().clone(), by.clone());
        running.spawn(async move {
            let mut request = hospital(&format!("ward-{number}"), 1.0, 0.01 * f64::from(number));
            request.request_id = uuid::Uuid::new_v4().to_string();
            let answer =
                sessions.call::<_, pb::NotifyProtectedEntityResponse>(&by, NOTIFY, request.clone()).await;
            (request, answer)
        });
    }
    let mut answered = Vec::new();
    let mut killed = false;
    while let Some(joined) = running.join_next().await {
        let (request, answer) = joined.map_err(|e| e.to_string())?;
        answered.extend(answer.ok().map(|answer| (request, answer.encode_to_vec())));
        if !killed && answered.len() >= 8 {
            stage.kill("registry").await?;
            killed = true;
        }
    }
    if !killed {
        stage.kill("registry").await?;
    }
    if answered.is_empty() {
        return Err("nothing was answered before the kill".to_owned());
    }
    stage.restart("registry").await?;
    let told = format!("{} answered before the kill; the service is back", answered.len());
    teller.call(&by, &format!("notify {WRITES} wards at once"), &told, began);
    let began = Instant::now();
    for (request, first) in &answered {
        let again: pb::NotifyProtectedEntityResponse = stage.must(&by, NOTIFY, request.clone()).await?;
        if &again.encode_to_vec() != first {
            return Err(format!("{} was answered otherwise after the restart", request.protected_entity_id));
        }
    }
    let told = format!("{} of {} the same bytes, receipts included", answered.len(), answered.len());
    teller.call(&by, "repeat every answered request", &told, began);
    Ok(())
}

pub(super) async fn export(stage: &Stage, teller: &Teller) -> Step {
    teller.part(
        "The ledgers are exported and verified; their fold, and every decision recomputed, is identical.",
    );
    let mut texts = Vec::new();
    for service in ["registry", "incidents", "rules"] {
        texts.push(exported(stage, teller, service).await?);
    }
    let accord = &stage.deployment().accord;
    let registry = texts.first().ok_or("no ledger was exported")?;
    let by = Who::new("auditor", "actor-1", Role::Auditor);
    let folded = format!("{} protected entities", count(stage, &by).await?);
    if !verify_text(accord, registry)?.contains(&folded) {
        return Err(format!("the service lists {folded}, the fold of its ledger does not"));
    }
    teller.plain(&format!("   the registry lists {folded}, as the fold of its ledger does"));
    let began = Instant::now();
    let told = replayed(stage).await?;
    teller.call(&by, "recompute every decision from the exported ledgers, in a fresh process", &told, began);
    if told.starts_with("0 ") { Err("no decision was recomputed".to_owned()) } else { Ok(()) }
}

/// What `concord replay` says of the exported ledgers.
async fn replayed(stage: &Stage) -> Result<String, String> {
    let binary = std::env::current_exe().map_err(|e| e.to_string())?;
    let folder = stage.folder();
    let mut replay = Command::new(binary);
    replay.arg("replay").arg("--accord").arg(folder.join("accord.toml"));
    for service in ["registry", "incidents", "rules"] {
        replay.arg(format!("--{service}")).arg(folder.join(format!("{service}.ledger")));
    }
    let output = replay.kill_on_drop(true).output().await.map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

async fn exported(stage: &Stage, teller: &Teller, service: &str) -> Result<String, String> {
    let by = Who::new("auditor", "actor-1", Role::Auditor);
    let began = Instant::now();
    let pki = stage.folder();
    let args = Export {
        remote: Remote {
            address: stage.deployment().addresses.get(service).cloned().unwrap_or_default(),
            service: service.to_owned(),
            accord: pki.join("accord.toml"),
            certificate: pki.join("auditor/auditor/actor-1.pem"),
            private_key: pki.join("auditor/auditor/actor-1.key"),
        },
        out: pki.join(format!("{service}.ledger")),
    };
    let entries = export_ledger(&args).await.map_err(|failure| failure.message)?;
    teller.call(&by, &format!("export the ledger of {service}"), &format!("{entries} entries"), began);
    let text = std::fs::read_to_string(&args.out).map_err(|e| e.to_string())?;
    teller.plain(&format!("   verified offline: {}", verify_text(&stage.deployment().accord, &text)?));
    Ok(text)
}

async fn count(stage: &Stage, by: &Who) -> Result<usize, String> {
    let method = "concord.registry.v1.ProtectionService/ListProtectedEntities";
    let (mut counted, mut page_token) = (0, String::new());
    loop {
        let request = pb::ListProtectedEntitiesRequest { page_size: 1_000, page_token, as_of: None };
        let answer: pb::ListProtectedEntitiesResponse = stage.must(by, method, request).await?;
        counted += answer.protected_entities.len();
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            return Ok(counted);
        }
    }
}
