//! Damage to the files of a ledger that was closed well: found at the next start and named where it lies, or healed where
//! it lies in the index; and never a wrong answer.

mod damage;
mod layout;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use concord_ledger::LogKey;
use concord_ledger::hash::Hash;
use concord_store::{IndexStart, JournalError, Ledger, Mode, OpenError, StartError, TornTail};

use super::faults::copy;
use super::{Run, Tally, require};
use crate::cells::{self, Cells, Count};
use damage::Damage;
use layout::Layout;

const CELLS: u64 = 40;
const GROUPS: u64 = 160;

/// All that a reader can see of a ledger.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    size: u64,
    root: Hash,
    checkpoint: String,
    rows: BTreeMap<String, Option<u64>>,
    counts: BTreeMap<String, u64>,
    receipts: Vec<String>,
}

impl Seen {
    fn of(ledger: &Ledger<Cells>) -> Result<Self, String> {
        let head = ledger.head();
        let row = |number| {
            let cell = format!("cell-{number}");
            cells::row(ledger, &cell).map(|row| (cell, row))
        };
        let receipt = |index| {
            let receipt = ledger.receipt(index).map_err(|e| e.to_string())?;
            receipt.to_json().map_err(|e| e.to_string())
        };
        Ok(Self {
            size: head.size,
            root: head.root,
            checkpoint: ledger.checkpoint(),
            rows: (0..CELLS).map(row).collect::<Result<_, _>>()?,
            counts: ledger.published().state.counts.clone(),
            receipts: (0..head.size).map(receipt).collect::<Result<_, _>>()?,
        })
    }
}

/// The ledger as it was, the same at an earlier time, and what readers saw of it.
struct Whole {
    folder: tempfile::TempDir,
    older: tempfile::TempDir,
    layout: Layout,
    seen: Seen,
    key: LogKey,
}

pub(crate) fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let whole = Whole::new(&mut run.dice(u64::MAX))?;
    let work = cells::folder()?;
    // What sled says when it meets rot is expected here.
    let said = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = run.rounds(2_000, 20_000).try_for_each(|round| {
        let outcome = whole.damaged(&work.path().join("ledger"), &mut run.dice(round), tally);
        outcome.map_err(|why| format!("--from {round}: {why}"))
    });
    std::panic::set_hook(said);
    outcome
}

impl Whole {
    fn new(dice: &mut fastrand::Rng) -> Result<Self, String> {
        let (folder, older) = (cells::folder()?, cells::folder()?);
        let key = cells::key()?;
        grow(folder.path(), &key, dice, 0)?;
        copy(folder.path(), older.path())?;
        grow(folder.path(), &key, dice, GROUPS / 2)?;
        let (writer, ledger, _) = cells::open(folder.path(), key.clone()).map_err(|e| e.to_string())?;
        let seen = Seen::of(&ledger)?;
        writer.close();
        drop((writer, ledger));
        let layout = Layout::of(&folder.path().join("journal"))?;
        require(layout.segments() >= 4, || "the ledger is too small to show anything".to_owned())?;
        Ok(Self { folder, older, layout, seen, key })
    }

    /// One damage, and what the next start makes of it.
    fn damaged(&self, work: &Path, dice: &mut fastrand::Rng, tally: &mut Tally) -> Result<(), String> {
        if work.exists() {
            fs::remove_dir_all(work).map_err(|e| e.to_string())?;
        }
        copy(self.folder.path(), work)?;
        let damage = Damage::done(work, self.older.path(), dice)?;
        tally.add("damages", 1);
        let opened = cells::open(work, self.key.clone());
        let outcome = match (&damage.segment, opened) {
            (Some(segment), opened) => self.journal(*segment, damage.first, opened, tally),
            (None, opened) => self.index(work, opened, tally),
        };
        outcome.map_err(|why| format!("{damage}: {why}"))
    }

    /// Damage in the journal: named exactly; only what lies behind the last group may be taken for a torn tail and cut.
    fn journal(
        &self,
        segment: u64,
        first: u64,
        opened: Result<cells::Opened, OpenError>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let spot = self.layout.spot(segment, first);
        let error = match opened {
            Ok((writer, ledger, report)) => {
                let seen = Seen::of(&ledger);
                writer.close();
                let behind = segment + 1 == self.layout.segments() && spot.is_behind;
                let cut = report.torn_tail.is_none_or(|TornTail { segment: cut, offset, .. }| {
                    (cut, offset) == (segment, spot.offset)
                });
                require(behind && cut, || format!("it was not found: {report:?}"))?;
                require(seen? == self.seen, || "a wrong answer".to_owned())?;
                tally.add("behind the journal's end, cleared", 1);
                return Ok(());
            }
            Err(error) => error,
        };
        match error {
            OpenError::Journal(JournalError::Damaged { segment: path, offset, good_entries, .. }) => {
                let exact = path.ends_with(format!("{segment:08}.seg"))
                    && offset == spot.offset
                    && good_entries == spot.first_index;
                let named = || format!("named as {} at {offset} after {good_entries}", path.display());
                require(exact, named)?;
                tally.add("in the journal, named by segment and offset", 1);
            }
            OpenError::Journal(JournalError::NewerFormat { segment: named, .. })
                if named == segment && first < 16 =>
            {
                tally.add("in the journal, named as a newer format", 1);
            }
            OpenError::Start(StartError::JournalBehind { journal_entries, signed_entries }) => {
                let exact = journal_entries == spot.first_index && signed_entries == self.seen.size;
                require(exact, || format!("named as {journal_entries} of {signed_entries} entries"))?;
                tally.add("in the journal, named by the entries missing from its end", 1);
            }
            other => return Err(format!("named as {other}")),
        }
        Ok(())
    }

    /// Damage in the index: every answer is as before, now and after one more start.
    fn index(
        &self,
        work: &Path,
        opened: Result<cells::Opened, OpenError>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let (writer, ledger, report) = opened.map_err(|error| format!("not healed: {error}"))?;
        let seen = Seen::of(&ledger);
        writer.close();
        drop((writer, ledger));
        require(seen? == self.seen, || format!("a wrong answer after {:?}", report.index))?;
        let how = match report.index {
            IndexStart::Rebuilt { .. } => "in the index, rebuilt",
            IndexStart::Created => "in the index, built again",
            IndexStart::FoldedForward { .. } => "in the index, folded forward",
            IndexStart::Current => "in the index, harmless",
        };
        tally.add(how, 1);
        if report.index == IndexStart::Current {
            return Ok(());
        }
        let (writer, ledger, report) =
            cells::open(work, self.key.clone()).map_err(|error| format!("does not stay healed: {error}"))?;
        let seen = Seen::of(&ledger);
        writer.close();
        require(report.index == IndexStart::Current && seen? == self.seen, || {
            format!("does not stay healed: {:?}", report.index)
        })
    }
}

/// Writes half of the groups, of different sizes.
fn grow(folder: &Path, key: &LogKey, dice: &mut fastrand::Rng, from: u64) -> Result<(), String> {
    let (writer, ledger, _) = cells::open(folder, key.clone()).map_err(|e| e.to_string())?;
    for number in from..from + GROUPS / 2 {
        let cell = format!("cell-{}", dice.u64(..CELLS));
        let count = Count { cell, times: dice.u32(1..4), padding: dice.usize(..2_000) };
        let submission = cells::submission(count, &format!("request-{number}"), Mode::Commit);
        let answer = writer.enqueue(submission).map_err(|e| e.to_string())?.blocking_recv();
        answer.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    }
    writer.close();
    drop((writer, ledger));
    Ok(())
}
