//! Designations and their names.

use std::pin::Pin;

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::designation_service_server::DesignationService;
use concord_proto::registry::designation;
use concord_server::call::Call;
use concord_server::page::Page;
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::{receipt, refused};
use crate::app::App;
use crate::app::designation::Designations;

#[tonic::async_trait]
impl DesignationService for App {
    type ImportDesignationsStream =
        Pin<Box<dyn Stream<Item = Result<pb::ImportDesignationsResponse, Status>> + Send>>;

    async fn propose_designation(
        &self,
        request: Request<pb::ProposeDesignationRequest>,
    ) -> Result<Response<pb::ProposeDesignationResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = designation::propose_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Designations>(call, command).await.map_err(refused)?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::ProposeDesignationResponse { designation, receipt: receipt(&written.outcome)? }))
    }

    async fn decide_designation(
        &self,
        request: Request<pb::DecideDesignationRequest>,
    ) -> Result<Response<pb::DecideDesignationResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = designation::decide_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Designations>(call, command).await.map_err(refused)?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::DecideDesignationResponse { designation, receipt: receipt(&written.outcome)? }))
    }

    async fn suspend_designation(
        &self,
        request: Request<pb::SuspendDesignationRequest>,
    ) -> Result<Response<pb::SuspendDesignationResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = designation::suspend_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Designations>(call, command).await.map_err(refused)?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::SuspendDesignationResponse { designation, receipt: receipt(&written.outcome)? }))
    }

    async fn expire_designation(
        &self,
        request: Request<pb::ExpireDesignationRequest>,
    ) -> Result<Response<pb::ExpireDesignationResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = designation::expire_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Designations>(call, command).await.map_err(refused)?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::ExpireDesignationResponse { designation, receipt: receipt(&written.outcome)? }))
    }

    async fn propose_alias(
        &self,
        request: Request<pb::ProposeAliasRequest>,
    ) -> Result<Response<pb::ProposeAliasResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = designation::propose_alias_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Designations>(call, command).await.map_err(refused)?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::ProposeAliasResponse { designation, receipt: receipt(&written.outcome)? }))
    }

    async fn decide_alias(
        &self,
        request: Request<pb::DecideAliasRequest>,
    ) -> Result<Response<pb::DecideAliasResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = designation::decide_alias_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<Designations>(call, command).await.map_err(refused)?;
        let designation = Some(designation::designation_to_pb(&written.row, self.core.now()));
        Ok(Response::new(pb::DecideAliasResponse { designation, receipt: receipt(&written.outcome)? }))
    }

    async fn get_designation(
        &self,
        request: Request<pb::GetDesignationRequest>,
    ) -> Result<Response<pb::GetDesignationResponse>, Status> {
        let id = designation::get_from_pb(request.into_inner()).map_err(refused)?;
        let row = self.get::<Designations>(&id).await.map_err(refused)?;
        Ok(Response::new(pb::GetDesignationResponse {
            designation: Some(designation::designation_to_pb(&row, self.core.now())),
        }))
    }

    async fn list_designations(
        &self,
        request: Request<pb::ListDesignationsRequest>,
    ) -> Result<Response<pb::ListDesignationsResponse>, Status> {
        let pb::ListDesignationsRequest { page_size, page_token, state } = request.into_inner();
        let page = Page::read(page_size, &page_token, &format!("designations/{state}")).map_err(refused)?;
        let now = self.core.now();
        let listed = |row: &_| designation::is_listed(&designation::designation_to_pb(row, now), state);
        let (rows, next_page_token) = self.list::<Designations>(&page, listed).await.map_err(refused)?;
        let designations = rows.iter().map(|row| designation::designation_to_pb(row, now)).collect();
        Ok(Response::new(pb::ListDesignationsResponse { designations, next_page_token }))
    }

    async fn import_designations(
        &self,
        request: Request<Streaming<pb::ImportDesignationsRequest>>,
    ) -> Result<Response<Self::ImportDesignationsStream>, Status> {
        super::import::designations(self, request).await
    }
}
