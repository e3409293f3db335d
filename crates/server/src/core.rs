//! The one way of a write through a service: call, writer, events, receipt. Generic over the service's fold.
//!
//! Handlers never touch the journal, and decisions never touch a clock: this is the room between them.

use std::sync::Arc;

use concord_domain::accord::Accord;
use concord_domain::actor::Actor;
use concord_domain::errors::{Reason, Refusal};
use concord_domain::fold::{Context, Fold};
use concord_domain::time::Timestamp;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::entry::Entry;
use concord_ledger::receipt::Receipt;
use concord_proto::fields::Faulty;
use concord_store::{Caller, Ledger, Mode, Priority, Published, Submission, SubmitError, Writer};
use tokio::sync::Semaphore;

use crate::call::Call;
use crate::clock;
use crate::folded::{Folded, Submitted};
use crate::witness::Witness;

/// What a service awaits before it answers in an exercise accord, so that no answer bears an older time.
pub type Settle =
    Arc<dyn Fn() -> futures_core::future::BoxFuture<'static, Result<(), Refusal>> + Send + Sync>;

/// The published state of a service, immutable.
pub type Snapshot<D> = Arc<Published<Folded<D>>>;

/// What a write gave.
#[derive(Debug)]
pub struct Outcome<D: Fold> {
    /// The events that were recorded for this request; for a repeated request, those of the first time.
    pub events: Vec<D::Event>,
    /// Proof of the first entry; absent where nothing was written.
    pub receipt: Option<Receipt>,
    /// The state that was published with it, or a later one.
    pub snapshot: Snapshot<D>,
    /// Whether the request had been answered before.
    pub replayed: bool,
}

/// Whose signatures under checkpoints of the own ledger count.
#[derive(Clone, Debug)]
pub struct Known {
    /// The own log.
    pub log: LogVerifier,
    /// The witnesses, in the order of the accord.
    pub witnesses: Vec<Witness>,
}

/// A service's write path and published state.
pub struct Core<D: Fold> {
    accord: Arc<Accord>,
    known: Arc<Known>,
    /// The state after entry 0.
    first: Arc<D>,
    writer: Writer<Folded<D>>,
    ledger: Ledger<Folded<D>>,
    settle: Option<Settle>,
    /// Faulty messages are judged one at a time, so that no flood of them takes the processor from the writer.
    judging: Arc<Semaphore>,
    /// So are reads of the past, which go to the disk.
    looking_back: Arc<Semaphore>,
}

impl<D: Fold> Clone for Core<D> {
    fn clone(&self) -> Self {
        Self {
            accord: Arc::clone(&self.accord),
            known: Arc::clone(&self.known),
            first: Arc::clone(&self.first),
            writer: self.writer.clone(),
            ledger: self.ledger.clone(),
            settle: self.settle.clone(),
            judging: Arc::clone(&self.judging),
            looking_back: Arc::clone(&self.looking_back),
        }
    }
}

impl<D: Fold> Core<D> {
    /// Joins an opened writer and its reader; `first` is the state after entry 0.
    #[must_use]
    pub fn new(
        accord: Arc<Accord>,
        first: D,
        writer: Writer<Folded<D>>,
        ledger: Ledger<Folded<D>>,
        known: Known,
    ) -> Self {
        Self {
            accord,
            known: Arc::new(known),
            first: Arc::new(first),
            writer,
            ledger,
            settle: None,
            judging: Arc::new(Semaphore::new(1)),
            looking_back: Arc::new(Semaphore::new(1)),
        }
    }

    /// The same core, which in an exercise accord awaits `settle` before every read and write.
    #[must_use]
    pub fn settling(mut self, settle: Settle) -> Self {
        self.settle = self.accord.is_exercise().then_some(settle);
        self
    }

    /// The accord that is served.
    #[must_use]
    pub fn accord(&self) -> &Arc<Accord> {
        &self.accord
    }

    /// The state after entry 0.
    #[must_use]
    pub(crate) fn first(&self) -> &D {
        &self.first
    }

    /// The one turn to read the past.
    pub(crate) fn looking_back(&self) -> Arc<Semaphore> {
        Arc::clone(&self.looking_back)
    }

    /// Whose signatures under checkpoints of the own ledger count.
    #[must_use]
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// The writer of the own ledger.
    #[must_use]
    pub fn writer(&self) -> &Writer<Folded<D>> {
        &self.writer
    }

    /// The reader of the own ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger<Folded<D>> {
        &self.ledger
    }

    /// The newest published state, as it is.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<D> {
        self.ledger.published()
    }

    /// The newest published state; in an exercise accord after the clock has been asked for.
    ///
    /// # Errors
    /// `LEDGER_UNAVAILABLE` where the registry cannot be asked.
    pub async fn read(&self) -> Result<Snapshot<D>, Refusal> {
        self.settled().await?;
        Ok(self.snapshot())
    }

    /// The time on which decisions rest now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.snapshot().state.0.now(clock::real())
    }

    /// Settles, then writes.
    ///
    /// # Errors
    /// What the decision refuses, `REQUEST_ID_REUSED`, `QUEUE_FULL`, `DISK_FULL`, `NOT_SERVING`, `LEDGER_UNAVAILABLE`.
    pub async fn mutate(&self, call: Call, command: D::Command) -> Result<Outcome<D>, Refusal> {
        self.settled().await?;
        self.submit(call, command).await
    }

    /// Writes without settling, for callers that have taken a barrier of their own.
    ///
    /// # Errors
    /// As [`Core::mutate`].
    pub async fn submit(&self, call: Call, command: D::Command) -> Result<Outcome<D>, Refusal> {
        self.submit_at(call, command, clock::real()).await
    }

    /// The same at a time that the caller has read.
    ///
    /// # Errors
    /// As [`Core::mutate`].
    pub async fn submit_at(
        &self,
        call: Call,
        command: D::Command,
        real: Timestamp,
    ) -> Result<Outcome<D>, Refusal> {
        let priority = if D::is_vital(&command) { Priority::Vital } else { Priority::Ordinary };
        let Call { actor, spiffe_id, request_id, request_digest, validate_only } = call;
        let caller = Caller { actor: spiffe_id, participant: actor.participant.0.clone() };
        let submission = Submission {
            caller,
            request_id,
            request_digest,
            at: real.to_string(),
            at_ns: real.nanos(),
            command: Submitted { actor, fresh_id: fresh_id(), command },
            mode: if validate_only { Mode::ValidateOnly } else { Mode::Commit },
            priority,
        };
        let committed = self.writer.submit(submission).await.map_err(refusal)?;
        let events = committed.entries.iter().map(|entry| event_of(entry)).collect::<Result<_, _>>()?;
        let receipt = match committed.entries.first() {
            Some(_) if validate_only => None,
            Some(entry) if committed.replayed => Some(self.receipt(entry.index())?),
            Some(entry) => {
                Some(self.ledger.receipt_under(entry, &committed.published).map_err(|e| internal(&e))?)
            }
            None => None,
        };
        Ok(Outcome { events, receipt, snapshot: committed.published, replayed: committed.replayed })
    }

    /// What a faulty message is refused for: all that the conversion found, and what the decision on the published state
    /// finds besides, which is neither queued nor recorded.
    pub(crate) async fn judged<C>(&self, faulty: Faulty<C>, actor: Actor) -> Refusal
    where
        C: Into<D::Command> + Send + 'static,
    {
        if self.settled().await.is_err() {
            // Without the time there is nothing to judge it by.
            return faulty.alone();
        }
        let Ok(turn) = Arc::clone(&self.judging).acquire_owned().await else { return faulty.alone() };
        let snapshot = self.snapshot();
        let judged = tokio::task::spawn_blocking(move || {
            let state = &snapshot.state.0;
            let context = Context { actor, at: state.now(clock::real()), fresh_id: fresh_id() };
            let refusal = faulty.refusal(state, &context);
            drop(turn);
            refusal
        });
        judged.await.unwrap_or_else(|e| internal(&e))
    }

    /// Proof of one entry of the own ledger.
    ///
    /// # Errors
    /// `INTERNAL` where the journal cannot be read.
    pub fn receipt(&self, index: u64) -> Result<Receipt, Refusal> {
        self.ledger.receipt(index).map_err(|e| internal(&e))
    }

    async fn settled(&self) -> Result<(), Refusal> {
        match &self.settle {
            Some(settle) => settle().await,
            None => Ok(()),
        }
    }
}

fn fresh_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The event that an entry records.
///
/// # Errors
/// `INTERNAL` where the body does not parse, which no entry of an own ledger can cause.
pub fn event_of<E: serde::de::DeserializeOwned>(entry: &Entry) -> Result<E, Refusal> {
    let body = entry.body().unwrap_or_default();
    serde_json::from_slice(body).map_err(|e| internal(&e))
}

/// A fault of the service; the cause goes to the log, not to the caller.
pub fn internal(cause: &dyn std::fmt::Display) -> Refusal {
    tracing::error!(%cause, "internal fault");
    Refusal::new(Reason::Internal, "the service failed; the request identifier finds the cause in its log")
}

/// The disk is short.
pub(crate) fn disk_full() -> Refusal {
    let message = "the disk is full, and what is left of it is kept for what must get through; retry when there is room";
    Refusal::new(Reason::DiskFull, message)
}

fn refusal(error: SubmitError<Refusal>) -> Refusal {
    match error {
        SubmitError::Refused(refusal) => refusal,
        SubmitError::RequestIdReused => Refusal::new(
            Reason::RequestIdReused,
            "this request_id was used for another request; make a new one",
        ),
        SubmitError::QueueFull => {
            Refusal::new(Reason::QueueFull, "the writer's queue is full; retry shortly")
        }
        SubmitError::DiskFull => disk_full(),
        SubmitError::Fault(cause) => {
            tracing::error!(%cause, "the ledger takes nothing more");
            Refusal::new(
                Reason::NotServing,
                "the service is stopping; whether this was written must be asked by request_id",
            )
        }
        SubmitError::Internal(cause) => internal(&cause),
    }
}
