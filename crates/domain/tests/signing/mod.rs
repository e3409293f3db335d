//! Signatures of tests: an envelope that says whose key signed what, so that a party's key is its name.

use std::sync::Arc;

use concord_domain::accord::SigningKey;
use concord_domain::ids::ParticipantId;
use concord_domain::signed::{Subject, Verifier, payload_type};
use serde_json::{Value, json};

/// Identifier of the accord of tests.
pub(crate) const ACCORD: &str = "accord-1";

/// The keys of a participant.
pub(crate) fn keys(participant: &str) -> Vec<SigningKey> {
    vec![SigningKey { key_id: format!("{participant}-1"), public_key: "00".repeat(32) }]
}

/// What a participant signs, in parts.
#[derive(Clone, Debug)]
pub(crate) struct Signing {
    pub(crate) by: ParticipantId,
    pub(crate) payload_type: String,
    pub(crate) payload: Value,
}

impl Signing {
    /// A consent to a thing that may be used until the year 2100.
    pub(crate) fn of(by: &ParticipantId, subject: &Subject) -> Self {
        let payload = json!({
            "accord": ACCORD,
            "resource": subject.resource,
            "content_hash": subject.content_hash,
            "expire_time": "2100-01-01T00:00:00Z",
            "request_id": "one",
        });
        Self { by: by.clone(), payload_type: payload_type(subject.act), payload }
    }

    /// The same with another value in the payload.
    pub(crate) fn with(mut self, field: &str, value: &str) -> Self {
        self.payload[field] = json!(value);
        self
    }

    /// The envelope.
    pub(crate) fn envelope(&self) -> String {
        let Self { by, payload_type, payload } = self;
        json!({"key_id": format!("{by}-1"), "payload_type": payload_type, "payload": payload}).to_string()
    }
}

#[derive(Debug)]
struct ByName;

/// Verifies such envelopes.
pub(crate) fn verifier() -> Arc<dyn Verifier> {
    Arc::new(ByName)
}

impl Verifier for ByName {
    fn payload(&self, envelope: &str, payload_type: &str, keys: &[SigningKey]) -> Result<Vec<u8>, String> {
        let envelope: Value = serde_json::from_str(envelope).map_err(|e| e.to_string())?;
        if envelope["payload_type"] != payload_type {
            return Err("another payload type".to_owned());
        }
        if !keys.iter().any(|key| envelope["key_id"] == key.key_id.as_str()) {
            return Err("no key of the party".to_owned());
        }
        Ok(envelope["payload"].to_string().into_bytes())
    }
}
