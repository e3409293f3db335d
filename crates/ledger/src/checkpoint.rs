//! Checkpoints: a signed statement of size and root (C2SP tlog-checkpoint in a C2SP signed-note, Ed25519).
//!
//! The signature is verified before the text is read. Extension lines are refused because our logs write none;
//! further signature lines (witnesses) are passed over.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::hash::Hash;
use crate::keys::{KeyError, PrivateKey, PublicKey};
use crate::note::{self, KeyId, Line, Note};

/// Signature algorithm byte of Ed25519 in a signed note.
const ED25519: u8 = 0x01;

/// What a log vouches for: its first `size` entries have that root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the ledger, `<accord>/<service>`.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The signed text: origin, decimal size and base64 root, a line each.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }
}

/// The first thing wrong with a checkpoint, in the order in which it is verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not of the form of a signed note.
    #[error("checkpoint is not a signed note")]
    Form,
    /// No signature line bears the log's name and key id.
    #[error("checkpoint bears no signature of {0}")]
    Unsigned(String),
    /// The log's signature does not verify.
    #[error("checkpoint signature of {0} does not verify")]
    Signature(String),
    /// Signed by the right key for another origin.
    #[error("checkpoint is of origin {0:?}")]
    Origin(String),
    /// The size is not a plain decimal number.
    #[error("checkpoint size is not a decimal number")]
    Size,
    /// The root is not base64 of 32 bytes, or more text follows.
    #[error("checkpoint root is not base64 of 32 bytes")]
    Root,
}

/// The key with which a service signs its log.
#[derive(Clone)]
pub struct LogKey {
    key: PrivateKey,
    verifier: LogVerifier,
}

impl LogKey {
    /// A key for the log of that origin; the origin is also the key's name.
    ///
    /// # Errors
    /// Where the origin cannot be a key name.
    pub fn new(origin: &str, key: PrivateKey) -> Result<Self, KeyError> {
        let verifier = LogVerifier::new(origin, key.public())?;
        Ok(Self { key, verifier })
    }

    /// Name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.verifier.origin
    }

    /// What verifies this key's checkpoints.
    #[must_use]
    pub fn verifier(&self) -> &LogVerifier {
        &self.verifier
    }

    /// Signs size and root; the answer is the whole note.
    #[must_use]
    pub fn sign(&self, size: u64, root: &Hash) -> String {
        let text = Checkpoint { origin: self.origin().to_owned(), size, root: *root }.text();
        let line = Line::written(self.origin(), self.verifier.key_id, &self.key.sign(text.as_bytes()));
        format!("{text}\n{line}")
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey(of {})", self.verifier.origin)
    }
}

/// Verifies the checkpoints of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogVerifier {
    origin: String,
    key: PublicKey,
    key_id: KeyId,
}

impl LogVerifier {
    /// Verifier of the log of that origin and key.
    ///
    /// # Errors
    /// Where the origin cannot be a key name.
    pub fn new(origin: &str, key: PublicKey) -> Result<Self, KeyError> {
        note::check_name(origin)?;
        let key_id = note::key_id(origin, ED25519, &key);
        Ok(Self { origin: origin.to_owned(), key, key_id })
    }

    /// Verifier from a public key of 64 hexadecimal digits, as the accord file has it.
    ///
    /// # Errors
    /// Where key or origin are not usable.
    pub fn from_hex(origin: &str, key: &str) -> Result<Self, KeyError> {
        Self::new(origin, PublicKey::from_hex(key)?)
    }

    /// Name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Key of the log.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The key as C2SP writes it, `<name>+<key id>+<base64 of algorithm and key>`, for other tools.
    #[must_use]
    pub fn vkey(&self) -> String {
        note::vkey(&self.origin, ED25519, &self.key)
    }

    /// Verifies a note and reads it: signature, origin, size, root, in this order.
    ///
    /// # Errors
    /// The first thing wrong.
    pub fn verify(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        let Note { text, lines } = Note::parse(note).ok_or(CheckpointError::Form)?;
        let mut found = false;
        for Line { name, key_id, signature } in lines {
            if name != self.origin || key_id != self.key_id {
                continue;
            }
            if found || !self.key.verifies(text.as_bytes(), &signature) {
                return Err(CheckpointError::Signature(self.origin.clone()));
            }
            found = true;
        }
        if found { self.read(text) } else { Err(CheckpointError::Unsigned(self.origin.clone())) }
    }

    /// Reads a note without looking at its signature: for one that was verified when it was kept.
    ///
    /// # Errors
    /// Where it is no checkpoint of this log's form and origin.
    pub fn read_kept(&self, note: &str) -> Result<Checkpoint, CheckpointError> {
        self.read(Note::parse(note).ok_or(CheckpointError::Form)?.text)
    }

    fn read(&self, text: &str) -> Result<Checkpoint, CheckpointError> {
        let mut lines = text.split('\n');
        let origin = lines.next().unwrap_or_default();
        if origin != self.origin {
            return Err(CheckpointError::Origin(origin.to_owned()));
        }
        let digits = lines.next().unwrap_or_default();
        let size: u64 = digits.parse().map_err(|_| CheckpointError::Size)?;
        if size.to_string() != digits {
            return Err(CheckpointError::Size);
        }
        let root = STANDARD.decode(lines.next().unwrap_or_default()).map_err(|_| CheckpointError::Root)?;
        let root = Hash::try_from(root.as_slice()).map_err(|_| CheckpointError::Root)?;
        if lines.next() != Some("") || lines.next().is_some() {
            return Err(CheckpointError::Root);
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> LogKey {
        LogKey::new("accord-1/registry", PrivateKey::from_seed(&[1; 32])).unwrap()
    }

    #[test]
    fn a_signed_checkpoint_has_the_published_form_and_verifies() {
        let note = key().sign(42, &[5; 32]);
        let lines: Vec<&str> = note.split('\n').collect();
        assert_eq!(
            lines[..4],
            ["accord-1/registry", "42", "BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU=", ""]
        );
        assert!(lines[4].starts_with("\u{2014} accord-1/registry "));
        assert_eq!(lines.len(), 6);
        let read = key().verifier().verify(&note).unwrap();
        assert_eq!(read, Checkpoint { origin: "accord-1/registry".into(), size: 42, root: [5; 32] });
    }

    #[test]
    fn the_key_id_is_the_one_of_the_published_example() {
        // SPEC: C2SP signed-note and Go's sumdb note package print this key.
        let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key = STANDARD.decode(vkey.rsplit('+').next().unwrap()).unwrap();
        let key = PublicKey::from_bytes(key[1..].try_into().unwrap()).unwrap();
        assert_eq!(LogVerifier::new("PeterNeumann", key).unwrap().vkey(), vkey);
    }

    #[test]
    fn the_published_example_note_verifies_up_to_its_text() {
        let key = STANDARD.decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
        let key = PublicKey::from_bytes(key[1..].try_into().unwrap()).unwrap();
        let note = "If you think cryptography is the answer to your problem,\n\
            then you don't know what your problem is.\n\n\
            \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let read = LogVerifier::new("PeterNeumann", key).unwrap().verify(note);
        assert!(matches!(read, Err(CheckpointError::Origin(_))));
    }

    #[test]
    fn no_changed_byte_verifies() {
        let note = key().sign(42, &[5; 32]);
        for at in 0..note.len() {
            for bit in [1, 4, 32] {
                let mut bytes = note.clone().into_bytes();
                bytes[at] ^= bit;
                if let Ok(text) = String::from_utf8(bytes) {
                    assert!(key().verifier().verify(&text).is_err(), "byte {at}: {text}");
                }
            }
        }
    }

    #[test]
    fn the_first_thing_wrong_is_named() {
        let note = key().sign(42, &[5; 32]);
        let other = LogKey::new("accord-1/rules", PrivateKey::from_seed(&[1; 32])).unwrap();
        let unsigned = CheckpointError::Unsigned("accord-1/rules".into());
        assert_eq!(other.verifier().verify(&note), Err(unsigned));
        assert_eq!(key().verifier().verify("accord-1/registry\n"), Err(CheckpointError::Form));
        let renamed = {
            let verifier = key().verifier().clone();
            let text = "accord-1/rules\n1\n".to_owned();
            let mut signed = verifier.key_id.to_vec();
            signed.extend_from_slice(&PrivateKey::from_seed(&[1; 32]).sign(text.as_bytes()));
            format!("{text}\n\u{2014} accord-1/registry {}\n", STANDARD.encode(signed))
        };
        assert_eq!(key().verifier().verify(&renamed), Err(CheckpointError::Origin("accord-1/rules".into())));
    }

    #[test]
    fn a_witness_line_beside_the_signature_is_passed_over() {
        let witness = LogKey::new("witness.example", PrivateKey::from_seed(&[2; 32])).unwrap();
        let note = key().sign(3, &[5; 32]);
        let line = witness.sign(3, &[5; 32]);
        let line = line.rsplit("\n\n").next().unwrap();
        assert_eq!(key().verifier().verify(&format!("{note}{line}")).unwrap().size, 3);
    }

    #[test]
    fn a_name_that_breaks_the_note_is_refused() {
        for name in ["", "a b", "a+b", "a\nb"] {
            assert!(LogKey::new(name, PrivateKey::from_seed(&[1; 32])).is_err(), "{name:?}");
        }
    }
}
