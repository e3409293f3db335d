//! `concord ledger inspect`: what a stopped or copied journal holds, read and never changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use concord_domain::accord::Accord;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::hash::to_hex;
use concord_store::{JournalError, Survey};
use serde_json::{Value, json};

use crate::deployment::read_accord;
use crate::verify::log;
use crate::{Failure, say};

/// Flags of `concord ledger inspect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// A data folder, a journal, a backup or a witness's copy of one service.
    folder: PathBuf,
    /// The accord file.
    #[arg(long)]
    accord: PathBuf,
    /// Says it as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Inspect) -> Result<(), Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let accord = read_accord(&args.accord).map_err(|e| input(&e))?;
    let found = journals(&accord, &args.folder).map_err(|e| input(&e))?;
    if found.is_empty() {
        return Err(input(&format!("{} holds no journal of a ledger of the accord", args.folder.display())));
    }
    let mut damaged = None;
    for (place, log) in found {
        let survey = Survey::of(&place, &log).map_err(|e| input(&e))?;
        let kinds = kinds(&survey).map_err(|e| Failure::new(Failure::NO, e))?;
        if args.json {
            say::line(&as_json(&survey, &kinds, log.origin()).to_string());
        } else {
            told(&survey, &kinds, &place, log.origin());
        }
        damaged = damaged.or_else(|| survey.damage.map(|damage| damage.to_string()));
    }
    damaged.map_or(Ok(()), |damage| Err(Failure::new(Failure::NO, damage)))
}

/// Every journal under a folder that is of a ledger of the accord, with what verifies it.
pub(crate) fn journals(accord: &Accord, folder: &Path) -> Result<Vec<(PathBuf, LogVerifier)>, String> {
    let mut found: Vec<(PathBuf, LogVerifier)> = Vec::new();
    for service in accord.log_keys.keys() {
        let log = log(accord, &accord.origin(service))?;
        let Some(place) = Survey::place(folder, service) else { continue };
        let is_of = Survey::is_of(&place, log.origin()).map_err(|e| format!("{}: {e}", place.display()))?;
        if is_of {
            found.push((place, log));
        }
    }
    Ok(found)
}

fn kinds(survey: &Survey) -> Result<BTreeMap<String, u64>, String> {
    let mut kinds = BTreeMap::new();
    for group in survey.groups() {
        for entry in group.map_err(|e| e.to_string())?.entries {
            *kinds.entry(entry.kind().to_owned()).or_default() += 1;
        }
    }
    Ok(kinds)
}

fn as_json(survey: &Survey, kinds: &BTreeMap<String, u64>, origin: &str) -> Value {
    let segment = |it: &concord_store::SegmentSurvey| json!({"number": it.number, "bytes": it.bytes, "first_index": it.first_index, "entries": it.entries});
    let damage = survey.damage.as_ref().map(|damage| match damage {
        JournalError::Damaged { segment, offset, good_entries, good_root, what } => json!({
            "segment": segment, "offset": offset, "good_entries": good_entries, "good_root": good_root, "what": what,
        }),
        other => json!({"what": other.to_string()}),
    });
    let torn = survey
        .torn_tail
        .map(|torn| json!({"segment": torn.segment, "offset": torn.offset, "bytes": torn.bytes}));
    json!({
        "origin": origin,
        "format_version": survey.format_version,
        "segments": survey.segments.iter().map(segment).collect::<Vec<_>>(),
        "groups": survey.groups_count(),
        "entries": survey.size(),
        "root": to_hex(&survey.root()),
        "kinds": kinds,
        "checkpoint": survey.checkpoint,
        "torn_tail": torn,
        "damage": damage,
    })
}

fn told(survey: &Survey, kinds: &BTreeMap<String, u64>, place: &Path, origin: &str) {
    say::line(&format!("{origin} in {}, journal format {}", place.display(), survey.format_version));
    for it in &survey.segments {
        let (first, last) = (it.first_index, it.first_index + it.entries);
        say::line(&format!("  segment {}: {} bytes, entries {first} to {last}", it.number, it.bytes));
    }
    let (entries, groups) = (survey.size(), survey.groups_count());
    say::line(&format!("  {entries} entries in {groups} groups, root {}", to_hex(&survey.root())));
    for (kind, count) in kinds {
        say::line(&format!("  {count} {kind}"));
    }
    if let Some(checkpoint) = &survey.checkpoint {
        checkpoint.lines().for_each(|line| say::line(&format!("  | {line}")));
    }
    if let Some(torn) = survey.torn_tail {
        let (segment, offset, bytes) = (torn.segment, torn.offset, torn.bytes);
        say::line(&format!("  unfinished: {bytes} bytes of segment {segment} from byte {offset} on"));
    }
}
