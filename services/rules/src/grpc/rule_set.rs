//! Rule sets.

use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::rule_set_service_server::RuleSetService;
use concord_proto::rules::rule_set;
use concord_server::past::{Found, Listed};
use concord_server::status::status;
use tonic::{Request, Response, Status};

use crate::app::App;

#[tonic::async_trait]
impl RuleSetService for App {
    async fn propose_rule_set(
        &self,
        request: Request<pb::ProposeRuleSetRequest>,
    ) -> Result<Response<pb::ProposeRuleSetResponse>, Status> {
        let written = self.core.write(request, rule_set::propose_from_pb).await?;
        let rule_set = Some(rule_set::rule_set_to_pb(&written.row));
        Ok(Response::new(pb::ProposeRuleSetResponse { rule_set, receipt: written.receipt()? }))
    }

    async fn ratify_rule_set(
        &self,
        request: Request<pb::RatifyRuleSetRequest>,
    ) -> Result<Response<pb::RatifyRuleSetResponse>, Status> {
        let written = self.core.write(request, rule_set::ratify_from_pb).await?;
        let rule_set = Some(rule_set::rule_set_to_pb(&written.row));
        Ok(Response::new(pb::RatifyRuleSetResponse { rule_set, receipt: written.receipt()? }))
    }

    async fn get_rule_set(
        &self,
        request: Request<pb::GetRuleSetRequest>,
    ) -> Result<Response<pb::GetRuleSetResponse>, Status> {
        let pb::GetRuleSetRequest { name, as_of } = request.into_inner();
        let Found { row, now: _, as_of } = self.rule_set(&name, as_of).await.map_err(status)?;
        Ok(Response::new(pb::GetRuleSetResponse { rule_set: Some(rule_set::rule_set_to_pb(&row)), as_of }))
    }

    async fn list_rule_sets(
        &self,
        request: Request<pb::ListRuleSetsRequest>,
    ) -> Result<Response<pb::ListRuleSetsResponse>, Status> {
        let pb::ListRuleSetsRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let rule_sets = rows.iter().map(|row| rule_set::rule_set_to_pb(row)).collect();
        Ok(Response::new(pb::ListRuleSetsResponse { rule_sets, next_page_token, as_of }))
    }
}
