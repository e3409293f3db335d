//! `concord verify`: receipts, exported ledgers, journals and evidence against a ledger, offline. Nothing is asked of anybody
//! but the accord's public keys.

mod journal;

use std::path::{Path, PathBuf};

use concord_domain::accord::Accord;
use concord_domain::signed::Followable;
use concord_domain::time::Timestamp;
use concord_domain::{incidents, registry, rules};
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::cosignature::Cosignature;
use concord_ledger::entry::Entry;
use concord_ledger::evidence::{Evidence, Proven};
use concord_ledger::export::verify_export;
use concord_ledger::hash::to_hex;
use concord_ledger::receipt::Receipt;
use concord_server::verifier::dsse;
use concord_server::witness::{cosignatures, witnesses};

use crate::deployment::read_accord;
use crate::ledger::journals;
use crate::{Failure, say};

/// Flags of `concord verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Receipts or evidence (JSON), or exported ledgers (JSON lines), or a folder of them; or a data folder, a backup or a
    /// witness's copy, stopped or copied.
    file: PathBuf,
    /// The accord file.
    #[arg(long)]
    accord: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let accord = read_accord(&args.accord).map_err(|e| input(&e))?;
    let not = |path: &Path, e: String| {
        Failure::new(Failure::NO, format!("{}: DOES NOT VERIFY: {e}", path.display()))
    };
    let journals = journals(&accord, &args.file).map_err(|e| input(&e))?;
    for (place, log) in &journals {
        let told = journal::verify(&accord, place, log).map_err(|e| not(place, e))?;
        say::line(&format!("{}: verified: {told}", place.display()));
    }
    if !journals.is_empty() {
        return Ok(());
    }
    for file in files(&args.file).map_err(|e| input(&format!("{}: {e}", args.file.display())))? {
        let text = std::fs::read_to_string(&file).map_err(|e| input(&format!("{}: {e}", file.display())))?;
        let told = verify_text(&accord, &text);
        let told = told.map_err(|e| not(&file, e))?;
        say::line(&format!("{}: verified: {told}", file.display()));
    }
    Ok(())
}

pub(crate) fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|file| file.is_file());
    files.sort();
    Ok(files)
}

/// Verifies a receipt, an exported ledger or evidence, and says in one sentence what it proves.
///
/// # Errors
/// Names the first thing wrong.
pub fn verify_text(accord: &Accord, text: &str) -> Result<String, String> {
    match Receipt::from_json(text.as_bytes()) {
        Ok(receipt) => verify_receipt(accord, &receipt),
        Err(_) if text.trim_start().starts_with("{\"format\":\"concord-ledger/1\"") => {
            verify_ledger(accord, text)
        }
        Err(error) => match Evidence::from_json(text.as_bytes()) {
            Ok(evidence) => verify_evidence(accord, &evidence),
            Err(_) => Err(format!("neither a receipt nor an exported ledger nor evidence: {error}")),
        },
    }
}

/// The log of a ledger of the accord.
pub(crate) fn log(accord: &Accord, origin: &str) -> Result<LogVerifier, String> {
    let service = origin.strip_prefix(&accord.id).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
    let key =
        accord.log_keys.get(service).ok_or_else(|| format!("{origin:?} is no ledger of this accord"))?;
    LogVerifier::from_hex(origin, key).map_err(|e| e.to_string())
}

fn verify_receipt(accord: &Accord, receipt: &Receipt) -> Result<String, String> {
    let entry = receipt.verify(&log(accord, &receipt.origin)?).map_err(|e| e.to_string())?;
    let header = entry.header();
    let (kind, index, by, at) = (&header.kind, entry.index(), &header.actor, &header.time);
    let cosigned = told_cosignatures(accord, &receipt.checkpoint)?;
    Ok(format!("{kind} is entry {index} of {}, recorded {at} for {by}; {cosigned}", receipt.origin))
}

/// How many of the accord's witnesses cosigned a note, and whether they are as many as it asks for.
fn told_cosignatures(accord: &Accord, note: &str) -> Result<String, String> {
    let held = cosignatures(&witnesses(accord)?, note).map_err(|e| e.to_string())?;
    let (count, known, quorum) = (held.len(), accord.witnesses.len(), accord.witness_quorum);
    let met = if u32::try_from(count).is_ok_and(|count| count >= quorum) { "met" } else { "not met" };
    let by: Vec<String> = held.iter().map(told_cosignature).collect();
    let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
    Ok(format!("{count} of {known} witnesses cosigned its checkpoint{by}, the quorum of {quorum} is {met}"))
}

fn told_cosignature(cosignature: &Cosignature) -> String {
    let Cosignature { witness, time_s } = cosignature;
    format!("{witness} at {}", Timestamp::from_seconds(i64::try_from(*time_s).unwrap_or(i64::MAX)))
}

fn verify_evidence(accord: &Accord, evidence: &Evidence) -> Result<String, String> {
    let origin = &evidence.origin;
    let proven = evidence.verify(&log(accord, origin)?).map_err(|e| e.to_string())?;
    let missing = evidence.receipt.as_ref().map_or_else(String::new, |receipt| {
        format!("; entry {}, for which it gave a receipt, is not to be had", receipt.index)
    });
    Ok(match proven {
        Proven::Contradiction { smaller, larger } => format!(
            "{origin} signed two histories: root {} over {} entries and root {} over {} cannot both be true{missing}",
            to_hex(&smaller.root),
            smaller.size,
            to_hex(&larger.root),
            larger.size
        ),
        Proven::Owed { shown, signed } => format!(
            "{origin} signed checkpoints over {} and over {} entries and owes all {} of them{missing}",
            shown.size, signed.size, signed.size
        ),
    })
}

/// Chain, tree and signatures of the whole ledger, then its fold by the same code that the services run.
fn verify_ledger(accord: &Accord, text: &str) -> Result<String, String> {
    let entries = read_ledger(accord, text)?;
    let origin = entries.first().map(|entry| entry.header().origin()).unwrap_or_default();
    folded_entries(accord, &origin, &entries)
}

/// What entries fold to by the same code that the services run.
fn folded_entries(accord: &Accord, origin: &str, entries: &[Entry]) -> Result<String, String> {
    let told = match origin.rsplit('/').next() {
        Some("registry") => told_registry(&folded(accord, registry::State::new(), entries)?),
        Some("rules") => told_rules(&folded(accord, rules::State::new(), entries)?),
        Some("incidents") => told_incidents(&folded(accord, incidents::State::default(), entries)?),
        _ => return Err(format!("{origin} is no ledger of a service")),
    };
    Ok(format!("{} entries of {origin}; folded: {told}", entries.len()))
}

/// The entries of an exported ledger of the accord, chain, tree and signatures verified.
///
/// # Errors
/// Names the first thing wrong.
pub(crate) fn read_ledger(accord: &Accord, text: &str) -> Result<Vec<Entry>, String> {
    let head: serde_json::Value =
        text.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let origin = head.get("origin").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let verified = verify_export(text.lines(), &log(accord, &origin)?).map_err(|e| e.to_string())?;
    Ok(verified.entries)
}

/// Folds a whole ledger; each entry must be of the kind that its header says, and what exposes must bear the signatures of
/// those who consented.
fn folded<F: Followable>(accord: &Accord, mut state: F, entries: &[Entry]) -> Result<F, String> {
    for entry in entries {
        let event: F::Event = vouched_event(accord, &state, entry)?;
        if F::kind(&event) != entry.kind() {
            let (index, said, found) = (entry.index(), entry.kind(), F::kind(&event));
            return Err(format!("entry {index} says {said} and records {found}"));
        }
        state.apply(&event);
    }
    Ok(state)
}

/// The event of an entry, where all that it exposes over the state before it is signed by those whose consent it needs.
///
/// # Errors
/// Names the entry, and what it lacks.
pub(crate) fn vouched_event<F: Followable>(
    accord: &Accord,
    before: &F,
    entry: &Entry,
) -> Result<F::Event, String> {
    let body = entry.body().ok_or_else(|| format!("entry {} has no body", entry.index()))?;
    let event: F::Event =
        serde_json::from_slice(body).map_err(|e| format!("entry {}: {e}", entry.index()))?;
    let vouched = before.vouched(&event, (accord, &Some(dsse())));
    vouched.map_err(|cause| format!("entry {}: {cause}", entry.index()))?;
    Ok(event)
}

fn told_registry(state: &registry::State) -> String {
    let (designations, entities) = (state.designations.len(), state.protected_entities.len());
    format!("{designations} designations, {entities} protected entities, {} movements", state.movements.len())
}

fn told_rules(state: &rules::State) -> String {
    let (rule_sets, decisions) = (state.rule_sets.len(), state.decisions.len());
    format!("{rule_sets} rule sets, {decisions} decisions, {} air reservations", state.reservations.len())
}

fn told_incidents(state: &incidents::State) -> String {
    let (incidents, messages) = (state.incidents.len(), state.messages.len());
    format!("{incidents} incidents, {messages} messages, {} suspensions", state.suspensions.len())
}
