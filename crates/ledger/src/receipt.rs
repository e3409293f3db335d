//! Receipts: all that is needed to verify, offline, that an entry stands in a ledger under a signed root.
//!
//! A receipt names one entry at the size of the group that it was written with, so that asking for it again gives the
//! same bytes. It does not say that nothing came after.

use serde::{Deserialize, Serialize};

use crate::checkpoint::{CheckpointError, LogVerifier};
use crate::entry::{Entry, EntryError, Part, base64_text};
use crate::hash::{self, Hash, from_hex, to_hex};
use crate::proof::{ProofError, verify_inclusion};

/// `format` of a receipt.
pub const FORMAT: &str = "concord-receipt/1";
/// More hashes than any tree of 2^64 leaves needs.
const PROOF_HASHES_MAX: usize = 64;

/// A self-contained proof for one entry; its JSON is the file that people keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Always [`FORMAT`].
    pub format: String,
    /// Name of the ledger, `<accord>/<service>`.
    pub origin: String,
    /// Index of the entry.
    pub index: u64,
    /// The header's bytes, as first written; base64 in JSON.
    #[serde(with = "base64_text")]
    pub header: Vec<u8>,
    /// The parts that the holder may read.
    pub parts: Vec<Part>,
    /// Audit path of the entry under the checkpoint's root, in hexadecimal, lowest sibling first.
    pub inclusion_proof: Vec<String>,
    /// The signed note of the checkpoint.
    pub checkpoint: String,
}

/// The first thing wrong with a receipt, in the order in which it is verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not a receipt of this format.
    #[error("not a receipt of format {FORMAT}: {0}")]
    Format(String),
    /// The checkpoint does not hold.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The receipt names another ledger than its checkpoint.
    #[error("receipt names ledger {0:?}, its checkpoint another")]
    Origin(String),
    /// A hash of the proof is not 64 lower-case hexadecimal digits, or there are too many.
    #[error("inclusion proof is not a list of hashes")]
    ProofForm,
    /// The entry does not stand under the root.
    #[error("inclusion proof: {0}")]
    Inclusion(#[from] ProofError),
    /// The entry's header or a part does not hold.
    #[error("entry: {0}")]
    Entry(#[from] EntryError),
    /// The header names another ledger or index than the receipt.
    #[error("the header is of {0}, not of the receipt's ledger and index")]
    Place(String),
}

impl Receipt {
    /// Puts a receipt together from an entry, its audit path and the checkpoint that the path leads to.
    #[must_use]
    pub fn new(entry: &Entry, inclusion_proof: &[Hash], checkpoint: String) -> Self {
        Self {
            format: FORMAT.to_owned(),
            origin: entry.header().origin(),
            index: entry.index(),
            header: entry.header_bytes().to_vec(),
            parts: entry.parts().to_vec(),
            inclusion_proof: inclusion_proof.iter().map(to_hex).collect(),
            checkpoint,
        }
    }

    /// The same receipt under a later checkpoint, which that audit path leads to.
    #[must_use]
    pub fn under(self, inclusion_proof: &[Hash], checkpoint: String) -> Self {
        Self { inclusion_proof: inclusion_proof.iter().map(to_hex).collect(), checkpoint, ..self }
    }

    /// Reads the JSON form; nothing in it is verified yet.
    ///
    /// # Errors
    /// Where it is not the JSON object of the format.
    pub fn from_json(json: &[u8]) -> Result<Self, VerifyError> {
        serde_json::from_slice(json).map_err(|error| VerifyError::Format(error.to_string()))
    }

    /// The JSON form.
    ///
    /// # Errors
    /// Where the encoder fails, which no receipt makes it do.
    pub fn to_json(&self) -> Result<String, VerifyError> {
        serde_json::to_string_pretty(self).map_err(|error| VerifyError::Format(error.to_string()))
    }

    /// Verifies signature, origin, size, root, inclusion, header and parts, in this order, and gives the entry.
    ///
    /// # Errors
    /// The first thing wrong.
    pub fn verify(&self, log: &LogVerifier) -> Result<Entry, VerifyError> {
        if self.format != FORMAT {
            return Err(VerifyError::Format(self.format.clone()));
        }
        let checkpoint = log.verify(&self.checkpoint)?;
        if self.origin != checkpoint.origin {
            return Err(VerifyError::Origin(self.origin.clone()));
        }
        if self.inclusion_proof.len() > PROOF_HASHES_MAX {
            return Err(VerifyError::ProofForm);
        }
        let proof: Option<Vec<Hash>> = self.inclusion_proof.iter().map(|text| from_hex(text)).collect();
        let proof = proof.ok_or(VerifyError::ProofForm)?;
        let leaf = hash::leaf(&self.header);
        verify_inclusion(&leaf, self.index, checkpoint.size, &proof, &checkpoint.root)?;
        let entry = Entry::parse(self.header.clone(), self.parts.clone())?;
        if entry.index() != self.index || entry.header().origin() != self.origin {
            return Err(VerifyError::Place(format!("{} {}", entry.header().origin(), entry.index())));
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::LogKey;
    use crate::entry::tests::chained;
    use crate::keys::PrivateKey;
    use crate::tree::Tree;

    fn key() -> LogKey {
        LogKey::new("accord-1/registry", PrivateKey::from_seed(&[1; 32])).unwrap()
    }

    fn receipt(index: usize, size: u64) -> Receipt {
        let entries = chained(size);
        let mut tree = Tree::new();
        entries.iter().for_each(|entry| tree.append(entry.leaf_hash()));
        let proof = tree.inclusion_proof(index as u64, size).unwrap();
        Receipt::new(&entries[index], &proof, key().sign(size, &tree.root()))
    }

    #[test]
    fn a_receipt_verifies_after_a_trip_through_json() {
        for size in 1..12 {
            for index in 0..size {
                let json = receipt(index as usize, size).to_json().unwrap();
                let entry = Receipt::from_json(json.as_bytes()).unwrap().verify(key().verifier()).unwrap();
                assert_eq!(entry.index(), index);
            }
        }
    }

    #[test]
    fn no_changed_character_of_its_json_verifies_to_another_entry() {
        let good = receipt(2, 5);
        let json = good.to_json().unwrap();
        let entry = good.verify(key().verifier()).unwrap();
        for at in 0..json.len() {
            let mut bytes = json.clone().into_bytes();
            bytes[at] ^= 1;
            let verified = Receipt::from_json(&bytes).and_then(|receipt| receipt.verify(key().verifier()));
            if let Ok(other) = verified {
                assert_eq!(other, entry, "byte {at}");
            }
        }
    }

    #[test]
    fn the_first_thing_wrong_is_named() {
        let log = key().verifier().clone();
        let good = receipt(2, 5);

        let mut bad = good.clone();
        bad.checkpoint = bad.checkpoint.replacen("5\n", "6\n", 1);
        bad.header[0] ^= 1;
        assert!(matches!(bad.verify(&log), Err(VerifyError::Checkpoint(CheckpointError::Signature(_)))));

        let bad = Receipt { origin: "accord-1/rules".into(), ..good.clone() };
        assert_eq!(bad.verify(&log), Err(VerifyError::Origin("accord-1/rules".into())));

        let mut bad = good.clone();
        bad.header[0] ^= 1;
        assert_eq!(bad.verify(&log), Err(VerifyError::Inclusion(ProofError::Root)));

        let mut bad = good.clone();
        bad.parts[0].bytes.push(0);
        assert_eq!(bad.verify(&log), Err(VerifyError::Entry(EntryError::Commitment("body".into()))));

        let bad = Receipt { index: 5, ..good };
        assert_eq!(bad.verify(&log), Err(VerifyError::Inclusion(ProofError::OutOfRange)));
    }
}
