//! `concord witness`: run by each party on its own machine, it follows the checkpoints of every ledger of the accord,
//! verifies that each extends all that it saw before, keeps what it saw, and cosigns.
//!
//! It calls the ledgers and listens nowhere. It ends with 76 where a ledger contradicts what it signed; the evidence is
//! then a file that `concord verify` confirms, and nothing of that ledger is cosigned until an operator has looked.

mod asked;
mod round;
mod seen;
mod settings;
mod trouble;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use concord_ledger::receipt::Receipt;
use concord_store::{FollowedCopy, SEGMENT_BYTES};
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::serve::stop_on_signal;
use crate::verify::files;
use crate::{Failure, say};
use asked::Asked;
use round::Watched;
use seen::Seen;
use settings::{Given, Peer, Settings};
use trouble::Trouble;

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
    let (mut stood, mut failed) = (standing(&seen, &watched), String::new());
    loop {
        let round = round(&seen, &mut watched, settings.receipts.as_deref());
        let ended = tokio::select! {
            // A round that is cut off has kept all that left.
            () = stop.cancelled() => None,
            ended = round => Some(ended),
        };
        let stands = standing(&seen, &watched);
        match ended {
            Some(ended) if args.once => return ended,
            // What is found anew ends the witness, so that whoever runs it is told; started again, it goes on with the others.
            Some(Err(failure)) if stands.iter().any(|origin| !stood.contains(origin)) => return Err(failure),
            Some(Err(failure)) if failure.message != failed => {
                say::aside(&failure.message);
                failed = failure.message;
            }
            Some(Err(_)) | None => {}
            Some(Ok(())) => failed.clear(),
        }
        stood = stands;
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(Duration::from_secs(settings.interval_s)) => {}
        }
    }
    match stood.first() {
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

/// Ledgers against which something stands.
fn standing(seen: &Seen, watched: &[Watched]) -> Vec<String> {
    let origins = watched.iter().map(Watched::origin);
    origins.filter(|origin| seen.of(origin).found.is_some()).map(str::to_owned).collect()
}

/// One round with every ledger at once, so that none holds up another; tells each, and fails with what weighs most.
async fn round(seen: &Seen, watched: &mut [Watched], receipts: Option<&Path>) -> Result<(), Failure> {
    let receipts = receipts.map_or_else(|| Ok(Vec::new()), read_receipts)?;
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let rounds = watched.iter_mut().map(|ledger| async {
        let origin = ledger.origin().to_owned();
        let own: Vec<Receipt> = receipts.iter().filter(|it| it.origin == origin).cloned().collect();
        let ended = ledger.round(seen, &own, at).await;
        let news = ended
            .as_ref()
            .is_ok_and(|checkpoint| ledger.told.replace(checkpoint.size) != Some(checkpoint.size));
        (origin, ended, news)
    });
    let mut worst: Option<Trouble> = None;
    let mut told = Vec::new();
    for (origin, ended, news) in join_all(rounds).await {
        match ended {
            Ok(_) if !news => {}
            Ok(checkpoint) => say::line(&format!("{origin}: cosigned over {} entries", checkpoint.size)),
            Err(trouble) => {
                told.push(format!("{origin}: {trouble}"));
                worst = worst.into_iter().chain([trouble]).max_by_key(Trouble::code);
            }
        }
    }
    match worst {
        None => Ok(()),
        Some(worst) => Err(Failure::new(worst.code(), told.join("\n"))),
    }
}

/// Receipts that the party holds.
fn read_receipts(path: &Path) -> Result<Vec<Receipt>, Failure> {
    let input = |path: &Path, e: &dyn std::fmt::Display| {
        Failure::new(Failure::INPUT, format!("{}: {e}", path.display()))
    };
    let mut receipts = Vec::new();
    for file in files(path).map_err(|e| input(path, &e))? {
        let json = std::fs::read(&file).map_err(|e| input(&file, &e))?;
        receipts.push(Receipt::from_json(&json).map_err(|e| input(&file, &e))?);
    }
    Ok(receipts)
}
