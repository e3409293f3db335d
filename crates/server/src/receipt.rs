//! Entries and receipts as messages.

use concord_domain::errors::Refusal;
use concord_ledger::entry::{Entry, Part};
use concord_ledger::hash::from_hex;
use concord_ledger::receipt::Receipt;
use concord_proto::pb::ledger::v1 as pb;

use crate::core::internal;

/// The message of an entry.
#[must_use]
pub fn entry_to_pb(entry: &Entry) -> pb::Entry {
    pb::Entry {
        index: entry.index(),
        header: entry.header_bytes().to_vec().into(),
        parts: entry.parts().iter().map(part_to_pb).collect(),
    }
}

fn part_to_pb(part: &Part) -> pb::EntryPart {
    let Part { name, salt, bytes } = part;
    pb::EntryPart { name: name.clone(), salt: salt.to_vec().into(), content: bytes.clone().into() }
}

/// The message of a receipt, with its JSON beside it.
///
/// # Errors
/// `INTERNAL` where the receipt cannot be written as JSON.
pub fn receipt_to_pb(receipt: &Receipt) -> Result<pb::Receipt, Refusal> {
    let json = receipt.to_json().map_err(|e| internal(&e))?;
    let Receipt { format: _, origin, index, header, parts, inclusion_proof, checkpoint } = receipt;
    let proof =
        inclusion_proof.iter().filter_map(|hash| from_hex(hash)).map(|hash| hash.to_vec().into()).collect();
    let parts = parts.iter().map(part_to_pb).collect();
    Ok(pb::Receipt {
        origin: origin.clone(),
        entry: Some(pb::Entry { index: *index, header: header.clone().into(), parts }),
        inclusion_proof: proof,
        checkpoint: checkpoint.clone(),
        json,
    })
}
