//! Whether the machine was the bench's own: a figure taken beside busy neighbours measures the neighbours.

use std::fs::read_to_string;
use std::time::Duration;

/// The share of the CPU that others may take, above which the figures are not to be relied on.
const OTHERS_MAX: f64 = 0.05;
/// How long the machine is looked at beforehand.
const LOOK: Duration = Duration::from_secs(1);

/// CPU time so far in ticks, of the whole machine and of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Ticks {
    total: f64,
    idle: f64,
    own: f64,
}

/// The machine before the first round.
pub(crate) struct Machine {
    load: String,
    began: Ticks,
    before: f64,
}

/// What others took of the machine's CPU, as shares of 1.
pub(crate) struct Neighbours {
    load: String,
    before: f64,
    during: f64,
}

impl Machine {
    /// Looks for a second while nothing of the bench runs.
    pub(crate) async fn look() -> Result<Self, String> {
        let load = read_to_string("/proc/loadavg").map_err(|e| e.to_string())?;
        let began = Ticks::now()?;
        tokio::time::sleep(LOOK).await;
        let looked = Ticks::now()?;
        Ok(Self { load: load.trim().to_owned(), began: looked, before: others(began, looked) })
    }

    /// What others took since, and before.
    pub(crate) fn neighbours(self) -> Result<Neighbours, String> {
        let Self { load, began, before } = self;
        Ok(Neighbours { load, before, during: others(began, Ticks::now()?) })
    }
}

impl Neighbours {
    /// The share of the CPU that no other process took during the run.
    pub(crate) fn undisturbed(&self) -> f64 {
        1.0 - self.during
    }

    /// For the head of the table.
    pub(crate) fn told(&self) -> String {
        let Self { load, before, during } = self;
        let told = format!(
            "Load average before the run {load}; others took {:.1} % of the CPU in the second before it and {:.1} % during it.",
            before * 100.0,
            during * 100.0
        );
        if before.max(*during) > OTHERS_MAX {
            format!("{told} **The machine was busy: these figures measure its neighbours too.**")
        } else {
            told
        }
    }
}

impl Ticks {
    fn now() -> Result<Self, String> {
        let machine = read_to_string("/proc/stat").map_err(|e| e.to_string())?;
        let own = read_to_string("/proc/self/stat").map_err(|e| e.to_string())?;
        Self::parse(&machine, &own).ok_or_else(|| "/proc/stat is not of the form that is known".to_owned())
    }

    /// From `/proc/stat` and `/proc/self/stat`. Waiting for the disk is idle; time that a hypervisor took is not.
    fn parse(machine: &str, own: &str) -> Option<Self> {
        // The last two of the ten count what the first two hold already.
        let fields = machine.lines().next()?.strip_prefix("cpu ")?.split_whitespace().take(8);
        let fields: Vec<f64> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
        // The name of a process may hold blanks and brackets; what is counted stands behind the last one.
        let mut times = own.rsplit_once(')')?.1.split_whitespace().skip(11);
        let own = times.next()?.parse::<f64>().ok()? + times.next()?.parse::<f64>().ok()?;
        Some(Self { total: fields.iter().sum(), idle: fields.get(3)? + fields.get(4)?, own })
    }
}

fn others(from: Ticks, to: Ticks) -> f64 {
    let total = to.total - from.total;
    let busy = total - (to.idle - from.idle);
    let others = busy - (to.own - from.own);
    if total > 0.0 { (others / total).clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_took_is_what_was_busy_without_oneself() {
        let own = |ticks: u32| format!("7 (a name) with ) R 1 1 1 0 -1 0 0 0 0 0 {ticks} 10 0 0 20 0");
        let from = Ticks::parse("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1", &own(20)).unwrap();
        let to = Ticks::parse("cpu  170 0 60 900 60 0 0 10 0 0\ncpu0 1", &own(60)).unwrap();
        assert_eq!((from.total, from.idle, from.own), (1_000.0, 850.0, 30.0));
        assert!((others(from, to) - 0.25).abs() < 1e-9, "90 busy, 40 of them own, of 200");
    }
}
