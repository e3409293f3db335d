//! Connections by hand, below the client that people use: what a server does with a handshake that it should refuse,
//! and with a call that is begun and never finished.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use concord_cli::{Deployment, Who};
use http::{HeaderMap, Request, Uri};
use prost::bytes::Bytes;
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::Status;

/// Longest that anything on the wire is waited for.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// What a client shows of itself, whether or not it is in order.
#[derive(Clone, Debug)]
pub struct Shown(Option<Arc<CertifiedKey>>);

impl Shown {
    /// No certificate at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self(None)
    }

    /// A chain, the leaf first, and a key, which need not be that of the leaf.
    ///
    /// # Panics
    /// Where the key is none.
    #[must_use]
    pub fn chain(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        let key = ring::sign::any_supported_type(&key).expect("a signing key");
        Self(Some(Arc::new(CertifiedKey::new(chain, key))))
    }

    /// The certificate that the deployment holds for an actor.
    ///
    /// # Panics
    /// Where it holds none.
    #[must_use]
    pub fn of(deployment: &Deployment, who: &Who) -> Self {
        let identity = deployment.identity(who).expect("the actor's certificate");
        let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.expose().as_bytes()).expect("its key");
        Self::chain(chain.collect::<Result<_, _>>().expect("its chain"), key)
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// A client that shows that, trusts the operator's root, and resumes sessions wherever the server offers it.
///
/// # Panics
/// Where the accord names no operator.
#[must_use]
pub fn client(deployment: &Deployment, shown: Shown) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for pem in &deployment.accord.operator().expect("an operator").roots {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("a root")).expect("a root");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("TLS 1.3");
    let mut config = builder.with_root_certificates(roots).with_client_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// A plain connection to a service.
///
/// # Panics
/// Where nothing listens.
pub async fn dial(deployment: &Deployment, service: &str) -> TcpStream {
    let address = deployment.addresses.get(service).expect("a served service").trim_start_matches("https://");
    TcpStream::connect(address).await.expect("a listening service")
}

/// The client's half of a handshake, which in TLS 1.3 ends before the server has judged the client.
///
/// # Errors
/// The server's alert, or that it closed.
pub async fn shake_hands(
    deployment: &Deployment,
    service: &str,
    config: Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = dial(deployment, service).await;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    within(TlsConnector::from(config).connect(name, stream)).await?
}

/// What is sent after the headers of a call.
#[derive(Clone, Debug)]
pub enum Body {
    /// One message.
    Message(Vec<u8>),
    /// Nothing, and no end: the call is never finished.
    Withheld,
}

/// Makes a call on a connection of its own, with a `grpc-timeout` where one is given, and gives the headers of the answer.
///
/// # Errors
/// Where there is no answer.
pub async fn call(
    deployment: &Deployment,
    service: &str,
    method: &str,
    config: Arc<ClientConfig>,
    timeout: Option<&str>,
    body: Body,
) -> io::Result<HeaderMap> {
    let stream = shake_hands(deployment, service, config).await?;
    let (sender, connection) = within(h2::client::handshake(stream)).await?.map_err(io::Error::other)?;
    let driver = tokio::spawn(connection);
    let mut sender = within(sender.ready()).await?.map_err(io::Error::other)?;
    let uri = Uri::try_from(format!("https://localhost/{method}")).map_err(io::Error::other)?;
    let mut request = Request::post(uri).header("content-type", "application/grpc").header("te", "trailers");
    if let Some(timeout) = timeout {
        request = request.header("grpc-timeout", timeout);
    }
    let request = request.body(()).map_err(io::Error::other)?;
    let (answer, mut sending) = sender.send_request(request, false).map_err(io::Error::other)?;
    if let Body::Message(message) = body {
        sending.send_data(framed(&message), true).map_err(io::Error::other)?;
    }
    let headers = within(answer).await?.map_err(io::Error::other)?.headers().clone();
    driver.abort();
    Ok(headers)
}

/// The status in the headers of an answer that holds no message.
///
/// # Panics
/// Where they hold none.
#[must_use]
pub fn refusal(headers: &HeaderMap) -> Status {
    Status::from_header_map(headers).expect("an answer without a message has its status in the headers")
}

fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).expect("a message of ordinary length");
    Bytes::from([&[0], length.to_be_bytes().as_slice(), message].concat())
}

async fn within<T>(waited: impl Future<Output = T>) -> io::Result<T> {
    tokio::time::timeout(WAIT_MAX, waited).await.map_err(io::Error::other)
}
