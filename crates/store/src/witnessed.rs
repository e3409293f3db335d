//! What others have seen of the own ledger: checkpoints that witnesses cosigned, and checkpoints that were shown to it and
//! that it could not account for.
//!
//! It lies beside the journal in a file of its own. Losing it costs no record; what it holds can be had again from the
//! witnesses. But a checkpoint in it that bears the ledger's own signature and that the journal does not lead to proves
//! that entries are missing, and then the ledger does not start. The bytes are written down in
//! `docs/formats/journal.md`.

mod file;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use concord_ledger::hash::Hash;
use concord_ledger::{Checkpoint, LogVerifier};

use file::{Kept, Spot};

/// Why what others have seen stands in the way of a start.
#[derive(Debug, thiserror::Error)]
pub enum WitnessedError {
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is another ledger's, or of a newer format; it was not touched.
    #[error("{} is not the file of {expected} in a format that this version reads", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Ledger that was to be opened.
        expected: String,
    },
    /// The ledger signed a checkpoint that its journal does not lead to.
    #[error("{0}; restore the missing entries, or remove the file `witnessed` to give up what was signed")]
    Missing(String),
}

/// How a checkpoint that is shown stands to a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// The ledger leads to it.
    Whole,
    /// It covers more entries than the ledger has.
    Behind,
    /// It has another root than the ledger at that size.
    Forked,
}

impl Account {
    /// How a checkpoint stands to a ledger of `size` entries with those roots.
    pub fn of(checkpoint: &Checkpoint, root_at: impl FnOnce(u64) -> Option<Hash>) -> Self {
        match root_at(checkpoint.size) {
            None => Self::Behind,
            Some(root) if root == checkpoint.root => Self::Whole,
            Some(_) => Self::Forked,
        }
    }

    /// The cause in one sentence; nothing where the ledger leads to the checkpoint.
    #[must_use]
    pub fn cause(self, shown: &Checkpoint, held: u64) -> Option<String> {
        let Checkpoint { origin, size, root: _ } = shown;
        match self {
            Self::Whole => None,
            Self::Behind => {
                Some(format!("{origin} has signed a checkpoint over {size} entries and holds {held}"))
            }
            Self::Forked => {
                Some(format!("{origin} has signed another root over {size} entries than its journal has"))
            }
        }
    }
}

/// What others have seen of one ledger.
#[derive(Debug)]
pub(crate) struct Witnessed {
    log: LogVerifier,
    witnesses: Vec<String>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: file::File,
    /// By size, the cosignatures, each with the place of its witness among the known ones.
    cosigned: BTreeMap<u64, Vec<(usize, Spot)>>,
    /// The cosigned checkpoint over the most entries, and every one that was shown.
    signed: Vec<Spot>,
}

impl Witnessed {
    /// Reads the file in `directory`, and makes it where there is none. Cosignatures of witnesses that are not `witnesses`
    /// are passed over.
    pub(crate) fn open(
        directory: &Path,
        log: &LogVerifier,
        witnesses: &[String],
    ) -> Result<Self, WitnessedError> {
        let (mut cosigned, mut shown) = (BTreeMap::<u64, Vec<_>>::new(), Vec::new());
        let file = file::File::open(directory, log.origin(), |record, spot| {
            let Some(Kept { checkpoint, witness }) = Kept::read(log, record) else { return false };
            match witness.map(|name| witnesses.iter().position(|known| *known == name)) {
                Some(Some(witness)) => cosigned.entry(checkpoint.size).or_default().push((witness, spot)),
                Some(None) => {}
                None => shown.push(spot),
            }
            true
        })?;
        let furthest = cosigned.last_key_value().and_then(|(_, lines)| lines.first());
        let signed = shown.into_iter().chain(furthest.map(|(_, spot)| *spot)).collect();
        let state = State { file, cosigned, signed };
        Ok(Self { log: log.clone(), witnesses: witnesses.to_vec(), state: Mutex::new(state) })
    }

    /// INVARIANT (STO-2): refuses a journal that does not lead to a checkpoint that its own key signed and others saw.
    pub(crate) fn agrees(
        &self,
        held: u64,
        root_at: impl Fn(u64) -> Option<Hash>,
    ) -> Result<(), WitnessedError> {
        let state = self.lock();
        for spot in &state.signed {
            let note = state.file.read(*spot).map_err(|source| state.file.error(source))?;
            // What the ledger's key did not sign proves nothing against it.
            let Ok(checkpoint) = self.log.verify(&note) else { continue };
            if let Some(cause) = Account::of(&checkpoint, &root_at).cause(&checkpoint, held) {
                return Err(WitnessedError::Missing(cause));
            }
        }
        Ok(())
    }

    /// Keeps a cosigned checkpoint, `note` with one cosignature line under it, and says whether it was new. It blocks.
    pub(crate) fn cosign(&self, size: u64, witness: &str, note: &str) -> io::Result<bool> {
        let witness = self.witnesses.iter().position(|known| known == witness);
        let witness = witness.ok_or_else(|| io::Error::other("a witness that the ledger does not know"))?;
        let mut state = self.lock();
        let known = state.cosigned.get(&size).is_some_and(|lines| lines.iter().any(|line| line.0 == witness));
        if known {
            return Ok(false);
        }
        let spot = state.file.append(note)?;
        state.cosigned.entry(size).or_default().push((witness, spot));
        Ok(true)
    }

    /// Keeps a checkpoint that the ledger cannot account for, so that no later start forgets it. It blocks.
    pub(crate) fn keep_shown(&self, note: &str) -> io::Result<()> {
        let mut state = self.lock();
        let spot = state.file.append(note)?;
        state.signed.push(spot);
        Ok(())
    }

    /// Size of the newest checkpoint that a witness cosigned; nothing before the first.
    pub(crate) fn newest(&self) -> Option<u64> {
        self.lock().cosigned.last_key_value().map(|(size, _)| *size)
    }

    /// Each witness with the size of the newest checkpoint that it cosigned.
    pub(crate) fn newest_of_each(&self) -> Vec<(String, Option<u64>)> {
        let state = self.lock();
        let newest = |witness: usize| {
            let mut sizes = state.cosigned.iter().rev();
            sizes.find(|(_, lines)| lines.iter().any(|line| line.0 == witness)).map(|(size, _)| *size)
        };
        self.witnesses.iter().enumerate().map(|(at, name)| (name.clone(), newest(at))).collect()
    }

    /// Size of the smallest checkpoint that covers entry `index` and that at least `quorum` witnesses cosigned.
    pub(crate) fn smallest(&self, index: u64, quorum: usize) -> Option<u64> {
        let state = self.lock();
        let mut beyond = state.cosigned.range(index.checked_add(1)?..);
        beyond.find(|(_, lines)| lines.len() >= quorum).map(|(size, _)| *size)
    }

    /// The cosignature lines under the checkpoint of that size, in the order of the witnesses. It may block on the disk.
    pub(crate) fn lines(&self, size: u64) -> io::Result<String> {
        let state = self.lock();
        let mut spots = state.cosigned.get(&size).cloned().unwrap_or_default();
        spots.sort_by_key(|(witness, _)| *witness);
        let mut lines = String::new();
        for (_, spot) in spots {
            let note = state.file.read(spot)?;
            lines.extend(note.lines().next_back().map(|line| format!("{line}\n")));
        }
        Ok(lines)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
