//! `LedgerService`, the same in every process: what the own ledger holds, proofs of it, and what its witnesses say.

mod entries;
mod status;
mod witnessing;

use std::pin::Pin;

use concord_domain::errors::{Refusal, Violation};
use concord_domain::fold::Fold;
use concord_ledger::hash::Hash;
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::pb::ledger::v1::ledger_service_server::LedgerService;
use concord_store::{Head, Ledger};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio_stream::wrappers::WatchStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::call::peer_of;
use crate::core::{Core, internal};
use crate::folded::Folded;
use crate::receipt::receipt_to_pb;
use crate::status::status;

const PAGE_MAX: usize = 1_000;

/// Answers from the ledger of one service.
pub struct LedgerReader<D: Fold> {
    core: Core<D>,
    drain: CancellationToken,
}

impl<D: Fold> Clone for LedgerReader<D> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), drain: self.drain.clone() }
    }
}

impl<D: Fold> LedgerReader<D> {
    /// A reader of the ledger of `core`, whose streams end when `drain` is cancelled.
    #[must_use]
    pub fn new(core: Core<D>, drain: CancellationToken) -> Self {
        Self { core, drain }
    }

    fn ledger(&self) -> &Ledger<Folded<D>> {
        self.core.ledger()
    }

    /// Does what may wait for the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Status> {
        let reader = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&reader)).await;
        done.map_err(|e| status(internal(&e)))?.map_err(status)
    }

    fn head_to_pb(&self, head: Head) -> pb::Head {
        head_to_pb(self.ledger().origin(), head)
    }
}

fn head_to_pb(origin: &str, head: Head) -> pb::Head {
    let Head { size, root } = head;
    pb::Head { origin: origin.to_owned(), size, root: root.to_vec().into() }
}

fn hashes(proof: Vec<Hash>) -> Vec<prost::bytes::Bytes> {
    proof.into_iter().map(|hash| hash.to_vec().into()).collect()
}

fn beyond(field: &str, value: u64, size: u64) -> Refusal {
    let rule = format!("within the ledger, which has {size} entries");
    Refusal::invalid(vec![Violation::new(field, rule, value, "ask for GetHead first")])
}

fn out_of_range(field: &str, value: u64, size: u64) -> Status {
    status(beyond(field, value, size))
}

#[tonic::async_trait]
impl<D: Fold> LedgerService for LedgerReader<D> {
    type WatchHeadStream = Pin<Box<dyn Stream<Item = Result<pb::WatchHeadResponse, Status>> + Send>>;
    type WatchEntriesStream = Pin<Box<dyn Stream<Item = Result<pb::WatchEntriesResponse, Status>> + Send>>;

    async fn get_head(
        &self,
        _: Request<pb::GetHeadRequest>,
    ) -> Result<Response<pb::GetHeadResponse>, Status> {
        Ok(Response::new(pb::GetHeadResponse { head: Some(self.head_to_pb(self.ledger().head())) }))
    }

    async fn watch_head(
        &self,
        _: Request<pb::WatchHeadRequest>,
    ) -> Result<Response<Self::WatchHeadStream>, Status> {
        let reader = self.clone();
        let heads = WatchStream::new(self.ledger().watch_head());
        let heads = heads.map(move |head| Ok(pb::WatchHeadResponse { head: Some(reader.head_to_pb(head)) }));
        Ok(Response::new(until_drained(heads, self.drain.clone())))
    }

    async fn get_checkpoint(
        &self,
        _: Request<pb::GetCheckpointRequest>,
    ) -> Result<Response<pb::GetCheckpointResponse>, Status> {
        let cosigned = self.blocking(|reader| reader.ledger().cosigned().map_err(|e| internal(&e))).await?;
        let cosigned_checkpoint = cosigned.unwrap_or_default();
        let checkpoint = self.ledger().checkpoint();
        Ok(Response::new(pb::GetCheckpointResponse { checkpoint, cosigned_checkpoint }))
    }

    async fn show_checkpoint(
        &self,
        request: Request<pb::ShowCheckpointRequest>,
    ) -> Result<Response<pb::ShowCheckpointResponse>, Status> {
        let pb::ShowCheckpointRequest { checkpoint } = request.into_inner();
        let shown = self.blocking(move |reader| witnessing::show(&reader.core, &checkpoint)).await?;
        let consistency_proof = hashes(shown.consistency_proof);
        Ok(Response::new(pb::ShowCheckpointResponse { checkpoint: shown.checkpoint, consistency_proof }))
    }

    async fn add_cosignature(
        &self,
        request: Request<pb::AddCosignatureRequest>,
    ) -> Result<Response<pb::AddCosignatureResponse>, Status> {
        let by = peer_of(&request).map_err(status)?;
        let request = request.into_inner();
        self.blocking(move |reader| witnessing::add(&reader.core, &by.actor.participant, request)).await?;
        Ok(Response::new(pb::AddCosignatureResponse {}))
    }

    async fn complete_receipt(
        &self,
        request: Request<pb::CompleteReceiptRequest>,
    ) -> Result<Response<pb::CompleteReceiptResponse>, Status> {
        let pb::CompleteReceiptRequest { index } = request.into_inner();
        let receipt = self.blocking(move |reader| witnessing::complete(&reader.core, index)).await?;
        let receipt = Some(receipt_to_pb(&receipt).map_err(status)?);
        Ok(Response::new(pb::CompleteReceiptResponse { receipt }))
    }

    async fn list_entries(
        &self,
        request: Request<pb::ListEntriesRequest>,
    ) -> Result<Response<pb::ListEntriesResponse>, Status> {
        let pb::ListEntriesRequest { first_index, page_size } = request.into_inner();
        let max = match usize::try_from(page_size).unwrap_or(PAGE_MAX) {
            0 => entries::PAGE_DEFAULT,
            asked => asked.min(PAGE_MAX),
        };
        self.at_most_next(first_index)?;
        let page = self.page(first_index, max).await?;
        let (entries, checkpoint, earlier_checkpoints) =
            page.unwrap_or_else(|| (Vec::new(), self.ledger().checkpoint(), Vec::new()));
        Ok(Response::new(pb::ListEntriesResponse { entries, checkpoint, earlier_checkpoints }))
    }

    async fn watch_entries(
        &self,
        request: Request<pb::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        let pb::WatchEntriesRequest { first_index } = request.into_inner();
        self.at_most_next(first_index)?;
        Ok(Response::new(until_drained(self.watch(first_index), self.drain.clone())))
    }

    async fn get_ledger_status(
        &self,
        _: Request<pb::GetLedgerStatusRequest>,
    ) -> Result<Response<pb::GetLedgerStatusResponse>, Status> {
        self.blocking(|reader| status::status(&reader.core)).await.map(Response::new)
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<pb::GetInclusionProofRequest>,
    ) -> Result<Response<pb::GetInclusionProofResponse>, Status> {
        let pb::GetInclusionProofRequest { index, size } = request.into_inner();
        let newest = self.ledger().head().size;
        let size = if size == 0 { newest } else { size };
        let proof =
            self.ledger().inclusion_proof(index, size).ok_or_else(|| out_of_range("index", index, newest))?;
        Ok(Response::new(pb::GetInclusionProofResponse { size, proof: hashes(proof) }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<pb::GetConsistencyProofRequest>,
    ) -> Result<Response<pb::GetConsistencyProofResponse>, Status> {
        let pb::GetConsistencyProofRequest { old_size, new_size } = request.into_inner();
        let newest = self.ledger().head().size;
        let new_size = if new_size == 0 { newest } else { new_size };
        let proof = self.ledger().consistency_proof(old_size, new_size);
        let proof = proof.ok_or_else(|| out_of_range("old_size", old_size, newest))?;
        Ok(Response::new(pb::GetConsistencyProofResponse { new_size, proof: hashes(proof) }))
    }

    async fn get_tile(
        &self,
        request: Request<pb::GetTileRequest>,
    ) -> Result<Response<pb::GetTileResponse>, Status> {
        let hashes = entries::tile(self, &request.into_inner()).map_err(status)?.into();
        Ok(Response::new(pb::GetTileResponse { hashes }))
    }
}

/// The stream, ended with UNAVAILABLE when the service drains.
pub fn until_drained<T: Send + 'static>(
    stream: impl Stream<Item = Result<T, Status>> + Send + 'static,
    drain: CancellationToken,
) -> Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>> {
    let refusal = || {
        Refusal::new(concord_domain::errors::Reason::NotServing, "the service is stopping; resume elsewhere")
    };
    let ended = futures_util::stream::once(async move { Err(status(refusal())) });
    let stream = stream.take_until(drain.clone().cancelled_owned());
    let tail = ended.filter(move |_| std::future::ready(drain.is_cancelled()));
    Box::pin(stream.chain(tail))
}
