//! `concord replay`: every decision of an exported rules ledger, recomputed from the exported ledgers that it rests on,
//! without reading a stored verdict but to compare it.

use std::path::PathBuf;

use concord_domain::accord::Accord;
use concord_domain::fold::Fold as _;
use concord_domain::registry;
use concord_domain::rules::decision::{difference, recompute};
use concord_domain::rules::{Event, State};
use concord_domain::table::Resource as _;
use concord_ledger::entry::Entry;
use serde::de::DeserializeOwned;

use crate::deployment::read_accord;
use crate::verify::read_ledger;
use crate::{Failure, say};

/// Flags of `concord replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The accord file.
    #[arg(long)]
    accord: PathBuf,
    /// The exported ledger of the registry.
    #[arg(long)]
    registry: PathBuf,
    /// The exported ledger of rules.
    #[arg(long)]
    rules: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|e| input(&format!("{}: {e}", path.display())))
    };
    let accord = read_accord(&args.accord).map_err(|e| input(&e))?;
    let replayed = replay(&accord, &read(&args.registry)?, &read(&args.rules)?);
    let count = replayed.map_err(|e| Failure::new(Failure::NO, e))?;
    say::line(&format!("{count} decisions recomputed, all identical"));
    Ok(())
}

/// Verifies both ledgers, recomputes every decision, and gives their number.
///
/// # Errors
/// Names the first ledger that does not verify, or the first decision that differs.
pub(crate) fn replay(accord: &Accord, registry: &str, rules: &str) -> Result<u64, String> {
    let registry = read_ledger(accord, registry)?;
    let own = read_ledger(accord, rules)?;
    let origin = accord.origin("registry");
    let mut state = concord_rules::initial();
    let mut folded = 0;
    let mut count = 0;
    for entry in &own {
        let event: Event = event(entry)?;
        if let Event::Decision(decision) = &event {
            let head = decision.rests_on.iter().find(|head| head.origin == origin);
            let size = head.map_or(0, |head| head.size);
            folded = fold_up_to(&mut state, &registry, folded, size)?;
            let again = recompute(&state, decision).map_err(|e| e.to_string())?;
            if let Some(differs) = difference(decision, &again) {
                return Err(format!("DIVERGENCE in {}: {differs}", decision.name()));
            }
            count += 1;
        }
        state.apply(&event);
    }
    Ok(count)
}

/// Heads of later decisions are never behind those of earlier ones.
fn fold_up_to(state: &mut State, registry: &[Entry], from: u64, to: u64) -> Result<u64, String> {
    let missing = || format!("the registry's ledger ends before entry {to}, on which a decision rests");
    let (start, end) =
        (usize::try_from(from).map_err(|e| e.to_string())?, usize::try_from(to).map_err(|e| e.to_string())?);
    if end < start {
        return Err("a later decision rests on an earlier head".to_owned());
    }
    for entry in registry.get(start..end).ok_or_else(missing)? {
        state.registry.apply(&event::<registry::Event>(entry)?);
    }
    Ok(to)
}

fn event<E: DeserializeOwned>(entry: &Entry) -> Result<E, String> {
    let body = entry.body().ok_or_else(|| format!("entry {} has no body", entry.index()))?;
    serde_json::from_slice(body).map_err(|e| format!("entry {}: {e}", entry.index()))
}
