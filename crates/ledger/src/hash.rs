//! SHA-256 as RFC 6962 uses it, with the prefixes that keep leaves and nodes apart.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// `previous` of entry 0.
pub const ZERO: Hash = [0; 32];

/// SHA-256 of the pieces, one after the other.
#[must_use]
pub fn sha256(pieces: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for piece in pieces {
        hasher.update(piece);
    }
    hasher.finalize().into()
}

/// Root of the empty tree: SHA-256 of nothing (RFC 6962 §2.1).
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// Leaf hash: SHA-256(0x00 || bytes).
#[must_use]
pub fn leaf(bytes: &[u8]) -> Hash {
    sha256(&[&[0x00], bytes])
}

/// Node hash: SHA-256(0x01 || left || right).
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[0x01], left, right])
}

/// Reads 64 lower-case hexadecimal digits; any other spelling is refused, so that a hash has one text form.
#[must_use]
pub fn from_hex(text: &str) -> Option<Hash> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut hash = ZERO;
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(hash)
}

/// 64 lower-case hexadecimal digits.
#[must_use]
pub fn to_hex(hash: &Hash) -> String {
    hex::encode(hash)
}
