//! SHA-256 digests over exact bytes, printed in lower-case hexadecimal.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of `bytes`, as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The bytes that are recorded and hashed for a value: its JSON in declaration order of its fields.
///
/// # Errors
/// Only where a map has keys that are not text, which no recorded type has.
pub fn recorded_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(value)
}
