//! Groups that are not acceptable targets.

use concord_domain::registry::Event;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::non_target_service_server::NonTargetService;
use concord_proto::registry::non_target;
use concord_server::call::Call;
use concord_server::page::Page;
use tonic::{Request, Response, Status};

use super::{receipt, refused};
use crate::app::designation::Designations;
use crate::app::non_target::NonTargets;
use crate::app::{App, Noun as _};

#[tonic::async_trait]
impl NonTargetService for App {
    async fn name_non_target_group(
        &self,
        request: Request<pb::NameNonTargetGroupRequest>,
    ) -> Result<Response<pb::NameNonTargetGroupResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = non_target::name_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<NonTargets>(call, command).await.map_err(refused)?;
        let non_target_group = Some(non_target::non_target_group_to_pb(&written.row));
        let suspended_designations = suspended(&written.outcome.events);
        let receipt = receipt(&written.outcome)?;
        Ok(Response::new(pb::NameNonTargetGroupResponse {
            non_target_group,
            suspended_designations,
            receipt,
        }))
    }

    async fn consent_to_non_target_removal(
        &self,
        request: Request<pb::ConsentToNonTargetRemovalRequest>,
    ) -> Result<Response<pb::ConsentToNonTargetRemovalResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = non_target::consent_to_removal_from_pb(request.into_inner()).map_err(refused)?;
        let written = self.write::<NonTargets>(call, command).await.map_err(refused)?;
        let non_target_group = Some(non_target::non_target_group_to_pb(&written.row));
        Ok(Response::new(pb::ConsentToNonTargetRemovalResponse {
            non_target_group,
            receipt: receipt(&written.outcome)?,
        }))
    }

    async fn get_non_target_group(
        &self,
        request: Request<pb::GetNonTargetGroupRequest>,
    ) -> Result<Response<pb::GetNonTargetGroupResponse>, Status> {
        let id = non_target::get_from_pb(request.into_inner()).map_err(refused)?;
        let row = self.get::<NonTargets>(&id).await.map_err(refused)?;
        Ok(Response::new(pb::GetNonTargetGroupResponse {
            non_target_group: Some(non_target::non_target_group_to_pb(&row)),
        }))
    }

    async fn list_non_target_groups(
        &self,
        request: Request<pb::ListNonTargetGroupsRequest>,
    ) -> Result<Response<pb::ListNonTargetGroupsResponse>, Status> {
        let pb::ListNonTargetGroupsRequest { page_size, page_token } = request.into_inner();
        let page = Page::read(page_size, &page_token, "non_target_groups").map_err(refused)?;
        let (rows, next_page_token) = self.list::<NonTargets>(&page, |_| true).await.map_err(refused)?;
        let non_target_groups = rows.iter().map(|row| non_target::non_target_group_to_pb(row)).collect();
        Ok(Response::new(pb::ListNonTargetGroupsResponse { non_target_groups, next_page_token }))
    }
}

/// Names of the designations that the naming suspended.
fn suspended(events: &[Event]) -> Vec<String> {
    let designations = events.iter().filter_map(Designations::row);
    designations.map(concord_domain::registry::designation::Designation::name).collect()
}
