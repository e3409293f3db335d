//! How long a registry takes to serve on a long journal: with a good index, and with none.

use std::fs;
use std::time::Duration;

use concord_domain::accord::Mode;
use concord_testkit::Cluster;

use super::faults::REGISTRY;
use super::{Run, Tally, binary, filled, require, say};

const WITH_INDEX: Duration = Duration::from_secs(3);
const WITHOUT_INDEX: Duration = Duration::from_secs(15);
/// Longest that a start is waited for, so that a missed goal is told with its figure.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) async fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let records = if run.long { 1_000_000 } else { 100_000 };
    let mut cluster = Cluster::start_processes(Mode::Operational, &[REGISTRY], binary::built()?).await;
    cluster.kill(REGISTRY).await;
    let pki = cluster.folder().to_owned();
    let core = tokio::task::spawn_blocking(move || filled::opened(&pki)).await;
    let core = core.map_err(|e| e.to_string())??;
    filled::fill(&core, records).await?;
    let size = core.ledger().head().size;
    tokio::task::spawn_blocking(move || core.writer().close()).await.map_err(|e| e.to_string())?;
    tally.add("records", size);
    let good = serves(&mut cluster, "with a good index", WITH_INDEX, tally).await?;
    let index = cluster.data_dir(REGISTRY).join("index");
    fs::remove_dir_all(index).map_err(|e| e.to_string())?;
    let none = serves(&mut cluster, "without an index", WITHOUT_INDEX, tally).await?;
    require(good && none, || "a goal was missed".to_owned())
}

/// Starts it and says how long it took to serve; false where that was too long.
async fn serves(cluster: &mut Cluster, how: &str, goal: Duration, tally: &mut Tally) -> Result<bool, String> {
    cluster.launch(REGISTRY);
    let took = cluster.served_within(REGISTRY, PATIENCE).await?;
    cluster.terminate(REGISTRY);
    let ended = cluster.ended_within(REGISTRY, PATIENCE).await;
    require(ended.is_some_and(|status| status.success()), || "it did not end well".to_owned())?;
    tally.add(&format!("ms {how}"), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    if took > goal {
        let late = (took - goal).as_secs_f64();
        say(&format!("restart: {how} it serves {late:.1} s later than the goal of {} s", goal.as_secs()));
    }
    Ok(took <= goal)
}
