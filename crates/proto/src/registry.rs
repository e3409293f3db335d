//! Conversions of the registry's contract, one file for each noun.

pub mod accord;
pub mod area;
pub mod designation;
pub mod movement;
pub mod name;
pub mod non_target;
pub mod presence;
pub mod protection;

use concord_domain::fold::etag;
use serde::Serialize;

/// The etag of a resource; a resource that cannot be written has none, and then nobody can act on it.
pub(crate) fn etag_of<T: Serialize>(resource: &T) -> String {
    etag(resource).unwrap_or_default()
}
