//! Humanitarian and civil movements.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::movement_service_server::MovementService;
use concord_proto::registry::movement;
use concord_server::call::Call;
use concord_server::page::Page;
use tonic::{Request, Response, Status};

use super::{receipt, refused};
use crate::app::App;
use crate::app::movement::Movements;

#[tonic::async_trait]
impl MovementService for App {
    async fn notify_movement(
        &self,
        request: Request<pb::NotifyMovementRequest>,
    ) -> Result<Response<pb::NotifyMovementResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = movement::notify_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Movements>(call, command).await.map_err(refused)?;
        let movement = Some(movement::movement_to_pb(&written.row));
        Ok(Response::new(pb::NotifyMovementResponse { movement, receipt: receipt(&written.outcome)? }))
    }

    async fn amend_movement(
        &self,
        request: Request<pb::AmendMovementRequest>,
    ) -> Result<Response<pb::AmendMovementResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = movement::amend_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Movements>(call, command).await.map_err(refused)?;
        let movement = Some(movement::movement_to_pb(&written.row));
        Ok(Response::new(pb::AmendMovementResponse { movement, receipt: receipt(&written.outcome)? }))
    }

    async fn acknowledge_movement(
        &self,
        request: Request<pb::AcknowledgeMovementRequest>,
    ) -> Result<Response<pb::AcknowledgeMovementResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = movement::acknowledge_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Movements>(call, command).await.map_err(refused)?;
        let movement = Some(movement::movement_to_pb(&written.row));
        Ok(Response::new(pb::AcknowledgeMovementResponse { movement, receipt: receipt(&written.outcome)? }))
    }

    async fn complete_movement(
        &self,
        request: Request<pb::CompleteMovementRequest>,
    ) -> Result<Response<pb::CompleteMovementResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = movement::complete_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Movements>(call, command).await.map_err(refused)?;
        let movement = Some(movement::movement_to_pb(&written.row));
        Ok(Response::new(pb::CompleteMovementResponse { movement, receipt: receipt(&written.outcome)? }))
    }

    async fn get_movement(
        &self,
        request: Request<pb::GetMovementRequest>,
    ) -> Result<Response<pb::GetMovementResponse>, Status> {
        let id = movement::get_from_pb(request.into_inner()).map_err(refused)?;
        let row = self.get::<Movements>(&id).await.map_err(refused)?;
        Ok(Response::new(pb::GetMovementResponse { movement: Some(movement::movement_to_pb(&row)) }))
    }

    async fn list_movements(
        &self,
        request: Request<pb::ListMovementsRequest>,
    ) -> Result<Response<pb::ListMovementsResponse>, Status> {
        let pb::ListMovementsRequest { page_size, page_token } = request.into_inner();
        let page = Page::read(page_size, &page_token, "movements").map_err(refused)?;
        let (rows, next_page_token) = self.list::<Movements>(&page, |_| true).await.map_err(refused)?;
        let movements = rows.iter().map(|row| movement::movement_to_pb(row)).collect();
        Ok(Response::new(pb::ListMovementsResponse { movements, next_page_token }))
    }
}
