//! Designations and their names.

use std::pin::Pin;

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::designation_service_server::DesignationService;
use concord_proto::registry::designation;
use concord_server::past::{Found, Listed};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::app::App;

#[tonic::async_trait]
impl DesignationService for App {
    type ImportDesignationsStream =
        Pin<Box<dyn Stream<Item = Result<pb::ImportDesignationsResponse, Status>> + Send>>;

    async fn propose_designation(
        &self,
        request: Request<pb::ProposeDesignationRequest>,
    ) -> Result<Response<pb::ProposeDesignationResponse>, Status> {
        let written = self.core.write(request, designation::propose_from_pb).await?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::ProposeDesignationResponse { designation, receipt: written.receipt()? }))
    }

    async fn decide_designation(
        &self,
        request: Request<pb::DecideDesignationRequest>,
    ) -> Result<Response<pb::DecideDesignationResponse>, Status> {
        let written = self.core.write(request, designation::decide_from_pb).await?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::DecideDesignationResponse { designation, receipt: written.receipt()? }))
    }

    async fn suspend_designation(
        &self,
        request: Request<pb::SuspendDesignationRequest>,
    ) -> Result<Response<pb::SuspendDesignationResponse>, Status> {
        let written = self.core.write(request, designation::suspend_from_pb).await?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::SuspendDesignationResponse { designation, receipt: written.receipt()? }))
    }

    async fn expire_designation(
        &self,
        request: Request<pb::ExpireDesignationRequest>,
    ) -> Result<Response<pb::ExpireDesignationResponse>, Status> {
        let written = self.core.write(request, designation::expire_from_pb).await?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::ExpireDesignationResponse { designation, receipt: written.receipt()? }))
    }

    async fn propose_alias(
        &self,
        request: Request<pb::ProposeAliasRequest>,
    ) -> Result<Response<pb::ProposeAliasResponse>, Status> {
        let written = self.core.write(request, designation::propose_alias_from_pb).await?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::ProposeAliasResponse { designation, receipt: written.receipt()? }))
    }

    async fn decide_alias(
        &self,
        request: Request<pb::DecideAliasRequest>,
    ) -> Result<Response<pb::DecideAliasResponse>, Status> {
        let written = self.core.write(request, designation::decide_alias_from_pb).await?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::DecideAliasResponse { designation, receipt: written.receipt()? }))
    }

    async fn get_designation(
        &self,
        request: Request<pb::GetDesignationRequest>,
    ) -> Result<Response<pb::GetDesignationResponse>, Status> {
        let pb::GetDesignationRequest { name, as_of } = request.into_inner();
        let Found { row, now, as_of } = self.core.get(&name, as_of).await?;
        let designation = Some(designation::designation_to_pb(&row, now));
        Ok(Response::new(pb::GetDesignationResponse { designation, as_of }))
    }

    async fn list_designations(
        &self,
        request: Request<pb::ListDesignationsRequest>,
    ) -> Result<Response<pb::ListDesignationsResponse>, Status> {
        let pb::ListDesignationsRequest { page_size, page_token, state, as_of } = request.into_inner();
        let listed =
            move |row: &_, now| designation::is_listed(&designation::designation_to_pb(row, now), state);
        let page = (page_size, page_token.as_str());
        let Listed { rows, next_page_token, now, as_of } =
            self.core.list_where(page, as_of, &state.to_string(), listed).await?;
        let designations = rows.iter().map(|row| designation::designation_to_pb(row, now)).collect();
        Ok(Response::new(pb::ListDesignationsResponse { designations, next_page_token, as_of }))
    }

    async fn import_designations(
        &self,
        request: Request<Streaming<pb::ImportDesignationsRequest>>,
    ) -> Result<Response<Self::ImportDesignationsStream>, Status> {
        super::import::designations(self, request).await
    }
}
