//! The accord and the clock of an exercise.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::accord_service_server::AccordService;
use concord_proto::registry::accord;
use concord_proto::shared::time;
use concord_server::call::Call;
use tonic::{Request, Response, Status};

use super::{receipt, refused};
use crate::app::App;

#[tonic::async_trait]
impl AccordService for App {
    async fn get_accord(
        &self,
        request: Request<pb::GetAccordRequest>,
    ) -> Result<Response<pb::GetAccordResponse>, Status> {
        let pb::GetAccordRequest {} = request.into_inner();
        let (opened, now) = self.accord().await.map_err(refused)?;
        Ok(Response::new(pb::GetAccordResponse { accord: Some(accord::accord_to_pb(&opened, now)) }))
    }

    async fn set_clock(
        &self,
        request: Request<pb::SetClockRequest>,
    ) -> Result<Response<pb::SetClockResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, false).map_err(refused)?;
        let command = accord::set_clock_from_pb(request.into_inner()).map_err(refused)?;
        let (set, outcome) = self.set_clock(call, command).await.map_err(refused)?;
        Ok(Response::new(pb::SetClockResponse { time: Some(time::to_pb(set)), receipt: receipt(&outcome)? }))
    }
}
