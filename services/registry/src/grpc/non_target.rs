//! Groups that are not acceptable targets.

use concord_domain::fold::Kept as _;
use concord_domain::registry::Event;
use concord_domain::registry::designation::Designation;
use concord_domain::table::Resource as _;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::non_target_service_server::NonTargetService;
use concord_proto::registry::non_target;
use concord_server::past::{Found, Listed};
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl NonTargetService for App {
    async fn name_non_target_group(
        &self,
        request: Request<pb::NameNonTargetGroupRequest>,
    ) -> Result<Response<pb::NameNonTargetGroupResponse>, Status> {
        let written = self.core.write(request, non_target::name_from_pb).await?;
        let non_target_group = Some(non_target::non_target_group_to_pb(&written.row));
        let suspended_designations = suspended(&written.outcome.events);
        let receipt = written.receipt()?;
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
        let written = self.core.write(request, non_target::consent_to_removal_from_pb).await?;
        let non_target_group = Some(non_target::non_target_group_to_pb(&written.row));
        Ok(Response::new(pb::ConsentToNonTargetRemovalResponse {
            non_target_group,
            receipt: written.receipt()?,
        }))
    }

    async fn get_non_target_group(
        &self,
        request: Request<pb::GetNonTargetGroupRequest>,
    ) -> Result<Response<pb::GetNonTargetGroupResponse>, Status> {
        let pb::GetNonTargetGroupRequest { name, as_of } = request.into_inner();
        let Found { row, now: _, as_of } = self.core.get(&name, as_of).await?;
        let non_target_group = Some(non_target::non_target_group_to_pb(&row));
        Ok(Response::new(pb::GetNonTargetGroupResponse { non_target_group, as_of }))
    }

    async fn list_non_target_groups(
        &self,
        request: Request<pb::ListNonTargetGroupsRequest>,
    ) -> Result<Response<pb::ListNonTargetGroupsResponse>, Status> {
        let pb::ListNonTargetGroupsRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let non_target_groups = rows.iter().map(|row| non_target::non_target_group_to_pb(row)).collect();
        Ok(Response::new(pb::ListNonTargetGroupsResponse { non_target_groups, next_page_token, as_of }))
    }
}

/// Names of the designations that the naming suspended.
fn suspended(events: &[Event]) -> Vec<String> {
    let designations = events.iter().filter_map(Designation::in_event);
    designations.map(Designation::name).collect()
}
