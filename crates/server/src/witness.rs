//! The accord's witnesses with what verifies their cosignatures.

use concord_domain::accord::Accord;
use concord_domain::ids::ParticipantId;
use concord_ledger::cosignature::{Cosignature, CosignatureError, WitnessVerifier};

/// A witness of the accord.
#[derive(Clone, Debug)]
pub struct Witness {
    /// Participant that runs it.
    pub participant: ParticipantId,
    /// What verifies its cosignatures.
    pub verifier: WitnessVerifier,
}

/// The witnesses of an accord, in its order.
///
/// # Errors
/// Names the witness whose key cannot be used.
pub fn witnesses(accord: &Accord) -> Result<Vec<Witness>, String> {
    let known = |witness: &concord_domain::accord::Witness| {
        let verifier = WitnessVerifier::from_hex(&witness.name, &witness.public_key);
        let verifier = verifier.map_err(|e| format!("witness {}: {e}", witness.name))?;
        Ok(Witness { participant: witness.participant.clone(), verifier })
    };
    accord.witnesses.iter().map(known).collect()
}

/// The cosignatures of known witnesses under a note, in the order of the accord.
///
/// # Errors
/// Where a line is a known witness's and does not verify.
pub fn cosignatures(witnesses: &[Witness], note: &str) -> Result<Vec<Cosignature>, CosignatureError> {
    witnesses.iter().filter_map(|witness| witness.verifier.find(note).transpose()).collect()
}
