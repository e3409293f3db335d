//! Opening a ledger: journal, entry 0, index, and only then the writer thread.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread;

use arc_swap::ArcSwap;
use concord_ledger::hash::ZERO;
use concord_ledger::{Header, LogKey, hash};
use tokio::sync::watch;

use super::group::{Keeper, compose};
use super::queue::Queue;
use super::run::Run;
use super::salts::Salts;
use super::{Genesis, Handle, OpenError, OpenReport, Writer, WriterConfig};
use crate::index;
use crate::journal::{JOURNAL, Journal, JournalError, Syncs, Trailer};
use crate::kv::KvPlace;
use crate::machine::Machine;
use crate::reader::{Head, Ledger, Published, Shared};
use crate::space::lend_for_a_start;
use crate::witnessed::Witnessed;

impl<M: Machine> Writer<M> {
    /// Opens the ledger in `config.directory`, makes it where there is none, and starts its writer.
    ///
    /// `initial` is the state after entry 0; `genesis` is entry 0, and where the ledger exists its body must be the
    /// one that is there. It blocks until everything is read and verified.
    ///
    /// # Errors
    /// Where journal, key, entry 0 or index stand in the way of serving.
    pub fn open(
        config: WriterConfig,
        initial: M,
        key: LogKey,
        place: &dyn KvPlace,
        genesis: Genesis,
    ) -> Result<(Self, Ledger<M>, OpenReport), OpenError> {
        let origin = format!("{}/{}", config.accord, config.service);
        if key.origin() != origin {
            return Err(OpenError::Key { expected: origin, found: key.origin().to_owned() });
        }
        let log = key.verifier().clone();
        lend_for_a_start(&config.directory);
        let (mut journal, torn_tail) = Journal::open(
            &config.directory.join(JOURNAL),
            &log,
            config.segment_bytes,
            Syncs::EachGroup,
            || {
                let unreadable = |error: index::StartError| JournalError::Io {
                    path: config.directory.clone(),
                    source: io::Error::other(error.to_string()),
                };
                index::signed_size(place, &log).map_err(unreadable)
            },
        )?;
        let keeper = Keeper { accord: config.accord.clone(), service: config.service.clone() };
        let book = Arc::clone(journal.book());
        // Before entry 0 is written: an empty journal may be a lost one.
        let witnessed = Witnessed::open(&config.directory, &log, &config.witnesses)?;
        witnessed.agrees(book.size(), |size| book.root_at(size))?;
        if book.size() == 0 {
            let signed_entries = index::signed_size(place, &log)?;
            if signed_entries > 0 {
                return Err(index::StartError::JournalBehind { journal_entries: 0, signed_entries }.into());
            }
            found(&mut journal, &keeper, &key, genesis)?;
        } else if book.entry(0).map_err(index::StartError::Read)?.body() != Some(&genesis.body) {
            return Err(OpenError::OtherAccord { origin });
        }
        let started = index::start(place, &book, initial, &log)?;
        let last = book.trailer(book.size().saturating_sub(1)).map_err(index::StartError::Read)?;
        let report = OpenReport {
            entries: last.size,
            groups: book.groups(),
            torn_tail,
            index: started.how,
            replayed: started.replayed,
        };
        journal.space().reserve(&config.directory, config.disk_reserve_bytes, started.index.store());
        let head = Head { size: last.size, root: last.root };
        let published =
            Published { state: started.state, size: last.size, root: last.root, checkpoint: last.checkpoint };
        let shared = Arc::new(Shared {
            origin,
            directory: config.directory.clone(),
            published: ArcSwap::from_pointee(published),
            head: watch::Sender::new(head),
            fault: watch::Sender::new(None),
            index: Arc::clone(started.index.store()),
            book,
            witnessed,
            shortness: journal.space().shortness(),
        });
        let queue = Arc::new(Queue::new(config.queue_ordinary, config.queue_reserve));
        let run = Run::new(&config, journal, started.index, key, keeper, &shared, &queue);
        let thread = thread::Builder::new()
            .name(format!("{}-writer", config.service))
            .spawn(move || run.until_closed())
            .map_err(OpenError::Thread)?;
        let handle = Handle { queue, shared: Arc::clone(&shared), thread: Mutex::new(Some(thread)) };
        Ok((Self { handle: Arc::new(handle) }, Ledger::new(shared), report))
    }
}

/// Writes entry 0.
fn found(journal: &mut Journal, keeper: &Keeper, key: &LogKey, genesis: Genesis) -> Result<(), OpenError> {
    let Genesis { kind, actor, participant, at, body } = genesis;
    let header = Header {
        accord: keeper.accord.clone(),
        service: keeper.service.clone(),
        sequence: 0,
        kind,
        actor,
        participant,
        request_id: String::new(),
        request_digest: String::new(),
        time: at,
        previous: hash::to_hex(&ZERO),
        parts: Vec::new(),
    };
    let entry = compose(header, body, &mut Salts::default()).map_err(OpenError::Genesis)?;
    let root = entry.leaf_hash();
    // The sum over no rows.
    let rows_digest = ZERO;
    let trailer = Trailer { size: 1, root, rows_digest, checkpoint: key.sign(1, &root) };
    journal.append(&[entry], &trailer).map_err(|error| OpenError::Genesis(error.to_string()))
}
