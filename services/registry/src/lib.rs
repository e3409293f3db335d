//! The registry as a process: its ledger opened, its services offered, until it is told to stop.
//!
//! A request goes one way: `grpc/<noun>` decodes, `app/<noun>` acts, the write path of the shell records, and the answer
//! is encoded where the request was decoded.

mod app;
mod grpc;

use std::sync::Arc;

use concord_domain::registry::{Event, State};
use concord_policy::Authorizer;
use concord_proto::DESCRIPTORS;
use concord_server::config::Config;
use concord_server::core::Core;
use concord_server::health::reporter;
use concord_server::identity::server_config;
use concord_server::open::open;
use concord_server::serve::{Serving, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

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

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop, and has drained.
    Drained,
    /// Its ledger takes nothing more; it must be started again to recover.
    LedgerFault,
}

/// Runs the registry on `listener` until `stop` is cancelled or its ledger fails.
///
/// # Errors
/// Says what keeps it from being served.
pub async fn run(config: Config, listener: TcpListener, stop: CancellationToken) -> Result<Ended, String> {
    let drain = CancellationToken::new();
    let (health, health_server) = reporter(SERVICES).await;
    let tls = server_config(Arc::new(config.opened.accord.clone()), &config.chain_pem, &config.key_pem)?;
    let opening = tokio::task::spawn_blocking(move || open(&config, State::new(), Event::AccordOpened));
    let core: Core<State> = opening.await.map_err(|e| e.to_string())??;
    let mut fault = core.writer().fault();
    let accord = Arc::clone(core.accord());
    let routes = Routes::new(health_server);
    let routes = grpc::add(routes, &core, &drain);
    let routes = concord_server::reflection::add(routes, DESCRIPTORS, SERVICES)?;
    let authorizer = Arc::new(Authorizer::new().map_err(|e| e.to_string())?);
    let serving = Serving { accord, tls: Arc::new(tls), routes, authorizer };
    let served = tokio::spawn(serve(listener, serving, drain.clone()));
    health.serving().await;
    let ended = tokio::select! {
        () = stop.cancelled() => Ended::Drained,
        failed = fault.wait_for(Option::is_some) => {
            let cause = failed.ok().and_then(|cause| cause.clone()).unwrap_or_default();
            tracing::error!(%cause, "the ledger takes nothing more; the process ends");
            Ended::LedgerFault
        }
    };
    health.not_serving().await;
    drain.cancel();
    served.await.map_err(|e| e.to_string())?;
    tokio::task::spawn_blocking(move || core.writer().close()).await.map_err(|e| e.to_string())?;
    Ok(ended)
}
