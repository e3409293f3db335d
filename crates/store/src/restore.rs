//! Restores a damaged journal: what is left of it and what a backup or a witness's copy holds, put together into one
//! history that the ledger's own signatures prove, group by group as it was first written.
//!
//! Nothing is taken from either that is not signed and chained, and where the two disagree nothing is restored. The new
//! journal is durable before it takes the old one's place, in one step; the old one is kept aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use concord_ledger::LogVerifier;
use concord_ledger::entry::BODY;
use concord_ledger::hash::Hash;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::copy::{CopyError, FollowedCopy, Offered, Sequel};
use crate::index::{StartError, signed_size};
use crate::journal::{Group, JOURNAL, JournalError, Lock, Pieces, SEGMENT_BYTES, Survey, sync_directory};
use crate::kv::sled::SledPlace;
use crate::witnessed::{Witnessed, WitnessedError};

/// Groups that are made durable at once.
const GROUPS_AT_ONCE: usize = 256;
/// Folder in which the new journal is made.
const MAKING: &str = "journal.restored";

/// What was restored, and from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Number of entries.
    pub entries: u64,
    /// Root over them.
    pub root: Hash,
    /// Entries that came out of the damaged journal.
    pub kept: u64,
    /// Entries that came out of the source.
    pub taken: u64,
    /// Where the damaged journal lies now.
    pub set_aside: Option<PathBuf>,
}

/// Why nothing was restored; the damaged journal is where it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A journal cannot be read or made.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The new journal does not take a group.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The journal holds and the source has nothing more.
    #[error(
        "nothing is missing: the journal holds {entries} entries and is whole, and the source has no more"
    )]
    Whole {
        /// Entries in the journal.
        entries: u64,
    },
    /// The two are not the same history.
    #[error(
        "the two histories differ at or before entry {index}, though the ledger signed both; nothing was restored"
    )]
    Differs {
        /// Index of the last entry of the group that differs.
        index: u64,
    },
    /// Entries are in neither.
    #[error("entries from {from} on are neither in what is left of the journal nor in the source{}", known(*to))]
    Missing {
        /// First missing index.
        from: u64,
        /// First index after them that is held again.
        to: Option<u64>,
    },
    /// The source was not given a part that the service needs.
    #[error("entry {index} has no body in the source, which was not given it")]
    Withheld {
        /// Index of the entry.
        index: u64,
    },
    /// The ledger signed more than both hold together.
    #[error("the ledger signed a checkpoint over {signed} entries, and both together hold {held}")]
    Behind {
        /// Entries that would be restored.
        held: u64,
        /// Entries that were signed for.
        signed: u64,
    },
    /// Others have seen more than both hold together, or something else.
    #[error(transparent)]
    Witnessed(#[from] WitnessedError),
    /// The index is in use.
    #[error(transparent)]
    Index(#[from] StartError),
}

fn known(to: Option<u64>) -> String {
    to.map_or_else(String::new, |to| format!("; entry {to} is held again"))
}

/// Restores the journal of the ledger in `data` from the journal in `source`, telling `progress` of the number of entries
/// that are durable. The service must be stopped. `witnesses` are those whose cosignatures count.
///
/// # Errors
/// Says why nothing was restored.
pub fn restore(
    data: &Path,
    source: &Path,
    log: &LogVerifier,
    witnesses: &[String],
    progress: &mut dyn FnMut(u64),
) -> Result<Restored, RestoreError> {
    let io_error = |path: &Path| {
        let path = path.to_owned();
        move |source| RestoreError::Io { path, source }
    };
    fs::create_dir_all(data).map_err(io_error(data))?;
    let (place, making) = (data.join(JOURNAL), data.join(MAKING));
    let damaged = place.exists();
    // The service is kept out until the new journal is in place.
    let _lock = damaged.then(|| Lock::take(&place)).transpose()?;
    let least = due(&place, damaged, log)?;
    if making.exists() {
        fs::remove_dir_all(&making).map_err(io_error(&making))?;
    }
    let mut work = Work {
        own: Pieces::of(&place, log)?,
        source: Pieces::of(source, log)?,
        log,
        copy: FollowedCopy::open(&making, log.clone(), SEGMENT_BYTES)?.0,
        kept: 0,
        taken: 0,
    };
    work.assemble(progress)?;
    work.prove(data, witnesses, least)?;
    let Work { copy, kept, taken, .. } = work;
    let head = copy.head();
    drop(copy);
    sync_directory(&making).map_err(io_error(&making))?;
    let set_aside = put(data, &making, &place, damaged).map_err(io_error(&place))?;
    Ok(Restored { entries: head.size, root: head.root, kept, taken, set_aside })
}

/// How many entries there must be at least in the end: the damaged group was finished, so there was an entry after those
/// that hold.
fn due(place: &Path, damaged: bool, log: &LogVerifier) -> Result<Least, RestoreError> {
    if !damaged {
        return Ok(Least { entries: 0, whole: false });
    }
    let survey = Survey::of(place, log)?;
    let broken = matches!(survey.damage, Some(JournalError::Damaged { .. }));
    Ok(Least { entries: survey.size() + u64::from(broken), whole: survey.damage.is_none() })
}

/// What the damaged journal alone says about how much there was.
#[derive(Clone, Copy)]
struct Least {
    entries: u64,
    /// Nothing in it is damaged.
    whole: bool,
}

struct Work<'a> {
    own: Pieces,
    source: Pieces,
    log: &'a LogVerifier,
    copy: FollowedCopy,
    kept: u64,
    taken: u64,
}

impl Work<'_> {
    /// Puts group after group into the new journal: what is left of the own one first, for its groups are as they were
    /// first written.
    fn assemble(&mut self, progress: &mut dyn FnMut(u64)) -> Result<(), RestoreError> {
        let mut sequel = self.copy.sequel();
        let mut waiting = Vec::new();
        loop {
            let group = self.next(&mut sequel)?;
            let ended = group.is_none();
            waiting.extend(group);
            if waiting.len() >= GROUPS_AT_ONCE || (ended && !waiting.is_empty()) {
                progress(self.flush(&mut waiting)?);
            }
            if ended {
                return Ok(());
            }
        }
    }

    /// The next group, or nothing where neither holds any more.
    fn next(&mut self, sequel: &mut Sequel) -> Result<Option<Group>, RestoreError> {
        let from = sequel.size;
        for group in self.own.holding(from)? {
            if sequel.take(self.log, &group.entries, &group.trailer.checkpoint).is_ok() {
                self.kept += group.entries.len() as u64;
                return Ok(Some(group));
            }
        }
        for group in self.source.holding(from)? {
            if sequel.take(self.log, &group.entries, &group.trailer.checkpoint).is_ok() {
                self.taken += group.entries.len() as u64;
                return whole(group).map(Some);
            }
        }
        for pieces in [&self.own, &self.source] {
            for Group { trailer, .. } in pieces.holding(from)? {
                if self.log.verify(&trailer.checkpoint).is_ok() {
                    return Err(RestoreError::Differs { index: trailer.size.saturating_sub(1) });
                }
            }
        }
        let beyond = [&self.own, &self.source].into_iter().filter_map(|pieces| pieces.next_after(from)).min();
        match beyond {
            Some(to) => Err(RestoreError::Missing { from, to: Some(to) }),
            None => Ok(None),
        }
    }

    /// Makes durable what waits and gives the number of entries.
    fn flush(&mut self, waiting: &mut Vec<Group>) -> Result<u64, RestoreError> {
        let offered = waiting.iter().map(|group| Offered {
            entries: &group.entries,
            checkpoint: &group.trailer.checkpoint,
            rows_digest: group.trailer.rows_digest,
        });
        let head = self.copy.append_all(offered)?;
        waiting.clear();
        Ok(head.size)
    }

    /// INVARIANT (STO-3): what is restored is the history of everything that is known of the ledger, and all of it.
    fn prove(&self, data: &Path, witnesses: &[String], least: Least) -> Result<(), RestoreError> {
        let held = self.copy.size();
        if held < least.entries || held == 0 {
            return Err(RestoreError::Missing { from: held, to: None });
        }
        if least.whole && self.taken == 0 {
            return Err(RestoreError::Whole { entries: held });
        }
        for pieces in [&self.own, &self.source] {
            for group in pieces.other_than(|size| self.copy.root_at(size)) {
                let trailer = group?.trailer;
                if self.log.verify(&trailer.checkpoint).is_ok() {
                    return Err(RestoreError::Differs { index: trailer.size.saturating_sub(1) });
                }
            }
        }
        let index = data.join("index");
        if index.exists() {
            let signed = signed_size(&SledPlace::new(&index), self.log)?;
            if signed > held {
                return Err(RestoreError::Behind { held, signed });
            }
        }
        let witnessed = Witnessed::open(data, self.log, witnesses)?;
        Ok(witnessed.agrees(held, |size| self.copy.root_at(size))?)
    }
}

/// The group, if the source was given all that the service folds.
fn whole(group: Group) -> Result<Group, RestoreError> {
    let withheld = |entry: &&concord_ledger::Entry| {
        entry.body().is_none() && entry.header().parts.iter().any(|part| part.name == BODY)
    };
    match group.entries.iter().find(withheld) {
        Some(entry) => Err(RestoreError::Withheld { index: entry.index() }),
        None => Ok(group),
    }
}

/// Puts the new journal in place, in one step where there is an old one, so that no start ever finds none.
fn put(data: &Path, making: &Path, place: &Path, damaged: bool) -> io::Result<Option<PathBuf>> {
    if !damaged {
        fs::rename(making, place)?;
        sync_directory(data)?;
        return Ok(None);
    }
    renameat_with(CWD, making, CWD, place, RenameFlags::EXCHANGE)?;
    sync_directory(data)?;
    let mut names = (1..).map(|number| data.join(format!("journal.damaged-{number}")));
    let aside = names.find(|path| !path.exists()).ok_or_else(|| io::Error::other("no name is free"))?;
    fs::rename(making, &aside)?;
    sync_directory(data)?;
    Ok(Some(aside))
}
