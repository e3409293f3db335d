//! Listens, shakes hands, and serves HTTP/2 until told to drain; then stops within ten seconds whatever its peers do.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use concord_domain::accord::Accord;
use concord_domain::errors::{Reason, Refusal};
use concord_policy::Authorizer;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tower::ServiceExt as _;

use crate::identity::Peer;
use crate::layers::{self, Shell};
use crate::limits::{
    ACCEPT_PAUSE, CONNECTIONS_MAX, DRAIN_MAX, HANDSHAKE_MAX, HANDSHAKES_MAX, HEADER_LIST_MAX_BYTES,
    KEEPALIVE, KEEPALIVE_TIMEOUT, PENDING_RESETS_MAX, STREAMS_MAX,
};
use crate::status::status;

/// The services of a process; absent until its ledger is open.
pub type Services = Arc<OnceLock<Router>>;

/// What a process serves.
pub struct Serving {
    /// The accord, which knows every caller.
    pub accord: Arc<Accord>,
    /// TLS.
    pub tls: Arc<ServerConfig>,
    /// What is answered from the beginning: health.
    pub always: Routes,
    /// What is answered once it is there.
    pub services: Services,
    /// Who may call what.
    pub authorizer: Arc<Authorizer>,
}

/// Serves until `drain` is cancelled, then lets open calls end; returns when all have, or after ten seconds.
pub async fn serve(listener: TcpListener, serving: Serving, drain: CancellationToken) {
    let Serving { accord, tls, always, services, authorizer } = serving;
    let shell = Shell { authorizer, exercise: accord.is_exercise() };
    let router = always
        .into_axum_router()
        .fallback(move |request| answered(Arc::clone(&services), request))
        .layer(from_fn(layers::deadline))
        .layer(from_fn_with_state(shell.clone(), layers::authorise))
        .layer(from_fn_with_state(shell, layers::observe));
    let acceptor = Acceptor { accord, tls: TlsAcceptor::from(tls), router, drain: drain.clone() };
    let acceptor = Arc::new(acceptor);
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = drain.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Where descriptors have run out, the next try fails as fast as this one.
                tracing::warn!(%error, "accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&handshakes).try_acquire_owned() else { continue };
        if connections.len() >= CONNECTIONS_MAX {
            continue;
        }
        let acceptor = Arc::clone(&acceptor);
        connections.spawn(async move {
            let secured = acceptor.secured(stream).await;
            drop(permit);
            if let Some((stream, peer)) = secured {
                acceptor.converse(stream, peer).await;
            }
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN_MAX, connections.wait()).await.is_err() {
        tracing::warn!(open = connections.len(), "connections cut at the end of the drain");
    }
}

async fn answered(services: Services, request: Request) -> Response {
    match services.get() {
        Some(router) => router.clone().oneshot(request).await.into_response(),
        None => {
            status(Refusal::new(Reason::NotServing, "the service is reading its journal; retry")).into_http()
        }
    }
}

struct Acceptor {
    accord: Arc<Accord>,
    tls: TlsAcceptor,
    router: Router,
    drain: CancellationToken,
}

impl Acceptor {
    /// The stream and its verified caller; nothing where the handshake fails or takes too long.
    async fn secured(&self, stream: TcpStream) -> Option<(TlsStream<TcpStream>, Arc<Peer>)> {
        stream.set_nodelay(true).ok()?;
        let handshake = tokio::time::timeout(HANDSHAKE_MAX, self.tls.accept(stream));
        let stream = match handshake.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::info!(%error, "handshake refused");
                return None;
            }
            Err(_) => return None,
        };
        let leaf = stream.get_ref().1.peer_certificates()?.first()?;
        let peer = Peer::of(&self.accord, leaf)?;
        Some((stream, Arc::new(peer)))
    }

    async fn converse(&self, stream: TlsStream<TcpStream>, peer: Arc<Peer>) {
        let router = self.router.clone().layer(axum::Extension(peer));
        let mut http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(HEADER_LIST_MAX_BYTES)
            .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
            .keep_alive_interval(KEEPALIVE)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT);
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.drain.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection");
        }
    }
}
