//! What a witness has seen: of each ledger the largest checkpoint that it cosigned, and what it found against it.
//!
//! One file, replaced as a whole before a cosignature leaves, so that neither a crash nor a second process makes the
//! witness cosign two histories. A file that cannot be read stops the witness: one that began anew would cosign a second
//! history. The bytes are written down in `docs/formats/entry.md`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use concord_ledger::evidence::Evidence;
use concord_ledger::hash::to_hex;
use concord_ledger::{Checkpoint, LogVerifier, WitnessKey};
use concord_store::settle_names;
use serde::{Deserialize, Serialize};

use crate::replace::replace;

/// `format` of the file.
const FORMAT: &str = "concord-witness/1";
/// Name of the file in the witness's folder.
const NAME: &str = "seen.json";
/// Held while a witness runs.
const LOCK: &str = "lock";
/// Folder of the evidence, in the witness's folder.
const EVIDENCE: &str = "evidence";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: String,
    witness: String,
    logs: BTreeMap<String, Log>,
}

/// What is kept of one ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    /// The largest checkpoint that was cosigned; nothing before the first.
    pub(super) cosigned: Option<Cosigned>,
    /// Name of the evidence at which nobody has looked yet; while it stands nothing is cosigned.
    pub(super) found: Option<String>,
}

/// A checkpoint that was cosigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cosigned {
    /// The ledger's signed note.
    pub(super) checkpoint: String,
    /// The cosignature line.
    pub(super) cosignature: String,
}

/// Why what was seen cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum SeenError {
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Another witness runs on the folder.
    #[error("{} is held by another process", .0.display())]
    Locked(PathBuf),
    /// The file does not hold.
    #[error("{}: {cause}; put it back, since a witness that begins anew would cosign a second history", path.display())]
    Damaged { path: PathBuf, cause: String },
    /// Something that must not be cosigned.
    #[error("not cosigned: {0}")]
    Refused(String),
}

/// The open file.
pub(super) struct Seen {
    folder: PathBuf,
    key: WitnessKey,
    logs: BTreeMap<String, LogVerifier>,
    state: Mutex<State>,
    _lock: File,
}

struct State {
    kept: Kept,
    /// Set by a failed write, after which nobody knows what is on the disk.
    spent: bool,
}

impl Seen {
    /// Opens the file in `folder`, and makes it where there is none.
    pub(super) fn open(folder: &Path, key: &WitnessKey, logs: &[LogVerifier]) -> Result<Self, SeenError> {
        let io_error = |source| SeenError::Io { path: folder.to_owned(), source };
        fs::create_dir_all(folder.join(EVIDENCE)).and_then(|()| settle_names(folder)).map_err(io_error)?;
        let path = folder.join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&path).map_err(io_error)?;
        lock.try_lock().map_err(|_| SeenError::Locked(path))?;
        let logs = logs.iter().map(|log| (log.origin().to_owned(), log.clone())).collect();
        let path = folder.join(NAME);
        let kept = match fs::read_to_string(&path) {
            Ok(text) => read(&text, key, &logs).map_err(|cause| SeenError::Damaged { path, cause })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let witness = key.verifier().name().to_owned();
                Kept { format: FORMAT.to_owned(), witness, logs: BTreeMap::new() }
            }
            Err(source) => return Err(SeenError::Io { path, source }),
        };
        let state = Mutex::new(State { kept, spent: false });
        Ok(Self { folder: folder.to_owned(), key: key.clone(), logs, state, _lock: lock })
    }

    /// What is kept of a ledger.
    pub(super) fn of(&self, origin: &str) -> Log {
        self.lock().kept.logs.get(origin).cloned().unwrap_or_default()
    }

    /// Path of a piece of evidence.
    pub(super) fn evidence(&self, name: &str) -> PathBuf {
        self.folder.join(EVIDENCE).join(name)
    }

    /// Cosigns a checkpoint that was judged against `expected`, what was kept of its ledger when it was judged, and keeps
    /// it; when this returns the cosignature may leave.
    ///
    /// INVARIANT (WIT-1): never one over fewer entries, never another root over as many, never past what was found.
    pub(super) fn cosign(
        &self,
        expected: Option<&Cosigned>,
        note: &str,
        time_s: u64,
    ) -> Result<Cosigned, SeenError> {
        let mut state = self.lock();
        let next = self.verify(note)?;
        let log = state.kept.logs.get(&next.origin).cloned().unwrap_or_default();
        if let Some(found) = log.found {
            return Err(SeenError::Refused(format!("{found} stands against {}", next.origin)));
        }
        if log.cosigned.as_ref() != expected {
            return Err(SeenError::Refused(format!("more was seen of {} meanwhile", next.origin)));
        }
        if let Some(old) = &log.cosigned {
            let seen = self.verify(&old.checkpoint)?;
            if next == seen {
                return Ok(old.clone());
            }
            if next.size <= seen.size {
                let (origin, size, root) = (&seen.origin, seen.size, to_hex(&seen.root));
                return Err(SeenError::Refused(format!(
                    "{origin} was seen over {size} entries, root {root}"
                )));
            }
        }
        let cosignature = self.key.cosign(&next, time_s);
        let cosigned = Cosigned { checkpoint: note.to_owned(), cosignature };
        let log = Log { cosigned: Some(cosigned.clone()), found: None };
        self.keep(&mut state, &next.origin, log)?;
        Ok(cosigned)
    }

    /// Exports evidence against a ledger, from then on cosigns nothing of it, and gives the name of the evidence.
    pub(super) fn find(&self, evidence: &Evidence) -> Result<String, SeenError> {
        let mut state = self.lock();
        let name = self.evidence_name(evidence)?;
        let path = self.evidence(&name);
        let refused = |e: &dyn std::fmt::Display| SeenError::Refused(e.to_string());
        let json = evidence.to_json().map_err(|e| refused(&e))?;
        replace(&path, &json).map_err(|source| SeenError::Io { path, source })?;
        let log = state.kept.logs.get(&evidence.origin).cloned().unwrap_or_default();
        if log.found.is_none() {
            self.keep(&mut state, &evidence.origin, Log { found: Some(name.clone()), ..log })?;
        }
        Ok(name)
    }

    /// Takes note that an operator has looked at what was found, and gives the name of the evidence, which stays.
    pub(super) fn looked(&self, origin: &str) -> Result<Option<String>, SeenError> {
        let mut state = self.lock();
        let log = state.kept.logs.get(origin).cloned().unwrap_or_default();
        if log.found.is_some() {
            self.keep(&mut state, origin, Log { found: None, ..log.clone() })?;
        }
        Ok(log.found)
    }

    /// Named by what it holds, so that the same finding is one file.
    fn evidence_name(&self, evidence: &Evidence) -> Result<String, SeenError> {
        let (smaller, larger) = (self.verify(&evidence.smaller)?, self.verify(&evidence.larger)?);
        let service = evidence.origin.rsplit('/').next().unwrap_or_default();
        let kind = format!("{:?}", evidence.kind).to_lowercase();
        let entry = evidence.receipt.as_ref().map_or_else(String::new, |it| format!("-entry-{}", it.index));
        let (few, many) = (short(&smaller), short(&larger));
        Ok(format!("{service}-{kind}-{few}-{many}{entry}.json"))
    }

    fn verify(&self, note: &str) -> Result<Checkpoint, SeenError> {
        let refused = |e: &dyn std::fmt::Display| SeenError::Refused(e.to_string());
        let verified = self.logs.values().find_map(|log| log.verify(note).ok());
        verified.ok_or_else(|| refused(&"the checkpoint is not signed by a ledger of the accord"))
    }

    fn keep(&self, state: &mut State, origin: &str, log: Log) -> Result<(), SeenError> {
        let path = self.folder.join(NAME);
        if state.spent {
            let source = io::Error::other("an earlier write failed; start the witness again");
            return Err(SeenError::Io { path, source });
        }
        let mut kept = state.kept.clone();
        kept.logs.insert(origin.to_owned(), log);
        let json = serde_json::to_string_pretty(&kept);
        let json = json.map_err(|e| SeenError::Refused(e.to_string()))?;
        state.spent = true;
        replace(&path, &json).map_err(|source| SeenError::Io { path, source })?;
        *state = State { kept, spent: false };
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn short(checkpoint: &Checkpoint) -> String {
    let root: String = to_hex(&checkpoint.root).chars().take(8).collect();
    format!("{}.{root}", checkpoint.size)
}

fn read(text: &str, key: &WitnessKey, logs: &BTreeMap<String, LogVerifier>) -> Result<Kept, String> {
    let kept: Kept = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if kept.format != FORMAT {
        return Err(format!("not of the format {FORMAT}"));
    }
    if kept.witness != key.verifier().name() {
        return Err(format!("it is that of the witness {}", kept.witness));
    }
    for (origin, log) in &kept.logs {
        let verifier = logs.get(origin).ok_or_else(|| format!("{origin} is no ledger of the accord"))?;
        let Some(Cosigned { checkpoint, cosignature }) = &log.cosigned else { continue };
        let checkpoint = verifier.verify(checkpoint).map_err(|e| format!("{origin}: {e}"))?;
        key.verifier().verify(&checkpoint, cosignature).map_err(|e| format!("{origin}: {e}"))?;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests;
