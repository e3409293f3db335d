//! How a ledger and its keeping stand. It blocks.

use std::time::UNIX_EPOCH;

use concord_domain::errors::Refusal;
use concord_domain::fold::Fold;
use concord_domain::time::Timestamp;
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::shared::time;

use crate::core::{Core, internal};

/// Head, index, disk and witnesses.
pub(super) fn status<D: Fold>(core: &Core<D>) -> Result<pb::GetLedgerStatusResponse, Refusal> {
    let ledger = core.ledger();
    let head = ledger.head();
    let witness = |(witness, cosigned): (String, Option<u64>)| {
        let known = core.known().witnesses.iter().find(|known| known.verifier.name() == witness);
        let participant = known.map(|known| known.participant.0.clone()).unwrap_or_default();
        let cosigned_size = cosigned.unwrap_or(0);
        let lag = head.size.saturating_sub(cosigned_size);
        pb::WitnessStatus { witness, participant, cosigned_size, lag }
    };
    let synced = ledger.last_sync().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let synced = synced.and_then(|since| i64::try_from(since.as_nanos()).ok()).map(Timestamp::from_nanos);
    Ok(pb::GetLedgerStatusResponse {
        head: Some(super::head_to_pb(ledger.origin(), head)),
        indexed_size: ledger.indexed().map_err(|e| internal(&e))?,
        last_sync_time: synced.map(time::to_pb),
        disk_left_bytes: ledger.disk_left().map_err(|e| internal(&e))?,
        disk_short: ledger.disk_short(),
        witnesses: ledger.newest_cosigned().into_iter().map(witness).collect(),
    })
}
