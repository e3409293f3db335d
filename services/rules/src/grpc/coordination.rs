//! What others say about an operation.

use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::coordination_service_server::CoordinationService;
use concord_proto::rules::coordination;
use concord_server::status::status;
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl CoordinationService for App {
    async fn give_notice(
        &self,
        request: Request<pb::GiveNoticeRequest>,
    ) -> Result<Response<pb::GiveNoticeResponse>, Status> {
        let written = self.core.write(request, coordination::notice_from_pb).await?;
        let coordination = Some(coordination::coordination_to_pb(&written.row));
        Ok(Response::new(pb::GiveNoticeResponse { coordination, receipt: written.receipt()? }))
    }

    async fn approve_operation(
        &self,
        request: Request<pb::ApproveOperationRequest>,
    ) -> Result<Response<pb::ApproveOperationResponse>, Status> {
        let written = self.core.write(request, coordination::approve_from_pb).await?;
        let coordination = Some(coordination::coordination_to_pb(&written.row));
        Ok(Response::new(pb::ApproveOperationResponse { coordination, receipt: written.receipt()? }))
    }

    async fn consent_to_operation(
        &self,
        request: Request<pb::ConsentToOperationRequest>,
    ) -> Result<Response<pb::ConsentToOperationResponse>, Status> {
        let written = self.core.write(request, coordination::consent_from_pb).await?;
        let coordination = Some(coordination::coordination_to_pb(&written.row));
        Ok(Response::new(pb::ConsentToOperationResponse { coordination, receipt: written.receipt()? }))
    }

    async fn attest_operation(
        &self,
        request: Request<pb::AttestOperationRequest>,
    ) -> Result<Response<pb::AttestOperationResponse>, Status> {
        let written = self.core.write(request, coordination::attest_from_pb).await?;
        let coordination = Some(coordination::coordination_to_pb(&written.row));
        Ok(Response::new(pb::AttestOperationResponse { coordination, receipt: written.receipt()? }))
    }

    async fn list_coordination(
        &self,
        request: Request<pb::ListCoordinationRequest>,
    ) -> Result<Response<pb::ListCoordinationResponse>, Status> {
        let pb::ListCoordinationRequest { operation_digest, as_of } = request.into_inner();
        let faults = coordination::digest_faults(&operation_digest);
        let (rows, as_of) = self.said(&operation_digest, faults, as_of).await.map_err(status)?;
        let coordination = rows.iter().map(|row| coordination::coordination_to_pb(row)).collect();
        Ok(Response::new(pb::ListCoordinationResponse { coordination, as_of }))
    }
}
