//! Entries for whoever follows: a page of them, or all that come, read from the journal as they are taken.

use concord_domain::errors::{Refusal, Violation};
use concord_domain::fold::Fold;
use concord_ledger::tree::TILE_WIDTH;
use concord_proto::pb::ledger::v1 as pb;
use concord_store::{Head, Page};
use futures_core::Stream;
use futures_util::stream::try_unfold;
use tokio::sync::watch;
use tonic::Status;

use super::{LedgerReader, beyond};
use crate::core::internal;
use crate::receipt::entry_to_pb;
use crate::status::status;

/// Entries of a page where the caller does not say.
pub(super) const PAGE_DEFAULT: usize = 500;

impl<D: Fold> LedgerReader<D> {
    /// Ok where an entry of that index is there, or is the next.
    pub(super) fn at_most_next(&self, first_index: u64) -> Result<(), Status> {
        let size = self.ledger().head().size;
        if first_index <= size { Ok(()) } else { Err(status(beyond("first_index", first_index, size))) }
    }

    /// A page of at least the rest of one commit group, as its entries, the checkpoint that closes it, and those before.
    pub(super) async fn page(
        &self,
        first_index: u64,
        max: usize,
    ) -> Result<Option<(Vec<pb::Entry>, String, Vec<String>)>, Status> {
        let read = move |reader: &Self| reader.ledger().page(first_index, max).map_err(|e| internal(&e));
        let page = self.blocking(read).await?;
        Ok(page.map(|Page { entries, earlier_checkpoints, checkpoint }| {
            (entries.iter().map(entry_to_pb).collect(), checkpoint, earlier_checkpoints)
        }))
    }

    /// Every entry from an index on, and each later one as it is published.
    pub(super) fn watch(
        &self,
        first_index: u64,
    ) -> impl Stream<Item = Result<pb::WatchEntriesResponse, Status>> + Send + use<D> {
        let heads = self.ledger().watch_head();
        let reading = Reading { reader: self.clone(), heads, next: first_index };
        try_unfold(reading, |mut reading| async move {
            Ok(reading.some_more().await?.map(|more| (more, reading)))
        })
    }
}

struct Reading<D: Fold> {
    reader: LedgerReader<D>,
    heads: watch::Receiver<Head>,
    next: u64,
}

impl<D: Fold> Reading<D> {
    async fn some_more(&mut self) -> Result<Option<pb::WatchEntriesResponse>, Status> {
        while self.heads.borrow_and_update().size <= self.next {
            if self.heads.changed().await.is_err() {
                return Ok(None);
            }
        }
        let gone = || status(internal(&format!("entry {} was published and is not there", self.next)));
        let page = self.reader.page(self.next, PAGE_DEFAULT).await?;
        let (entries, checkpoint, earlier_checkpoints) = page.ok_or_else(gone)?;
        self.next += entries.len() as u64;
        Ok(Some(pb::WatchEntriesResponse { entries, checkpoint, earlier_checkpoints }))
    }
}

/// The hashes of a tile as they stand one after the other.
pub(super) fn tile<D: Fold>(
    reader: &LedgerReader<D>,
    request: &pb::GetTileRequest,
) -> Result<Vec<u8>, Refusal> {
    let pb::GetTileRequest { level, index, width } = *request;
    let width = if width == 0 { TILE_WIDTH } else { u64::from(width) };
    if width > TILE_WIDTH {
        let rule = format!("at most {TILE_WIDTH}");
        let remedy = "ask for the tiles beside it one by one";
        return Err(Refusal::invalid(vec![Violation::new("width", rule, width, remedy)]));
    }
    let tile = reader.ledger().tile(level, index, width);
    let missing = || {
        let remedy = "ask for GetHead first, and for a narrower tile at its edge";
        let rule = format!("a tile that has {width} hashes already");
        Refusal::invalid(vec![Violation::new("index", rule, index, remedy)])
    };
    Ok(tile.ok_or_else(missing)?.concat())
}
