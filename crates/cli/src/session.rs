//! Calls to a deployment as one of its participants: over mutual TLS, by the matched method, with the answer or the
//! whole error.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use concord_client::outcome::cleared;
use concord_domain::actor::Role;
use http::uri::PathAndQuery;
use prost::Message;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

use crate::deployment::Deployment;

/// Longest that an answer is waited for.
const CALL_MAX: Duration = Duration::from_secs(20);

/// Who calls: one actor of a participant, in one role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Who {
    /// Participant of the accord.
    pub participant: String,
    /// Actor inside the participant.
    pub actor: String,
    /// Role.
    pub role: Role,
}

impl Who {
    /// An actor of a participant in a role.
    #[must_use]
    pub fn new(participant: &str, actor: &str, role: Role) -> Self {
        Self { participant: participant.to_owned(), actor: actor.to_owned(), role }
    }
}

impl std::fmt::Display for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} as {}", self.participant, self.actor, self.role.path())
    }
}

/// Sessions of every participant with the services of one deployment.
#[derive(Clone)]
pub struct Sessions {
    deployment: Arc<Deployment>,
    channels: Arc<Mutex<HashMap<(Who, &'static str), Channel>>>,
}

impl Sessions {
    /// No connection yet.
    #[must_use]
    pub fn new(deployment: Arc<Deployment>) -> Self {
        Self { deployment, channels: Arc::default() }
    }

    /// The deployment that is spoken to.
    #[must_use]
    pub fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }

    /// Calls `package.Service/Method` and waits for the one answer.
    ///
    /// # Errors
    /// The status as the service gave it, or UNAVAILABLE where it cannot be reached.
    pub async fn call<Q, R>(&self, by: &Who, method: &str, request: Q) -> Result<R, Status>
    where
        Q: Message + 'static,
        R: Message + Default + 'static,
    {
        let mut client = self.client(by, method)?;
        client.ready().await.map_err(|e| Status::unavailable(e.to_string()))?;
        let path =
            PathAndQuery::try_from(format!("/{method}")).map_err(|e| Status::internal(e.to_string()))?;
        let mut request = tonic::Request::new(request);
        request.set_timeout(CALL_MAX);
        let codec = ProstCodec::<Q, R>::default();
        client.unary(request, path, codec).await.map(tonic::Response::into_inner).map_err(cleared)
    }

    /// Calls with an encoded request whose answer nobody reads.
    ///
    /// # Errors
    /// As [`Sessions::call`].
    pub async fn call_encoded(&self, by: &Who, method: &str, request: Vec<u8>) -> Result<(), Status> {
        self.call::<Encoded, Encoded>(by, method, Encoded(request)).await.map(drop)
    }

    /// The channel of a participant to a service.
    ///
    /// # Errors
    /// UNAVAILABLE where no connection can be made ready.
    pub fn channel(&self, by: &Who, service: &'static str) -> Result<Channel, Status> {
        let key = (by.clone(), service);
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(&key) {
            return Ok(channel.clone());
        }
        let channel = self.deployment.connect(by, service).map_err(Status::unavailable)?;
        channels.insert(key, channel.clone());
        Ok(channel)
    }

    /// Waits until a service says that it serves.
    ///
    /// # Errors
    /// Where it has not within `within`.
    pub async fn wait_until_served(
        &self,
        by: &Who,
        service: &'static str,
        within: Duration,
    ) -> Result<(), String> {
        let until = tokio::time::Instant::now() + within;
        let channel = self.channel(by, service).map_err(|status| status.message().to_owned())?;
        let mut health = HealthClient::new(channel);
        loop {
            let answer = health.check(HealthCheckRequest { service: String::new() }).await;
            match answer {
                Ok(answer) if answer.get_ref().status == ServingStatus::Serving as i32 => return Ok(()),
                _ if tokio::time::Instant::now() > until => return Err(format!("{service} does not answer")),
                _ => tokio::time::sleep(Duration::from_millis(25)).await,
            }
        }
    }

    fn client(&self, by: &Who, method: &str) -> Result<tonic::client::Grpc<Channel>, Status> {
        let service = service_of(method).ok_or_else(|| Status::new(Code::Unimplemented, method))?;
        Ok(tonic::client::Grpc::new(self.channel(by, service)?))
    }
}

/// The service whose package the method belongs to.
fn service_of(method: &str) -> Option<&'static str> {
    ["registry", "rules", "incidents"]
        .into_iter()
        .find(|service| method.starts_with(&format!("concord.{service}.")))
}

/// A message that is encoded already; as an answer, one of which nothing is read.
#[derive(Debug, Default)]
struct Encoded(Vec<u8>);

impl Message for Encoded {
    fn encode_raw(&self, buf: &mut impl prost::bytes::BufMut) {
        buf.put_slice(&self.0);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: prost::encoding::WireType,
        buf: &mut impl prost::bytes::Buf,
        context: prost::encoding::DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        prost::encoding::skip_field(wire_type, tag, buf, context)
    }

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}
