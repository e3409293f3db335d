//! TLS of an outbound connection: our certificate shown, the server's accepted only as a service of the operator.
//!
//! A host name proves nothing here: the server's identity is the one URI in its certificate, in the operator's trust
//! domain, under the operator's root.

use std::sync::Arc;

use concord_domain::accord::Accord;
use concord_domain::actor::{Role, SpiffeId};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::connect::{ClientIdentity, ConnectError};

/// The configuration of connections to the services of the accord's operator.
pub(crate) fn client_config(
    identity: &ClientIdentity,
    accord: &Accord,
) -> Result<ClientConfig, ConnectError> {
    let operator = accord.operator().ok_or(ConnectError::NoOperator)?;
    let mut roots = RootCertStore::empty();
    for pem in &operator.roots {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|e| ConnectError::Identity(e.to_string()))?;
            roots.add(certificate).map_err(|e| ConnectError::Identity(e.to_string()))?;
        }
    }
    let provider = Arc::new(ring::default_provider());
    let verifier = OperatorVerifier {
        trust_domain: operator.trust_domain.clone(),
        roots: Arc::new(roots),
        provider: Arc::clone(&provider),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|e| ConnectError::Identity(format!("certificate: {e}")))?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.expose().as_bytes())
        .map_err(|e| ConnectError::Identity(format!("private key: {e}")))?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|e| ConnectError::Identity(e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(chain, key)
        .map_err(|e| ConnectError::Identity(e.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

#[derive(Debug)]
struct OperatorVerifier {
    trust_domain: String,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for OperatorVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let refused = || Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
        let leaf = webpki::EndEntityCert::try_from(end_entity).map_err(|_| refused())?;
        let mut uris = leaf.valid_uri_names();
        let (Some(uri), None) = (uris.next(), uris.next()) else { return Err(refused()) };
        let id = SpiffeId::parse(uri).filter(|id| id.role == Role::Service).ok_or_else(refused)?;
        if id.trust_domain != self.trust_domain {
            return Err(refused());
        }
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
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
