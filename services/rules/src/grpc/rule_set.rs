//! Rule sets.

use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::rule_set_service_server::RuleSetService;
use concord_proto::rules::rule_set;
use concord_server::call::Call;
use concord_server::page::Page;
use tonic::{Request, Response, Status};

use super::{receipt, refused};
use crate::app::App;

#[tonic::async_trait]
impl RuleSetService for App {
    async fn propose_rule_set(
        &self,
        request: Request<pb::ProposeRuleSetRequest>,
    ) -> Result<Response<pb::ProposeRuleSetResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let command = rule_set::propose_from_pb(request.into_inner());
        let written = self.rule_set(call, command).await.map_err(refused)?;
        let rule_set = Some(rule_set::rule_set_to_pb(&written.row));
        Ok(Response::new(pb::ProposeRuleSetResponse { rule_set, receipt: receipt(&written.outcome)? }))
    }

    async fn ratify_rule_set(
        &self,
        request: Request<pb::RatifyRuleSetRequest>,
    ) -> Result<Response<pb::RatifyRuleSetResponse>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id, request.get_ref().validate_only)
            .map_err(refused)?;
        let (id, envelope) = rule_set::ratify_from_pb(request.into_inner()).map_err(refused)?;
        let command = self.ratification(&call.actor, id, envelope).map_err(refused)?;
        let written = self.rule_set(call, command).await.map_err(refused)?;
        let rule_set = Some(rule_set::rule_set_to_pb(&written.row));
        Ok(Response::new(pb::RatifyRuleSetResponse { rule_set, receipt: receipt(&written.outcome)? }))
    }

    async fn get_rule_set(
        &self,
        request: Request<pb::GetRuleSetRequest>,
    ) -> Result<Response<pb::GetRuleSetResponse>, Status> {
        let mut id = rule_set::get_from_pb(request.into_inner()).map_err(refused)?;
        if id == rule_set::IN_FORCE {
            let snapshot = self.core.read().await.map_err(refused)?;
            id = snapshot.state.0.rule_set_in_force().map_or(id, |row| row.id.clone());
        }
        let row = self.get(|state| &state.rule_sets, "ruleSets", &id).await.map_err(refused)?;
        Ok(Response::new(pb::GetRuleSetResponse { rule_set: Some(rule_set::rule_set_to_pb(&row)) }))
    }

    async fn list_rule_sets(
        &self,
        request: Request<pb::ListRuleSetsRequest>,
    ) -> Result<Response<pb::ListRuleSetsResponse>, Status> {
        let pb::ListRuleSetsRequest { page_size, page_token } = request.into_inner();
        let page = Page::read(page_size, &page_token, "ruleSets").map_err(refused)?;
        let (rows, next_page_token) = self.list(|state| &state.rule_sets, &page).await.map_err(refused)?;
        let rule_sets = rows.iter().map(|row| rule_set::rule_set_to_pb(row)).collect();
        Ok(Response::new(pb::ListRuleSetsResponse { rule_sets, next_page_token }))
    }
}
