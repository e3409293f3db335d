//! Rules as a process: it follows the ledgers of registry and incidents, and answers on heads that it has just confirmed.

mod app;
mod follow;
mod grpc;

use std::sync::Arc;
use std::time::Duration;

use concord_domain::rules::{Event, State};
use concord_server::config::Config;
use concord_server::process::{Ended, Service, run as run_process};
use concord_server::verifier::dsse;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::follow::Following;

/// Full names of the services that rules offers.
pub const SERVICES: &[&str] = &[
    "concord.rules.v1.RuleSetService",
    "concord.rules.v1.CheckService",
    "concord.rules.v1.CoordinationService",
    "concord.rules.v1.AirspaceService",
    "concord.ledger.v1.LedgerService",
];

/// Longest wait for a followed head before a check is denied.
const BARRIER_MAX: Duration = Duration::from_secs(2);
/// How often a check looks whether incidents has taken up the rule set in force.
const ADOPTION_POLL: Duration = Duration::from_millis(5);

/// The state before entry 0, with what compiles custom restrictions and verifies signatures; a replay begins with the same.
#[must_use]
pub fn initial() -> State {
    State::new().with_compiler(concord_policy::restriction::compiler()).with_verifier(dsse())
}

/// Runs rules on `listener` until `stop` is cancelled or its ledger fails.
///
/// # Errors
/// Says what keeps it from being served.
pub async fn run(config: Config, listener: TcpListener, stop: CancellationToken) -> Result<Ended, String> {
    let service = Service { initial: initial(), opening: Event::AccordOpened, offers: SERVICES };
    run_process(config, listener, stop, service, async |routes, config, core, drain| {
        let followed = Arc::new(Following::start(config, &core, &drain).await?);
        let settle = followed.registry.settle(BARRIER_MAX);
        Ok(grpc::add(routes, core.settling(settle), followed, &drain))
    })
    .await
}
