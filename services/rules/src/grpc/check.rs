//! Checks, decisions and what becomes of them.

use std::pin::Pin;

use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::check_service_server::CheckService;
use concord_proto::rules::check;
use concord_server::call::peer_of;
use concord_server::ledger_service::until_drained;
use concord_server::past::Listed;
use concord_server::receipt::receipt_to_pb;
use concord_server::status::status;
use futures_util::StreamExt as _;
use tokio_stream::Stream;
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status};

use crate::app::{App, Stand};

fn standing(stand: &Stand) -> pb::DecisionStatus {
    let confirmation = match stand.confirmed {
        true => pb::Confirmation::Confirmed,
        false => pb::Confirmation::Unconfirmed,
    };
    check::status_to_pb(&stand.decision, &stand.status, stand.now, confirmation, stand.confirm_by)
}

#[tonic::async_trait]
impl CheckService for App {
    type WatchDecisionStream = Pin<Box<dyn Stream<Item = Result<pb::WatchDecisionResponse, Status>> + Send>>;

    async fn check_operation(
        &self,
        request: Request<pb::CheckOperationRequest>,
    ) -> Result<Response<pb::CheckOperationResponse>, Status> {
        let (call, asked) = self.core.asked(request, check::check_from_pb).await?;
        let validate_only = call.validate_only;
        let (decision, stand, receipt) = self.check(call, asked).await.map_err(status)?;
        let receipt = receipt.as_ref().map(receipt_to_pb).transpose().map_err(status)?;
        let mut decision = check::decision_to_pb(&decision);
        if validate_only {
            // There is nothing that could be confirmed.
            decision.confirm_by_time = None;
        }
        Ok(Response::new(pb::CheckOperationResponse {
            decision: Some(decision),
            status: Some(standing(&stand)),
            receipt,
        }))
    }

    async fn get_decision(
        &self,
        request: Request<pb::GetDecisionRequest>,
    ) -> Result<Response<pb::GetDecisionResponse>, Status> {
        let pb::GetDecisionRequest { name, as_of } = request.into_inner();
        let (stand, as_of) = self.stood(&name, as_of).await.map_err(status)?;
        let (decision, status) = (Some(check::decision_to_pb(&stand.decision)), Some(standing(&stand)));
        Ok(Response::new(pb::GetDecisionResponse { decision, status, as_of }))
    }

    async fn list_decisions(
        &self,
        request: Request<pb::ListDecisionsRequest>,
    ) -> Result<Response<pb::ListDecisionsResponse>, Status> {
        let pb::ListDecisionsRequest { page_size, page_token, as_of } = request.into_inner();
        let Listed { rows, next_page_token, now: _, as_of } =
            self.core.list(page_size, &page_token, as_of).await?;
        let decisions = rows.iter().map(|row| check::decision_to_pb(row)).collect();
        Ok(Response::new(pb::ListDecisionsResponse { decisions, next_page_token, as_of }))
    }

    async fn watch_decision(
        &self,
        request: Request<pb::WatchDecisionRequest>,
    ) -> Result<Response<Self::WatchDecisionStream>, Status> {
        let id = check::id_from_pb(&request.into_inner().name).map_err(status)?;
        // Subscribed before the first look, so that no change falls between.
        let heads = WatchStream::from_changes(self.core.ledger().watch_head());
        let first = self.stand(&id).await.map_err(status)?;
        let told = |stand: &Stand| Ok(pb::WatchDecisionResponse { status: Some(standing(stand)) });
        let begun = futures_util::stream::iter([told(&first)]);
        let app = self.clone();
        let changes = heads.scan(first, move |last, _| {
            let snapshot = app.core.snapshot();
            let status = snapshot.state.0.statuses.get(&last.decision.id).cloned();
            let changed = status.filter(|status| status != &last.status);
            let message = changed.map(|status| {
                // What takes away needs no confirmation; a release was confirmed by none that began after this call.
                last.confirmed &= !status.lives();
                (last.status, last.now) = (status, app.core.now());
                told(last)
            });
            std::future::ready(Some(message))
        });
        let changes = changes.filter_map(std::future::ready);
        Ok(Response::new(until_drained(begun.chain(changes), self.drain.clone())))
    }

    async fn confirm_decision(
        &self,
        request: Request<pb::ConfirmDecisionRequest>,
    ) -> Result<Response<pb::ConfirmDecisionResponse>, Status> {
        let peer = peer_of(&request).map_err(status)?;
        let id = check::id_from_pb(&request.into_inner().name).map_err(status)?;
        let stand = self.confirm(&peer.actor, &id).await.map_err(status)?;
        Ok(Response::new(pb::ConfirmDecisionResponse { status: Some(standing(&stand)) }))
    }

    async fn review_referral(
        &self,
        request: Request<pb::ReviewReferralRequest>,
    ) -> Result<Response<pb::ReviewReferralResponse>, Status> {
        let (call, review) = self.core.asked(request, check::review_from_pb).await?;
        let (stand, written) = self.review(call, review).await.map_err(status)?;
        let status = Some(standing(&stand));
        Ok(Response::new(pb::ReviewReferralResponse { status, receipt: written.receipt()? }))
    }

    async fn lapse_decision(
        &self,
        request: Request<pb::LapseDecisionRequest>,
    ) -> Result<Response<pb::LapseDecisionResponse>, Status> {
        let (call, lapse) = self.core.asked(request, check::lapse_from_pb).await?;
        let (stand, written) = self.review(call, lapse).await.map_err(status)?;
        let status = Some(standing(&stand));
        Ok(Response::new(pb::LapseDecisionResponse { status, receipt: written.receipt()? }))
    }

    async fn replay_decision(
        &self,
        request: Request<pb::ReplayDecisionRequest>,
    ) -> Result<Response<pb::ReplayDecisionResponse>, Status> {
        let id = check::id_from_pb(&request.into_inner().name).map_err(status)?;
        let (recomputed, difference) = self.replay(&id).await.map_err(status)?;
        let result = match difference {
            None => pb::ReplayResult::Identical,
            Some(_) => pb::ReplayResult::Divergence,
        };
        Ok(Response::new(pb::ReplayDecisionResponse {
            result: result.into(),
            recomputed: Some(check::decision_to_pb(&recomputed)),
            difference: difference.unwrap_or_default(),
        }))
    }
}
