//! Presence assessments.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::presence_service_server::PresenceService;
use concord_proto::registry::presence;
use concord_server::past::Listed;
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl PresenceService for App {
    async fn file_presence(
        &self,
        request: Request<pb::FilePresenceRequest>,
    ) -> Result<Response<pb::FilePresenceResponse>, Status> {
        let written = self.core.write(request, presence::file_from_pb).await?;
        let assessment = Some(presence::assessment_to_pb(&written.row));
        Ok(Response::new(pb::FilePresenceResponse { assessment, receipt: written.receipt()? }))
    }

    async fn withdraw_presence(
        &self,
        request: Request<pb::WithdrawPresenceRequest>,
    ) -> Result<Response<pb::WithdrawPresenceResponse>, Status> {
        let written = self.core.write(request, presence::withdraw_from_pb).await?;
        let assessment = Some(presence::assessment_to_pb(&written.row));
        Ok(Response::new(pb::WithdrawPresenceResponse { assessment, receipt: written.receipt()? }))
    }

    async fn list_presence(
        &self,
        request: Request<pb::ListPresenceRequest>,
    ) -> Result<Response<pb::ListPresenceResponse>, Status> {
        let pb::ListPresenceRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let assessments = rows.iter().map(|row| presence::assessment_to_pb(row)).collect();
        Ok(Response::new(pb::ListPresenceResponse { assessments, next_page_token, as_of }))
    }
}
