//! Humanitarian and civil movements.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::movement_service_server::MovementService;
use concord_proto::registry::movement;
use concord_server::past::{Found, Listed};
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl MovementService for App {
    async fn notify_movement(
        &self,
        request: Request<pb::NotifyMovementRequest>,
    ) -> Result<Response<pb::NotifyMovementResponse>, Status> {
        let written = self.core.write(request, movement::notify_from_pb).await?;
        let movement = Some(movement::movement_to_pb(&written.row));
        Ok(Response::new(pb::NotifyMovementResponse { movement, receipt: written.receipt()? }))
    }

    async fn amend_movement(
        &self,
        request: Request<pb::AmendMovementRequest>,
    ) -> Result<Response<pb::AmendMovementResponse>, Status> {
        let written = self.core.write(request, movement::amend_from_pb).await?;
        let movement = Some(movement::movement_to_pb(&written.row));
        Ok(Response::new(pb::AmendMovementResponse { movement, receipt: written.receipt()? }))
    }

    async fn acknowledge_movement(
        &self,
        request: Request<pb::AcknowledgeMovementRequest>,
    ) -> Result<Response<pb::AcknowledgeMovementResponse>, Status> {
        let written = self.core.write(request, movement::acknowledge_from_pb).await?;
        let movement = Some(movement::movement_to_pb(&written.row));
        Ok(Response::new(pb::AcknowledgeMovementResponse { movement, receipt: written.receipt()? }))
    }

    async fn complete_movement(
        &self,
        request: Request<pb::CompleteMovementRequest>,
    ) -> Result<Response<pb::CompleteMovementResponse>, Status> {
        let written = self.core.write(request, movement::complete_from_pb).await?;
        let movement = Some(movement::movement_to_pb(&written.row));
        Ok(Response::new(pb::CompleteMovementResponse { movement, receipt: written.receipt()? }))
    }

    async fn get_movement(
        &self,
        request: Request<pb::GetMovementRequest>,
    ) -> Result<Response<pb::GetMovementResponse>, Status> {
        let pb::GetMovementRequest { name, as_of } = request.into_inner();
        let Found { row, now: _, as_of } = self.core.get(&name, as_of).await?;
        Ok(Response::new(pb::GetMovementResponse { movement: Some(movement::movement_to_pb(&row)), as_of }))
    }

    async fn list_movements(
        &self,
        request: Request<pb::ListMovementsRequest>,
    ) -> Result<Response<pb::ListMovementsResponse>, Status> {
        let pb::ListMovementsRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let movements = rows.iter().map(|row| movement::movement_to_pb(row)).collect();
        Ok(Response::new(pb::ListMovementsResponse { movements, next_page_token, as_of }))
    }
}
