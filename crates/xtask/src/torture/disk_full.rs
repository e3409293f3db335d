//! A disk that fills up under all services: what is ordinary is refused cleanly, checks too; reads go on; what must get
//! through still does, also after a restart; and all is as before once there is room, without one.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use concord_cli::Who;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::incidents::v1 as incidents;
use concord_proto::pb::ledger::v1 as ledger;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as rules;
use concord_testkit::setting::{call, circle, officer, operation, put_in_order, reason, window};
use concord_testkit::{Cluster, first};
use futures_util::StreamExt as _;
use prost::Message as _;
use tokio::time::{Instant, sleep};

use super::writes::Write;
use super::{Run, Tally, binary, require};

const SERVICES: [&str; 3] = ["registry", "incidents", "rules"];
/// Three ledgers, four copies and all that is held for them take about 450 MiB of it.
const DISK: &str = "size=640m";
const RECORDS: usize = 1_000;
/// Records of each kind after a restart.
const LATER_RECORDS: usize = 50;
const IN_FLIGHT: usize = 32;
/// Longest that anything may take that a service does by itself.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const DISK_FULL: &str = "DISK_FULL";

pub(crate) async fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let concord = binary::built()?;
    for round in run.rounds(1, 1) {
        let mut cluster = Cluster::start_processes(Mode::Operational, &SERVICES, &concord).await;
        let Some(disk) = on_a_small_disk(&mut cluster).await? else {
            require(std::env::var("CI").as_deref() != Ok("true"), || "a tmpfs is required in CI".to_owned())?;
            super::say("skipped: no file system can be mounted here");
            return Ok(());
        };
        let filled = fill_and_empty(&mut cluster, &disk, &mut run.dice(round), tally).await;
        for service in SERVICES {
            cluster.kill(service).await;
        }
        filled?;
    }
    Ok(())
}

/// A mounted file system, which ends with this value.
struct Disk(PathBuf);

impl Disk {
    /// Nothing where this process may not mount one.
    fn mounted(at: &Path) -> Result<Option<Self>, String> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(at);
        let mounted = mount.output().map_err(|e| format!("mount: {e}"))?;
        Ok(mounted.status.success().then(|| Self(at.to_owned())))
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }

    /// Leaves not one byte.
    fn fill(&self) -> Result<u64, String> {
        let fault = |e: std::io::Error| format!("the filler: {e}");
        let (mut file, mut step, mut bytes) = (File::create(self.filler()).map_err(fault)?, 1 << 20, 0);
        let block = vec![1; step];
        while step > 0 {
            match file.write(block.get(..step).unwrap_or(&block)) {
                Ok(written) => bytes += written as u64,
                Err(error) if error.kind() == ErrorKind::StorageFull => step /= 2,
                Err(error) => return Err(fault(error)),
            }
        }
        Ok(bytes)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that was killed just now may still have files open there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Starts the services anew, on an empty disk of their own.
async fn on_a_small_disk(cluster: &mut Cluster) -> Result<Option<Disk>, String> {
    for service in SERVICES {
        cluster.kill(service).await;
    }
    let data = cluster.folder().join("data");
    fs::remove_dir_all(&data).and_then(|()| fs::create_dir(&data)).map_err(|e| e.to_string())?;
    let disk = Disk::mounted(&data)?;
    for service in SERVICES {
        cluster.launch(service);
    }
    serving(cluster).await?;
    Ok(disk)
}

async fn serving(cluster: &Cluster) -> Result<(), String> {
    for service in SERVICES {
        cluster.served_within(service, PATIENCE).await?;
    }
    Ok(())
}

/// A record that was taken: how it is asked for again, and the answer that must then come.
enum Taken {
    Write(Write, Vec<u8>),
    Incident(Box<incidents::ReportIncidentRequest>, Vec<u8>),
}

async fn fill_and_empty(
    cluster: &mut Cluster,
    disk: &Disk,
    dice: &mut fastrand::Rng,
    tally: &mut Tally,
) -> Result<(), String> {
    put_in_order(cluster).await;
    let mut taken = Vec::new();
    for service in SERVICES {
        for _ in 0..IN_FLIGHT {
            taken.push(written(cluster, Write::new(service, dice)).await?);
        }
    }
    let permit = permit(cluster).await?;

    tally.add("MiB filled", disk.fill()? >> 20);
    told_short(cluster, true).await?;
    refuses_what_is_ordinary(cluster, dice, tally).await?;
    takes_records(cluster, RECORDS, dice, &mut taken, tally).await?;
    taken.push(written(cluster, Write::new("registry", dice)).await?);
    voided(cluster, &permit).await?;
    tally.add("permit voided on the full disk", 1);
    refuses_what_is_ordinary(cluster, dice, tally).await?;

    for service in SERVICES {
        cluster.terminate(service);
        let ended = cluster.ended_within(service, PATIENCE).await;
        require(ended.is_some_and(|status| status.success()), || format!("{service} did not end well"))?;
        cluster.launch(service);
    }
    serving(cluster).await?;
    tally.add("restarts on the full disk", SERVICES.len() as u64);
    told_short(cluster, true).await?;
    refuses_what_is_ordinary(cluster, dice, tally).await?;
    takes_records(cluster, LATER_RECORDS, dice, &mut taken, tally).await?;
    same_answers(cluster, &taken, tally).await?;

    fs::remove_file(disk.filler()).map_err(|e| e.to_string())?;
    told_short(cluster, false).await?;
    for service in SERVICES {
        taken.push(written(cluster, Write::new(service, dice)).await?);
    }
    propose(cluster).await.map_err(|status| format!("not taken with room again: {status:?}"))?;
    same_answers(cluster, &taken, tally).await?;
    for service in SERVICES {
        let log = fs::read_to_string(cluster.folder().join(format!("{service}.log"))).unwrap_or_default();
        require(!log.contains("the index failed"), || format!("the index of {service} found no room"))?;
    }
    Ok(())
}

async fn written(cluster: &Cluster, write: Write) -> Result<Taken, String> {
    let answer = write.send(cluster.sessions()).await;
    let answer = answer.map_err(|status| format!("{} {}: {status:?}", write.service, write.request_id))?;
    write.is_whole(&answer, &binary::log_of(cluster, &write.service)?)?;
    Ok(Taken::Write(write, answer))
}

/// A permit that lives; gives its name.
async fn permit(cluster: &Cluster) -> Result<String, String> {
    let request = rules::CheckOperationRequest { operation: Some(operation()), ..Default::default() };
    let answer: Result<rules::CheckOperationResponse, _> =
        call(cluster, &officer(), "rules.v1.CheckService/CheckOperation", request).await;
    let decision = answer.map_err(|status| format!("{status:?}"))?.decision.unwrap_or_default();
    require(decision.verdict() == rules::Verdict::Permit, || format!("no permit: {decision:?}"))?;
    Ok(decision.name)
}

/// Waits until every service tells of its disk in that way.
async fn told_short(cluster: &Cluster, short: bool) -> Result<(), String> {
    for service in SERVICES {
        let channel = cluster.sessions().channel(&first("auditor", Role::Auditor), service);
        let mut client = LedgerServiceClient::new(channel.map_err(|status| status.to_string())?);
        let until = Instant::now() + PATIENCE;
        loop {
            let status = client.get_ledger_status(ledger::GetLedgerStatusRequest {}).await;
            if status.map_err(|status| status.to_string())?.into_inner().disk_short == short {
                break;
            }
            require(Instant::now() < until, || format!("{service} does not tell disk_short = {short}"))?;
            sleep(LOOK_EVERY).await;
        }
    }
    Ok(())
}

async fn propose(cluster: &Cluster) -> Result<(), tonic::Status> {
    let designation = registry::Designation {
        kind: registry::DesignationKind::Group.into(),
        primary_name: "Group two".to_owned(),
        ..Default::default()
    };
    let request =
        registry::ProposeDesignationRequest { designation: Some(designation), ..Default::default() };
    let (by, method) =
        (first("party-a", Role::Proposer), "registry.v1.DesignationService/ProposeDesignation");
    call::<_, registry::ProposeDesignationResponse>(cluster, &by, method, request).await.map(drop)
}

/// Each service refuses something that can wait, and goes on reading.
async fn refuses_what_is_ordinary(
    cluster: &Cluster,
    dice: &mut fastrand::Rng,
    tally: &mut Tally,
) -> Result<(), String> {
    let lift = incidents::ConsentToLiftRequest {
        name: "suspensions/none".to_owned(),
        corrective_action: "as agreed".to_owned(),
        ..Default::default()
    };
    let method = "incidents.v1.CooperationService/ConsentToLift";
    let lifted: Result<incidents::ConsentToLiftResponse, _> =
        call(cluster, &first("party-a", Role::Approver), method, lift).await;
    let checked = Write::new("rules", dice).send(cluster.sessions()).await;
    for (what, told) in [
        ("a designation", reason(propose(cluster).await)),
        ("the lifting of a suspension", reason(lifted.map(drop))),
        ("a check", reason(checked.map(drop))),
    ] {
        require(told == DISK_FULL, || format!("{what} on the full disk: {told}"))?;
        tally.add("refused cleanly", 1);
    }
    let auditor = first("auditor", Role::Auditor);
    let decisions: rules::ListDecisionsResponse = read(
        cluster,
        &auditor,
        "rules.v1.CheckService/ListDecisions",
        rules::ListDecisionsRequest::default(),
    )
    .await?;
    let messages: incidents::ListMessagesResponse = read(
        cluster,
        &auditor,
        "incidents.v1.HotlineService/ListMessages",
        incidents::ListMessagesRequest::default(),
    )
    .await?;
    let entities: registry::ListProtectedEntitiesResponse = read(
        cluster,
        &auditor,
        "registry.v1.ProtectionService/ListProtectedEntities",
        registry::ListProtectedEntitiesRequest::default(),
    )
    .await?;
    let seen = [decisions.decisions.len(), messages.messages.len(), entities.protected_entities.len()];
    require(seen.iter().all(|rows| *rows > 0), || format!("reads on the full disk give {seen:?} rows"))?;
    tally.add("read", seen.len() as u64);
    Ok(())
}

async fn read<Q, R>(cluster: &Cluster, by: &Who, method: &str, request: Q) -> Result<R, String>
where
    Q: prost::Message + 'static,
    R: prost::Message + Default + 'static,
{
    call(cluster, by, method, request).await.map_err(|status| format!("{method}: {status:?}"))
}

/// So many messages on the hotline and so many incidents are taken.
async fn takes_records(
    cluster: &Cluster,
    count: usize,
    dice: &mut fastrand::Rng,
    taken: &mut Vec<Taken>,
    tally: &mut Tally,
) -> Result<(), String> {
    let messages: Vec<Write> = (0..count).map(|_| Write::new("incidents", dice)).collect();
    let mut sent = futures_util::stream::iter(messages.into_iter().map(|write| written(cluster, write)))
        .buffer_unordered(IN_FLIGHT);
    while let Some(one) = sent.next().await {
        taken.push(one?);
        tally.add("hotline messages taken", 1);
    }
    let reports: Vec<_> = (0..count).map(|_| report(dice)).collect();
    let mut filed = futures_util::stream::iter(reports.into_iter().map(|request| async {
        let answer = reported(cluster, request.clone()).await?;
        Ok::<_, String>(Taken::Incident(Box::new(request), answer))
    }))
    .buffer_unordered(IN_FLIGHT);
    while let Some(one) = filed.next().await {
        taken.push(one?);
        tally.add("incidents taken", 1);
    }
    Ok(())
}

fn report(dice: &mut fastrand::Rng) -> incidents::ReportIncidentRequest {
    let bits = u128::from(dice.u64(..)) << 64 | u128::from(dice.u64(..));
    let incident = incidents::Incident {
        category: incidents::IncidentCategory::CivilianHarm.into(),
        severity: incidents::Severity::Major.into(),
        description: "What is known so far is told here, and more is to follow. ".repeat(10),
        occur_time: window(-600, 0).start_time,
        location: Some(LatLng { latitude: -20.0, longitude: f64::from(dice.u32(0..90)) }),
        killed: Some(incidents::PersonCount { min: dice.u32(0..5), max: None, note: String::new() }),
        ..Default::default()
    };
    incidents::ReportIncidentRequest {
        incident: Some(incident),
        request_id: uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string(),
        ..Default::default()
    }
}

async fn reported(cluster: &Cluster, request: incidents::ReportIncidentRequest) -> Result<Vec<u8>, String> {
    let method = "incidents.v1.IncidentService/ReportIncident";
    let answer: Result<incidents::ReportIncidentResponse, _> =
        call(cluster, &first("observer", Role::DutyOfficer), method, request).await;
    answer.map(|answer| answer.encode_to_vec()).map_err(|status| format!("an incident: {status:?}"))
}

/// A clinic that is notified where the permit lies is taken in by rules, which voids it.
async fn voided(cluster: &Cluster, permit: &str) -> Result<(), String> {
    let clinic = registry::ProtectedEntity {
        display_name: "Clinic of the full disk".to_owned(),
        category: registry::ProtectedCategory::Medical.into(),
        area: Some(circle(0.5, 0.5, 80.0)),
        ..Default::default()
    };
    let request =
        registry::NotifyProtectedEntityRequest { protected_entity: Some(clinic), ..Default::default() };
    let (by, method) =
        (first("notifier", Role::Proposer), "registry.v1.ProtectionService/NotifyProtectedEntity");
    read::<_, registry::NotifyProtectedEntityResponse>(cluster, &by, method, request).await?;
    let until = Instant::now() + PATIENCE;
    loop {
        let request = rules::GetDecisionRequest { name: permit.to_owned(), as_of: None };
        let answer: rules::GetDecisionResponse =
            read(cluster, &officer(), "rules.v1.CheckService/GetDecision", request).await?;
        if answer.status.unwrap_or_default().state() == rules::DecisionState::Void {
            return Ok(());
        }
        require(Instant::now() < until, || format!("{permit} lives on beside a clinic"))?;
        sleep(LOOK_EVERY).await;
    }
}

/// Everything that was taken is answered as it was.
async fn same_answers(cluster: &Cluster, taken: &[Taken], tally: &mut Tally) -> Result<(), String> {
    let mut compared = futures_util::stream::iter(taken.iter().map(|taken| async move {
        let (again, first, id) = match taken {
            Taken::Write(write, first) => {
                let again = write.send(cluster.sessions()).await.map_err(|status| format!("{status:?}"))?;
                (again, first, &write.request_id)
            }
            Taken::Incident(request, first) => {
                (reported(cluster, request.as_ref().clone()).await?, first, &request.request_id)
            }
        };
        require(again == *first, || format!("{id} is answered otherwise"))
    }))
    .buffer_unordered(IN_FLIGHT);
    while let Some(same) = compared.next().await {
        same?;
        tally.add("answers compared", 1);
    }
    Ok(())
}
