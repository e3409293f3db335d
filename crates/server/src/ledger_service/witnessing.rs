//! What witnesses bring to a ledger, and what they get: checkpoints shown, cosignatures, completed receipts. It blocks.

use concord_domain::errors::{Reason, Refusal, Violation};
use concord_domain::fold::Fold;
use concord_domain::ids::ParticipantId;
use concord_ledger::checkpoint::Checkpoint;
use concord_ledger::cosignature::CosignatureError;
use concord_ledger::hash::{Hash, to_hex};
use concord_ledger::receipt::Receipt;
use concord_proto::pb::ledger::v1 as pb;

use super::beyond;
use crate::core::{Core, disk_full, internal};
use crate::witness::Witness;

/// The newest checkpoint, and how it follows on the one shown.
pub(super) struct Shown {
    pub(super) checkpoint: String,
    pub(super) consistency_proof: Vec<Hash>,
}

/// Accounts for a checkpoint that the own key signed; where the ledger cannot, it takes nothing more.
pub(super) fn show<D: Fold>(core: &Core<D>, note: &str) -> Result<Shown, Refusal> {
    let published = core.snapshot();
    let newest = published.checkpoint.clone();
    if note.is_empty() {
        return Ok(Shown { checkpoint: newest, consistency_proof: Vec::new() });
    }
    let shown = core.known().log.verify(note);
    let shown = shown.map_err(|e| Refusal::new(Reason::SignatureInvalid, e.to_string()))?;
    let ledger = core.ledger();
    let proof = ledger.consistency_proof(shown.size, published.size);
    match ledger.account(&shown).cause(&shown, published.size) {
        None => Ok(Shown { checkpoint: newest, consistency_proof: proof.unwrap_or_default() }),
        Some(cause) => {
            // INVARIANT (STO-2): what it has signed and cannot account for ends its signing.
            core.writer().halt(note, &cause);
            let message = format!("{cause}; it takes nothing more until the missing entries are back");
            let refusal = Refusal::new(Reason::NotServing, message).with("checkpoint", newest);
            Err(match (ledger.root_at(shown.size), proof) {
                (Some(root), Some(proof)) => {
                    let proof: Vec<String> = proof.iter().map(to_hex).collect();
                    refusal.with("root", to_hex(&root)).with("consistency_proof", proof.join(","))
                }
                _ => refusal,
            })
        }
    }
}

/// Keeps a cosignature of the caller's own witness over a checkpoint of this ledger.
pub(super) fn add<D: Fold>(
    core: &Core<D>,
    by: &ParticipantId,
    request: pb::AddCosignatureRequest,
) -> Result<(), Refusal> {
    let pb::AddCosignatureRequest { size, root, cosignature } = request;
    let root = Hash::try_from(root.as_ref()).map_err(|_| {
        let remedy = "give the root of the checkpoint that was cosigned";
        Refusal::invalid(vec![Violation::new("root", "32 bytes", root.len(), remedy)])
    })?;
    let ledger = core.ledger();
    let note = ledger.checkpoint_at(size).map_err(|e| internal(&e))?;
    let note = note.ok_or_else(|| size_unknown(size, ledger.head().size))?;
    let signed = core.known().log.verify(&note).map_err(|e| internal(&e))?;
    if signed.root != root {
        let message = format!("the ledger has another root over {size} entries; show what you have seen");
        return Err(Refusal::new(Reason::CheckpointRootDiffers, message).with("root", to_hex(&signed.root)));
    }
    let witness = witness_of(&core.known().witnesses, &signed, &cosignature)?;
    if &witness.participant != by {
        let message = format!("{} is the witness of {}", witness.verifier.name(), witness.participant);
        return Err(Refusal::new(Reason::NotYours, message));
    }
    if ledger.disk_short() {
        return Err(disk_full());
    }
    let kept = ledger.cosign(size, &note, witness.verifier.name(), &cosignature);
    kept.map(drop).map_err(|e| internal(&e))
}

fn size_unknown(size: u64, newest: u64) -> Refusal {
    let message =
        format!("the ledger has signed no checkpoint over {size} entries; its newest is over {newest}");
    Refusal::new(Reason::CheckpointSizeUnknown, message).with("size", newest)
}

/// The witness of the accord whose line it is.
fn witness_of<'a>(
    witnesses: &'a [Witness],
    checkpoint: &Checkpoint,
    line: &str,
) -> Result<&'a Witness, Refusal> {
    let invalid = |e: &dyn std::fmt::Display| Refusal::new(Reason::SignatureInvalid, e.to_string());
    for witness in witnesses {
        match witness.verifier.verify(checkpoint, line) {
            Ok(_) => return Ok(witness),
            Err(CosignatureError::OtherWitness(_)) => {}
            Err(error) => return Err(invalid(&error)),
        }
    }
    Err(invalid(&"the line is of no witness of the accord"))
}

/// The receipt of an entry with the cosignatures that the accord asks for.
pub(super) fn complete<D: Fold>(core: &Core<D>, index: u64) -> Result<Receipt, Refusal> {
    let held = core.ledger().head().size;
    if index >= held {
        return Err(beyond("index", index, held));
    }
    let quorum = core.accord().witness_quorum;
    let receipt = core.ledger().completed_receipt(index, usize::try_from(quorum).unwrap_or(usize::MAX));
    receipt.map_err(|e| internal(&e))?.ok_or_else(|| {
        let message =
            format!("entry {index} is not yet covered by a checkpoint that {quorum} witnesses cosigned");
        Refusal::new(Reason::QuorumMissing, message).with("quorum", quorum)
    })
}
