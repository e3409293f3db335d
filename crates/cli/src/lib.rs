//! What operators, integrators and CI do with Concord from a shell, one file for each command.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the answer is no, 2 usage, 65
//! input that is not what it should be, 69 a service cannot be reached, 74 a ledger failed, 76 a ledger contradicts what it
//! signed, 78 configuration.

mod confirm_clock;
mod demo;
mod deployment;
pub mod exercise;
mod healthcheck;
mod ledger;
mod pki;
mod replace;
mod replay;
mod say;
mod serve;
mod session;
mod sign;
mod up;
mod verify;
mod witness;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use deployment::Deployment;
pub use session::{Sessions, Who};
pub use sign::{Consent, subject};
pub use verify::verify_text;

/// The referee's table of states that act together without trusting each other.
#[derive(Debug, Parser)]
#[command(name = "concord", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays the story on real processes, and tells it.
    Demo(demo::Args),
    /// Runs the services in the foreground on a data folder that stays.
    Up(up::Args),
    /// Runs one service.
    Serve(serve::Args),
    /// Plays historic cases as calls, each on a fresh exercise accord.
    Exercise(exercise::Args),
    /// Makes development certificates, keys and an accord.
    Pki(pki::Args),
    /// Verifies receipts and exported ledgers offline, with the accord's public keys alone.
    Verify(verify::Args),
    /// Recomputes every decision of exported ledgers.
    Replay(replay::Args),
    /// Signs a party's consent to what exposes or to what takes protection away, with the party's key.
    Sign(sign::Args),
    /// Exports, backs up, restores and inspects a service's ledger.
    Ledger(ledger::Args),
    /// Follows the ledgers as a party's witness, on the party's own machine, and cosigns what it has verified.
    Witness(witness::Args),
    /// Confirms, after a jump of the clock, that it is right; until then checks refer.
    ConfirmClock(confirm_clock::Args),
    /// Asks a service whether it serves.
    Healthcheck(healthcheck::Args),
}

/// How a command ended other than well.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Exit code.
    pub(crate) code: u8,
    /// What to tell.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) const NO: u8 = 1;
    pub(crate) const INPUT: u8 = 65;
    pub(crate) const UNREACHABLE: u8 = 69;
    pub(crate) const STORE: u8 = 74;
    pub(crate) const FOUND: u8 = 76;
    pub(crate) const CONFIGURATION: u8 = 78;

    pub(crate) fn new(code: u8, message: impl std::fmt::Display) -> Self {
        Self { code, message: message.to_string() }
    }
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say::aside(&format!("no runtime: {error}"));
            return ExitCode::from(Failure::UNREACHABLE);
        }
    };
    let ended = runtime.block_on(async {
        match Cli::parse().command {
            Command::Demo(args) => demo::run(args).await,
            Command::Up(args) => up::run(args).await,
            Command::Serve(args) => serve::run(args).await,
            Command::Exercise(args) => exercise::run(args).await,
            Command::Pki(args) => pki::run(args),
            Command::Verify(args) => verify::run(&args),
            Command::Replay(args) => replay::run(&args),
            Command::Sign(args) => sign::run(&args),
            Command::Ledger(args) => ledger::run(args).await,
            Command::Witness(args) => witness::run(args).await,
            Command::ConfirmClock(args) => confirm_clock::run(&args),
            Command::Healthcheck(args) => healthcheck::run(args).await,
        }
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say::aside(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}
