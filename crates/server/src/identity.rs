//! Who is at the other end: TLS 1.3 with a client certificate whose one URI is an identity of the accord.
//!
//! INVARIANT (SRV-1): a chain counts only under the root of the participant that owns the trust domain it names, so no
//! participant can mint another.

use std::collections::HashMap;
use std::sync::Arc;

use concord_domain::accord::Accord;
use concord_domain::actor::{Actor, SpiffeId};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};

/// The verified caller of a connection.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The actor, as the accord knows it.
    pub actor: Actor,
    /// The identity in the certificate.
    pub spiffe_id: String,
}

impl Peer {
    /// The caller that a verified leaf certificate stands for.
    #[must_use]
    pub fn of(accord: &Accord, leaf: &CertificateDer<'_>) -> Option<Self> {
        let id = spiffe_id(leaf)?;
        Some(Self { actor: accord.actor_of(&id)?, spiffe_id: id.to_string() })
    }
}

/// The one URI of a leaf certificate, where it has exactly one and that is an identity.
pub(crate) fn spiffe_id(leaf: &CertificateDer<'_>) -> Option<SpiffeId> {
    let leaf = webpki::EndEntityCert::try_from(leaf).ok()?;
    let mut uris = leaf.valid_uri_names();
    match (uris.next(), uris.next()) {
        (Some(uri), None) => SpiffeId::parse(uri),
        _ => None,
    }
}

/// The TLS configuration of a service.
///
/// # Errors
/// Says which certificate or key cannot be used.
pub fn server_config(accord: Arc<Accord>, chain_pem: &str, key_pem: &str) -> Result<ServerConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let mut domains = HashMap::new();
    for participant in &accord.participants {
        let mut roots = RootCertStore::empty();
        for pem in &participant.roots {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let added = certificate
                    .map_err(|e| e.to_string())
                    .and_then(|c| roots.add(c).map_err(|e| e.to_string()));
                added.map_err(|e| format!("root of {}: {e}", participant.id))?;
            }
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = verifier.build().map_err(|e| format!("roots of {}: {e}", participant.id))?;
        domains.insert(participant.trust_domain.clone(), verifier);
    }
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain_pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|e| format!("certificate: {e}"))?;
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|e| format!("private key: {e}"))?;
    let verifier = AccordVerifier { accord, domains, provider: Arc::clone(&provider) };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| e.to_string())?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(chain, key)
        .map_err(|e| e.to_string())?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session would skip the verifier.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

#[derive(Debug)]
struct AccordVerifier {
    accord: Arc<Accord>,
    domains: HashMap<String, Arc<dyn ClientCertVerifier>>,
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl ClientCertVerifier for AccordVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let refused = || Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        let id = spiffe_id(end_entity).ok_or_else(refused)?;
        let domain = self.domains.get(&id.trust_domain).ok_or_else(refused)?;
        self.accord.actor_of(&id).ok_or_else(refused)?;
        domain.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
