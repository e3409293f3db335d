//! A journal offline: every checksum, the chain, every root, the signature under every group, and the fold.

use std::path::Path;

use concord_domain::accord::Accord;
use concord_ledger::chain::Chain;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::entry::Entry;
use concord_store::{Group, Survey};

/// Verifies a journal, and says in one sentence what it proves.
///
/// # Errors
/// Names the first thing wrong.
pub(super) fn verify(accord: &Accord, place: &Path, log: &LogVerifier) -> Result<String, String> {
    let survey = Survey::of(place, log).map_err(|e| e.to_string())?;
    // What stands before the damage is verified first: the first thing wrong is named.
    let entries = signed(&survey, log)?;
    if let Some(damage) = &survey.damage {
        return Err(damage.to_string());
    }
    let told = super::folded_entries(accord, log.origin(), &entries)?;
    Ok(match survey.torn_tail {
        Some(torn) => format!("{told}; {} bytes of an unfinished group follow", torn.bytes),
        None => told,
    })
}

/// The entries of every group that holds, each group under its own signature.
fn signed(survey: &Survey, log: &LogVerifier) -> Result<Vec<Entry>, String> {
    let (mut chain, mut all) = (Chain::new(log.origin()), Vec::new());
    for group in survey.groups() {
        let Group { mut entries, trailer } = group.map_err(|e| e.to_string())?;
        let signed = log.verify(&trailer.checkpoint);
        let signed = signed.map_err(|e| format!("checkpoint over {} entries: {e}", trailer.size))?;
        entries.iter().try_for_each(|entry| chain.append(entry)).map_err(|e| e.to_string())?;
        if (signed.size, signed.root) != (chain.size(), chain.root()) {
            return Err(format!("the entries do not lead to the checkpoint over {} entries", signed.size));
        }
        all.append(&mut entries);
    }
    Ok(all)
}
