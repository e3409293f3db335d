//! What a group's name denotes, by exact comparison after normalisation; similarity decides nothing.

use serde::{Deserialize, Serialize};

/// What a name denotes, the most protective first where it denotes several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Standing {
    /// A group that is not an acceptable target.
    NonTarget,
    /// A designated group by a name that not every party has ratified.
    UnratifiedAlias,
    /// A designated group by a ratified weak alias.
    WeakAlias,
    /// A group whose designation is not in force.
    NotInForce,
    /// A designated group by its primary name, reference or a ratified strong alias.
    Designated,
    /// No group that the registry knows.
    Unknown,
}

/// What a name was resolved to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// What it denotes.
    pub standing: Standing,
    /// The resource that decided, such as `designations/qde-115`; empty where unknown.
    pub resource: String,
    /// The name as it stands there.
    pub matched_name: String,
}
