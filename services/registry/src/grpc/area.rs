//! Areas in which operations are restricted.

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::area_service_server::AreaService;
use concord_proto::registry::area;
use concord_server::past::{Found, Listed};
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
        let pb::GetAreaRequest { name, as_of } = request.into_inner();
        let Found { row, now: _, as_of } = self.core.get(&name, as_of).await?;
        Ok(Response::new(pb::GetAreaResponse { area: Some(area::area_to_pb(&row)), as_of }))
    }

    async fn list_areas(
        &self,
        request: Request<pb::ListAreasRequest>,
    ) -> Result<Response<pb::ListAreasResponse>, Status> {
        let pb::ListAreasRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let areas = rows.iter().map(|row| area::area_to_pb(row)).collect();
        Ok(Response::new(pb::ListAreasResponse { areas, next_page_token, as_of }))
    }
}
