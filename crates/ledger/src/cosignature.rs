//! Cosignatures: a witness says that it has seen a checkpoint extend everything that it saw of the log before (C2SP
//! tlog-cosignature/v1, Ed25519).
//!
//! A cosignature is a further signature line under the checkpoint. Whether the log's own signature holds and whether the
//! checkpoint extends an earlier one is not looked at here. The witness's time is passed in.

use std::fmt;

use crate::checkpoint::Checkpoint;
use crate::keys::{KeyError, PrivateKey, PublicKey};
use crate::note::{self, KeyId, Line, Note};

/// Signature algorithm byte of a timestamped Ed25519 cosignature in a signed note.
const COSIGNATURE_V1: u8 = 0x04;
/// SPEC: C2SP tlog-cosignature, the timestamp must not exceed 2^63 - 1.
const TIME_MAX_S: u64 = i64::MAX as u64;
/// Bytes of the timestamp in front of the signature.
const TIME_BYTES: usize = 8;

/// What a verified cosignature says: that witness saw the checkpoint at that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Name of the witness.
    pub witness: String,
    /// When it cosigned, by its own clock, in seconds since 1970-01-01T00:00:00Z.
    pub time_s: u64,
}

/// Why a cosignature does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// Not one signature line, or not a signed note.
    #[error("not a cosignature line of a signed note")]
    Form,
    /// The line is of another name or key.
    #[error("the line is not one of the witness {0}")]
    OtherWitness(String),
    /// The signature does not verify over the checkpoint, or is not of the form of a timestamped signature.
    #[error("cosignature of {0} does not verify over the checkpoint")]
    Signature(String),
}

/// SPEC: C2SP tlog-cosignature, Ed25519 signed message.
fn message(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

/// The key with which a witness cosigns; no service ever holds it.
#[derive(Clone)]
pub struct WitnessKey {
    key: PrivateKey,
    verifier: WitnessVerifier,
}

impl WitnessKey {
    /// The key of the witness of that name. It must be used under no other name, which the signature does not cover.
    ///
    /// # Errors
    /// Where the name cannot stand in a signed note.
    pub fn new(name: &str, key: PrivateKey) -> Result<Self, KeyError> {
        let verifier = WitnessVerifier::new(name, key.public())?;
        Ok(Self { key, verifier })
    }

    /// What verifies this key's cosignatures.
    #[must_use]
    pub fn verifier(&self) -> &WitnessVerifier {
        &self.verifier
    }

    /// Cosigns a checkpoint at a time in seconds since 1970-01-01T00:00:00Z; the answer is one line with its line feed.
    ///
    /// A time beyond 2^63 - 1 is taken as that.
    #[must_use]
    pub fn cosign(&self, checkpoint: &Checkpoint, time_s: u64) -> String {
        let time_s = time_s.min(TIME_MAX_S);
        let signature = self.key.sign(message(&checkpoint.text(), time_s).as_bytes());
        let timestamped = [time_s.to_be_bytes().as_slice(), &signature].concat();
        Line::written(&self.verifier.name, self.verifier.key_id, &timestamped)
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey(of {})", self.verifier.name)
    }
}

/// Verifies the cosignatures of one witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessVerifier {
    name: String,
    key: PublicKey,
    key_id: KeyId,
}

impl WitnessVerifier {
    /// Verifier of the witness of that name and key.
    ///
    /// # Errors
    /// Where the name cannot stand in a signed note.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, KeyError> {
        note::check_name(name)?;
        let key_id = note::key_id(name, COSIGNATURE_V1, &key);
        Ok(Self { name: name.to_owned(), key, key_id })
    }

    /// Verifier from a public key of 64 hexadecimal digits, as the accord file has it.
    ///
    /// # Errors
    /// Where key or name are not usable.
    pub fn from_hex(name: &str, key: &str) -> Result<Self, KeyError> {
        Self::new(name, PublicKey::from_hex(key)?)
    }

    /// Name of the witness.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key as C2SP writes it, for other tools.
    #[must_use]
    pub fn vkey(&self) -> String {
        note::vkey(&self.name, COSIGNATURE_V1, &self.key)
    }

    /// Verifies one line, with its line feed, over a checkpoint.
    ///
    /// # Errors
    /// Where it is not this witness's over that checkpoint.
    pub fn verify(&self, checkpoint: &Checkpoint, line: &str) -> Result<Cosignature, CosignatureError> {
        let line = line.strip_suffix('\n').and_then(Line::parse).ok_or(CosignatureError::Form)?;
        if !self.is_of(&line) {
            return Err(CosignatureError::OtherWitness(self.name.clone()));
        }
        self.verify_over(&checkpoint.text(), &line)
    }

    /// The witness's cosignature under a note; nothing where it has not cosigned.
    ///
    /// # Errors
    /// Where a line is this witness's and does not verify, or it has more than one.
    pub fn find(&self, note: &str) -> Result<Option<Cosignature>, CosignatureError> {
        let Note { text, lines } = Note::parse(note).ok_or(CosignatureError::Form)?;
        let mut found = None;
        for line in lines.iter().filter(|line| self.is_of(line)) {
            if found.replace(self.verify_over(text, line)?).is_some() {
                return Err(CosignatureError::Signature(self.name.clone()));
            }
        }
        Ok(found)
    }

    fn is_of(&self, line: &Line<'_>) -> bool {
        line.name == self.name && line.key_id == self.key_id
    }

    fn verify_over(&self, text: &str, line: &Line<'_>) -> Result<Cosignature, CosignatureError> {
        let refused = || CosignatureError::Signature(self.name.clone());
        let (time, signature) = line.signature.split_first_chunk::<TIME_BYTES>().ok_or_else(refused)?;
        let time_s = u64::from_be_bytes(*time);
        if time_s > TIME_MAX_S || !self.key.verifies(message(text, time_s).as_bytes(), signature) {
            return Err(refused());
        }
        Ok(Cosignature { witness: self.name.clone(), time_s })
    }
}

#[cfg(test)]
mod tests;
