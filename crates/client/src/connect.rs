//! Connections to a service, over mutual TLS, made when they are first used and again when they are lost.

use std::sync::Arc;
use std::time::Duration;

use concord_domain::accord::Accord;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use crate::secret::Secret;
use crate::tls::client_config;

/// Longest that a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Certificate chain and private key of a caller, as PEM.
#[derive(Clone, Debug)]
pub struct ClientIdentity {
    /// Certificate chain, the leaf first.
    pub chain_pem: String,
    /// Private key, PKCS#8.
    pub key_pem: Secret,
}

/// Why no connection can be prepared.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The accord names no operator whose services could be trusted.
    #[error("the accord names no operator")]
    NoOperator,
    /// Certificates or key cannot be used.
    #[error("identity: {0}")]
    Identity(String),
    /// The address is not of the form `https://host:port`.
    #[error("address {0:?}: must be https://host:port")]
    Address(String),
}

/// A channel to the service at `https://host:port`; it connects when it is first used.
///
/// # Errors
/// Says what keeps a connection from being prepared.
pub fn connect(address: &str, identity: &ClientIdentity, accord: &Accord) -> Result<Channel, ConnectError> {
    let wrong = || ConnectError::Address(address.to_owned());
    let uri: Uri = address.parse().map_err(|_| wrong())?;
    let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
    let port = uri.port_u16().ok_or_else(wrong)?;
    if uri.scheme_str() != Some("https") {
        return Err(wrong());
    }
    let config = Arc::new(client_config(identity, accord)?);
    let connector = service_fn(move |_: Uri| {
        let (host, config) = (host.clone(), Arc::clone(&config));
        async move { secured(&host, port, config).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from(uri)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true);
    Ok(endpoint.connect_with_connector_lazy(connector))
}

async fn secured(host: &str, port: u16, config: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let connecting = async {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
        TlsConnector::from(config).connect(name, stream).await
    };
    let timed_out = || std::io::Error::new(std::io::ErrorKind::TimedOut, "no connection in time");
    tokio::time::timeout(CONNECT_MAX, connecting).await.map_err(|_| timed_out())?
}
