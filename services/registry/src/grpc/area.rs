//! Areas in which operations are restricted.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::area_service_server::AreaService;
use concord_proto::registry::area;
use concord_server::status::status;
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl AreaService for App {
    async fn declare_area(
        &self,
        request: Request<pb::DeclareAreaRequest>,
    ) -> Result<Response<pb::DeclareAreaResponse>, Status> {
        let written = self.core.write(request, area::declare_from_pb).await?;
        let area = Some(area::area_to_pb(&written.row));
        Ok(Response::new(pb::DeclareAreaResponse { area, receipt: written.receipt()? }))
    }

    async fn consent_to_area_end(
        &self,
        request: Request<pb::ConsentToAreaEndRequest>,
    ) -> Result<Response<pb::ConsentToAreaEndResponse>, Status> {
        let written = self.core.write(request, area::consent_to_end_from_pb).await?;
        let area = Some(area::area_to_pb(&written.row));
        Ok(Response::new(pb::ConsentToAreaEndResponse { area, receipt: written.receipt()? }))
    }

    async fn get_area(
        &self,
        request: Request<pb::GetAreaRequest>,
    ) -> Result<Response<pb::GetAreaResponse>, Status> {
        let id = area::get_from_pb(request.into_inner()).map_err(status)?;
        let row = self.core.get(&id).await?;
        Ok(Response::new(pb::GetAreaResponse { area: Some(area::area_to_pb(&row)) }))
    }

    async fn list_areas(
        &self,
        request: Request<pb::ListAreasRequest>,
    ) -> Result<Response<pb::ListAreasResponse>, Status> {
        let pb::ListAreasRequest { page_size, page_token } = request.into_inner();
        let (rows, next_page_token) = self.core.list(page_size, &page_token).await?;
        let areas = rows.iter().map(|row| area::area_to_pb(row)).collect();
        Ok(Response::new(pb::ListAreasResponse { areas, next_page_token }))
    }
}
