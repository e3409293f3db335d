//! What incidents does beyond writing and reading rows, in the types of the domain.

pub(crate) mod escalation;
mod hotline;

use std::sync::Arc;
use std::time::Duration;

use concord_domain::errors::Refusal;
use concord_domain::ids::ParticipantId;
use concord_domain::incidents::State;
use concord_domain::incidents::incident::participant_violation;
use concord_domain::{registry, rules};
use concord_proto::fields::Faults;
use concord_server::core::Core;
use concord_server::follow::Followed;
use concord_server::past::{Time, View};
use tokio_util::sync::CancellationToken;

/// Longest wait for a followed head.
pub(crate) const BARRIER_MAX: Duration = Duration::from_secs(2);
/// Longest wait for the followed heads before a report or finding is recorded on what is known here.
const LOOK_MAX: Duration = Duration::from_millis(500);

/// Incidents' write path and state, and what it follows.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) core: Core<State>,
    pub(crate) registry: Arc<Followed<registry::Event>>,
    pub(crate) rules: Arc<Followed<rules::Event>>,
    pub(crate) drain: CancellationToken,
}

impl App {
    /// Looks what the registry protects now and which triggers hold; where one does not answer, that keeps nobody from
    /// reporting.
    pub(crate) async fn look(&self) {
        let looked = tokio::join!(self.registry.barrier(LOOK_MAX), self.rules.barrier(LOOK_MAX));
        for cause in [looked.0.err(), looked.1.err()].into_iter().flatten() {
            tracing::warn!(%cause, "recorded on what is known here");
        }
    }

    /// The state at a time, or the newest, of which a party of the accord is asked.
    pub(crate) async fn of_party(
        &self,
        party: &ParticipantId,
        mut faults: Faults,
        as_of: Option<Time>,
    ) -> Result<View<State>, Refusal> {
        let unknown = participant_violation(&self.core.snapshot().state.0, "party", party)?;
        faults.extend(unknown.into_iter().collect());
        self.core.view(faults, as_of).await
    }
}
