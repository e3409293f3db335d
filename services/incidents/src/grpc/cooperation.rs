//! The status of cooperation.

use concord_proto::incidents::cooperation;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::incidents::v1::cooperation_service_server::CooperationService;
use concord_server::status::status;
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl CooperationService for App {
    async fn get_cooperation_status(
        &self,
        request: Request<pb::GetCooperationStatusRequest>,
    ) -> Result<Response<pb::GetCooperationStatusResponse>, Status> {
        let (party, domain, place) = cooperation::status_from_pb(request.into_inner()).map_err(status)?;
        let snapshot = self.of_party(&party).await.map_err(status)?;
        let standing = snapshot.state.0.suspensions_of(&party, domain, place.as_ref());
        Ok(Response::new(cooperation::status_to_pb(&standing)))
    }

    async fn suspend_cooperation(
        &self,
        request: Request<pb::SuspendCooperationRequest>,
    ) -> Result<Response<pb::SuspendCooperationResponse>, Status> {
        let written = self.core.write(request, cooperation::suspend_from_pb).await?;
        let suspension = Some(cooperation::suspension_to_pb(&written.row));
        Ok(Response::new(pb::SuspendCooperationResponse { suspension, receipt: written.receipt()? }))
    }

    async fn consent_to_lift(
        &self,
        request: Request<pb::ConsentToLiftRequest>,
    ) -> Result<Response<pb::ConsentToLiftResponse>, Status> {
        let written = self.core.write(request, cooperation::consent_to_lift_from_pb).await?;
        let suspension = Some(cooperation::suspension_to_pb(&written.row));
        Ok(Response::new(pb::ConsentToLiftResponse { suspension, receipt: written.receipt()? }))
    }

    async fn list_suspensions(
        &self,
        request: Request<pb::ListSuspensionsRequest>,
    ) -> Result<Response<pb::ListSuspensionsResponse>, Status> {
        let pb::ListSuspensionsRequest { page_size, page_token } = request.into_inner();
        let (rows, next_page_token) = self.core.list(page_size, &page_token).await?;
        let suspensions = rows.iter().map(|row| cooperation::suspension_to_pb(row)).collect();
        Ok(Response::new(pb::ListSuspensionsResponse { suspensions, next_page_token }))
    }
}
