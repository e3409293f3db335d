//! SIGKILL at random moments, under 64 clients on all services: what was acknowledged is there once and is answered with
//! the same bytes for ever; what was not is absent or whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use concord_cli::Sessions;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_ledger::export::verify_export;
use concord_proto::pb::ledger::v1 as ledger;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use concord_testkit::setting::put_in_order;
use concord_testkit::{Cluster, first};
use futures_util::StreamExt as _;
use tokio::task::JoinSet;

use super::outside::{Acknowledged, Outside, Pen};
use super::writes::Write;
use super::{Run, Tally, binary, require};

const SERVICES: [&str; 3] = ["registry", "incidents", "rules"];
const CLIENTS: usize = 64;
const KILL_WITHIN_US: u64 = 400_000;
/// A fresh deployment is begun after so many rounds, so that a long run does not end as a test of long starts.
const EPOCH_ROUNDS: u64 = 100;
/// Every so many rounds a start is killed too.
const START_KILLED_EVERY: u64 = 5;
const SERVES_WITHIN: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_secs(120);

pub(crate) async fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let concord = binary::built()?;
    let mut rounds = run.rounds(200, 10_000);
    while !rounds.is_empty() && !run.is_over(SHORT) {
        let begin = rounds.start;
        let end = rounds.end.min(begin + EPOCH_ROUNDS);
        let done = epoch(&concord, run, begin..end, tally).await;
        rounds.start = done.map_err(|why| format!("--from {begin}: {why}"))?;
    }
    require(tally.of("acknowledged") > 2 * tally.of("unanswered"), || {
        "too few writes were acknowledged before the kills to show anything".to_owned()
    })
}

/// Rounds on one deployment, then a look at the whole of it; gives the number of the next round.
async fn epoch(
    concord: &Path,
    run: &Run,
    rounds: std::ops::Range<u64>,
    tally: &mut Tally,
) -> Result<u64, String> {
    let mut cluster = Cluster::start_processes(Mode::Operational, &SERVICES, concord).await;
    put_in_order(&cluster).await;
    let outside = Outside::new(&cluster.folder().join("acknowledged.jsonl"))?;
    let mut next = rounds.start;
    for round in rounds {
        if run.is_over(SHORT) {
            break;
        }
        let one = killed(&mut cluster, run.dice(round), round, &outside.pen()?, tally).await;
        one.map_err(|why| format!("round {round}: {why}"))?;
        tally.add("rounds", 1);
        next = round + 1;
    }
    let promised = outside.read()?;
    kept(&cluster, &promised).await?;
    tally.add("answers compared", promised.len() as u64);
    once(concord, &cluster, &promised)?;
    Ok(next)
}

/// One kill under load, and all that it must not have cost.
async fn killed(
    cluster: &mut Cluster,
    mut dice: fastrand::Rng,
    round: u64,
    pen: &Pen,
    tally: &mut Tally,
) -> Result<(), String> {
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let service = SERVICES.get(number % SERVICES.len()).copied().unwrap_or_default();
        let dice = fastrand::Rng::with_seed(dice.u64(..));
        clients.spawn(client(cluster.sessions().clone(), service, dice, pen.clone(), Arc::clone(&stop)));
    }
    let victims = victims(&mut dice);
    tokio::time::sleep(Duration::from_micros(dice.u64(..=KILL_WITHIN_US))).await;
    for victim in &victims {
        cluster.kill(victim).await;
    }
    tally.add("processes killed", victims.len() as u64);
    if round.is_multiple_of(START_KILLED_EVERY) {
        for victim in &victims {
            cluster.launch(victim);
        }
        tokio::time::sleep(Duration::from_micros(dice.u64(..=KILL_WITHIN_US))).await;
        for victim in &victims {
            cluster.kill(victim).await;
        }
        tally.add("starts killed", victims.len() as u64);
    }
    for victim in &victims {
        cluster.launch(victim);
    }
    stop.store(true, Ordering::Relaxed);
    let (mut acknowledged, mut unanswered) = (Vec::new(), Vec::new());
    for written in clients.join_all().await {
        let written = written?;
        acknowledged.extend(written.0);
        unanswered.extend(written.1);
    }
    for victim in &victims {
        cluster.served_within(victim, SERVES_WITHIN).await?;
    }
    tally.add("acknowledged", acknowledged.len() as u64);
    tally.add("unanswered", unanswered.len() as u64);
    kept(cluster, &acknowledged).await?;
    settle(cluster, unanswered, pen, tally).await
}

/// All of them as often as one.
fn victims(dice: &mut fastrand::Rng) -> Vec<&'static str> {
    if dice.bool() { SERVICES.to_vec() } else { dice.choice(SERVICES).into_iter().collect() }
}

type Written = (Vec<Acknowledged>, Option<Write>);

/// Writes one after the other until there is no answer or it is told to stop.
async fn client(
    sessions: Sessions,
    service: &'static str,
    mut dice: fastrand::Rng,
    pen: Pen,
    stop: Arc<AtomicBool>,
) -> Result<Written, String> {
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let write = Write::new(service, &mut dice);
        let Ok(answer) = write.send(&sessions).await else { return Ok((acknowledged, Some(write))) };
        pen.note(&write, &answer).await?;
        acknowledged.push(Acknowledged { write, answer: hex::encode(answer) });
    }
    Ok((acknowledged, None))
}

/// Every acknowledged write is given its first answer again.
async fn kept(cluster: &Cluster, promised: &[Acknowledged]) -> Result<(), String> {
    let again = promised.iter().map(|noted| async move {
        let id = &noted.write.request_id;
        let lost = |status| format!("{} {id} was acknowledged and is lost: {status:?}", noted.write.service);
        let answer = noted.write.send(cluster.sessions()).await.map_err(lost)?;
        let otherwise = || format!("{} {id} was acknowledged otherwise", noted.write.service);
        require(hex::encode(answer) == noted.answer, otherwise)
    });
    let mut answers = futures_util::stream::iter(again).buffer_unordered(CLIENTS);
    while let Some(answer) = answers.next().await {
        answer?;
    }
    Ok(())
}

/// What had no answer is there whole or not at all; sent again, it is there and is promised from then on.
async fn settle(cluster: &Cluster, writes: Vec<Write>, pen: &Pen, tally: &mut Tally) -> Result<(), String> {
    let mut sizes = BTreeMap::new();
    for service in SERVICES {
        sizes.insert(service, size_of(cluster, service).await?);
    }
    for write in writes {
        let sent = write.send(cluster.sessions()).await;
        let answer = sent.map_err(|status| format!("{write:?} cannot be sent again: {status:?}"))?;
        let index = write.is_whole(&answer, &binary::log_of(cluster, &write.service)?)?;
        let was_there = sizes.get(write.service.as_str()).is_some_and(|size| index < *size);
        tally.add(if was_there { "of those there and whole" } else { "of those absent" }, 1);
        pen.note(&write, &answer).await?;
    }
    Ok(())
}

/// Number of entries in the ledger of a service.
async fn size_of(cluster: &Cluster, service: &'static str) -> Result<u64, String> {
    let channel = cluster.sessions().channel(&first("auditor", Role::Auditor), service);
    let channel = channel.map_err(|status| status.to_string())?;
    let head = LedgerServiceClient::new(channel).get_head(ledger::GetHeadRequest {}).await;
    head.map(|head| head.into_inner().head.unwrap_or_default().size).map_err(|status| status.to_string())
}

/// Every promised request stands once in the exported, verified ledgers.
fn once(concord: &Path, cluster: &Cluster, promised: &[Acknowledged]) -> Result<(), String> {
    let mut entries: BTreeMap<String, u64> = BTreeMap::new();
    for service in SERVICES {
        let file = binary::exported(concord, cluster, service)?;
        let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
        let verified = verify_export(text.lines(), &binary::log_of(cluster, service)?);
        for entry in verified.map_err(|e| e.to_string())?.entries {
            *entries.entry(entry.header().request_id.clone()).or_default() += 1;
        }
    }
    promised.iter().try_for_each(|noted| {
        let id = &noted.write.request_id;
        let count = entries.get(id).copied().unwrap_or_default();
        require(count == 1, || format!("{} {id} stands {count} times in the ledger", noted.write.service))
    })
}
