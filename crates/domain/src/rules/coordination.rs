//! What others say about an operation before it is checked: each an entry of its giver over the operation's digest.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::geo::LatLng;
use crate::ids::ParticipantId;
use crate::table::Resource;
use crate::time::Timestamp;

/// What was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Said {
    /// Notice by the submitting party, of a point where it differs from the middle of the effect area.
    Notice(Option<LatLng>),
    /// Approval by a party.
    Approval,
    /// Consent by the holder of a reservation or ground area, named as a resource.
    Consent(String),
}

/// One thing said about one operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coordination {
    /// Identifier.
    pub id: String,
    /// What was said.
    pub said: Said,
    /// Digest of the operation.
    pub operation_digest: String,
    /// The party whose operation it is.
    pub party: ParticipantId,
    /// Who said it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Resource for Coordination {
    fn id(&self) -> &str {
        &self.id
    }
}
