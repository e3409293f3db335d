//! What others say about an operation.

use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::coordination_service_server::CoordinationService;
use concord_proto::rules::coordination;
use concord_server::call::Call;
use tonic::{Request, Response, Status};

use super::{receipt, refused};
use crate::app::App;

#[tonic::async_trait]
impl CoordinationService for App {
    async fn give_notice(
        &self,
        request: Request<pb::GiveNoticeRequest>,
    ) -> Result<Response<pb::GiveNoticeResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = coordination::notice_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.say(call, command).await.map_err(refused)?;
        let coordination = Some(coordination::coordination_to_pb(&written.row));
        Ok(Response::new(pb::GiveNoticeResponse { coordination, receipt: receipt(&written.outcome)? }))
    }

    async fn approve_operation(
        &self,
        request: Request<pb::ApproveOperationRequest>,
    ) -> Result<Response<pb::ApproveOperationResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = coordination::approve_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.say(call, command).await.map_err(refused)?;
        let coordination = Some(coordination::coordination_to_pb(&written.row));
        Ok(Response::new(pb::ApproveOperationResponse { coordination, receipt: receipt(&written.outcome)? }))
    }

    async fn consent_to_operation(
        &self,
        request: Request<pb::ConsentToOperationRequest>,
    ) -> Result<Response<pb::ConsentToOperationResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = coordination::consent_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.say(call, command).await.map_err(refused)?;
        let coordination = Some(coordination::coordination_to_pb(&written.row));
        Ok(Response::new(pb::ConsentToOperationResponse {
            coordination,
            receipt: receipt(&written.outcome)?,
        }))
    }

    async fn list_coordination(
        &self,
        request: Request<pb::ListCoordinationRequest>,
    ) -> Result<Response<pb::ListCoordinationResponse>, Status> {
        let pb::ListCoordinationRequest { operation_digest } = request.into_inner();
        let rows = self.said(&operation_digest).await.map_err(refused)?;
        let coordination = rows.iter().map(|row| coordination::coordination_to_pb(row)).collect();
        Ok(Response::new(pb::ListCoordinationResponse { coordination }))
    }
}
