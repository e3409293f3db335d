//! The smallest machine that shows everything: named counters, and a number folded from elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use concord_ledger::hash::{sha256, to_hex};
use concord_ledger::{Entry, LogKey, LogVerifier, PrivateKey};
use concord_store::{
    Caller, Committed, Context, Draft, Genesis, KvPlace, Ledger, Machine, Mode, OpenError, OpenReport,
    Priority, Row, SledPlace, Submission, SubmitError, Writer, WriterConfig,
};

/// Named counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counter {
    pub(crate) totals: BTreeMap<String, u64>,
    pub(crate) seen_elsewhere: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Adds 1 as often as said, each time as an entry.
    Add(String, u32),
    /// Changes the state, then refuses.
    Refuse(String),
    /// Folds something from another ledger.
    Fold(u64),
    Panic,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) u64);

impl Counter {
    fn add(&mut self, name: &str) -> Row {
        let total = self.totals.entry(name.to_owned()).or_default();
        *total += 1;
        Row { table: "counters".into(), id: name.to_owned(), bytes: total.to_be_bytes().to_vec() }
    }
}

impl Machine for Counter {
    type Command = Command;
    type Refusal = Refusal;

    fn execute(&mut self, command: Command, _context: &Context) -> Result<Vec<Draft>, Refusal> {
        match command {
            Command::Add(name, times) => Ok((0..times)
                .map(|_| {
                    let row = self.add(&name);
                    Draft { kind: "counter.added".into(), body: name.clone().into_bytes(), rows: vec![row] }
                })
                .collect()),
            Command::Refuse(name) => {
                self.add(&name);
                Err(Refusal(self.totals.values().sum()))
            }
            Command::Fold(number) => {
                self.seen_elsewhere = number;
                Ok(Vec::new())
            }
            Command::Panic => panic!("asked to"),
        }
    }

    fn replay(&mut self, entry: &Entry) -> Result<Vec<Row>, String> {
        let body = entry.body().ok_or("no body")?;
        Ok(vec![self.add(std::str::from_utf8(body).map_err(|error| error.to_string())?)])
    }

    fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String> {
        assert_eq!(table, "counters");
        let bytes = bytes.try_into().map_err(|_| "not eight bytes")?;
        self.totals.insert(id.to_owned(), u64::from_be_bytes(bytes));
        Ok(())
    }
}

pub(crate) const ACTOR: &str = "spiffe://party-a.example/approver/desk-1";

pub(crate) fn key() -> LogKey {
    LogKey::new("accord-1/counter", PrivateKey::from_seed(&[1; 32])).unwrap()
}

pub(crate) fn log() -> LogVerifier {
    key().verifier().clone()
}

pub(crate) fn genesis() -> Genesis {
    Genesis {
        kind: "accord.opened".into(),
        actor: "spiffe://operator.example/service/counter".into(),
        participant: "operator".into(),
        at: "2026-01-01T00:00:00Z".into(),
        body: b"the accord".to_vec(),
    }
}

pub(crate) fn config(directory: &Path) -> WriterConfig {
    WriterConfig {
        segment_bytes: 64 << 10,
        disk_reserve_bytes: 256 << 10,
        ..WriterConfig::new(directory, "accord-1", "counter")
    }
}

pub(crate) type Opened = (Writer<Counter>, Ledger<Counter>, OpenReport);

pub(crate) fn try_open_at(directory: &Path, place: &dyn KvPlace) -> Result<Opened, OpenError> {
    Writer::open(config(directory), Counter::default(), key(), place, genesis())
}

pub(crate) fn try_open(directory: &Path) -> Result<Opened, OpenError> {
    try_open_at(directory, &SledPlace::new(&directory.join("index")))
}

pub(crate) fn open(directory: &Path) -> Opened {
    try_open(directory).unwrap()
}

pub(crate) fn submission(command: Command, request_id: &str) -> Submission<Command> {
    let digest = if request_id.is_empty() {
        String::new()
    } else {
        to_hex(&sha256(&[format!("{command:?}").as_bytes()]))
    };
    Submission {
        caller: Caller { actor: ACTOR.into(), participant: "party-a".into() },
        request_id: request_id.into(),
        request_digest: digest,
        at_ns: 1_767_225_600_000_000_000,
        at: "2026-01-01T00:00:00Z".into(),
        command,
        mode: Mode::Commit,
        priority: Priority::Ordinary,
    }
}

pub(crate) fn submit(
    writer: &Writer<Counter>,
    command: Command,
    request_id: &str,
) -> Result<Committed<Counter>, SubmitError<Refusal>> {
    writer.enqueue(submission(command, request_id))?.blocking_recv().unwrap()
}

pub(crate) fn add(writer: &Writer<Counter>, name: &str, request_id: &str) -> Committed<Counter> {
    submit(writer, Command::Add(name.into(), 1), request_id).unwrap()
}

/// Stops a ledger and lets go of its files.
pub(crate) fn stop(opened: Opened) {
    opened.0.close();
}
