//! How the signatures of parties are verified: DSSE over Ed25519, brought to the domain, which names neither.

use std::sync::Arc;

use concord_domain::accord::SigningKey;
use concord_domain::signed::Verifier;
use concord_ledger::dsse::{TrustedKey, verify};

#[derive(Debug)]
struct Dsse;

/// The verifier of all services.
#[must_use]
pub fn dsse() -> Arc<dyn Verifier> {
    Arc::new(Dsse)
}

impl Verifier for Dsse {
    fn payload(&self, envelope: &str, payload_type: &str, keys: &[SigningKey]) -> Result<Vec<u8>, String> {
        let trusted = keys.iter().map(|key| TrustedKey::from_hex(&key.key_id, &key.public_key));
        let trusted: Vec<TrustedKey> = trusted.collect::<Result<_, _>>().map_err(|e| e.to_string())?;
        let read = |payload: &[u8]| Ok::<_, std::convert::Infallible>(payload.to_vec());
        let verified = verify(envelope.as_bytes(), payload_type, &trusted, read);
        verified.map(|verified| verified.payload).map_err(|e| e.to_string())
    }
}
