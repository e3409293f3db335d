//! The writes with which services are put under load: one kind for each service, each whole in one entry, with a request
//! id of its own.

use concord_cli::{Sessions, Who};
use concord_domain::actor::Role;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::receipt::Receipt;
use concord_proto::pb::incidents::v1 as incidents;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as rules;
use concord_testkit::setting::{circle, operation};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use tonic::Status;

const NOTIFY: &str = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
const SEND: &str = "concord.incidents.v1.HotlineService/SendMessage";
const CHECK: &str = "concord.rules.v1.CheckService/CheckOperation";

/// One write: who makes it, where, and the request as it is sent each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Write {
    pub(crate) service: String,
    participant: String,
    actor: String,
    pub(crate) request_id: String,
    /// Hexadecimal.
    request: String,
}

/// A number that makes a write unlike every other, also where it shows in the answer.
fn uuid_of(dice: &mut fastrand::Rng) -> String {
    let bits = u128::from(dice.u64(..)) << 64 | u128::from(dice.u64(..));
    uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
}

impl Write {
    /// The write of a service that the dice give, by one of those who may make it.
    pub(crate) fn new(service: &str, dice: &mut fastrand::Rng) -> Self {
        let request_id = uuid_of(dice);
        let (request, who): (Vec<u8>, &[(&str, &str)]) = match service {
            "registry" => (notification(&request_id, dice).encode_to_vec(), NOTIFIERS),
            "incidents" => (message(&request_id).encode_to_vec(), OFFICERS),
            _ => (check(&request_id, dice).encode_to_vec(), SUBMITTERS),
        };
        let (participant, actor) = dice.choice(who).copied().unwrap_or_default();
        Self {
            service: service.to_owned(),
            participant: participant.to_owned(),
            actor: actor.to_owned(),
            request_id,
            request: hex::encode(request),
        }
    }

    fn who(&self) -> Who {
        let role = if self.service == "registry" { Role::Proposer } else { Role::DutyOfficer };
        Who::new(&self.participant, &self.actor, role)
    }

    fn request<M: prost::Message + Default>(&self) -> Result<M, String> {
        let bytes = hex::decode(&self.request).map_err(|e| e.to_string())?;
        M::decode(bytes.as_slice()).map_err(|e| e.to_string())
    }

    /// Sends it; gives the bytes that must come again whenever it is sent.
    pub(crate) async fn send(&self, sessions: &Sessions) -> Result<Vec<u8>, Status> {
        let by = self.who();
        let unreadable = Status::internal;
        match self.service.as_str() {
            "registry" => {
                let request: registry::NotifyProtectedEntityRequest = self.request().map_err(unreadable)?;
                let answer: registry::NotifyProtectedEntityResponse =
                    sessions.call(&by, NOTIFY, request).await?;
                Ok(answer.encode_to_vec())
            }
            "incidents" => {
                let request: incidents::SendMessageRequest = self.request().map_err(unreadable)?;
                let answer: incidents::SendMessageResponse = sessions.call(&by, SEND, request).await?;
                Ok(answer.encode_to_vec())
            }
            _ => {
                let request: rules::CheckOperationRequest = self.request().map_err(unreadable)?;
                let mut answer: rules::CheckOperationResponse = sessions.call(&by, CHECK, request).await?;
                // The state as it is now stands beside the first answer and may change.
                answer.status = None;
                Ok(answer.encode_to_vec())
            }
        }
    }

    /// Whether an answer holds the whole of what was asked, and its receipt proves the entry; gives the entry's index.
    pub(crate) fn is_whole(&self, answer: &[u8], log: &LogVerifier) -> Result<u64, String> {
        let decoded = |e: prost::DecodeError| e.to_string();
        let (same, receipt) = match self.service.as_str() {
            "registry" => {
                let request: registry::NotifyProtectedEntityRequest = self.request()?;
                let answer = registry::NotifyProtectedEntityResponse::decode(answer).map_err(decoded)?;
                let seen = |entity: registry::ProtectedEntity| {
                    (entity.display_name, entity.category, entity.area, entity.accuracy_m.to_bits())
                };
                (answer.protected_entity.map(seen) == request.protected_entity.map(seen), answer.receipt)
            }
            "incidents" => {
                let request: incidents::SendMessageRequest = self.request()?;
                let answer = incidents::SendMessageResponse::decode(answer).map_err(decoded)?;
                let seen = |message: incidents::HotlineMessage| (message.body, message.precedence);
                (answer.message.map(seen) == request.message.map(seen), answer.receipt)
            }
            _ => {
                let request: rules::CheckOperationRequest = self.request()?;
                let answer = rules::CheckOperationResponse::decode(answer).map_err(decoded)?;
                let same = answer.decision.is_some_and(|decision| decision.operation == request.operation);
                (same, answer.receipt)
            }
        };
        let id = &self.request_id;
        if !same {
            return Err(format!("{} {id} is answered with something else", self.service));
        }
        let receipt = receipt.ok_or_else(|| format!("{id} has no receipt"))?;
        let receipt = Receipt::from_json(receipt.json.as_bytes()).map_err(|e| e.to_string())?;
        let entry = receipt.verify(log).map_err(|e| format!("{id}: {e}"))?;
        let of_another = || format!("{id} has the receipt of {}", entry.header().request_id);
        if entry.header().request_id == *id { Ok(receipt.index) } else { Err(of_another()) }
    }
}

const NOTIFIERS: &[(&str, &str)] = &[
    ("notifier", "actor-1"),
    ("notifier", "actor-2"),
    ("party-a", "actor-1"),
    ("party-b", "actor-1"),
    ("third-state", "actor-1"),
];
const OFFICERS: &[(&str, &str)] = &[
    ("party-a", "actor-1"),
    ("party-a", "actor-2"),
    ("party-b", "actor-1"),
    ("party-b", "actor-2"),
    ("observer", "actor-1"),
    ("notifier", "actor-1"),
];
const SUBMITTERS: &[(&str, &str)] =
    &[("party-a", "actor-1"), ("party-a", "actor-2"), ("party-b", "actor-1"), ("party-b", "actor-2")];

/// A clinic, far from every operation of these tests.
fn notification(id: &str, dice: &mut fastrand::Rng) -> registry::NotifyProtectedEntityRequest {
    let longitude = f64::from(dice.u32(0..100_000)) / 1_000.0;
    registry::NotifyProtectedEntityRequest {
        protected_entity: Some(registry::ProtectedEntity {
            display_name: format!("Clinic {id}"),
            category: registry::ProtectedCategory::Medical.into(),
            area: Some(circle(-20.0, longitude, 80.0)),
            accuracy_m: f64::from(dice.u32(0..500)),
            ..Default::default()
        }),
        request_id: id.to_owned(),
        ..Default::default()
    }
}

fn message(id: &str) -> incidents::SendMessageRequest {
    incidents::SendMessageRequest {
        message: Some(incidents::HotlineMessage {
            precedence: incidents::Precedence::Routine.into(),
            body: format!("Convoy of {id} has passed"),
            ..Default::default()
        }),
        request_id: id.to_owned(),
        ..Default::default()
    }
}

/// An operation that is permitted, referred or denied, as the dice give.
fn check(id: &str, dice: &mut fastrand::Rng) -> rules::CheckOperationRequest {
    let mut operation = operation();
    operation.effect_area = Some(circle(0.5, 0.5, f64::from(dice.u32(100..400))));
    if dice.bool() {
        operation.sources.truncate(1);
    }
    rules::CheckOperationRequest {
        operation: Some(operation),
        request_id: id.to_owned(),
        validate_only: false,
    }
}
