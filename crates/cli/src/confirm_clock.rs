//! `concord confirm-clock`: an operator who has looked at the clock after a jump says that it is right.

use std::path::PathBuf;

use concord_server::clock;

use crate::deployment::read_config;
use crate::{Failure, say};

/// Flags of `concord confirm-clock`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration file of the rules service, which may be running.
    #[arg(long)]
    config: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let data_dir = read_config(&args.config)?.data_dir;
    let store = |e| Failure::new(Failure::STORE, format!("{}: {e}", data_dir.display()));
    let Some(how) = clock::confirm(&data_dir).map_err(store)? else {
        return Err(Failure::new(Failure::NO, "no jump of the clock is unconfirmed here"));
    };
    say::line(how.trim_end());
    say::line(&format!("Confirmed: it is {}.", clock::real()));
    Ok(())
}
