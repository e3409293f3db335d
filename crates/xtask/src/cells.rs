//! The smallest machine that shows what a store does: named cells that count, over a ledger with small segments.

use std::collections::BTreeMap;
use std::path::Path;

use concord_ledger::hash::{sha256, to_hex};
use concord_ledger::{Entry, LogKey, PrivateKey};
use concord_store::{
    Caller, Context, Draft, Genesis, Ledger, Machine, Mode, OpenError, OpenReport, Priority, Row, SledPlace,
    Submission, Writer, WriterConfig,
};

pub(crate) const ACCORD: &str = "accord-1";
pub(crate) const SERVICE: &str = "cells";
const TABLE: &str = "cells";
pub(crate) const ACTOR: &str = "spiffe://party-a.example/approver/desk-1";

/// How often each cell was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    pub(crate) counts: BTreeMap<String, u64>,
}

/// Counts a cell so many times, each as an entry that is padded to a length; refused where it is 0 times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) cell: String,
    pub(crate) times: u32,
    pub(crate) padding: usize,
}

/// Nothing was to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoTimes;

impl Cells {
    fn count(&mut self, cell: &str) -> Row {
        let count = self.counts.entry(cell.to_owned()).or_default();
        *count += 1;
        Row { table: TABLE.to_owned(), id: cell.to_owned(), bytes: count.to_be_bytes().to_vec() }
    }
}

impl Machine for Cells {
    type Command = Count;
    type Refusal = NoTimes;

    fn execute(&mut self, command: Count, _context: &Context) -> Result<Vec<Draft>, NoTimes> {
        let Count { cell, times, padding } = command;
        if times == 0 {
            // The clone that was changed already must be dropped with the refusal.
            self.count(&cell);
            return Err(NoTimes);
        }
        let body = format!("{cell}\n{}", "x".repeat(padding)).into_bytes();
        let draft =
            |_| Draft { kind: "cell.counted".to_owned(), body: body.clone(), rows: vec![self.count(&cell)] };
        Ok((0..times).map(draft).collect())
    }

    fn replay(&mut self, entry: &Entry) -> Result<Vec<Row>, String> {
        let body = std::str::from_utf8(entry.body().ok_or("no body")?).map_err(|e| e.to_string())?;
        Ok(vec![self.count(body.lines().next().unwrap_or_default())])
    }

    fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String> {
        let bytes = bytes.try_into().map_err(|_| format!("{table}/{id} is not eight bytes"))?;
        self.counts.insert(id.to_owned(), u64::from_be_bytes(bytes));
        Ok(())
    }
}

pub(crate) type Opened = (Writer<Cells>, Ledger<Cells>, OpenReport);

pub(crate) fn key() -> Result<LogKey, String> {
    LogKey::new(&format!("{ACCORD}/{SERVICE}"), PrivateKey::from_seed(&[1; 32])).map_err(|e| e.to_string())
}

/// Opens the ledger in a folder, its index beside its journal.
pub(crate) fn open(directory: &Path, key: LogKey) -> Result<Opened, OpenError> {
    let config = WriterConfig {
        segment_bytes: 64 << 10,
        disk_reserve_bytes: 128 << 10,
        ..WriterConfig::new(directory, ACCORD, SERVICE)
    };
    Writer::open(config, Cells::default(), key, &SledPlace::new(&directory.join("index")), genesis())
}

/// Entry 0.
pub(crate) fn genesis() -> Genesis {
    Genesis {
        kind: "accord.opened".to_owned(),
        actor: "service/cells".to_owned(),
        participant: "operator".to_owned(),
        at: "2026-01-01T00:00:00Z".to_owned(),
        body: b"the accord".to_vec(),
    }
}

pub(crate) fn submission(command: Count, request_id: &str, mode: Mode) -> Submission<Count> {
    let digest = to_hex(&sha256(&[format!("{command:?}").as_bytes()]));
    Submission {
        caller: Caller { actor: ACTOR.to_owned(), participant: "party-a".to_owned() },
        request_id: request_id.to_owned(),
        request_digest: if request_id.is_empty() { String::new() } else { digest },
        at_ns: 1_767_225_600_000_000_000,
        at: "2026-01-01T00:00:00Z".to_owned(),
        command,
        mode,
        priority: Priority::Ordinary,
    }
}

/// The count of a cell as the index holds it.
pub(crate) fn row(ledger: &Ledger<Cells>, cell: &str) -> Result<Option<u64>, String> {
    let bytes = ledger.row(TABLE, cell).map_err(|e| e.to_string())?;
    let number = |bytes: Vec<u8>| {
        bytes.as_slice().try_into().map(u64::from_be_bytes).map_err(|_| "a row is damaged".to_owned())
    };
    bytes.map(number).transpose()
}

/// A folder for ledgers whose durability is not what is looked at: in memory, where there is such a place.
pub(crate) fn folder() -> Result<tempfile::TempDir, String> {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.map_err(|e| e.to_string())
}
