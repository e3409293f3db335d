//! A call as the write path sees it: who calls, and what makes a repetition of it recognisable.

use std::sync::Arc;
use std::time::Duration;

use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_domain::digest::sha256_hex;
use concord_domain::errors::{Reason, Refusal, Violation};
use concord_domain::ids::ParticipantId;
use concord_proto::Mutation;
use concord_proto::fields::{Converted, Faulty};

use crate::identity::Peer;

/// The matched method of a call.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    /// `package.Service/Method`.
    pub(crate) name: String,
    /// The longest that it may take.
    pub(crate) longest: Duration,
}

/// Who calls, and under which request identifier.
#[derive(Clone, Debug)]
pub struct Call {
    /// The caller, from its certificate.
    pub actor: Actor,
    /// The caller's SPIFFE identity, which scopes request identifiers.
    pub spiffe_id: String,
    /// The request identifier; empty where the caller gave none, and then a repetition is a new request.
    pub request_id: String,
    /// SHA-256 of the method's path, a zero byte and the request, in hexadecimal; empty where there is no request identifier.
    pub request_digest: String,
    /// Whether to check only.
    pub validate_only: bool,
}

impl Call {
    /// The call of a message that writes, by a caller of a matched method, and what it asks for.
    ///
    /// # Errors
    /// What is wrong with the message, its request identifier among it.
    pub fn of<M: Mutation, C>(
        (peer, method): (&Peer, &str),
        message: M,
        convert: fn(M) -> Converted<C>,
    ) -> Result<(Self, C), Faulty<C>> {
        let request_id = message.request_id().to_owned();
        let request_digest = match request_id.as_str() {
            "" => String::new(),
            _ => sha256_hex(&[method.as_bytes(), &[0], &message.encode_to_vec()].concat()),
        };
        let validate_only = message.validate_only();
        let wrong = request_id_violation(&request_id).into_iter().collect();
        let command = convert(message).besides(wrong).sound()?;
        let (actor, spiffe_id) = (peer.actor.clone(), peer.spiffe_id.clone());
        Ok((Self { actor, spiffe_id, request_id, request_digest, validate_only }, command))
    }

    /// The call of an import, whose rows are writes of their own.
    #[must_use]
    pub fn of_import(peer: &Peer, validate_only: bool) -> Self {
        Self {
            actor: peer.actor.clone(),
            spiffe_id: peer.spiffe_id.clone(),
            request_id: String::new(),
            request_digest: String::new(),
            validate_only,
        }
    }

    /// A call of the service itself: a timer, or what it follows.
    #[must_use]
    pub fn of_service(operator: &ParticipantId, service: &str) -> Self {
        let actor = Actor {
            participant: operator.clone(),
            kind: ParticipantKind::Operator,
            role: Role::Service,
            name: service.to_owned(),
        };
        Self {
            spiffe_id: format!("service/{service}"),
            actor,
            request_id: String::new(),
            request_digest: String::new(),
            validate_only: false,
        }
    }
}

fn request_id_violation(request_id: &str) -> Option<Violation> {
    let sound = request_id.is_empty() || uuid::Uuid::try_parse(request_id).is_ok();
    let remedy = "make a UUID for each new request, and repeat it only to repeat the request";
    (!sound).then(|| Violation::new("request_id", "a UUID", request_id, remedy))
}

/// The matched method of a request, `package.Service/Method`.
pub fn method_of<T>(request: &tonic::Request<T>) -> String {
    request.extensions().get::<Method>().map(|method| method.name.clone()).unwrap_or_default()
}

/// The verified caller of a request.
///
/// # Errors
/// `IDENTITY_UNKNOWN` where the connection carries none.
pub fn peer_of<T>(request: &tonic::Request<T>) -> Result<Arc<Peer>, Refusal> {
    let peer = request.extensions().get::<Arc<Peer>>();
    peer.cloned().ok_or_else(|| Refusal::new(Reason::IdentityUnknown, "no verified client certificate"))
}
