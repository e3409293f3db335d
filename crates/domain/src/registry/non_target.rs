//! Groups that are not acceptable targets: one party names them at once, all remove them.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::Approvals;
use crate::table::Resource;

/// Where the naming stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// In force.
    Active,
    /// Removed by every party.
    Removed,
}

/// A group that is not an acceptable target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonTargetGroup {
    /// Identifier.
    pub id: String,
    /// Primary name in NFC.
    pub primary_name: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// Why; may be empty.
    pub reason: String,
    /// Where it stands.
    pub stage: Stage,
    /// Who named it.
    pub named_by: Actor,
    /// Consents to removing it.
    pub removal: Option<Approvals>,
}

impl Resource for NonTargetGroup {
    fn id(&self) -> &str {
        &self.id
    }
}
