//! Protected entities and claims.

use std::pin::Pin;

use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::protection_service_server::ProtectionService;
use concord_proto::registry::protection;
use concord_server::past::{Found, Listed};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::app::App;

#[tonic::async_trait]
impl ProtectionService for App {
    type ImportProtectedEntitiesStream =
        Pin<Box<dyn Stream<Item = Result<pb::ImportProtectedEntitiesResponse, Status>> + Send>>;

    async fn notify_protected_entity(
        &self,
        request: Request<pb::NotifyProtectedEntityRequest>,
    ) -> Result<Response<pb::NotifyProtectedEntityResponse>, Status> {
        let written = self.core.write(request, protection::notify_from_pb).await?;
        let protected_entity = Some(protection::protected_entity_to_pb(&written.row));
        Ok(Response::new(pb::NotifyProtectedEntityResponse { protected_entity, receipt: written.receipt()? }))
    }

    async fn amend_protected_entity(
        &self,
        request: Request<pb::AmendProtectedEntityRequest>,
    ) -> Result<Response<pb::AmendProtectedEntityResponse>, Status> {
        let written = self.core.write(request, protection::amend_from_pb).await?;
        let protected_entity = Some(protection::protected_entity_to_pb(&written.row));
        Ok(Response::new(pb::AmendProtectedEntityResponse { protected_entity, receipt: written.receipt()? }))
    }

    async fn give_up_former_place(
        &self,
        request: Request<pb::GiveUpFormerPlaceRequest>,
    ) -> Result<Response<pb::GiveUpFormerPlaceResponse>, Status> {
        let written = self.core.write(request, protection::give_up_from_pb).await?;
        let protected_entity = Some(protection::protected_entity_to_pb(&written.row));
        Ok(Response::new(pb::GiveUpFormerPlaceResponse { protected_entity, receipt: written.receipt()? }))
    }

    async fn claim_protected_entity(
        &self,
        request: Request<pb::ClaimProtectedEntityRequest>,
    ) -> Result<Response<pb::ClaimProtectedEntityResponse>, Status> {
        let written = self.core.write(request, protection::claim_from_pb).await?;
        let protected_entity = Some(protection::protected_entity_to_pb(&written.row));
        Ok(Response::new(pb::ClaimProtectedEntityResponse { protected_entity, receipt: written.receipt()? }))
    }

    async fn confirm_protected_entity(
        &self,
        request: Request<pb::ConfirmProtectedEntityRequest>,
    ) -> Result<Response<pb::ConfirmProtectedEntityResponse>, Status> {
        let written = self.core.write(request, protection::confirm_from_pb).await?;
        let protected_entity = Some(protection::protected_entity_to_pb(&written.row));
        Ok(Response::new(pb::ConfirmProtectedEntityResponse {
            protected_entity,
            receipt: written.receipt()?,
        }))
    }

    async fn consent_to_protection_removal(
        &self,
        request: Request<pb::ConsentToProtectionRemovalRequest>,
    ) -> Result<Response<pb::ConsentToProtectionRemovalResponse>, Status> {
        let written = self.core.write(request, protection::consent_to_removal_from_pb).await?;
        let protected_entity = Some(protection::protected_entity_to_pb(&written.row));
        Ok(Response::new(pb::ConsentToProtectionRemovalResponse {
            protected_entity,
            receipt: written.receipt()?,
        }))
    }

    async fn get_protected_entity(
        &self,
        request: Request<pb::GetProtectedEntityRequest>,
    ) -> Result<Response<pb::GetProtectedEntityResponse>, Status> {
        let pb::GetProtectedEntityRequest { name, as_of } = request.into_inner();
        let Found { row, now: _, as_of } = self.core.get(&name, as_of).await?;
        let protected_entity = Some(protection::protected_entity_to_pb(&row));
        Ok(Response::new(pb::GetProtectedEntityResponse { protected_entity, as_of }))
    }

    async fn list_protected_entities(
        &self,
        request: Request<pb::ListProtectedEntitiesRequest>,
    ) -> Result<Response<pb::ListProtectedEntitiesResponse>, Status> {
        let pb::ListProtectedEntitiesRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let protected_entities = rows.iter().map(|row| protection::protected_entity_to_pb(row)).collect();
        Ok(Response::new(pb::ListProtectedEntitiesResponse { protected_entities, next_page_token, as_of }))
    }

    async fn import_protected_entities(
        &self,
        request: Request<Streaming<pb::ImportProtectedEntitiesRequest>>,
    ) -> Result<Response<Self::ImportProtectedEntitiesStream>, Status> {
        super::import::protected_entities(self, request).await
    }
}
