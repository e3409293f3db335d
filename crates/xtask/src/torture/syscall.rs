//! SIGKILL at every single call with which a registry changes what is on disk: it serves again in time, and nothing that
//! was acknowledged is lost.

use std::time::Duration;

use super::faults::Scene;
use super::{Run, Tally, require};

pub(crate) async fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let Some(mut scene) = Scene::new(&mut run.dice(u64::MAX)).await? else { return Ok(()) };
    let moments = scene.moments().await?;
    tally.add("moments", moments.len() as u64);
    let (mut slowest, mut number) = (Duration::ZERO, 0);
    let rounds = run.rounds(moments.len() as u64, moments.len() as u64);
    for moment in &moments {
        if !rounds.contains(&number) {
            number += 1;
            continue;
        }
        let at = |why: String| format!("--from {number}, killed at {moment}: {why}");
        let lived = scene.live_with(moment, "signal=KILL").await.map_err(at)?;
        let killed = lived.trace.contains("+++ killed by SIGKILL +++");
        // Which of several threads is first varies, and with it how far each of them comes before another is killed.
        tally.add(if killed { "kills" } else { "moments not reached again" }, 1);
        tally.add("acknowledged before", lived.acknowledged.len() as u64);
        slowest = slowest.max(scene.recovers(&lived).await.map_err(at)?);
        number += 1;
    }
    tally.add("ms slowest start", u64::try_from(slowest.as_millis()).unwrap_or(u64::MAX));
    let (kills, missed) = (tally.of("kills"), tally.of("moments not reached again"));
    require(kills > 9 * missed, || format!("only {kills} moments were met, and {missed} were not"))
}
