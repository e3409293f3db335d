//! What a party signs itself: an act that exposes counts only over its own key, which no service holds.
//!
//! INVARIANT (CON-3): a consent that must be signed is one over exactly the thing as it stands, by the party that gives it.

use std::fmt::Debug;
use std::sync::Arc;

use serde::Deserialize;

use crate::accord::{Accord, SigningKey};
use crate::actor::Actor;
use crate::consent::{Act, Approval, Approvals, suffices};
use crate::digest::sha256_hex;
use crate::errors::{Reason, Refusal, Violation};
use crate::ids::ParticipantId;
use crate::time::Timestamp;

/// Verifies signatures. The shell brings it, so that this crate names no algorithm; the same bytes give the same answer.
pub trait Verifier: Debug + Send + Sync {
    /// The payload of an envelope of a type that one of the keys signed; nothing of it was read before.
    ///
    /// # Errors
    /// Says why it does not verify.
    fn payload(&self, envelope: &str, payload_type: &str, keys: &[SigningKey]) -> Result<Vec<u8>, String>;
}

/// How signatures are verified; without a verifier none is.
pub type Verifying = Option<Arc<dyn Verifier>>;

/// The payload type of what is signed for an act, such as `application/vnd.concord.designate.v1+json`.
#[must_use]
pub fn payload_type(act: Act) -> String {
    let name = serde_json::to_value(act).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    format!("application/vnd.concord.{}.v1+json", name.to_lowercase().replace('_', "-"))
}

/// What is consented to: one thing as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What is done to it.
    pub act: Act,
    /// Its name, such as `designations/qde-115`.
    pub resource: String,
    /// SHA-256 of what it says, 64 hexadecimal digits.
    pub content_hash: String,
}

impl Subject {
    /// A thing whose content is these bytes.
    #[must_use]
    pub fn of(act: Act, resource: String, content: &[u8]) -> Self {
        Self { act, resource, content_hash: sha256_hex(content) }
    }
}

/// What is wrong with an envelope that is absent where an act exposes, or present where it does not.
#[must_use]
pub fn misplaced(exposes: bool, envelope: &str) -> Option<Violation> {
    match (exposes, envelope.is_empty()) {
        (true, true) => Some(Violation::new("envelope", "present", "", "sign it, and give the envelope")),
        (false, false) => {
            Some(Violation::new("envelope", "empty unless it consents", "an envelope", "leave it out"))
        }
        _ => None,
    }
}

/// What an envelope holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    accord: String,
    resource: String,
    content_hash: String,
    expire_time: Timestamp,
    // Signed so that an envelope is made for one request; the store recognises repetitions by the call's own.
    #[serde(rename = "request_id")]
    _request_id: String,
}

/// The consent of an actor's party to a thing as it stands, where the envelope is that.
///
/// # Errors
/// `SIGNATURE_INVALID`.
pub fn approval(
    (accord, verifying): (&Accord, &Verifying),
    subject: &Subject,
    envelope: &str,
    by: &Actor,
    at: Timestamp,
) -> Result<Approval, Refusal> {
    let signed = verified((accord, verifying), subject, envelope, &by.participant, at);
    signed.map_err(|cause| Refusal::new(Reason::SignatureInvalid, cause))?;
    Ok(Approval { by: by.clone(), at, envelope: Some(envelope.to_owned()) })
}

/// Whether the consents that are recorded are all those that the act needs, each over its party's own signature. For
/// whoever follows a ledger and does not trust the service that keeps it.
///
/// # Errors
/// Names the first that is missing or does not verify.
pub fn vouched(
    (accord, verifying): (&Accord, &Verifying),
    subject: &Subject,
    approvals: &Approvals,
) -> Result<(), String> {
    let Subject { act, resource, .. } = subject;
    if !suffices(accord, *act, |party| approvals.given.contains_key(party)) {
        return Err(format!("not every party has consented to {resource}"));
    }
    for (party, given) in &approvals.given {
        let envelope = given.envelope.as_deref().unwrap_or_default();
        verified((accord, verifying), subject, envelope, party, given.at)?;
    }
    Ok(())
}

fn verified(
    (accord, verifying): (&Accord, &Verifying),
    subject: &Subject,
    envelope: &str,
    party: &ParticipantId,
    at: Timestamp,
) -> Result<(), String> {
    let Subject { act, resource, content_hash } = subject;
    let refused = |cause: String| format!("the envelope does not verify under a key of {party}: {cause}");
    let verifier =
        verifying.as_ref().ok_or_else(|| refused("this service verifies no signatures".to_owned()))?;
    let keys = accord.participant(party).map(|p| p.signing_keys.as_slice()).unwrap_or_default();
    let payload = verifier.payload(envelope, &payload_type(*act), keys).map_err(refused)?;
    let stated: Statement = serde_json::from_slice(&payload).map_err(|e| refused(e.to_string()))?;
    let covers =
        (&stated.accord, &stated.resource, &stated.content_hash) == (&accord.id, resource, content_hash);
    if !covers || stated.expire_time <= at {
        return Err(format!(
            "the signature is not over {resource} with hash {content_hash} in {}, or has expired",
            accord.id
        ));
    }
    Ok(())
}
