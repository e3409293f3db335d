//! The writer of one ledger: one thread that decides, appends and syncs, and the handle to submit to it.

mod group;
mod open;
mod queue;
mod run;
mod salts;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use concord_ledger::Entry;
use tokio::sync::{oneshot, watch};

use crate::index::{IndexStart, StartError};
use crate::journal::{JournalError, SEGMENT_BYTES, TornTail};
use crate::machine::Machine;
use crate::reader::{Published, Shared};
use crate::witnessed::WitnessedError;

use group::Waiting;
pub use queue::Priority;
use queue::{NotQueued, Queue};

/// Bytes of disk that are kept for what is vital, unless configured otherwise.
pub const DISK_RESERVE_BYTES: u64 = 64 << 20;

/// Where and how a ledger is kept.
#[derive(Clone, Debug)]
pub struct WriterConfig {
    /// Folder of the ledger; the journal lies in `journal` under it.
    pub directory: PathBuf,
    /// Identifier of the accord.
    pub accord: String,
    /// Name of the service, such as `registry`.
    pub service: String,
    /// Length of a journal segment, in bytes.
    pub segment_bytes: u64,
    /// Submissions that may wait.
    pub queue_ordinary: usize,
    /// Vital submissions that may wait beyond that.
    pub queue_reserve: usize,
    /// Most submissions in one group.
    pub group_commands: usize,
    /// A group is closed once its bodies reach this many bytes.
    pub group_bytes: usize,
    /// Bytes of disk that are kept for what is vital, half for the journal and half for the index to grow. The journal's half
    /// serves as a segment only where it is at least as long as one.
    pub disk_reserve_bytes: u64,
    /// Names of the witnesses whose cosignatures are kept.
    pub witnesses: Vec<String>,
}

impl WriterConfig {
    /// The ledger of that service of that accord, with the ordinary limits.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, accord: &str, service: &str) -> Self {
        Self {
            directory: directory.into(),
            accord: accord.to_owned(),
            service: service.to_owned(),
            segment_bytes: SEGMENT_BYTES,
            queue_ordinary: 1024,
            queue_reserve: 256,
            group_commands: 512,
            group_bytes: 1 << 20,
            disk_reserve_bytes: DISK_RESERVE_BYTES,
            witnesses: Vec::new(),
        }
    }
}

/// Entry 0: what the ledger is about.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// Kind of the entry, such as `accord.opened`.
    pub kind: String,
    /// The service that opens the ledger.
    pub actor: String,
    /// Participant that the service belongs to; may be empty.
    pub participant: String,
    /// Time of the first start, as RFC 3339 text; not looked at later.
    pub at: String,
    /// The accord; a ledger that was opened with another one is refused.
    pub body: Vec<u8>,
}

/// What was found when a ledger was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReport {
    /// Number of entries.
    pub entries: u64,
    /// Number of groups.
    pub groups: u64,
    /// What was cut from the end of the journal.
    pub torn_tail: Option<TornTail>,
    /// What happened to the index.
    pub index: IndexStart,
    /// Entries folded one by one.
    pub replayed: u64,
}

impl OpenReport {
    /// 1 where the index had to be rebuilt, else 0: for a counter.
    #[must_use]
    pub fn rebuilds(&self) -> u64 {
        u64::from(matches!(self.index, IndexStart::Rebuilt { .. }))
    }
}

/// Why a ledger cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The index, or folding the journal.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The key is of another ledger.
    #[error("the log key is that of {found}, not of {expected}")]
    Key {
        /// Ledger to be opened.
        expected: String,
        /// Ledger of the key.
        found: String,
    },
    /// Entry 0 holds another accord.
    #[error("the ledger {origin} was opened with another accord than the one given")]
    OtherAccord {
        /// Name of the ledger.
        origin: String,
    },
    /// What others have seen of the ledger.
    #[error(transparent)]
    Witnessed(#[from] WitnessedError),
    /// Entry 0 could not be written.
    #[error("entry 0 could not be written: {0}")]
    Genesis(String),
    /// The writer thread could not be started.
    #[error("the writer thread could not be started: {0}")]
    Thread(io::Error),
}

/// Who submits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// SPIFFE id, or the service itself.
    pub actor: String,
    /// Participant that the actor belongs to.
    pub participant: String,
}

/// What is to happen with the decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is written.
    #[default]
    Commit,
    /// It is only shown; nothing is written or remembered.
    ValidateOnly,
}

/// A command with what its entries say about it.
#[derive(Clone, Debug)]
pub struct Submission<C> {
    /// Who submits.
    pub caller: Caller,
    /// Request id of the caller; empty where the service acts by itself.
    pub request_id: String,
    /// SHA-256 of the request body, 64 hexadecimal digits; empty where the request id is.
    pub request_digest: String,
    /// Time of the request, in nanoseconds since 1970-01-01T00:00:00Z.
    pub at_ns: i64,
    /// The same as RFC 3339 text.
    pub at: String,
    /// The command.
    pub command: C,
    /// Whether it is written.
    pub mode: Mode,
    /// Which room it may use, in the queue and on disk.
    pub priority: Priority,
}

/// What a submission came to; everything in it is durable (save after `ValidateOnly`).
pub struct Committed<M> {
    /// Its entries, byte for byte as they were first written; none where it needed none.
    pub entries: Vec<Arc<Entry>>,
    /// Whether the same request had been carried out before and these are its first entries.
    pub replayed: bool,
    /// The state after the group that answered.
    pub published: Arc<Published<M>>,
}

impl<M> Clone for Committed<M> {
    fn clone(&self) -> Self {
        let Self { entries, replayed, published } = self;
        Self { entries: entries.clone(), replayed: *replayed, published: Arc::clone(published) }
    }
}

impl<M> fmt::Debug for Committed<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committed")
            .field("entries", &self.entries)
            .field("replayed", &self.replayed)
            .field("size", &self.published.size)
            .finish()
    }
}

/// Why a submission came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitError<R> {
    /// The machine refused it; that is not remembered.
    Refused(R),
    /// The caller used the request id before, for another body.
    RequestIdReused,
    /// The queue is full; nothing was done.
    QueueFull,
    /// The disk is short, and what is left is kept for what is vital, or is used up; nothing was done.
    DiskFull,
    /// The ledger takes nothing more; whether this was written is unknown until it is open again.
    Fault(String),
    /// This submission failed and nothing was written for it.
    Internal(String),
}

impl<R> fmt::Display for SubmitError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(_) => f.write_str("refused"),
            Self::RequestIdReused => f.write_str("the request id was used for another request"),
            Self::QueueFull => f.write_str("too many requests wait"),
            Self::DiskFull => f.write_str("the disk is full"),
            Self::Fault(why) => write!(f, "the ledger takes nothing more: {why}"),
            Self::Internal(why) => write!(f, "internal failure: {why}"),
        }
    }
}

impl<R: fmt::Debug> std::error::Error for SubmitError<R> {}

/// The handle of a ledger's writer; clones submit to the same one. It stops when the last one goes.
pub struct Writer<M: Machine> {
    handle: Arc<Handle<M>>,
}

struct Handle<M: Machine> {
    queue: Arc<Queue<Waiting<M>>>,
    shared: Arc<Shared<M>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<M: Machine> Clone for Writer<M> {
    fn clone(&self) -> Self {
        Self { handle: Arc::clone(&self.handle) }
    }
}

impl<M: Machine> Writer<M> {
    /// Submits a command and waits until it is durable, or refused.
    ///
    /// Once queued it runs to its end, whether or not the caller goes on waiting.
    ///
    /// # Errors
    /// Where it came to nothing, and why.
    pub async fn submit(
        &self,
        submission: Submission<M::Command>,
    ) -> Result<Committed<M>, SubmitError<M::Refusal>> {
        let answer = self.enqueue(submission)?;
        answer.await.unwrap_or_else(|_| Err(SubmitError::Fault("the writer has stopped".into())))
    }

    /// Submits a command; the answer comes through the receiver, which may be dropped.
    ///
    /// # Errors
    /// Where it could not be queued.
    #[expect(clippy::type_complexity, reason = "the receiver of what `submit` answers")]
    pub fn enqueue(
        &self,
        submission: Submission<M::Command>,
    ) -> Result<oneshot::Receiver<Result<Committed<M>, SubmitError<M::Refusal>>>, SubmitError<M::Refusal>>
    {
        let (reply, answer) = oneshot::channel();
        let priority = submission.priority;
        match self.handle.queue.push(Waiting { submission, reply }, priority) {
            Ok(()) => Ok(answer),
            Err(NotQueued::Full) => Err(SubmitError::QueueFull),
            Err(NotQueued::Closed(why)) => Err(SubmitError::Fault(why)),
        }
    }

    /// Tells when the ledger can take nothing more, and why; the process should then exit.
    #[must_use]
    pub fn fault(&self) -> watch::Receiver<Option<String>> {
        self.handle.shared.fault.subscribe()
    }

    /// Takes nothing more, since the ledger signed `shown`, a verified checkpoint, and cannot account for it. The note is
    /// kept, so that no start forgets it before the ledger leads to it again. It blocks.
    pub fn halt(&self, shown: &str, cause: &str) {
        tracing::error!(ledger = %self.handle.shared.origin, %cause, "the ledger takes nothing more");
        if let Err(error) = self.handle.shared.witnessed.keep_shown(shown) {
            tracing::error!(%error, "the checkpoint that was shown could not be kept");
        }
        run::fail(self.handle.queue.abandon(cause), cause);
        self.handle.shared.fault.send_replace(Some(cause.to_owned()));
    }

    /// Number of submissions that wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.handle.queue.len()
    }

    /// Takes nothing more, finishes what waits, and returns when the thread has ended. It blocks.
    pub fn close(&self) {
        self.handle.queue.close("the writer was closed");
        let thread = self.handle.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic in it was told through `fault` already.
            let _ = thread.join();
        }
    }
}

impl<M: Machine> Drop for Handle<M> {
    fn drop(&mut self) {
        self.queue.close("the writer was closed");
    }
}
