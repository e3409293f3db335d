//! Signatures of tests: an envelope that says whose key signed what, so that a party's key is its name; and the accord of
//! those who sign.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concord_domain::accord::{Accord, AccordOpened, HotlineDeadlines, Mode, Participant, SigningKey};
use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_domain::consent::ConsentTable;
use concord_domain::ids::ParticipantId;
use concord_domain::signed::{Subject, Verifier, payload_type};
use serde_json::{Value, json};

/// Identifier of the accord of tests.
pub(crate) const ACCORD: &str = "accord-1";

/// What a participant of the accord is, by its name.
fn kind_of(participant: &str) -> ParticipantKind {
    match participant {
        "notifier" => ParticipantKind::HumanitarianNotifier,
        "observer" => ParticipantKind::Observer,
        "third-state" => ParticipantKind::BoundThirdState,
        "auditor" => ParticipantKind::Auditor,
        _ => ParticipantKind::StateParty,
    }
}

/// An actor of a participant.
pub(crate) fn actor(participant: &str, name: &str) -> Actor {
    let kind = kind_of(participant);
    Actor { participant: participant.into(), kind, role: Role::Approver, name: name.to_owned() }
}

/// The accord of these participants, each with a key.
pub(crate) fn opened(participants: &[&str]) -> Box<AccordOpened> {
    let participant = |id: &&str| Participant {
        id: (*id).into(),
        name: (*id).to_owned(),
        kind: kind_of(id),
        trust_domain: format!("{id}.example"),
        roots: Vec::new(),
        signing_keys: vec![SigningKey { key_id: format!("{id}-1"), public_key: "00".repeat(32) }],
        roles: BTreeSet::new(),
    };
    let accord = Accord {
        id: ACCORD.to_owned(),
        title: "Tests".to_owned(),
        mode: Mode::Operational,
        witness_quorum: 0,
        witnesses: Vec::new(),
        log_keys: BTreeMap::new(),
        consent: ConsentTable::default(),
        hotline: HotlineDeadlines::default(),
        participants: participants.iter().map(participant).collect(),
    };
    Box::new(AccordOpened { hash: String::new(), accord })
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
