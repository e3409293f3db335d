//! Identifiers of resources and participants: short lower-case names that are safe in a path.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::errors::Violation;

/// Longest identifier, in characters (RFC 1035 label length, as AIP-122 asks).
pub const ID_MAX_CHARS: usize = 63;

/// A participant of the accord, such as `party-a`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ParticipantId(pub String);

impl ParticipantId {
    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ParticipantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ParticipantId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// Checks a caller-chosen identifier: 1 to 63 characters of `a-z`, `0-9` and `-`, beginning and
/// ending with a letter or digit.
///
/// # Errors
/// The violation that names `field` and the remedy.
pub fn check_id(field: &str, id: &str) -> Result<(), Violation> {
    let inner = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let edges = !id.starts_with('-') && !id.ends_with('-');
    if inner && edges && !id.is_empty() && id.len() <= ID_MAX_CHARS {
        return Ok(());
    }
    Err(Violation::new(
        field,
        "1 to 63 characters of a-z, 0-9 and '-', beginning and ending with a letter or digit",
        id,
        "choose an identifier such as pe-clinic-7, or leave it empty to have one made",
    ))
}

/// The identifier in a resource name such as `designations/qde-115`.
///
/// # Errors
/// The violation that names `field`, where the collection differs or the identifier is malformed.
pub fn id_in_name(field: &str, collection: &str, name: &str) -> Result<String, Violation> {
    let id = name.strip_prefix(collection).and_then(|rest| rest.strip_prefix('/'));
    match id {
        Some(id) => check_id(field, id).map(|()| id.to_owned()),
        None => Err(Violation::new(
            field,
            format!("a resource name of the form {collection}/{{id}}"),
            name,
            format!("write {collection}/ followed by the identifier"),
        )),
    }
}

/// The resource name of `id` in `collection`.
#[must_use]
pub fn name_of(collection: &str, id: &str) -> String {
    format!("{collection}/{id}")
}
