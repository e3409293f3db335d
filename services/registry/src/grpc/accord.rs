//! The accord and the clock of an exercise.

use concord_domain::registry::clock::ClockSet;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::accord_service_server::AccordService;
use concord_proto::registry::accord;
use concord_proto::shared::time;
use concord_server::status::status;
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl AccordService for App {
    async fn get_accord(
        &self,
        request: Request<pb::GetAccordRequest>,
    ) -> Result<Response<pb::GetAccordResponse>, Status> {
        let pb::GetAccordRequest { as_of } = request.into_inner();
        let (opened, now, as_of) = self.accord(as_of).await.map_err(status)?;
        Ok(Response::new(pb::GetAccordResponse { accord: Some(accord::accord_to_pb(&opened, now)), as_of }))
    }

    async fn set_clock(
        &self,
        request: Request<pb::SetClockRequest>,
    ) -> Result<Response<pb::SetClockResponse>, Status> {
        let written = self.core.write(request, accord::set_clock_from_pb).await?;
        let ClockSet { time: set, .. } = &written.row;
        Ok(Response::new(pb::SetClockResponse { time: Some(time::to_pb(*set)), receipt: written.receipt()? }))
    }
}
