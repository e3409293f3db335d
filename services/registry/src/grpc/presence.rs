//! Presence assessments.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::presence_service_server::PresenceService;
use concord_proto::registry::presence;
use concord_server::call::Call;
use concord_server::page::Page;
use tonic::{Request, Response, Status};

use super::{receipt, refused};
use crate::app::App;
use crate::app::presence::Assessments;

#[tonic::async_trait]
impl PresenceService for App {
    async fn file_presence(
        &self,
        request: Request<pb::FilePresenceRequest>,
    ) -> Result<Response<pb::FilePresenceResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = presence::file_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Assessments>(call, command).await.map_err(refused)?;
        let assessment = Some(presence::assessment_to_pb(&written.row));
        Ok(Response::new(pb::FilePresenceResponse { assessment, receipt: receipt(&written.outcome)? }))
    }

    async fn withdraw_presence(
        &self,
        request: Request<pb::WithdrawPresenceRequest>,
    ) -> Result<Response<pb::WithdrawPresenceResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = presence::withdraw_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Assessments>(call, command).await.map_err(refused)?;
        let assessment = Some(presence::assessment_to_pb(&written.row));
        Ok(Response::new(pb::WithdrawPresenceResponse { assessment, receipt: receipt(&written.outcome)? }))
    }

    async fn list_presence(
        &self,
        request: Request<pb::ListPresenceRequest>,
    ) -> Result<Response<pb::ListPresenceResponse>, Status> {
        let pb::ListPresenceRequest { page_size, page_token } = request.into_inner();
        let page = Page::read(page_size, &page_token, "assessments").map_err(refused)?;
        let (rows, next_page_token) = self.list::<Assessments>(&page, |_| true).await.map_err(refused)?;
        let assessments = rows.iter().map(|row| presence::assessment_to_pb(row)).collect();
        Ok(Response::new(pb::ListPresenceResponse { assessments, next_page_token }))
    }
}
