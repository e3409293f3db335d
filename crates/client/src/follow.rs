//! Follows another service's ledger: fetch, verify, keep, hand on; and the barrier that a check waits behind.
//!
//! One task for each followed ledger. A waiter joins only a round whose head is asked for after it arrived, so
//! what it is told holds for its own arrival (the read index of etcd). Whatever does not verify is not handed on,
//! and every waiter learns why.

use std::future::Future;
use std::time::Duration;

use concord_ledger::chain::Chain;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::entry::{Entry, Part};
use concord_ledger::hash::{Hash, to_hex};
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Response, Status};

/// Longest that one answer of the ledger is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// Age of a round at which it begins no further page: it ends with what it has, and the next goes on from there.
const ROUND_MAX: Duration = Duration::from_secs(2);
/// Entries asked for at a time; a page of them stays far below the message limit of the client.
const PAGE_ENTRIES: u32 = 500;
/// How long to wait before what failed is tried again: a round, or the watch of the head.
const RETRY: Duration = Duration::from_millis(200);
/// What whoever waits is told once the follower ends.
const NOT_FOLLOWED: &str = "it is no longer followed";
/// Largest message taken from a ledger: a page of the largest entries.
const MESSAGE_MAX_BYTES: usize = 64 * 1024 * 1024;

/// The head that a fold has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Name of the ledger.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root.
    pub root: Hash,
}

/// Verified entries that follow on what was handed on before, and the head that they lead to.
#[derive(Debug)]
pub struct Batch {
    /// The entries, in order, without gap.
    pub entries: Vec<Entry>,
    /// The signed checkpoint that covers them.
    pub checkpoint: String,
    /// The head after them.
    pub head: Head,
}

/// Why a followed ledger cannot be relied on now.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FollowError {
    /// It did not answer in time, or answered with an error.
    #[error("{origin} cannot be reached: {cause}")]
    Unreachable {
        /// Name of the ledger.
        origin: String,
        /// What happened.
        cause: String,
    },
    /// Its head is smaller than one already seen: entries are missing.
    #[error("{origin} shows {shown} entries, fewer than the {seen} already seen")]
    RolledBack {
        /// Name of the ledger.
        origin: String,
        /// Entries that it shows now.
        shown: u64,
        /// Entries already seen.
        seen: u64,
    },
    /// What it shows is not the history already seen, or does not verify.
    #[error("{origin} does not verify: {cause}")]
    Unverified {
        /// Name of the ledger.
        origin: String,
        /// The first thing wrong.
        cause: String,
    },
    /// What was verified could not be kept or folded.
    #[error("what {origin} gave could not be taken in: {cause}")]
    NotTaken {
        /// Name of the ledger.
        origin: String,
        /// What happened.
        cause: String,
    },
}

/// Where verified batches go: the durable copy, then the fold of the following service.
pub trait Sink: Send + 'static {
    /// Takes a batch in; returns when the fold has been published.
    fn take(&mut self, batch: Batch) -> impl Future<Output = Result<(), String>> + Send;
}

type Waiter = oneshot::Sender<Result<Head, FollowError>>;

/// Where a follower begins, and how it goes on.
pub struct Beginning {
    /// Whose signature counts.
    pub verifier: LogVerifier,
    /// What was kept from earlier runs and has been folded already.
    pub chain: Chain,
    /// A head that the ledger is known to have had, though what was kept may end before it.
    pub floor: Option<Head>,
    /// How long to let entries gather for which nobody waits.
    pub rest: Duration,
}

/// A running follower.
#[derive(Clone, Debug)]
pub struct Follower {
    origin: String,
    waiters: mpsc::Sender<Waiter>,
}

impl Follower {
    /// Begins to follow.
    pub fn start<S: Sink>(
        channel: Channel,
        from: Beginning,
        sink: S,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (waiters, queue) = mpsc::channel(4096);
        let origin = from.chain.origin().to_owned();
        let client = LedgerServiceClient::new(channel).max_decoding_message_size(MESSAGE_MAX_BYTES);
        let task = Task { client, from, sink };
        (Self { origin, waiters }, tokio::spawn(task.run(queue, stop)))
    }

    /// Asks for the head and waits until the fold has reached it.
    ///
    /// # Errors
    /// Says why the ledger cannot be relied on now; `within` bounds the wait.
    pub async fn barrier(&self, within: Duration) -> Result<Head, FollowError> {
        let unreachable =
            |cause: &str| FollowError::Unreachable { origin: self.origin.clone(), cause: cause.into() };
        let (waiter, reached) = oneshot::channel();
        self.waiters.try_send(waiter).map_err(|_| unreachable("too many checks wait for it"))?;
        match tokio::time::timeout(within, reached).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(unreachable(NOT_FOLLOWED)),
            Err(_) => Err(unreachable("no answer in time")),
        }
    }
}

struct Task<S> {
    client: LedgerServiceClient<Channel>,
    from: Beginning,
    sink: S,
}

impl<S: Sink> Task<S> {
    async fn run(mut self, mut queue: mpsc::Receiver<Waiter>, stop: CancellationToken) {
        let (news, mut heard) = mpsc::channel(1);
        let watch = tokio::spawn(watch_heads(self.client.clone(), news, stop.clone()));
        let (mut rested, mut failed) = (Instant::now(), false);
        loop {
            let mut waiting = Vec::new();
            tokio::select! {
                () = stop.cancelled() => break,
                waiter = queue.recv() => match waiter {
                    Some(waiter) => waiting.push(waiter),
                    None => break,
                },
                Some(size) = heard_after(&mut heard, rested) => if size <= self.from.chain.size() { continue },
                // What was announced once is not announced again.
                () = tokio::time::sleep_until(rested), if failed => {}
            }
            while let Ok(waiter) = queue.try_recv() {
                waiting.push(waiter);
            }
            let round = self.round(&stop).await;
            // A failure that is tried again by itself is told once.
            if let Err(error) = &round
                && (!failed || !waiting.is_empty())
            {
                tracing::warn!(%error, "followed ledger");
            }
            for waiter in waiting {
                // A waiter that has gone needs no answer.
                let _ = waiter.send(round.clone());
            }
            failed = round.is_err();
            rested = Instant::now() + if failed { RETRY } else { self.from.rest };
        }
        watch.abort();
    }

    /// Asks for the head and fetches up to it. It takes one page at least, so that rounds that are too short for all that is
    /// missing still come to an end of it.
    async fn round(&mut self, stop: &CancellationToken) -> Result<Head, FollowError> {
        let until = Instant::now() + ROUND_MAX;
        let head = match self.ask_head(stop).await {
            Ok(head) => head,
            Err(cause) => return Err(self.unreachable(cause)),
        };
        self.reach(head, until, stop).await
    }

    async fn ask_head(&mut self, stop: &CancellationToken) -> Result<pb::Head, String> {
        let response = answered(self.client.get_head(pb::GetHeadRequest {}), stop).await?;
        response.head.ok_or_else(|| "an answer without a head".to_owned())
    }

    async fn reach(
        &mut self,
        head: pb::Head,
        until: Instant,
        stop: &CancellationToken,
    ) -> Result<Head, FollowError> {
        let origin = self.from.chain.origin().to_owned();
        let floor = self.from.floor.as_ref().map_or(0, |floor| floor.size);
        let seen = self.from.chain.size().max(floor);
        if head.size < seen {
            return Err(FollowError::RolledBack { origin, shown: head.size, seen });
        }
        self.hold_floor()?;
        while self.from.chain.size() < head.size {
            self.take_page(stop).await?;
            let behind = head.size.saturating_sub(self.from.chain.size());
            if behind > 0 && Instant::now() >= until {
                return Err(self.unreachable(format!("{behind} entries are still to be fetched")));
            }
        }
        let here = self.from.chain.tree().root_at(head.size);
        if here.as_ref().map(<[u8; 32]>::as_slice) != Some(head.root.as_ref()) {
            let cause = format!("its root at {} entries is not that of the entries it gave", head.size);
            return Err(FollowError::Unverified { origin, cause });
        }
        Ok(Head { origin, size: self.from.chain.size(), root: self.from.chain.root() })
    }

    /// Refuses a history that is not the one of the floor.
    fn hold_floor(&self) -> Result<(), FollowError> {
        let Beginning { chain, floor, .. } = &self.from;
        let Some(floor) = floor.as_ref().filter(|floor| floor.size <= chain.size()) else { return Ok(()) };
        if chain.tree().root_at(floor.size) == Some(floor.root) {
            return Ok(());
        }
        let cause = format!("it is not the history whose root at {} entries was seen before", floor.size);
        Err(FollowError::Unverified { origin: floor.origin.clone(), cause })
    }

    /// Fetches one page, which ends at a signed checkpoint, verifies it and hands it on; else nothing of it is taken.
    async fn take_page(&mut self, stop: &CancellationToken) -> Result<(), FollowError> {
        let origin = self.from.chain.origin().to_owned();
        let seen = self.from.chain.size();
        let taken = match self.fetch_page(stop).await {
            Ok(batch) => self.sink.take(batch).await.map_err(|cause| FollowError::NotTaken { origin, cause }),
            Err(error) => Err(error),
        };
        if taken.is_err() {
            self.from.chain.truncate(seen);
        }
        taken
    }

    async fn fetch_page(&mut self, stop: &CancellationToken) -> Result<Batch, FollowError> {
        let origin = self.from.chain.origin().to_owned();
        let unverified = |cause: String| FollowError::Unverified { origin: origin.clone(), cause };
        let request = pb::ListEntriesRequest { first_index: self.from.chain.size(), page_size: PAGE_ENTRIES };
        let page = answered(self.client.list_entries(request), stop).await;
        let pb::ListEntriesResponse { entries: given, checkpoint, earlier_checkpoints: _ } =
            page.map_err(|cause| self.unreachable(cause))?;
        if given.is_empty() {
            return Err(unverified(format!("entry {} is withheld", self.from.chain.size())));
        }
        let mut entries = Vec::with_capacity(given.len());
        for pb in given {
            let entry = entry_from_pb(pb).map_err(&unverified)?;
            self.from.chain.append(&entry).map_err(|e| unverified(e.to_string()))?;
            entries.push(entry);
        }
        let signed = self.from.verifier.verify(&checkpoint).map_err(|e| unverified(e.to_string()))?;
        let head =
            Head { origin: origin.clone(), size: self.from.chain.size(), root: self.from.chain.root() };
        if (signed.size, signed.root) != (head.size, head.root) {
            let cause =
                format!("checkpoint {} over {} entries is not theirs", to_hex(&signed.root), signed.size);
            return Err(unverified(cause));
        }
        self.hold_floor()?;
        Ok(Batch { entries, checkpoint, head })
    }

    fn unreachable(&self, cause: String) -> FollowError {
        FollowError::Unreachable { origin: self.from.chain.origin().to_owned(), cause }
    }
}

/// An answer of the ledger, or why there is none in time.
async fn answered<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
    stop: &CancellationToken,
) -> Result<T, String> {
    tokio::select! {
        answer = tokio::time::timeout(ANSWER_MAX, call) => match answer {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(format!("{:?}: {}", status.code(), status.message())),
            Err(_) => Err("no answer in time".to_owned()),
        },
        () = stop.cancelled() => Err(NOT_FOLLOWED.to_owned()),
    }
}

/// An entry as the ledger gave it, its parts compared with their commitments.
///
/// # Errors
/// Says what does not verify.
pub fn entry_from_pb(pb: pb::Entry) -> Result<Entry, String> {
    let pb::Entry { index, header, parts } = pb;
    let parts = parts.into_iter().map(part_from_pb).collect::<Result<_, _>>()?;
    let entry = Entry::parse(header.to_vec(), parts).map_err(|e| format!("entry {index}: {e}"))?;
    if entry.index() == index {
        Ok(entry)
    } else {
        Err(format!("entry {index} says that it is {}", entry.index()))
    }
}

fn part_from_pb(pb: pb::EntryPart) -> Result<Part, String> {
    let pb::EntryPart { name, salt, content } = pb;
    let salt = salt.as_ref().try_into().map_err(|_| format!("the salt of part {name} is not 16 bytes"))?;
    Ok(Part { name, salt, bytes: content.to_vec() })
}

/// The next news, not before `rested`.
async fn heard_after(heard: &mut mpsc::Receiver<u64>, rested: Instant) -> Option<u64> {
    tokio::time::sleep_until(rested).await;
    heard.recv().await
}

async fn watch_heads(
    mut client: LedgerServiceClient<Channel>,
    news: mpsc::Sender<u64>,
    stop: CancellationToken,
) {
    loop {
        if let Ok(stream) = client.watch_head(pb::WatchHeadRequest {}).await {
            let mut stream = stream.into_inner();
            while let Ok(Some(message)) = stream.message().await {
                let size = message.head.map_or(0, |head| head.size);
                if news.send(size).await.is_err() {
                    return;
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}
