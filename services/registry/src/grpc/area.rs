//! Areas in which operations are restricted.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::area_service_server::AreaService;
use concord_proto::registry::area;
use concord_server::call::Call;
use concord_server::page::Page;
use tonic::{Request, Response, Status};

use super::{receipt, refused};
use crate::app::App;
use crate::app::area::Areas;

#[tonic::async_trait]
impl AreaService for App {
    async fn declare_area(
        &self,
        request: Request<pb::DeclareAreaRequest>,
    ) -> Result<Response<pb::DeclareAreaResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = area::declare_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Areas>(call, command).await.map_err(refused)?;
        let area = Some(area::area_to_pb(&written.row));
        Ok(Response::new(pb::DeclareAreaResponse { area, receipt: receipt(&written.outcome)? }))
    }

    async fn consent_to_area_end(
        &self,
        request: Request<pb::ConsentToAreaEndRequest>,
    ) -> Result<Response<pb::ConsentToAreaEndResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = area::consent_to_end_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Areas>(call, command).await.map_err(refused)?;
        let area = Some(area::area_to_pb(&written.row));
        Ok(Response::new(pb::ConsentToAreaEndResponse { area, receipt: receipt(&written.outcome)? }))
    }

    async fn get_area(
        &self,
        request: Request<pb::GetAreaRequest>,
    ) -> Result<Response<pb::GetAreaResponse>, Status> {
        let id = area::get_from_pb(request.into_inner()).map_err(refused)?;
        let row = self.get::<Areas>(&id).await.map_err(refused)?;
        Ok(Response::new(pb::GetAreaResponse { area: Some(area::area_to_pb(&row)) }))
    }

    async fn list_areas(
        &self,
        request: Request<pb::ListAreasRequest>,
    ) -> Result<Response<pb::ListAreasResponse>, Status> {
        let pb::ListAreasRequest { page_size, page_token } = request.into_inner();
        let page = Page::read(page_size, &page_token, "areas").map_err(refused)?;
        let (rows, next_page_token) = self.list::<Areas>(&page, |_| true).await.map_err(refused)?;
        let areas = rows.iter().map(|row| area::area_to_pb(row)).collect();
        Ok(Response::new(pb::ListAreasResponse { areas, next_page_token }))
    }
}
