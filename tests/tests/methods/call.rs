//! Calls of any method by its descriptor: JSON in, JSON or the reason of a refusal out.

use futures_util::stream;
use prost::Message as _;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use serde_json::Value;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};
use tonic_types::StatusExt as _;

use crate::promises::POOL;

/// Messages as their bytes.
#[derive(Clone, Copy, Debug)]
struct AsBytes;

impl Codec for AsBytes {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// The messages of a request: one, or for a method that takes a stream the elements of an array.
pub(crate) fn encoded(method: &MethodDescriptor, request: &Value) -> Vec<Bytes> {
    let one = |value: &Value| {
        let message = DynamicMessage::deserialize(method.input(), value.clone());
        let message = message.unwrap_or_else(|e| panic!("{}: {e}: {value}", method.full_name()));
        Bytes::from(message.encode_to_vec())
    };
    match request {
        Value::Array(values) => values.iter().map(one).collect(),
        value => vec![one(value)],
    }
}

/// The JSON of a message.
pub(crate) fn decoded(of: MessageDescriptor, bytes: Bytes) -> Value {
    serde_json::to_value(DynamicMessage::decode(of, bytes).unwrap()).unwrap()
}

/// The JSON of a message that the tests make.
pub(crate) fn json_of(name: &str, message: &impl prost::Message) -> Value {
    decoded(POOL.get_message_by_name(name).unwrap(), message.encode_to_vec().into())
}

/// The answers of a call, as they come.
pub(crate) async fn begun(
    channel: Channel,
    method: &MethodDescriptor,
    messages: Vec<Bytes>,
) -> Result<Streaming<Bytes>, Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(|e| Status::unavailable(e.to_string()))?;
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let request = Request::new(stream::iter(messages));
    Ok(client.streaming(request, path.try_into().unwrap(), AsBytes).await?.into_inner())
}

/// The first answer of a call; of one that takes a stream the last.
pub(crate) async fn answered(
    channel: Channel,
    method: &MethodDescriptor,
    messages: Vec<Bytes>,
) -> Result<Bytes, Status> {
    let mut answers = begun(channel, method, messages).await?;
    let none = || Status::internal("no answer");
    let mut answer = answers.message().await?.ok_or_else(none)?;
    while method.is_client_streaming() {
        match answers.message().await? {
            Some(next) => answer = next,
            None => break,
        }
    }
    Ok(answer)
}

/// The reason of a refusal; where it gives none, its code and message.
pub(crate) fn reason(status: &Status) -> String {
    let reason = status.get_error_details().error_info().map(|info| info.reason.clone());
    reason.unwrap_or_else(|| format!("{:?}: {}", status.code(), status.message()))
}
