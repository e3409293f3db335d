//! The registry as a process.
//!
//! A request goes one way: `grpc/<noun>` decodes, `app` acts, the write path of the shell records, and the answer is
//! encoded where the request was decoded.

mod app;
mod grpc;

use concord_domain::registry::{Event, State};
use concord_server::config::Config;
use concord_server::process::{Ended, Service, run as run_process};
use concord_server::verifier::dsse;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Full names of the services that the registry offers.
pub const SERVICES: &[&str] = &[
    "concord.registry.v1.AccordService",
    "concord.registry.v1.DesignationService",
    "concord.registry.v1.NonTargetService",
    "concord.registry.v1.ProtectionService",
    "concord.registry.v1.MovementService",
    "concord.registry.v1.AreaService",
    "concord.registry.v1.PresenceService",
    "concord.registry.v1.NameService",
    "concord.ledger.v1.LedgerService",
];

/// Runs the registry on `listener` until `stop` is cancelled or its ledger fails.
///
/// # Errors
/// Says what keeps it from being served.
pub async fn run(config: Config, listener: TcpListener, stop: CancellationToken) -> Result<Ended, String> {
    let initial = State::new().with_verifier(dsse());
    let service = Service { initial, opening: Event::AccordOpened, offers: SERVICES };
    run_process(config, listener, stop, service, async |routes, _, core, drain| {
        Ok(grpc::add(routes, &core, &drain))
    })
    .await
}
