//! DSSE envelopes: a signature over type and bytes, so that what was signed as one thing passes as no other.
//!
//! SPEC: secure-systems-lab/dsse, protocol.md and envelope.md. The payload is handed to its reader only after a signature
//! by a trusted key holds, and exactly as it was signed; nothing here reads it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};

use crate::keys::{KeyError, PrivateKey, PublicKey};

/// Most signatures that one envelope may bear.
const SIGNATURES_MAX: usize = 16;

/// A signed payload, in the JSON form of DSSE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// What the payload is, as a media type.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// The payload, in base64.
    pub payload: String,
    /// Signatures over type and payload.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvelopeSignature {
    /// Which key is said to have signed.
    pub keyid: String,
    /// The Ed25519 signature, in base64.
    pub sig: String,
}

/// A key that a verifier trusts under a key id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// Identifier, as `keyid` quotes it.
    pub key_id: String,
    /// The key.
    pub key: PublicKey,
}

impl TrustedKey {
    /// From a public key of 64 hexadecimal digits.
    ///
    /// # Errors
    /// Where it is no key, or a weak one.
    pub fn from_hex(key_id: &str, key: &str) -> Result<Self, KeyError> {
        Ok(Self { key_id: key_id.to_owned(), key: PublicKey::from_hex(key)? })
    }
}

/// What an envelope turned out to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T> {
    /// What the reader made of the payload.
    pub payload: T,
    /// Id of the first trusted key whose signature holds.
    pub key_id: String,
}

/// Why an envelope is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not the JSON object of DSSE, or not base64 in it.
    #[error("not a DSSE envelope: {0}")]
    Form(String),
    /// The payload is of another type.
    #[error("payload type is {found:?}, not {expected:?}")]
    Type {
        /// Type that the caller takes.
        expected: String,
        /// Type that the envelope names.
        found: String,
    },
    /// No signature names a trusted key.
    #[error("no signature by a known key")]
    UnknownKey,
    /// A signature that names a trusted key does not hold.
    #[error("signature by key {0:?} does not verify")]
    Signature(String),
    /// It is signed, and its reader does not take the payload.
    #[error("payload: {0}")]
    Payload(String),
}

/// The bytes that are signed: `DSSEv1`, then length and text of the type, then length and bytes of the payload.
#[must_use]
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Signs a payload of that type.
#[must_use]
pub fn sign(payload_type: &str, payload: &[u8], key_id: &str, key: &PrivateKey) -> Envelope {
    let signature = key.sign(&pre_authentication_encoding(payload_type, payload));
    Envelope {
        payload_type: payload_type.to_owned(),
        payload: STANDARD.encode(payload),
        signatures: vec![EnvelopeSignature { keyid: key_id.to_owned(), sig: STANDARD.encode(signature) }],
    }
}

impl Envelope {
    /// The JSON form.
    ///
    /// # Errors
    /// Where the encoder fails, which no envelope makes it do.
    pub fn to_json(&self) -> Result<String, EnvelopeError> {
        serde_json::to_string(self).map_err(|error| EnvelopeError::Form(error.to_string()))
    }
}

/// Verifies an envelope in its JSON form, and only then hands the payload to `read`.
///
/// Signatures by keys that are not trusted are passed over; one by a trusted key that does not hold refuses the
/// whole envelope.
///
/// # Errors
/// The first thing wrong: form, type, key, signature, payload.
pub fn verify<T, E: std::fmt::Display>(
    envelope_json: &[u8],
    payload_type: &str,
    keys: &[TrustedKey],
    read: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<Verified<T>, EnvelopeError> {
    let form = |error: &dyn std::fmt::Display| EnvelopeError::Form(error.to_string());
    let envelope: Envelope = serde_json::from_slice(envelope_json).map_err(|error| form(&error))?;
    if envelope.payload_type != payload_type {
        return Err(EnvelopeError::Type { expected: payload_type.to_owned(), found: envelope.payload_type });
    }
    if envelope.signatures.len() > SIGNATURES_MAX {
        return Err(form(&"too many signatures"));
    }
    let payload = decode(&envelope.payload)?;
    let message = pre_authentication_encoding(payload_type, &payload);
    let mut key_id = None;
    for signature in envelope.signatures {
        let Some(trusted) = keys.iter().find(|trusted| trusted.key_id == signature.keyid) else { continue };
        if !trusted.key.verifies(&message, &decode(&signature.sig)?) {
            return Err(EnvelopeError::Signature(signature.keyid));
        }
        key_id.get_or_insert(signature.keyid);
    }
    let key_id = key_id.ok_or(EnvelopeError::UnknownKey)?;
    let payload = read(&payload).map_err(|error| EnvelopeError::Payload(error.to_string()))?;
    Ok(Verified { payload, key_id })
}

/// DSSE lets a signer use either alphabet.
fn decode(text: &str) -> Result<Vec<u8>, EnvelopeError> {
    let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
    decoded.map_err(|error| EnvelopeError::Form(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "application/vnd.concord.ratification+json";

    fn key() -> PrivateKey {
        PrivateKey::from_seed(&[4; 32])
    }

    fn verify(
        json: &[u8],
        payload_type: &str,
        keys: &[TrustedKey],
    ) -> Result<Verified<Vec<u8>>, EnvelopeError> {
        super::verify(json, payload_type, keys, |payload| Ok::<_, EnvelopeError>(payload.to_vec()))
    }

    fn trusted() -> Vec<TrustedKey> {
        vec![TrustedKey { key_id: "a-1".into(), key: key().public() }]
    }

    #[test]
    fn the_encoding_is_the_published_example() {
        // SPEC: dsse protocol.md, test vectors.
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_signed_payload_comes_back_as_it_was() {
        let json = sign(TYPE, b"{ \"a\" :1}", "a-1", &key()).to_json().unwrap();
        let verified = verify(json.as_bytes(), TYPE, &trusted()).unwrap();
        assert_eq!(verified, Verified { payload: b"{ \"a\" :1}".to_vec(), key_id: "a-1".into() });
    }

    #[test]
    fn no_changed_bit_of_the_envelope_gives_another_payload() {
        let json = sign(TYPE, b"payload to be kept", "a-1", &key()).to_json().unwrap();
        for at in 0..json.len() * 8 {
            let mut bytes = json.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            if let Ok(verified) = verify(&bytes, TYPE, &trusted()) {
                assert_eq!(verified.payload, b"payload to be kept");
            }
        }
    }

    #[test]
    fn another_type_key_or_signer_is_refused() {
        let envelope = sign(TYPE, b"payload", "a-1", &key());
        let json = envelope.to_json().unwrap();
        assert!(matches!(verify(json.as_bytes(), "other", &trusted()), Err(EnvelopeError::Type { .. })));
        let relabelled = Envelope { payload_type: "other".into(), ..envelope.clone() }.to_json().unwrap();
        let refused = EnvelopeError::Signature("a-1".into());
        assert_eq!(verify(relabelled.as_bytes(), "other", &trusted()), Err(refused.clone()));
        assert_eq!(verify(json.as_bytes(), TYPE, &[]), Err(EnvelopeError::UnknownKey));
        let stranger = TrustedKey { key_id: "a-1".into(), key: PrivateKey::from_seed(&[5; 32]).public() };
        assert_eq!(verify(json.as_bytes(), TYPE, &[stranger]), Err(refused.clone()));
        let mut two = envelope;
        two.signatures.push(EnvelopeSignature { keyid: "a-1".into(), sig: STANDARD.encode([0; 64]) });
        assert_eq!(verify(two.to_json().unwrap().as_bytes(), TYPE, &trusted()), Err(refused));
    }
}
