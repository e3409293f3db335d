//! `concord ledger`: what an operator and an auditor do with a ledger, running or stopped, one file for each command.

mod backup;
mod export;
mod inspect;
mod remote;
mod restore;
mod status;

use clap::Subcommand;

use crate::Failure;

pub(crate) use export::{Export, export};
pub(crate) use inspect::journals;
pub(crate) use remote::Remote;

/// Flags of `concord ledger`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the ledger of a service to a file that `concord verify` reads.
    Export(export::Export),
    /// Copies the ledger of a running service into a folder; a second run fetches only what is missing.
    Backup(backup::Backup),
    /// Puts a damaged journal together again from what is left of it and a backup or a witness's copy.
    Restore(restore::Restore),
    /// Says what a stopped or copied journal holds, and the first thing wrong with it.
    Inspect(inspect::Inspect),
    /// Says how the ledger of a running service stands.
    Status(status::Status),
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Export(args) => export::run(&args).await,
        Command::Backup(args) => backup::run(&args).await,
        Command::Restore(args) => tokio::task::block_in_place(|| restore::run(&args)),
        Command::Inspect(args) => inspect::run(&args),
        Command::Status(args) => status::run(&args).await,
    }
}
