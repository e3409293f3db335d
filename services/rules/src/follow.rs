//! What rules follows: registry and incidents, both confirmed before each answer that lets anything live.

use std::sync::Arc;
use std::time::Duration;

use concord_domain::fold::Fold as _;
use concord_domain::follow::News;
use concord_domain::rules::evaluate::{Reach, Reached};
use concord_domain::rules::state::{Entries, Followed as FollowedEntries};
use concord_domain::rules::{Command, State};
use concord_domain::time::Timestamp;
use concord_domain::{incidents, registry};
use concord_server::call::Call;
use concord_server::clock::Steady;
use concord_server::config::Config;
use concord_server::core::Core;
use concord_server::follow::{Followed, Kept};
use tokio_util::sync::CancellationToken;

use crate::{ADOPTION_POLL, BARRIER_MAX};

/// The followed ledgers, and the clock that checks rely on.
pub(crate) struct Following {
    core: Core<State>,
    pub(crate) registry: Arc<Followed<registry::Event>>,
    pub(crate) incidents: Followed<incidents::Event>,
    clock: Option<Steady>,
}

impl Following {
    pub(crate) async fn start(
        config: &Config,
        core: &Core<State>,
        drain: &CancellationToken,
    ) -> Result<Self, String> {
        // Before anything is recorded at a time that may be wrong.
        let clock = match core.accord().is_exercise() {
            true => None,
            false => Some(Steady::begin(&config.data_dir, latest(core)?)),
        };
        let registry: Kept<State, registry::Event> =
            Kept::open("registry", config, core, |events, head, news| {
                Command::Followed(FollowedEntries { entries: Entries::Registry(events), head, news })
            })
            .await?;
        let incidents: Kept<State, incidents::Event> =
            Kept::open("incidents", config, core, |events, head, news| {
                Command::Followed(FollowedEntries { entries: Entries::Incidents(events), head, news })
            })
            .await?;
        // A crash may have come between keeping a batch and voiding what it contradicts.
        if let Some(head) = registry.head() {
            let operator = core.accord().operator().map_or_else(|| "operator".into(), |p| p.id.clone());
            let entries = Entries::Registry(Vec::new());
            let nothing_new = Command::Followed(FollowedEntries { entries, head, news: News::New });
            let call = Call::of_service(&operator, State::SERVICE);
            core.submit(call, nothing_new).await.map_err(|e| e.to_string())?;
        }
        let snapshot = core.snapshot();
        let floor = |service| snapshot.state.0.rested_on(&core.accord().origin(service));
        let registry = Arc::new(registry.follow(floor("registry"), Duration::ZERO, drain)?);
        let incidents = incidents.follow(floor("incidents"), Duration::ZERO, drain)?;
        Ok(Self { core: core.clone(), registry, incidents, clock })
    }

    /// Confirms both heads: asked for after this call began, and reached by the fold.
    pub(crate) async fn confirm(&self) -> Reach {
        let (registry, incidents) = tokio::join!(self.registry.barrier(BARRIER_MAX), self.adopted());
        let reached = |confirmed| if confirmed { Reached::Confirmed } else { Reached::Unconfirmed };
        Reach {
            registry: reached(registry.is_ok()),
            incidents: reached(incidents),
            clock: reached(self.clock.as_ref().is_none_or(Steady::is_steady)),
        }
    }

    /// Whether the fold of incidents has reached its head, and incidents has taken up the rule set in force: it follows
    /// rules without a barrier, so that it may be a moment behind after a ratification.
    async fn adopted(&self) -> bool {
        let until = tokio::time::Instant::now() + BARRIER_MAX;
        loop {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            if self.incidents.barrier(left).await.is_err() {
                return false;
            }
            if self.core.snapshot().state.0.incidents_adopted() {
                return true;
            }
            if left < ADOPTION_POLL {
                return false;
            }
            tokio::time::sleep(ADOPTION_POLL).await;
        }
    }
}

/// The time of the newest entry of the own ledger.
fn latest(core: &Core<State>) -> Result<Option<Timestamp>, String> {
    let head = core.ledger().head();
    let newest = core.ledger().entries(head.size.saturating_sub(1), 1).map_err(|e| e.to_string())?;
    newest.first().map(|entry| Timestamp::parse(&entry.header().time)).transpose()
}
