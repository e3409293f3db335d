//! What the machine does to a ledger, done on purpose: each test prints a seed, counts and a verdict, and fails the
//! command where anything that was promised does not hold. What each shows stands in `docs/torture/README.md`.
//!
//! A test draws everything from its seed and the number of its round, so that any round can be run again alone.

mod binary;
mod cancel;
mod disk_full;
mod envelope;
mod faults;
mod filled;
mod io_error;
mod kill;
mod model;
mod outside;
mod restart;
mod rot;
mod syscall;
mod tamper;
mod teeth;
mod writes;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use tokio::runtime::Runtime;

/// Flags of `cargo xtask torture`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which test, or all of them.
    name: Name,
    /// As CI runs it; this is the default.
    #[arg(long, conflicts_with = "long")]
    short: bool,
    /// Until the whole count is done.
    #[arg(long)]
    long: bool,
    /// The seed that an earlier run printed.
    #[arg(long)]
    seed: Option<u64>,
    /// The first round to run, to repeat one that failed or to go on where an earlier run ended.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// The number of rounds to run; those of the length where it is not given.
    #[arg(long)]
    rounds: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    All,
    Kill,
    Syscall,
    IoError,
    Rot,
    Envelope,
    Tamper,
    Restart,
    DiskFull,
    Cancel,
    Model,
    Teeth,
}

impl Name {
    fn text(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// One run of one test.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) long: bool,
    pub(crate) seed: u64,
    from: u64,
    rounds: Option<u64>,
    /// When the time of a short run was first asked for: after what it needs was built.
    begun: OnceLock<Instant>,
}

impl Run {
    /// The rounds to run: so many in a short run and so many in a long one, unless told otherwise.
    pub(crate) fn rounds(&self, short: u64, long: u64) -> std::ops::Range<u64> {
        let whole = if self.long { long } else { short };
        let end = self.rounds.map_or(whole, |rounds| self.from + rounds);
        self.from..end.max(self.from)
    }

    /// The randomness of one round.
    pub(crate) fn dice(&self, round: u64) -> fastrand::Rng {
        let mut seeds = fastrand::Rng::with_seed(self.seed);
        let salt = seeds.u64(..);
        fastrand::Rng::with_seed(salt ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Whether a short run has used up its time.
    pub(crate) fn is_over(&self, short: Duration) -> bool {
        !self.long && self.rounds.is_none() && self.begun.get_or_init(Instant::now).elapsed() > short
    }
}

/// What was counted, in the order in which it was first counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: BTreeMap<String, u64>,
    order: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, what: &str, count: u64) {
        if !self.counts.contains_key(what) {
            self.order.push(what.to_owned());
        }
        *self.counts.entry(what.to_owned()).or_default() += count;
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    fn text(&self) -> String {
        let one = |what: &String| format!("{} {what}", self.of(what));
        self.order.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// Says a line on standard output.
pub(crate) fn say(line: &str) {
    // Who closed the output wants to hear no more.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Fails a test where something does not hold.
pub(crate) fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

pub(crate) fn run(runtime: &Runtime, args: &Args) -> Result<(), String> {
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    if args.name == Name::All {
        return all(args, seed);
    }
    let begun = Instant::now();
    let (long, from, rounds) = (args.long, args.from, args.rounds);
    let run = Run { long, seed, from, rounds, begun: OnceLock::new() };
    let name = args.name.text();
    say(&format!("torture {name} {} --seed {seed}", length(args)));
    let mut tally = Tally::default();
    let outcome = one(runtime, args.name, &run, &mut tally);
    let took = begun.elapsed().as_secs_f64();
    say(&format!("{name}: {} in {took:.1} s", tally.text()));
    match &outcome {
        Ok(()) => say(&format!("{name}: PASS")),
        Err(why) => say(&format!("{name}: FAIL with --seed {seed}: {why}")),
    }
    outcome
}

fn one(runtime: &Runtime, name: Name, run: &Run, tally: &mut Tally) -> Result<(), String> {
    match name {
        Name::All => Ok(()),
        Name::Kill => runtime.block_on(kill::run(run, tally)),
        Name::IoError => runtime.block_on(io_error::run(run, tally)),
        Name::Envelope => envelope::run(run, tally),
        Name::Rot => rot::run(run, tally),
        Name::Cancel => cancel::run(run, tally),
        Name::Model => model::run(run, tally),
        Name::Teeth => teeth::run(run, tally),
        Name::DiskFull => runtime.block_on(disk_full::run(run, tally)),
        Name::Restart => runtime.block_on(restart::run(run, tally)),
        Name::Tamper => tamper::run(runtime, run, tally),
        Name::Syscall => runtime.block_on(syscall::run(run, tally)),
    }
}

/// Runs every test as a process of its own, so that none can take another down, and tells of all of them.
fn all(args: &Args, seed: u64) -> Result<(), String> {
    let (begun, mut failed) = (Instant::now(), Vec::new());
    let this = std::env::current_exe().map_err(|e| e.to_string())?;
    // Fifty kills are a test of the binary; so many more in one run are for a long one.
    let wanted = |name: &Name| *name != Name::All && (args.long || *name != Name::Kill);
    for name in Name::value_variants().iter().filter(|name| wanted(name)) {
        let mut test = Command::new(&this);
        test.args(["torture", &name.text(), length(args), "--seed", &seed.to_string()]);
        if !test.status().map_err(|e| e.to_string())?.success() {
            failed.push(name.text());
        }
    }
    let took = begun.elapsed().as_secs_f64();
    if failed.is_empty() {
        say(&format!("torture: every test passed in {took:.0} s"));
        return Ok(());
    }
    Err(format!("torture: failed in {took:.0} s: {}", failed.join(", ")))
}

fn length(args: &Args) -> &'static str {
    if args.long { "--long" } else { "--short" }
}
