//! What a name denotes.

use concord_domain::errors::Refusal;
use concord_domain::limits::NAME_MAX_CHARS;
use concord_domain::registry::names::{Resolution, Standing};

use concord_domain::text::checked;

use crate::pb::registry::v1 as pb;

/// The message of a resolution.
#[must_use]
pub fn resolution_to_pb(resolution: Resolution) -> pb::ResolveNameResponse {
    let Resolution { standing, resource, matched_name } = resolution;
    let standing = match standing {
        Standing::NonTarget => pb::NameStanding::NonTarget,
        Standing::Designated => pb::NameStanding::Designated,
        Standing::WeakAlias => pb::NameStanding::WeakAlias,
        Standing::UnratifiedAlias => pb::NameStanding::UnratifiedAlias,
        Standing::NotInForce => pb::NameStanding::NotInForce,
        Standing::Unknown => pb::NameStanding::Unknown,
    };
    pb::ResolveNameResponse { standing: standing.into(), resource, matched_name }
}

/// The name that is asked about.
///
/// # Errors
/// `INVALID_ARGUMENT` where it is empty, too long or deceives.
pub fn resolve_from_pb(pb: pb::ResolveNameRequest) -> Result<String, Refusal> {
    let pb::ResolveNameRequest { text } = pb;
    checked("text", &text, NAME_MAX_CHARS).map_err(|violation| Refusal::invalid(vec![violation]))
}
