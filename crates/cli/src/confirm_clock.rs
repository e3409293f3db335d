//! `concord confirm-clock`: an operator who has looked at the clock after a jump says that it is right.

use std::io::ErrorKind;
use std::path::PathBuf;

use concord_server::clock::{JUMP_FILE, real};
use concord_server::config::{Config, File};

use crate::{Failure, say};

/// Flags of `concord confirm-clock`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration file of the rules service, which may be running.
    #[arg(long)]
    config: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let config = Config::load(Some(&args.config), |key| std::env::var(key).ok(), File::default());
    let config = config.map_err(|e| Failure::new(Failure::CONFIGURATION, e))?;
    let mark = config.data_dir.join(JUMP_FILE);
    let store = |e: std::io::Error| Failure::new(Failure::STORE, format!("{}: {e}", mark.display()));
    match std::fs::read_to_string(&mark) {
        Ok(how) => {
            std::fs::remove_file(&mark).map_err(store)?;
            std::fs::File::open(&config.data_dir).and_then(|folder| folder.sync_all()).map_err(store)?;
            say::line(how.trim_end());
            say::line(&format!("Confirmed: it is {}.", real()));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Failure::new(Failure::NO, "no jump of the clock is unconfirmed here"))
        }
        Err(error) => Err(store(error)),
    }
}
