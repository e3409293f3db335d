//! `cargo xtask`: what developers run by hand. Today: `bench`.

mod bench;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures durable writes and checks beside their controls, in one run.
    Bench(bench::Args),
}

fn main() -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| e.to_string())?;
    match Cli::parse().command {
        Command::Bench(args) => runtime.block_on(bench::run(args)),
    }
}
