//! Rule sets: proposed as text, ratified by signatures that are verified before anything of them is read.

use concord_domain::accord::Accord;
use concord_domain::actor::Actor;
use concord_domain::errors::{Reason, Refusal};
use concord_domain::rules::rule_set::{Command as RuleSetCommand, Ratification};
use concord_domain::time::Timestamp;
use concord_ledger::dsse::{TrustedKey, verify};
use serde::Deserialize;

use super::App;

/// Payload type of a ratification.
const PAYLOAD_TYPE: &str = "application/vnd.concord.ratification.v1+json";

/// What a party signs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    accord: String,
    resource: String,
    content_hash: String,
    expire_time: Timestamp,
    // Signed so that an envelope is made for one request; the store recognises repetitions by the call's own.
    #[serde(rename = "request_id")]
    _request_id: String,
}

impl App {
    /// The command of an envelope that verifies under a key of the caller's party.
    pub(crate) fn ratification(
        &self,
        by: &Actor,
        id: String,
        envelope: String,
    ) -> Result<RuleSetCommand, Refusal> {
        let ratification = verified(self.core.accord(), by, envelope)?;
        Ok(RuleSetCommand::Ratify { id, ratification })
    }
}

fn verified(accord: &Accord, by: &Actor, envelope: String) -> Result<Ratification, Refusal> {
    let refused = |cause: &dyn std::fmt::Display| {
        let message = format!("the envelope does not verify under a key of {}: {cause}", by.participant);
        Refusal::new(Reason::SignatureInvalid, message)
    };
    let keys = accord.participant(&by.participant).map(|p| p.signing_keys.as_slice()).unwrap_or_default();
    let keys: Vec<TrustedKey> = keys
        .iter()
        .map(|key| TrustedKey::from_hex(&key.key_id, &key.public_key))
        .collect::<Result<_, _>>()
        .map_err(|e| refused(&e))?;
    let read = |payload: &[u8]| serde_json::from_slice::<Payload>(payload);
    let verified = verify(envelope.as_bytes(), PAYLOAD_TYPE, &keys, read).map_err(|e| refused(&e))?;
    let Payload { accord, resource, content_hash, expire_time, _request_id } = verified.payload;
    Ok(Ratification { envelope, accord, resource, content_hash, expires_at: expire_time })
}
