//! One entry of a ledger: a header that is hashed, and parts that the header commits to.
//!
//! The header's JSON bytes are hashed and kept as they were first written and are never encoded again. A part may be
//! absent (withheld from this reader, or erased): its salted commitment in the header still binds it, and says
//! nothing about it to those who do not have it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::{self, Hash, from_hex, sha256, to_hex};

/// What stands before salt and bytes under a part's commitment, so that it is the hash of nothing else.
pub const COMMITMENT_TAG: &[u8] = b"concord-part/1\0";

/// Name of the part that holds what an entry says.
pub const BODY: &str = "body";

/// Why bytes are no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The header is not the JSON object of the format.
    #[error("header is not a ledger header: {0}")]
    Header(String),
    /// A hash in the header is not 64 lower-case hexadecimal digits.
    #[error("{0} is not 64 lower-case hexadecimal digits")]
    Hash(&'static str),
    /// Two parts of one name.
    #[error("part {0:?} stands twice")]
    Repeated(String),
    /// A part that the header does not name.
    #[error("part {0:?} is not named in the header")]
    Unnamed(String),
    /// A part whose bytes are not those that the header commits to.
    #[error("part {0:?} does not match its commitment")]
    Commitment(String),
}

/// What the header says of one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartHeader {
    /// Name of the part, unique in the entry.
    pub name: String,
    /// Participants who may read it; empty means every participant of the accord.
    pub audience: Vec<String>,
    /// SHA-256 over tag, salt and bytes, 64 hexadecimal digits.
    pub commitment: String,
}

/// The hashed header of an entry; the order of the fields is the order in its JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Identifier of the accord.
    pub accord: String,
    /// Service that keeps the ledger, such as `registry`.
    pub service: String,
    /// Index in the ledger; 0 is the accord itself.
    pub sequence: u64,
    /// What happened, such as `designation.proposed`.
    pub kind: String,
    /// SPIFFE id of who did it, or the service itself.
    pub actor: String,
    /// Participant that the actor belongs to.
    pub participant: String,
    /// Request id of the caller; empty where the service acted by itself.
    pub request_id: String,
    /// SHA-256 of the caller's request body, in hexadecimal; empty where the request id is.
    pub request_digest: String,
    /// When, as RFC 3339 text.
    pub time: String,
    /// Leaf hash of the entry before, in hexadecimal; 64 zeros for entry 0.
    pub previous: String,
    /// Commitments to the parts.
    pub parts: Vec<PartHeader>,
}

impl Header {
    /// Origin of the ledger, `<accord>/<service>`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}/{}", self.accord, self.service)
    }
}

/// One part: named bytes and the salt that keeps its commitment from being guessed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Name, as in the header.
    pub name: String,
    /// 16 random bytes.
    #[serde(with = "hex::serde")]
    pub salt: [u8; 16],
    /// What the part says.
    #[serde(with = "base64_text")]
    pub bytes: Vec<u8>,
}

impl Part {
    /// SHA-256 over tag, salt and bytes.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        sha256(&[COMMITMENT_TAG, &self.salt, &self.bytes])
    }
}

impl fmt::Debug for Part {
    /// Leaves the bytes out: parts may be confidential, and debug text ends in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Part({:?}, {} bytes)", self.name, self.bytes.len())
    }
}

/// An entry whose parts match its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    header_bytes: Vec<u8>,
    header: Header,
    parts: Vec<Part>,
    leaf: Hash,
}

impl Entry {
    /// Writes a new entry: commits to the parts, each with its audience, and fixes the header's bytes.
    ///
    /// `header.parts` is filled in here; what the caller put there is replaced.
    ///
    /// # Errors
    /// Where `previous` is no hash or two parts share a name.
    pub fn compose(mut header: Header, parts: Vec<(Part, Vec<String>)>) -> Result<Self, EntryError> {
        let (headers, parts): (Vec<PartHeader>, Vec<Part>) = parts
            .into_iter()
            .map(|(part, audience)| {
                let commitment = to_hex(&part.commitment());
                (PartHeader { name: part.name.clone(), audience, commitment }, part)
            })
            .unzip();
        header.parts = headers;
        check(&header)?;
        let header_bytes =
            serde_json::to_vec(&header).map_err(|error| EntryError::Header(error.to_string()))?;
        let leaf = hash::leaf(&header_bytes);
        Ok(Self { header_bytes, header, parts, leaf })
    }

    /// Reads an entry from the header's bytes and those of its parts that are at hand.
    ///
    /// # Errors
    /// Where the header is none, or a part is unnamed, repeated, or not what the header commits to.
    pub fn parse(header_bytes: Vec<u8>, parts: Vec<Part>) -> Result<Self, EntryError> {
        let header: Header =
            serde_json::from_slice(&header_bytes).map_err(|error| EntryError::Header(error.to_string()))?;
        check(&header)?;
        for (at, part) in parts.iter().enumerate() {
            if parts.iter().take(at).any(|earlier| earlier.name == part.name) {
                return Err(EntryError::Repeated(part.name.clone()));
            }
            let named = header.parts.iter().find(|named| named.name == part.name);
            let named = named.ok_or_else(|| EntryError::Unnamed(part.name.clone()))?;
            if from_hex(&named.commitment) != Some(part.commitment()) {
                return Err(EntryError::Commitment(part.name.clone()));
            }
        }
        let leaf = hash::leaf(&header_bytes);
        Ok(Self { header_bytes, header, parts, leaf })
    }

    /// The header's bytes as first written: what is hashed.
    #[must_use]
    pub fn header_bytes(&self) -> &[u8] {
        &self.header_bytes
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Index in the ledger.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.header.sequence
    }

    /// What happened, such as `designation.proposed`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.header.kind
    }

    /// The parts at hand.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Bytes of the part of that name; `None` where it is absent.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&[u8]> {
        self.parts.iter().find(|part| part.name == name).map(|part| part.bytes.as_slice())
    }

    /// Bytes of the part named `body`; `None` where it is absent.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.part(BODY)
    }

    /// RFC 6962 leaf hash over the header's bytes.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        self.leaf
    }

    /// The same entry with only those parts that `keep` accepts; its hash stays what it is.
    #[must_use]
    pub fn with_parts(&self, keep: impl Fn(&PartHeader) -> bool) -> Self {
        let kept =
            |part: &&Part| self.header.parts.iter().any(|named| named.name == part.name && keep(named));
        let parts = self.parts.iter().filter(kept).cloned().collect();
        Self { header_bytes: self.header_bytes.clone(), header: self.header.clone(), parts, leaf: self.leaf }
    }
}

fn check(header: &Header) -> Result<(), EntryError> {
    from_hex(&header.previous).ok_or(EntryError::Hash("previous"))?;
    if !header.request_digest.is_empty() {
        from_hex(&header.request_digest).ok_or(EntryError::Hash("request_digest"))?;
    }
    for (at, part) in header.parts.iter().enumerate() {
        from_hex(&part.commitment).ok_or(EntryError::Hash("commitment"))?;
        if header.parts.iter().take(at).any(|earlier| earlier.name == part.name) {
            return Err(EntryError::Repeated(part.name.clone()));
        }
    }
    Ok(())
}

/// Bytes as standard, padded base64 in JSON.
pub(crate) mod base64_text {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod tests;
