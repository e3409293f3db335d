//! Another service's ledger, followed: kept on disk as it was verified, folded by the own writer, and asked for its
//! head when an answer must rest on it.

use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concord_client::connect::{ClientIdentity, connect};
use concord_client::follow::{Batch, Beginning, FollowError, Follower, Head as VerifiedHead, Sink};
use concord_domain::errors::{Reason, Refusal};
use concord_domain::fold::Fold;
use concord_domain::follow::{Head, News};
use concord_domain::ids::ParticipantId;
use concord_ledger::chain::Chain;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::entry::Entry;
use concord_ledger::hash::{from_hex, to_hex};
use concord_store::{FollowedCopy, SEGMENT_BYTES};
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::call::Call;
use crate::config::Config;
use crate::core::{Core, Settle};

/// Entries read from a copy at a time.
const PAGE: usize = 1_000;

/// How a service takes in events of a followed ledger.
pub type TakeIn<D, E> = fn(Vec<E>, Head, News) -> <D as Fold>::Command;

/// A copy of another service's ledger, folded as far as it was kept and believed; not yet followed further.
pub struct Kept<D: Fold, E> {
    channel: Channel,
    verifier: LogVerifier,
    chain: Chain,
    sink: Folding<D, E>,
}

/// A followed ledger.
pub struct Followed<E> {
    follower: Follower,
    copy: Arc<Mutex<FollowedCopy>>,
    events: PhantomData<fn() -> E>,
}

impl<D: Fold, E: DeserializeOwned + Send + 'static> Kept<D, E> {
    /// Opens the copy of `service`'s ledger, verifies it, and folds what it holds. From the first entry on that is not
    /// believed it is left out and asked for again, so that no answer that waits for this ledger is given meanwhile.
    ///
    /// # Errors
    /// Says what keeps it from being followed.
    pub async fn open(
        service: &'static str,
        config: &Config,
        core: &Core<D>,
        take_in: TakeIn<D, E>,
    ) -> Result<Self, String> {
        let accord = core.accord();
        let origin = accord.origin(service);
        let key =
            accord.log_keys.get(service).ok_or_else(|| format!("the accord names no key of {origin}"))?;
        let verifier = LogVerifier::from_hex(&origin, key).map_err(|e| e.to_string())?;
        let address = config.peers.get(service).ok_or_else(|| format!("peers.{service}: must be set"))?;
        let identity =
            ClientIdentity { chain_pem: config.chain_pem.clone(), key_pem: config.key_pem.clone() };
        let channel = connect(address, &identity, accord).map_err(|e| e.to_string())?;
        let (copy, entries) = opened(&config.data_dir.join("followed").join(service), &verifier)?;
        let operator = accord.operator().map(|p| p.id.clone()).unwrap_or_else(|| "operator".into());
        let sink = Folding { core: core.clone(), copy, operator, take_in };
        let mut kept = Self { channel, verifier, chain: Chain::new(&origin), sink };
        if let Err(cause) = kept.fold(&entries).await {
            tracing::error!(%cause, service, "what was kept of a followed ledger is not believed, and is left out from there on");
            for entry in entries {
                if kept.fold(&[entry]).await.is_err() {
                    break;
                }
            }
        }
        Ok(kept)
    }

    /// Folds entries that follow on what is folded: all, or none.
    async fn fold(&mut self, entries: &[Entry]) -> Result<(), String> {
        let before = self.chain.size();
        let folded = self.folded(entries).await;
        if folded.is_err() {
            self.chain.truncate(before);
        }
        folded
    }

    async fn folded(&mut self, entries: &[Entry]) -> Result<(), String> {
        for entry in entries {
            self.chain.append(entry).map_err(|e| e.to_string())?;
        }
        match self.head().filter(|_| !entries.is_empty()) {
            Some(head) => self.sink.fold(entries, head, News::Kept).await,
            None => Ok(()),
        }
    }

    /// The head of what was kept and folded; absent where nothing was.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        let (origin, size) = (self.chain.origin().to_owned(), self.chain.size());
        (size > 0).then(|| Head { origin, size, root: to_hex(&self.chain.root()) })
    }

    /// The head of all that was kept, where some of it was left out.
    fn left_out(&self) -> Option<VerifiedHead> {
        let whole = self.sink.copy.lock().unwrap_or_else(PoisonError::into_inner).head();
        let origin = self.chain.origin().to_owned();
        (whole.size > self.chain.size()).then_some(VerifiedHead {
            origin,
            size: whole.size,
            root: whole.root,
        })
    }

    /// Follows on, until `drain` is cancelled; never over a history without `floor`, a head that an own entry rests on, nor
    /// without what was kept and left out. What nobody waits for is let gather for `rest`.
    ///
    /// # Errors
    /// Where the floor has no root.
    pub fn follow(
        self,
        floor: Option<&Head>,
        rest: Duration,
        drain: &CancellationToken,
    ) -> Result<Followed<E>, String> {
        let floor = floor.map(verified).transpose()?.into_iter().chain(self.left_out());
        let floor = floor.max_by_key(|head| head.size);
        let Self { channel, verifier, chain, sink } = self;
        let copy = Arc::clone(&sink.copy);
        let from = Beginning { verifier, chain, floor, rest };
        let (follower, _) = Follower::start(channel, from, sink, drain.clone());
        Ok(Followed { follower, copy, events: PhantomData })
    }
}

fn verified(head: &Head) -> Result<VerifiedHead, String> {
    let Head { origin, size, root } = head;
    let root = from_hex(root).ok_or_else(|| format!("the head of {origin} at {size} entries has no root"))?;
    Ok(VerifiedHead { origin: origin.clone(), size: *size, root })
}

impl<E: DeserializeOwned> Followed<E> {
    /// Asks for the head and waits until the fold has reached it.
    ///
    /// # Errors
    /// Says why the ledger cannot be relied on now; `within` bounds the wait.
    pub async fn barrier(&self, within: Duration) -> Result<(), FollowError> {
        self.follower.barrier(within).await.map(drop)
    }

    /// What a service awaits before each answer in an exercise, whose clock this ledger keeps.
    #[must_use]
    pub fn settle(self: &Arc<Self>, within: Duration) -> Settle
    where
        E: 'static,
    {
        let asked = Arc::clone(self);
        Arc::new(move || {
            let asked = Arc::clone(&asked);
            Box::pin(async move {
                let reached = asked.barrier(within).await;
                reached.map_err(|e| Refusal::new(Reason::LedgerUnavailable, e.to_string()))
            })
        })
    }

    /// The first `size` events, from the copy.
    ///
    /// # Errors
    /// Where the copy cannot be read, or ends before.
    pub fn events(&self, size: u64) -> Result<Vec<E>, String> {
        entries_of(&self.copy, size)?.iter().map(event).collect()
    }
}

fn opened(folder: &Path, verifier: &LogVerifier) -> Result<(Arc<Mutex<FollowedCopy>>, Vec<Entry>), String> {
    let opened = FollowedCopy::open(folder, verifier.clone(), SEGMENT_BYTES);
    let (copy, torn) = opened.map_err(|e| format!("{}: {e}", folder.display()))?;
    if torn.is_some() {
        tracing::warn!(folder = %folder.display(), "the end of the copy was torn; it is fetched again");
    }
    let size = copy.size();
    let copy = Arc::new(Mutex::new(copy));
    let entries = entries_of(&copy, size)?;
    Ok((copy, entries))
}

/// The first `size` entries of a copy, which is locked for one page at a time.
fn entries_of(copy: &Mutex<FollowedCopy>, size: u64) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    while (entries.len() as u64) < size {
        let left = usize::try_from(size - entries.len() as u64).unwrap_or(PAGE).min(PAGE);
        let copy = copy.lock().unwrap_or_else(PoisonError::into_inner);
        let page = copy.entries(entries.len() as u64, left).map_err(|e| e.to_string())?;
        drop(copy);
        if page.is_empty() {
            return Err(format!("the copy ends at {} of {size} entries", entries.len()));
        }
        entries.extend(page);
    }
    Ok(entries)
}

/// Where verified batches go: the copy first, then the fold.
struct Folding<D: Fold, E> {
    core: Core<D>,
    copy: Arc<Mutex<FollowedCopy>>,
    operator: ParticipantId,
    take_in: TakeIn<D, E>,
}

impl<D: Fold, E: DeserializeOwned> Folding<D, E> {
    async fn fold(&self, entries: &[Entry], head: Head, news: News) -> Result<(), String> {
        // Whatever this version cannot read is not taken in, which keeps checks from being permitted.
        let events = entries.iter().map(event).collect::<Result<_, _>>()?;
        let call = Call::of_service(&self.operator, D::SERVICE);
        let command = (self.take_in)(events, head, news);
        self.core.submit(call, command).await.map(drop).map_err(|e| e.to_string())
    }
}

impl<D: Fold, E: DeserializeOwned + Send + 'static> Sink for Folding<D, E> {
    async fn take(&mut self, batch: Batch) -> Result<(), String> {
        let Batch { entries, checkpoint, head } = batch;
        let VerifiedHead { origin, size, root } = head;
        let copy = Arc::clone(&self.copy);
        let kept = tokio::task::spawn_blocking(move || {
            let mut copy = copy.lock().unwrap_or_else(PoisonError::into_inner);
            // What was kept before a failure further on need not be kept twice.
            let kept = entries.iter().take_while(|entry| entry.index() < copy.size()).count();
            let missing = entries.get(kept..).unwrap_or_default();
            let taken = if missing.is_empty() { Ok(()) } else { copy.append(missing, &checkpoint).map(drop) };
            (entries, taken.map_err(|e| e.to_string()))
        });
        let (entries, taken) = kept.await.map_err(|e| e.to_string())?;
        taken?;
        self.fold(&entries, Head { origin, size, root: to_hex(&root) }, News::New).await
    }
}

fn event<E: DeserializeOwned>(entry: &Entry) -> Result<E, String> {
    let body = entry.body().ok_or_else(|| format!("entry {} has no body", entry.index()))?;
    serde_json::from_slice(body).map_err(|e| format!("entry {}: {e}", entry.index()))
}
