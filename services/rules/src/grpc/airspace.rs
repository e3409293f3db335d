//! Air reservations.

use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::airspace_service_server::AirspaceService;
use concord_proto::rules::airspace;
use concord_server::past::{Found, Listed};
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl AirspaceService for App {
    async fn reserve_airspace(
        &self,
        request: Request<pb::ReserveAirspaceRequest>,
    ) -> Result<Response<pb::ReserveAirspaceResponse>, Status> {
        let written = self.core.write(request, airspace::reserve_from_pb).await?;
        let air_reservation = Some(airspace::reservation_to_pb(&written.row));
        Ok(Response::new(pb::ReserveAirspaceResponse { air_reservation, receipt: written.receipt()? }))
    }

    async fn amend_air_reservation(
        &self,
        request: Request<pb::AmendAirReservationRequest>,
    ) -> Result<Response<pb::AmendAirReservationResponse>, Status> {
        let written = self.core.write(request, airspace::amend_from_pb).await?;
        let air_reservation = Some(airspace::reservation_to_pb(&written.row));
        Ok(Response::new(pb::AmendAirReservationResponse { air_reservation, receipt: written.receipt()? }))
    }

    async fn end_air_reservation(
        &self,
        request: Request<pb::EndAirReservationRequest>,
    ) -> Result<Response<pb::EndAirReservationResponse>, Status> {
        let written = self.core.write(request, airspace::end_from_pb).await?;
        let air_reservation = Some(airspace::reservation_to_pb(&written.row));
        Ok(Response::new(pb::EndAirReservationResponse { air_reservation, receipt: written.receipt()? }))
    }

    async fn get_air_reservation(
        &self,
        request: Request<pb::GetAirReservationRequest>,
    ) -> Result<Response<pb::GetAirReservationResponse>, Status> {
        let pb::GetAirReservationRequest { name, as_of } = request.into_inner();
        let Found { row, now: _, as_of } = self.core.get(&name, as_of).await?;
        let air_reservation = Some(airspace::reservation_to_pb(&row));
        Ok(Response::new(pb::GetAirReservationResponse { air_reservation, as_of }))
    }

    async fn list_air_reservations(
        &self,
        request: Request<pb::ListAirReservationsRequest>,
    ) -> Result<Response<pb::ListAirReservationsResponse>, Status> {
        let pb::ListAirReservationsRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let air_reservations = rows.iter().map(|row| airspace::reservation_to_pb(row)).collect();
        Ok(Response::new(pb::ListAirReservationsResponse { air_reservations, next_page_token, as_of }))
    }
}
