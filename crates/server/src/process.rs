//! A service as a process: ledger opened, services offered, health told, drained when told to stop, ended when its
//! ledger fails.

use std::sync::Arc;

use concord_domain::accord::AccordOpened;
use concord_domain::fold::Fold;
use concord_policy::Authorizer;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::config::Config;
use crate::core::Core;
use crate::health::reporter;
use crate::identity::server_config;
use crate::limits::FAULT_DRAIN_MAX;
use crate::open::open;
use crate::reflection;
use crate::serve::{Services, Serving, serve};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop, and has drained.
    Drained,
    /// Its ledger takes nothing more; it must be started again to recover.
    LedgerFault,
}

/// What a service brings: its state before entry 0, its entry 0, and the names of what it offers.
pub struct Service<D: Fold> {
    /// The state before entry 0.
    pub initial: D,
    /// Entry 0.
    pub opening: fn(Box<AccordOpened>) -> D::Event,
    /// Full names of the services offered.
    pub offers: &'static [&'static str],
}

/// Runs a service on `listener` until `stop` is cancelled or its ledger fails. `prepare` adds its routes, once the ledger
/// is open; what it starts ends when the token that it is given is cancelled.
///
/// # Errors
/// Says what keeps it from being served.
pub async fn run<D, P>(
    config: Config,
    listener: TcpListener,
    stop: CancellationToken,
    service: Service<D>,
    prepare: P,
) -> Result<Ended, String>
where
    D: Fold,
    P: AsyncFnOnce(Routes, &Config, Core<D>, CancellationToken) -> Result<Routes, String>,
{
    let Service { initial, opening, offers } = service;
    let drain = CancellationToken::new();
    // However this ends, nothing goes on listening.
    let _stop = drain.clone().drop_guard();
    let (health, health_server) = reporter(offers).await;
    let accord = Arc::new(config.opened.accord.clone());
    let tls = Arc::new(server_config(Arc::clone(&accord), &config.chain_pem, config.key_pem.expose())?);
    let authorizer = Arc::new(Authorizer::new().map_err(|e| e.to_string())?);
    let services = Services::default();
    let always = Routes::new(health_server);
    let serving = Serving { accord, tls, always, services: Arc::clone(&services), authorizer };
    let mut served = tokio::spawn(serve(listener, serving, drain.clone()));
    let opened_from = config.clone();
    let opened = tokio::task::spawn_blocking(move || open(&opened_from, initial, opening));
    let core: Core<D> = opened.await.map_err(|e| e.to_string())??;
    let mut fault = core.writer().fault();
    let routes = prepare(Routes::default(), &config, core.clone(), drain.clone()).await?;
    let routes = reflection::add(routes, concord_proto::DESCRIPTORS, offers)?;
    services.get_or_init(|| routes.into_axum_router());
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
    match ended {
        Ended::Drained => served.await.map_err(|e| e.to_string())?,
        Ended::LedgerFault => {
            if tokio::time::timeout(FAULT_DRAIN_MAX, &mut served).await.is_err() {
                served.abort();
            }
        }
    }
    tokio::task::spawn_blocking(move || core.writer().close()).await.map_err(|e| e.to_string())?;
    Ok(ended)
}
