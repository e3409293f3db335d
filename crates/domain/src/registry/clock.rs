//! The clock of an exercise accord: an entry of the registry, forward only.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSet {
    /// The time from now on.
    pub time: Timestamp,
}
