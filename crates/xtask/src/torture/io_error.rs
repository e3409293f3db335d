//! EIO and ENOSPC at the k-th write, sync, rename or open. On the journal: nothing is acknowledged after the fault, the
//! process ends within a second with the exit code of a failed ledger, and starts clean. On the index: nothing is lost and
//! nothing is wrong, now or after the next start.

use std::time::Duration;

use super::faults::{Kind, Lived, Moment, REGISTRY, Scene};
use super::{Run, Tally, require};

/// The exit code of a process whose ledger failed.
const STORE: i32 = 74;
const ENDS_WITHIN: Duration = Duration::from_secs(1);
/// Between an answer on its way and its client, under strace and on a busy machine.
const ON_ITS_WAY: Duration = Duration::from_millis(50);
const SHORT: Duration = Duration::from_secs(100);

pub(crate) async fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let Some(mut scene) = Scene::new(&mut run.dice(u64::MAX)).await? else { return Ok(()) };
    let mut faults = Vec::new();
    for moment in scene.moments().await? {
        faults.push((moment.clone(), "EIO"));
        faults.push((moment, "ENOSPC"));
    }
    let whole = faults.len() as u64;
    tally.add("faults to choose from", whole);
    if !run.long {
        // A sample whose every beginning is a fair one.
        run.dice(u64::MAX - 1).shuffle(&mut faults);
    }
    for round in run.rounds(whole, whole) {
        if run.is_over(SHORT) {
            break;
        }
        let Some((moment, error)) = usize::try_from(round).ok().and_then(|at| faults.get(at)) else { break };
        let at = |why: String| format!("--from {round}, {error} at {moment}: {why}");
        one(&mut scene, moment, error, tally).await.map_err(at)?;
    }
    require(tally.of("ended with the exit code of a failed ledger") > 0, || {
        "no fault ended the process, which shows nothing".to_owned()
    })
}

async fn one(scene: &mut Scene, moment: &Moment, error: &str, tally: &mut Tally) -> Result<(), String> {
    let lived = scene.live_with(moment, &format!("error={error}")).await?;
    let Some((at, path)) = lived.fault() else {
        tally.add("moments not reached again", 1);
        return Ok(());
    };
    tally.add(if moment.kind == Kind::Journal { "on the journal" } else { "on the index" }, 1);
    if moment.kind == Kind::Journal {
        if lived.served {
            served(&lived, at, &path, tally)?;
        } else {
            let ended = lived.ended.is_some_and(|(status, _)| !status.success());
            require(ended, || "a start that cannot read its journal did not end".to_owned())?;
            tally.add("ended at the start", 1);
        }
    }
    scene.recovers(&lived).await.map(drop)
}

/// What a fault under a serving process may come to.
fn served(lived: &Lived, at: std::time::SystemTime, path: &str, tally: &mut Tally) -> Result<(), String> {
    let late = lived.acknowledged.iter().filter(|(_, answered)| *answered > at + ON_ITS_WAY).count();
    let Some((status, ended)) = lived.ended else {
        return Err("it ended neither by itself nor when it was told to".to_owned());
    };
    if status.success() {
        // Whatever failed was in no segment in use, such as the removal of a spare one: all that was asked was written.
        require(lived.unanswered.is_none(), || format!("a write failed, and {REGISTRY} went on"))?;
        require(!path.ends_with(".seg"), || format!("a fault on {path} was passed over"))?;
        tally.add("passed over, in no segment in use", 1);
        return Ok(());
    }
    require(status.code() == Some(STORE), || format!("it ended with {status}"))?;
    if path.ends_with("spare") {
        // The segment ahead is met when it is needed: what was written until then is in the segment in use.
        tally.add("met when the segment was needed", 1);
    } else {
        require(late == 0, || format!("{late} writes were acknowledged after the fault"))?;
        let took = ended.duration_since(at).unwrap_or_default();
        require(took < ENDS_WITHIN, || format!("it took {took:?} to end"))?;
    }
    tally.add("ended with the exit code of a failed ledger", 1);
    Ok(())
}
