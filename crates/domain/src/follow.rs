//! What a service takes in from a ledger that it follows.

use serde::{Deserialize, Serialize};

use crate::table::Resource;

/// The head of a followed ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Name of the ledger.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// RFC 6962 root, 64 hexadecimal digits.
    pub root: String,
}

impl Resource for Head {
    const COLLECTION: &'static str = "heads";

    fn id(&self) -> &str {
        &self.origin
    }
}

/// Whether followed entries are new to this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// New: what they contradict is voided.
    New,
    /// Kept from an earlier run and folded while more is still to come: nothing is concluded from them yet.
    Kept,
}
