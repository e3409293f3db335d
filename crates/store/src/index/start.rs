//! What happens to the index at start.

use std::path::PathBuf;
use std::sync::Arc;

use concord_ledger::LogVerifier;
use concord_ledger::hash::ZERO;

use super::digest::RowsDigest;
use super::keys::{self, Anchor, Position};
use super::past::Recorded;
use super::{GroupChanges, Index, IndexStore, absorb, batch, fold};
use crate::journal::{Book, Group, ReadError};
use crate::kv::memory::MemoryKv;
use crate::kv::{Kv, KvError, KvPlace};
use crate::machine::Machine;
use crate::planted::{self, Bug};

/// How the index was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexStart {
    /// There was none; it was built from the journal.
    Created,
    /// It reflected the whole journal.
    Current,
    /// It lagged and was folded forward.
    FoldedForward {
        /// Number of entries that it reflected.
        from: u64,
    },
    /// It did not open or did not agree with the journal, and was set aside and built anew.
    Rebuilt {
        /// What was wrong.
        reason: String,
        /// Where it lies now.
        set_aside: Option<PathBuf>,
    },
}

/// Why a start cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The index is in use, or a new one cannot be made.
    #[error(transparent)]
    Index(KvError),
    /// The journal cannot be read back.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An entry cannot be folded.
    #[error("entry {index} cannot be folded: {what}")]
    Replay {
        /// Index of the entry.
        index: u64,
        /// What the machine said.
        what: String,
    },
    /// The index holds a checkpoint, signed by this ledger, over more entries than the journal has.
    #[error(
        "the journal has {journal_entries} entries, but this ledger has signed a checkpoint over {signed_entries}: \
         entries that were acknowledged are missing; restore the journal, or remove the index to give them up"
    )]
    JournalBehind {
        /// Entries in the journal.
        journal_entries: u64,
        /// Entries that were signed for.
        signed_entries: u64,
    },
}

/// What a start gives.
pub(crate) struct Started<M: Machine> {
    pub(crate) index: Index<M>,
    pub(crate) state: M,
    pub(crate) how: IndexStart,
    /// Entries folded one by one.
    pub(crate) replayed: u64,
}

/// Where a fold has come to.
pub(super) struct Folded<M> {
    state: M,
    pub(super) digest: RowsDigest,
    pub(super) recorded: Recorded,
}

/// An index that agrees with the journal at its position.
struct Loaded<M> {
    folded: Folded<M>,
    size: u64,
}

/// Opens the index at `place` and brings it to where the journal is.
pub(crate) fn start<M: Machine>(
    place: &dyn KvPlace,
    book: &Book,
    initial: M,
    log: &LogVerifier,
) -> Result<Started<M>, StartError> {
    let size = book.size();
    let reason = match place.open() {
        Err(KvError::Locked(text)) => return Err(StartError::Index(KvError::Locked(text))),
        Err(error) => error.to_string(),
        Ok(kv) => match load(&*kv, book, &initial, log)? {
            Ok(Some(loaded)) => {
                let Loaded { folded, size: from } = loaded;
                let how = if from == size { IndexStart::Current } else { IndexStart::FoldedForward { from } };
                match fold_from(folded, from, book, &*kv) {
                    Ok(folded) => return Ok(started(kv, folded, initial, how, size - from)),
                    Err(StartError::Index(error)) => error.to_string(),
                    Err(error) => return Err(error),
                }
            }
            Ok(None) => {
                let folded = fold_all(&initial, book, &*kv)?;
                return Ok(started(kv, folded, initial, IndexStart::Created, size));
            }
            Err(reason) => reason,
        },
    };
    let set_aside = place.set_aside().map_err(StartError::Index)?;
    let aside = set_aside.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    tracing::warn!(%reason, %aside, "the index was set aside and is rebuilt from the journal");
    let on_disk = place.open().map_err(StartError::Index).and_then(|kv| {
        let folded = fold_all(&initial, book, &*kv)?;
        Ok((kv, folded))
    });
    let (kv, folded) = match on_disk {
        Err(StartError::Index(KvError::Failed(error))) => {
            // A full disk must not keep the journal from being served.
            tracing::error!(%error, "no index can be made on disk; it is built in memory and on disk at the next start");
            let kv: Arc<dyn Kv> = Arc::new(MemoryKv::default());
            let folded = fold_all(&initial, book, &*kv)?;
            (kv, folded)
        }
        on_disk => on_disk?,
    };
    let how = IndexStart::Rebuilt { reason, set_aside };
    Ok(started(kv, folded, initial, how, size))
}

/// How many entries a checkpoint in the index, signed by this ledger, covers; 0 where there is none.
pub(crate) fn signed_size(place: &dyn KvPlace, log: &LogVerifier) -> Result<u64, StartError> {
    let kv = match place.open() {
        Err(KvError::Locked(text)) => return Err(StartError::Index(KvError::Locked(text))),
        Err(KvError::Failed(_)) => return Ok(0),
        Ok(kv) => kv,
    };
    let checkpoint = position(&*kv).ok().flatten().map(|position| position.checkpoint);
    Ok(checkpoint.and_then(|note| log.verify(&note).ok()).map_or(0, |checkpoint| checkpoint.size))
}

fn started<M: Machine>(
    kv: Arc<dyn Kv>,
    folded: Folded<M>,
    initial: M,
    how: IndexStart,
    replayed: u64,
) -> Started<M> {
    let Folded { state, digest, recorded } = folded;
    let store = Arc::new(IndexStore::new(kv));
    Started { index: Index { store, digest, recorded, initial }, state, how, replayed }
}

/// Reads the index; the inner result is `None` where it is empty and an error where it must be rebuilt.
fn load<M: Machine>(
    kv: &dyn Kv,
    book: &Book,
    initial: &M,
    log: &LogVerifier,
) -> Result<Result<Option<Loaded<M>>, String>, StartError> {
    let position = match position(kv) {
        Ok(Some(position)) => position,
        Ok(None) => return Ok(Ok(None)),
        Err(reason) => return Ok(Err(reason)),
    };
    if position.size > book.size() {
        let signed = log.verify(&position.checkpoint);
        if signed.is_ok_and(|checkpoint| checkpoint.size > book.size()) {
            return Err(StartError::JournalBehind {
                journal_entries: book.size(),
                signed_entries: position.size,
            });
        }
        return Ok(Err("it claims more entries than the journal has".into()));
    }
    if let Err(reason) = agree::<M>(&position, book)? {
        return Ok(Err(reason));
    }
    Ok(load_rows(kv, initial, &position).map(|folded| Some(Loaded { folded, size: position.size })))
}

/// The position, or `None` in an empty store.
fn position(kv: &dyn Kv) -> Result<Option<Position>, String> {
    let read = || -> Result<Option<Vec<u8>>, KvError> {
        let found = kv.get(keys::POSITION)?;
        if found.is_none() {
            kv.scan(b"", &mut |_, _| Err(KvError::Failed("it has rows but no position".into())))?;
        }
        Ok(found)
    };
    let found = read().map_err(|error| error.to_string())?;
    found
        .map(|bytes| Position::decode(&bytes).ok_or_else(|| "its position is damaged".to_owned()))
        .transpose()
}

/// Whether the position is one that the journal has been at, with these rows.
fn agree<M: Machine>(position: &Position, book: &Book) -> Result<Result<(), String>, StartError> {
    if position.version != keys::form::<M>() {
        return Ok(Err(format!("it is of form {:#x}, not {:#x}", position.version, keys::form::<M>())));
    }
    let Some(last) = position.size.checked_sub(1) else { return Ok(Err("its position is 0".into())) };
    let trailer = book.trailer(last)?;
    if trailer.size != position.size || trailer.root != position.root {
        return Ok(Err("its position is none that the journal has been at".into()));
    }
    if position.anchor == Anchor::Trailer && trailer.rows_digest != position.rows_digest {
        return Ok(Err("its digest is not the one in the journal".into()));
    }
    Ok(Ok(()))
}

fn load_rows<M: Machine>(kv: &dyn Kv, initial: &M, position: &Position) -> Result<Folded<M>, String> {
    let mut state = initial.clone();
    let mut digest = RowsDigest::default();
    let rows = kv.scan(keys::ROWS, &mut |key, bytes| {
        let (table, id) = keys::split_row(key).ok_or_else(|| KvError::Failed("a row has no name".into()))?;
        state
            .load_row(table, id, bytes)
            .map_err(|what| KvError::Failed(format!("row {table}/{id}: {what}")))?;
        digest.set(table, id, bytes);
        Ok(())
    });
    let requests = rows.and_then(|()| {
        kv.scan(keys::REQUESTS, &mut |key, bytes| {
            digest.add_once("requests", key.strip_prefix(keys::REQUESTS).unwrap_or_default(), bytes);
            Ok(())
        })
    });
    requests.map_err(|error| error.to_string())?;
    if digest.value() != position.rows_digest && !planted::is(Bug::TrustedRows) {
        return Err("its rows do not match their digest".into());
    }
    let recorded = Recorded::newest(kv).map_err(|error| error.to_string())?;
    if recorded.size() != position.size {
        return Err("its times do not reach to its position".into());
    }
    Ok(Folded { state, digest, recorded })
}

/// Builds state and index from the whole journal.
pub(super) fn fold_all<M: Machine>(initial: &M, book: &Book, kv: &dyn Kv) -> Result<Folded<M>, StartError> {
    let nothing =
        Folded { state: initial.clone(), digest: RowsDigest::default(), recorded: Recorded::default() };
    fold_from(nothing, 0, book, kv)
}

/// Folds the groups from entry `from` on, each into the index as it was when it was first written.
fn fold_from<M: Machine>(
    mut folded: Folded<M>,
    from: u64,
    book: &Book,
    kv: &dyn Kv,
) -> Result<Folded<M>, StartError> {
    let Folded { state, digest, recorded } = &mut folded;
    let mut next = from;
    let (mut differs, mut unknown) = (false, false);
    while let Some(Group { entries, trailer }) = book.group(next)? {
        let mut changes = GroupChanges::default();
        fold(state, &entries, &mut changes)?;
        absorb(digest, &changes);
        differs = digest.value() != trailer.rows_digest;
        // A group that came back from a copy says nothing of the rows.
        unknown = trailer.rows_digest == ZERO;
        let position = Position {
            version: keys::form::<M>(),
            anchor: if differs { Anchor::OwnOnly } else { Anchor::Trailer },
            size: trailer.size,
            root: trailer.root,
            rows_digest: digest.value(),
            checkpoint: trailer.checkpoint,
        };
        kv.commit(batch(changes, &position, recorded)).map_err(StartError::Index)?;
        next = trailer.size;
    }
    if differs && !unknown {
        tracing::warn!(
            size = next,
            "the rows folded from the journal are not those that were written at the time"
        );
    }
    Ok(folded)
}
