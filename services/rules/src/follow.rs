//! The followed ledgers: kept on disk as they were verified, folded by the writer, confirmed before each answer.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use concord_client::connect::{ClientIdentity, connect};
use concord_client::follow::{Batch, Follower, Head, Sink};
use concord_domain::ids::ParticipantId;
use concord_domain::incidents;
use concord_domain::registry;
use concord_domain::rules::evaluate::{Reach, Reached};
use concord_domain::rules::state::{Followed as Entries, Head as KeptHead, News};
use concord_domain::rules::{Command, State};
use concord_ledger::chain::Chain;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::entry::Entry;
use concord_ledger::hash::to_hex;
use concord_server::call::Call;
use concord_server::clock::Steady;
use concord_server::config::Config;
use concord_server::core::Core;
use concord_store::{FollowedCopy, SEGMENT_BYTES};
use tokio_util::sync::CancellationToken;

use crate::BARRIER_MAX;

/// Entries read from a copy at a time.
const PAGE: usize = 1_000;

/// The followers, and the clock that checks rely on.
pub(crate) struct Followed {
    pub(crate) registry: Follower,
    pub(crate) incidents: Follower,
    /// What is kept of the registry's ledger, for replays.
    pub(crate) registry_copy: Arc<Mutex<FollowedCopy>>,
    clock: Option<Steady>,
}

impl Followed {
    pub(crate) async fn start(
        config: &Config,
        core: &Core<State>,
        drain: &CancellationToken,
    ) -> Result<Self, String> {
        let (registry, registry_copy) = follow("registry", config, core, drain).await?;
        let (incidents, _) = follow("incidents", config, core, drain).await?;
        let clock = (!core.accord().is_exercise()).then(Steady::begin);
        Ok(Self { registry, incidents, registry_copy, clock })
    }

    /// Confirms both heads: asked for after this call began, and reached by the fold.
    pub(crate) async fn confirm(&self) -> Reach {
        let (registry, incidents) =
            tokio::join!(self.registry.barrier(BARRIER_MAX), self.incidents.barrier(BARRIER_MAX));
        let reached = |confirmed| if confirmed { Reached::Confirmed } else { Reached::Unconfirmed };
        Reach {
            registry: reached(registry.is_ok()),
            incidents: reached(incidents.is_ok()),
            clock: reached(self.clock.as_ref().is_none_or(Steady::is_steady)),
        }
    }
}

async fn follow(
    service: &'static str,
    config: &Config,
    core: &Core<State>,
    drain: &CancellationToken,
) -> Result<(Follower, Arc<Mutex<FollowedCopy>>), String> {
    let accord = core.accord();
    let origin = accord.origin(service);
    let key = accord.log_keys.get(service).ok_or_else(|| format!("the accord names no key of {origin}"))?;
    let verifier = LogVerifier::from_hex(&origin, key).map_err(|e| e.to_string())?;
    let address = config.peers.get(service).ok_or_else(|| format!("peers.{service}: must be set"))?;
    let identity = ClientIdentity { chain_pem: config.chain_pem.clone(), key_pem: config.key_pem.clone() };
    let channel = connect(address, &identity, accord).map_err(|e| e.to_string())?;
    let (copy, entries) = kept(&config.data_dir.join("followed").join(service), &verifier)?;
    let mut chain = Chain::new(&origin);
    for entry in &entries {
        chain.append(entry).map_err(|e| e.to_string())?;
    }
    let operator = accord.operator().map(|operator| operator.id.clone()).unwrap_or_else(|| "operator".into());
    let sink = Fold { service, core: core.clone(), copy: Arc::clone(&copy), operator };
    if !entries.is_empty() {
        let head = Head { origin, size: chain.size(), root: chain.root() };
        sink.fold(&entries, head, News::Kept).await?;
    }
    let (follower, _) = Follower::start(channel, verifier, chain, sink, drain.clone());
    Ok((follower, copy))
}

/// The copy of a followed ledger and what it holds.
fn kept(folder: &Path, verifier: &LogVerifier) -> Result<(Arc<Mutex<FollowedCopy>>, Vec<Entry>), String> {
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
struct Fold {
    service: &'static str,
    core: Core<State>,
    copy: Arc<Mutex<FollowedCopy>>,
    operator: ParticipantId,
}

impl Fold {
    async fn fold(&self, entries: &[Entry], head: Head, news: News) -> Result<(), String> {
        let Head { origin, size, root } = head;
        let head = KeptHead { origin, size, root: to_hex(&root) };
        let registry = match self.service {
            "registry" => entries.iter().map(event).collect::<Result<_, _>>()?,
            _ => {
                // Whatever this version cannot read keeps checks from being permitted.
                entries.iter().map(event::<incidents::Event>).collect::<Result<Vec<_>, _>>()?;
                Vec::new()
            }
        };
        let call = Call::of_service(&self.operator, "rules");
        let command = Command::Followed(Entries { registry, head, news });
        self.core.submit(call, command).await.map(drop).map_err(|e| e.to_string())
    }
}

impl Sink for Fold {
    async fn take(&mut self, batch: Batch) -> Result<(), String> {
        let Batch { entries, checkpoint, head } = batch;
        let copy = Arc::clone(&self.copy);
        let kept = tokio::task::spawn_blocking(move || {
            let mut copy = copy.lock().unwrap_or_else(PoisonError::into_inner);
            // What was kept before a failure further on need not be kept twice.
            let taken =
                if copy.size() >= head.size { Ok(()) } else { copy.append(&entries, &checkpoint).map(drop) };
            (entries, head, taken.map_err(|e| e.to_string()))
        });
        let (entries, head, taken) = kept.await.map_err(|e| e.to_string())?;
        taken?;
        self.fold(&entries, head, News::New).await
    }
}

fn event<E: serde::de::DeserializeOwned>(entry: &Entry) -> Result<E, String> {
    let body = entry.body().ok_or_else(|| format!("entry {} has no body", entry.index()))?;
    serde_json::from_slice(body).map_err(|e| format!("entry {}: {e}", entry.index()))
}

/// The registry's events up to a size, from the copy.
pub(crate) fn registry_events(copy: &Mutex<FollowedCopy>, size: u64) -> Result<Vec<registry::Event>, String> {
    entries_of(copy, size)?.iter().map(event).collect()
}
