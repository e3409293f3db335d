//! `concord replay`: every decision of an exported rules ledger, recomputed from the exported ledgers that it rests on,
//! without reading a stored verdict but to compare it, and without believing a consent that its party did not sign.

use std::path::PathBuf;

use concord_domain::accord::Accord;
use concord_domain::fold::Fold as _;
use concord_domain::rules::Event;
use concord_domain::rules::decision::{Decision, difference, recompute};
use concord_domain::signed::Followable;
use concord_domain::table::Resource as _;
use concord_ledger::entry::Entry;

use crate::deployment::read_accord;
use crate::verify::{read_ledger, vouched_event};
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
    /// The exported ledger of incidents.
    #[arg(long)]
    incidents: PathBuf,
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
    let followed = Followed { registry: &read(&args.registry)?, incidents: &read(&args.incidents)? };
    let replayed = replay(&accord, &followed, &read(&args.rules)?);
    let count = replayed.map_err(|e| Failure::new(Failure::NO, e))?;
    say::line(&format!("{count} decisions recomputed, all identical"));
    Ok(())
}

/// The exports of the ledgers that rules follows.
struct Followed<'a> {
    /// The registry's.
    registry: &'a str,
    /// Incidents'.
    incidents: &'a str,
}

/// Verifies all ledgers, recomputes every decision, and gives their number.
///
/// # Errors
/// Names the first ledger that does not verify, or the first decision that differs.
fn replay(accord: &Accord, followed: &Followed<'_>, rules: &str) -> Result<u64, String> {
    let mut registry = Source::of(accord, "registry", followed.registry)?;
    let mut incidents = Source::of(accord, "incidents", followed.incidents)?;
    let begun = concord_rules::initial();
    let mut state = begun.clone();
    let mut count = 0;
    for entry in &read_ledger(accord, rules)? {
        let event: Event = vouched_event(accord, &state, entry)?;
        if let Event::Decision(decision) = &event {
            registry.fold_up_to(accord, (&mut state.registry, &begun.registry), decision)?;
            incidents.fold_up_to(accord, (&mut state.incidents, &begun.incidents), decision)?;
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

/// A followed ledger, folded as far as the decisions so far rest on it.
struct Source {
    origin: String,
    entries: Vec<Entry>,
    folded: usize,
}

impl Source {
    fn of(accord: &Accord, service: &str, text: &str) -> Result<Self, String> {
        Ok(Self { origin: accord.origin(service), entries: read_ledger(accord, text)?, folded: 0 })
    }

    /// Folds as far as a decision rests on it; a later one rests on less where rules had lost its copy.
    fn fold_up_to<F: Followable>(
        &mut self,
        accord: &Accord,
        (state, begun): (&mut F, &F),
        decision: &Decision,
    ) -> Result<(), String> {
        let size = usize::try_from(decision.rests_on_size(&self.origin)).map_err(|e| e.to_string())?;
        if size < self.folded {
            (*state, self.folded) = (begun.clone(), 0);
        }
        let due = self.entries.get(self.folded..size);
        for entry in due.ok_or_else(|| format!("{} ends before entry {size}", self.origin))? {
            let event = vouched_event(accord, state, entry).map_err(|e| format!("{}: {e}", self.origin))?;
            state.apply(&event);
        }
        self.folded = size;
        Ok(())
    }
}
