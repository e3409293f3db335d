//! Air reservations.

use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::airspace_service_server::AirspaceService;
use concord_proto::rules::airspace;
use concord_server::call::Call;
use concord_server::page::Page;
use tonic::{Request, Response, Status};

use super::{receipt, refused};
use crate::app::App;

#[tonic::async_trait]
impl AirspaceService for App {
    async fn reserve_airspace(
        &self,
        request: Request<pb::ReserveAirspaceRequest>,
    ) -> Result<Response<pb::ReserveAirspaceResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = airspace::reserve_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.airspace(call, command).await.map_err(refused)?;
        let air_reservation = Some(airspace::reservation_to_pb(&written.row));
        Ok(Response::new(pb::ReserveAirspaceResponse {
            air_reservation,
            receipt: receipt(&written.outcome)?,
        }))
    }

    async fn amend_air_reservation(
        &self,
        request: Request<pb::AmendAirReservationRequest>,
    ) -> Result<Response<pb::AmendAirReservationResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = airspace::amend_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.airspace(call, command).await.map_err(refused)?;
        let air_reservation = Some(airspace::reservation_to_pb(&written.row));
        Ok(Response::new(pb::AmendAirReservationResponse {
            air_reservation,
            receipt: receipt(&written.outcome)?,
        }))
    }

    async fn end_air_reservation(
        &self,
        request: Request<pb::EndAirReservationRequest>,
    ) -> Result<Response<pb::EndAirReservationResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = airspace::end_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.airspace(call, command).await.map_err(refused)?;
        let air_reservation = Some(airspace::reservation_to_pb(&written.row));
        Ok(Response::new(pb::EndAirReservationResponse {
            air_reservation,
            receipt: receipt(&written.outcome)?,
        }))
    }

    async fn get_air_reservation(
        &self,
        request: Request<pb::GetAirReservationRequest>,
    ) -> Result<Response<pb::GetAirReservationResponse>, Status> {
        let id = airspace::get_from_pb(request.into_inner()).map_err(refused)?;
        let row = self.get(|state| &state.reservations, "airReservations", &id).await.map_err(refused)?;
        Ok(Response::new(pb::GetAirReservationResponse {
            air_reservation: Some(airspace::reservation_to_pb(&row)),
        }))
    }

    async fn list_air_reservations(
        &self,
        request: Request<pb::ListAirReservationsRequest>,
    ) -> Result<Response<pb::ListAirReservationsResponse>, Status> {
        let pb::ListAirReservationsRequest { page_size, page_token } = request.into_inner();
        let page = Page::read(page_size, &page_token, "airReservations").map_err(refused)?;
        let (rows, next_page_token) = self.list(|state| &state.reservations, &page).await.map_err(refused)?;
        let air_reservations = rows.iter().map(|row| airspace::reservation_to_pb(row)).collect();
        Ok(Response::new(pb::ListAirReservationsResponse { air_reservations, next_page_token }))
    }
}
