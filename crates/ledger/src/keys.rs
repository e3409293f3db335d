//! Ed25519 keys, in one place so that every signature of Concord is verified the same, strict way (RFC 8032;
//! S below L, no small-order keys).
//!
//! No key is generated here: randomness is the caller's.

use std::fmt;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// Why a key is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither 64 hexadecimal digits nor PEM, or not a point of the curve.
    #[error("not an Ed25519 key: {0}")]
    Malformed(&'static str),
    /// A small-order point, under which one signature fits many messages.
    #[error("a weak Ed25519 key (small order)")]
    Weak,
    /// A name that cannot stand in a signed note.
    #[error("the key name {0:?} must be non-empty and hold neither white space nor `+`")]
    Name(String),
}

/// A public key that is not weak.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads the 32 bytes of RFC 8032.
    ///
    /// # Errors
    /// Where they are no point of the curve, or a weak one.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key =
            VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Malformed("no point of the curve"))?;
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(Self(key)) }
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// Where they are no key, or a weak one.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| KeyError::Malformed("64 hexadecimal digits expected"))?;
        Self::from_bytes(&bytes)
    }

    /// Reads a PEM `PUBLIC KEY` (RFC 8410), as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// Where it is no Ed25519 key, or a weak one.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_public_key_pem(text)
            .map_err(|_| KeyError::Malformed("PEM of an Ed25519 PUBLIC KEY expected"))?;
        Self::from_bytes(key.as_bytes())
    }

    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.as_bytes())
    }

    /// Whether `signature` is this key's over `message`, strictly.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_hex())
    }
}

/// A private key; its memory is overwritten when it goes, and it never prints itself.
#[derive(Clone)]
pub struct PrivateKey(SigningKey);

impl PrivateKey {
    /// The key of that 32-byte seed (RFC 8032 §5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads PEM `PRIVATE KEY` (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// Where it is no Ed25519 key.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_pem(text)
            .map(Self)
            .map_err(|_| KeyError::Malformed("PEM of an Ed25519 PRIVATE KEY (PKCS #8) expected"))
    }

    /// PEM `PRIVATE KEY` (PKCS #8), to be kept in a file that only its owner reads.
    ///
    /// # Errors
    /// Where the encoder fails, which no valid key makes it do.
    pub fn to_pkcs8_pem(&self) -> Result<String, KeyError> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::Malformed("encoding failed"))?;
        Ok(pem.as_str().to_owned())
    }

    /// Its public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(of {})", self.public().to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_order_keys_are_refused() {
        let identity = {
            let mut bytes = [0; 32];
            bytes[0] = 1;
            bytes
        };
        assert_eq!(PublicKey::from_bytes(&identity), Err(KeyError::Weak));
        assert_eq!(PublicKey::from_bytes(&[0; 32]), Err(KeyError::Weak));
    }

    #[test]
    fn a_signature_with_s_beyond_the_group_order_is_refused() {
        let key = PrivateKey::from_seed(&[7; 32]);
        let good = key.sign(b"message");
        assert!(key.public().verifies(b"message", &good));
        // S + L is the same scalar in another spelling: a verifier that reduces would take it.
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
        let mut bent = good;
        let mut carry = 0u16;
        for (byte, add) in bent[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert!(!key.public().verifies(b"message", &bent));
        assert!(!key.public().verifies(b"message", &good[..63]));
    }

    #[test]
    fn a_private_key_survives_pem_and_prints_nothing_secret() {
        let key = PrivateKey::from_seed(&[9; 32]);
        let again = PrivateKey::from_pkcs8_pem(&key.to_pkcs8_pem().unwrap()).unwrap();
        assert_eq!(again.public(), key.public());
        assert!(!format!("{key:?}").contains(&hex::encode([9; 32])));
    }
}
