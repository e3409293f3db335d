//! The status of cooperation.

use concord_domain::incidents::cooperation::Suspension;
use concord_domain::table::Resource as _;
use concord_proto::fields::Faults;
use concord_proto::incidents::cooperation;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::incidents::v1::cooperation_service_server::CooperationService;
use concord_server::past::Listed;
use concord_server::status::status;
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl CooperationService for App {
    async fn get_cooperation_status(
        &self,
        request: Request<pb::GetCooperationStatusRequest>,
    ) -> Result<Response<pb::GetCooperationStatusResponse>, Status> {
        let mut faults = Faults::default();
        let (party, domain, place, as_of) = cooperation::status_from_pb(&mut faults, request.into_inner());
        let view = self.of_party(&party, faults, as_of).await.map_err(status)?;
        let then = view.table::<Suspension>().await.map_err(status)?;
        let standing = then.state.suspensions_of(&party, domain, place.as_ref());
        let as_of = view.given(&then, standing.iter().map(|row| row.id())).map_err(status)?;
        Ok(Response::new(cooperation::status_to_pb(&standing, as_of)))
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
        let pb::ListSuspensionsRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let suspensions = rows.iter().map(|row| cooperation::suspension_to_pb(row)).collect();
        Ok(Response::new(pb::ListSuspensionsResponse { suspensions, next_page_token, as_of }))
    }
}
