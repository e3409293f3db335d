//! `concord witness`: run by each party on its own machine, it follows the checkpoints of every ledger of the accord,
//! verifies that each extends all that it saw before, keeps what it saw, and cosigns.
//!
//! It calls the ledgers and listens nowhere. It ends with 76 where a ledger contradicts what it signed; the evidence is
//! then a file that `concord verify` confirms, and nothing of that ledger is cosigned until an operator has looked.

mod asked;
mod round;
mod rounds;
mod seen;
mod settings;
mod trouble;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use concord_store::{FollowedCopy, SEGMENT_BYTES};
use tokio_util::sync::CancellationToken;

use crate::serve::stop_on_signal;
use crate::{Failure, say};
use asked::Asked;
use round::Watched;
use rounds::Rounds;
use seen::Seen;
use settings::{Given, Peer, Settings};

/// Flags of `concord witness`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Configuration file (TOML); flags override its keys.
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(flatten)]
    given: Given,
    /// Does one round and ends: with 0 where every ledger was cosigned.
    #[arg(long)]
    once: bool,
    /// Says that an operator has looked at what was found against this ledger, such as accord-1/registry, and ends.
    #[arg(long, conflicts_with = "once")]
    looked: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let settings = Settings::load(args.config.as_deref(), args.given);
    let settings = settings.map_err(|e| Failure::new(Failure::CONFIGURATION, e))?;
    let logs: Vec<_> = settings.peers.iter().map(|peer| peer.log.clone()).collect();
    let seen = Seen::open(&settings.data_dir, &settings.key, &logs);
    let seen = seen.map_err(|e| Failure::new(Failure::STORE, e))?;
    if let Some(origin) = args.looked {
        return looked(&seen, &origin);
    }
    let mut watched = watched(&settings)?;
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let rounds = Rounds::new(&seen, settings.receipts.as_deref(), Duration::from_secs(settings.round_max_s));
    let interval = Duration::from_secs(settings.interval_s);
    let all = async {
        match args.once {
            true => rounds.once(&mut watched).await,
            // What is found anew ends the witness, so that whoever runs it is told; started again, it goes on with the others.
            false => Err(rounds.go_on(&mut watched, interval).await),
        }
    };
    tokio::select! {
        // A round that is cut off has kept all that left.
        () = stop.cancelled() => {}
        ended = all => return ended,
    }
    match watched.iter().map(Watched::origin).find(|origin| seen.of(origin).found.is_some()) {
        None => Ok(()),
        Some(origin) => {
            Err(Failure::new(Failure::FOUND, format!("{origin} is not cosigned for what was found")))
        }
    }
}

fn looked(seen: &Seen, origin: &str) -> Result<(), Failure> {
    match seen.looked(origin).map_err(|e| Failure::new(Failure::STORE, e))? {
        Some(name) => {
            say::line(&format!(
                "{origin}: {name} was looked at; what follows on what was seen is cosigned again"
            ));
            Ok(())
        }
        None => Err(Failure::new(Failure::INPUT, format!("nothing stands against {origin:?}"))),
    }
}

fn watched(settings: &Settings) -> Result<Vec<Watched>, Failure> {
    let watch = |peer: &Peer| {
        let asked = Asked::at(&peer.address, &settings.identity, &settings.accord);
        let asked = asked.map_err(|e| Failure::new(Failure::CONFIGURATION, e))?;
        let copy =
            settings.copy.as_ref().map(|folder| opened(&folder.join(&peer.service), peer)).transpose()?;
        Ok(Watched { peer: peer.clone(), asked, copy, settled: BTreeSet::new(), told: None })
    };
    settings.peers.iter().map(watch).collect()
}

fn opened(folder: &Path, peer: &Peer) -> Result<FollowedCopy, Failure> {
    let failed =
        |e: &dyn std::fmt::Display| Failure::new(Failure::STORE, format!("{}: {e}", folder.display()));
    let (copy, torn) = FollowedCopy::open(folder, peer.log.clone(), SEGMENT_BYTES).map_err(|e| failed(&e))?;
    if torn.is_some() {
        say::aside(&format!("{}: the end of the copy was torn; it is fetched again", folder.display()));
    }
    Ok(copy)
}
