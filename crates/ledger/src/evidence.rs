//! Evidence against a log: what a witness finds when an answer does not follow on what the log signed before, as one file
//! that anybody can verify with the log's public key alone.
//!
//! Two notes that contradict each other prove a split view by themselves. That a log shows less than it signed before, or
//! does not hand out what it promised, only the witness can say; then the file proves what the log owes.

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, CheckpointError, LogVerifier};
use crate::hash::{Hash, from_hex, to_hex};
use crate::proof::{ProofError, verify_consistency};
use crate::receipt::{Receipt, VerifyError};

/// `format` of an evidence file.
pub const FORMAT: &str = "concord-evidence/1";
/// More hashes than any tree of 2^64 leaves needs.
const PROOF_HASHES_MAX: usize = 64;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// The log signed two histories.
    SplitView,
    /// It shows fewer entries than it signed before.
    Rollback,
    /// It does not hand out an entry that a receipt proves.
    WithheldEntry,
    /// It gives no proof that the larger checkpoint extends the smaller one.
    Unproven,
}

/// Two checkpoints of one log and what is wrong between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Always [`FORMAT`].
    pub format: String,
    /// What was found.
    pub kind: Kind,
    /// Name of the ledger, `<accord>/<service>`.
    pub origin: String,
    /// The signed note over fewer entries; of two over as many, the one seen first.
    pub smaller: String,
    /// The signed note over more entries.
    pub larger: String,
    /// Root at the smaller size of the tree that the larger note is over, in hexadecimal; absent where it is not known.
    pub prefix_root: Option<String>,
    /// Consistency proof from that root to the larger note's, in hexadecimal.
    pub consistency_proof: Vec<String>,
    /// Receipt of the entry that is not handed out; its checkpoint is one of the two notes.
    pub receipt: Option<Receipt>,
}

/// What verified evidence proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The log signed two checkpoints that cannot both be true.
    Contradiction {
        /// The one over fewer entries.
        smaller: Checkpoint,
        /// The one over more.
        larger: Checkpoint,
    },
    /// The log signed both, and owes every entry of the larger one; that it shows less now is the witness's word.
    Owed {
        /// What it showed.
        shown: Checkpoint,
        /// What it signed.
        signed: Checkpoint,
    },
}

/// The first thing wrong with evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// Not evidence of this format.
    #[error("not evidence of format {FORMAT}: {0}")]
    Format(String),
    /// A note is not signed by the log.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The notes are in the wrong order, or of another ledger.
    #[error("the notes are not a smaller and a larger one of {0}")]
    Notes(String),
    /// The proof does not lead from the root given to the larger note's.
    #[error("consistency proof: {0}")]
    Proof(#[from] ProofError),
    /// A hash is not 64 lower-case hexadecimal digits, or there are too many.
    #[error("root or consistency proof are not hashes")]
    Hashes,
    /// Both notes can be true.
    #[error("the notes do not contradict each other")]
    Consistent,
    /// The receipt does not verify, or belongs to other notes.
    #[error("receipt: {0}")]
    Receipt(String),
    /// Nothing in it shows that the log did wrong.
    #[error("both notes are signed, and nothing here shows that they contradict each other")]
    Unproven,
}

impl Evidence {
    /// Two notes in either order, with nothing between them yet.
    pub(crate) fn of(kind: Kind, origin: &str, smaller: &str, larger: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            kind,
            origin: origin.to_owned(),
            smaller: smaller.to_owned(),
            larger: larger.to_owned(),
            prefix_root: None,
            consistency_proof: Vec::new(),
            receipt: None,
        }
    }

    /// The same with a root of the larger note's tree at the smaller size, and the proof of it.
    pub(crate) fn with_prefix(self, root: &Hash, proof: &[Hash]) -> Self {
        let consistency_proof = proof.iter().map(to_hex).collect();
        Self { prefix_root: Some(to_hex(root)), consistency_proof, ..self }
    }

    /// An entry that a log does not hand out though `newest`, its note, extends the receipt's.
    #[must_use]
    pub fn withheld(receipt: &Receipt, newest: &str) -> Self {
        let found = Self::of(Kind::WithheldEntry, &receipt.origin, &receipt.checkpoint, newest);
        found.with_receipt(receipt)
    }

    /// The same with the receipt of the entry that is missing.
    #[must_use]
    pub fn with_receipt(self, receipt: &Receipt) -> Self {
        Self { receipt: Some(receipt.clone()), ..self }
    }

    /// Reads the JSON form; nothing in it is verified yet.
    ///
    /// # Errors
    /// Where it is not the JSON object of the format.
    pub fn from_json(json: &[u8]) -> Result<Self, EvidenceError> {
        serde_json::from_slice(json).map_err(|error| EvidenceError::Format(error.to_string()))
    }

    /// The JSON form.
    ///
    /// # Errors
    /// Where the encoder fails, which no evidence makes it do.
    pub fn to_json(&self) -> Result<String, EvidenceError> {
        serde_json::to_string_pretty(self).map_err(|error| EvidenceError::Format(error.to_string()))
    }

    /// Verifies both signatures, then what is said to be wrong between the notes.
    ///
    /// # Errors
    /// The first thing wrong, or that the notes prove nothing.
    pub fn verify(&self, log: &LogVerifier) -> Result<Proven, EvidenceError> {
        if self.format != FORMAT {
            return Err(EvidenceError::Format(self.format.clone()));
        }
        let (smaller, larger) = (log.verify(&self.smaller)?, log.verify(&self.larger)?);
        if self.origin != log.origin() || smaller.size > larger.size {
            return Err(EvidenceError::Notes(log.origin().to_owned()));
        }
        self.verify_receipt(log, &[&smaller, &larger])?;
        match self.kind {
            Kind::Unproven => Err(EvidenceError::Unproven),
            Kind::SplitView => self.contradiction(smaller, larger),
            Kind::Rollback if smaller.size == larger.size => Err(EvidenceError::Consistent),
            Kind::WithheldEntry if self.receipt.is_none() => {
                Err(EvidenceError::Receipt("there is none".to_owned()))
            }
            Kind::Rollback | Kind::WithheldEntry => Ok(Proven::Owed { shown: smaller, signed: larger }),
        }
    }

    fn verify_receipt(&self, log: &LogVerifier, notes: &[&Checkpoint]) -> Result<(), EvidenceError> {
        let Some(receipt) = &self.receipt else { return Ok(()) };
        let wrong = |error: VerifyError| EvidenceError::Receipt(error.to_string());
        receipt.verify(log).map_err(wrong)?;
        let under = log.verify(&receipt.checkpoint)?;
        if notes.contains(&&under) {
            Ok(())
        } else {
            Err(EvidenceError::Receipt("its checkpoint is neither of the notes".to_owned()))
        }
    }

    fn contradiction(&self, smaller: Checkpoint, larger: Checkpoint) -> Result<Proven, EvidenceError> {
        let prefix = if smaller.size == larger.size { larger.root } else { self.prefix(&smaller, &larger)? };
        if prefix == smaller.root {
            return Err(EvidenceError::Consistent);
        }
        Ok(Proven::Contradiction { smaller, larger })
    }

    /// The proven root, at the smaller size, of the tree that the larger note is over.
    fn prefix(&self, smaller: &Checkpoint, larger: &Checkpoint) -> Result<Hash, EvidenceError> {
        let root = self.prefix_root.as_deref().and_then(from_hex).ok_or(EvidenceError::Hashes)?;
        if self.consistency_proof.len() > PROOF_HASHES_MAX {
            return Err(EvidenceError::Hashes);
        }
        let proof: Option<Vec<Hash>> = self.consistency_proof.iter().map(|text| from_hex(text)).collect();
        let proof = proof.ok_or(EvidenceError::Hashes)?;
        verify_consistency(smaller.size, &root, larger.size, &larger.root, &proof)?;
        Ok(root)
    }
}

#[cfg(test)]
mod tests;
