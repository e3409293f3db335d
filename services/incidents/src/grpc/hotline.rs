//! The hotline.

use std::pin::Pin;

use concord_domain::errors::{Refusal, Violation};
use concord_proto::incidents::hotline;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::incidents::v1::hotline_service_server::HotlineService;
use concord_server::call::peer_of;
use concord_server::ledger_service::until_drained;
use concord_server::past::{Found, Listed};
use concord_server::status::status;
use futures_util::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl HotlineService for App {
    type StreamMessagesStream =
        Pin<Box<dyn Stream<Item = Result<pb::StreamMessagesResponse, Status>> + Send>>;

    async fn send_message(
        &self,
        request: Request<pb::SendMessageRequest>,
    ) -> Result<Response<pb::SendMessageResponse>, Status> {
        let written = self.core.write(request, hotline::send_from_pb).await?;
        let message = Some(hotline::message_to_pb(&written.row));
        Ok(Response::new(pb::SendMessageResponse { message, receipt: written.receipt()? }))
    }

    async fn stream_messages(
        &self,
        request: Request<pb::StreamMessagesRequest>,
    ) -> Result<Response<Self::StreamMessagesStream>, Status> {
        let participant = peer_of(&request).map_err(status)?.actor.participant.clone();
        let pb::StreamMessagesRequest { cursor } = request.into_inner();
        let size = self.core.read().await.map_err(status)?.size;
        if cursor >= size.max(1) {
            let rule = format!("a cursor that this stream gave, below {size}");
            let remedy = "resume with the cursor received last, or with 0";
            return Err(status(Refusal::invalid(vec![Violation::new("cursor", rule, cursor, remedy)])));
        }
        let told = self.messages(participant, cursor).map(|told| match told {
            Ok((cursor, message)) => {
                let message = Some(hotline::message_to_pb(&message));
                Ok(pb::StreamMessagesResponse { cursor, message })
            }
            Err(refusal) => Err(status(refusal)),
        });
        Ok(Response::new(until_drained(told, self.drain.clone())))
    }

    async fn acknowledge_message(
        &self,
        request: Request<pb::AcknowledgeMessageRequest>,
    ) -> Result<Response<pb::AcknowledgeMessageResponse>, Status> {
        let written = self.core.write(request, hotline::acknowledge_from_pb).await?;
        let message = Some(hotline::message_to_pb(&written.row));
        Ok(Response::new(pb::AcknowledgeMessageResponse { message, receipt: written.receipt()? }))
    }

    async fn resolve_warning(
        &self,
        request: Request<pb::ResolveWarningRequest>,
    ) -> Result<Response<pb::ResolveWarningResponse>, Status> {
        let written = self.core.write(request, hotline::resolve_from_pb).await?;
        let message = Some(hotline::message_to_pb(&written.row));
        Ok(Response::new(pb::ResolveWarningResponse { message, receipt: written.receipt()? }))
    }

    async fn get_message(
        &self,
        request: Request<pb::GetMessageRequest>,
    ) -> Result<Response<pb::GetMessageResponse>, Status> {
        let pb::GetMessageRequest { name, as_of } = request.into_inner();
        let Found { row, now: _, as_of } = self.core.get(&name, as_of).await?;
        Ok(Response::new(pb::GetMessageResponse { message: Some(hotline::message_to_pb(&row)), as_of }))
    }

    async fn list_messages(
        &self,
        request: Request<pb::ListMessagesRequest>,
    ) -> Result<Response<pb::ListMessagesResponse>, Status> {
        let pb::ListMessagesRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let messages = rows.iter().map(|row| hotline::message_to_pb(row)).collect();
        Ok(Response::new(pb::ListMessagesResponse { messages, next_page_token, as_of }))
    }
}
