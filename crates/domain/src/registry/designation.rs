//! Designations: groups and sites that every party has agreed to list. No person, rank or priority has a place here.

use serde::{Deserialize, Serialize};

use crate::consent::Approvals;
use crate::geo::Area;
use crate::table::Resource;
use crate::time::Timestamp;

/// What is designated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// An armed group.
    Group,
    /// A fixed site.
    Site,
}

/// Where a designation stands, apart from what time alone brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Waits for every party.
    Proposed,
    /// Held by a party.
    Held,
    /// Approved by every party.
    Active,
    /// Rejected by a party.
    Rejected,
    /// Suspended by a party, or by the naming of the group as no target.
    Suspended,
    /// Ended before its time.
    Expired,
}

/// How surely a name means the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AliasQuality {
    /// The name means the group.
    Strong,
    /// The name may mean others too.
    Weak,
}

/// A name of the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The name in NFC.
    pub name: String,
    /// How surely it means the group.
    pub quality: AliasQuality,
}

/// Where a later alias stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AliasStage {
    /// Waits for every party.
    Proposed,
    /// Ratified by every party.
    Ratified,
    /// Rejected by a party.
    Rejected,
}

/// A name proposed after the designation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasProposal {
    /// Identifier inside the designation.
    pub id: String,
    /// The name.
    pub alias: Alias,
    /// Where it stands.
    pub stage: AliasStage,
    /// Consents so far.
    pub approvals: Approvals,
}

/// A designation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Designation {
    /// Identifier.
    pub id: String,
    /// Version of the content; approvals count for one version.
    pub version: u32,
    /// Group or site.
    pub kind: Kind,
    /// Primary name in NFC.
    pub primary_name: String,
    /// Names that are part of the proposal.
    pub aliases: Vec<Alias>,
    /// Names proposed later.
    pub alias_proposals: Vec<AliasProposal>,
    /// Reference in an outside list; may be empty.
    pub list_reference: String,
    /// Why.
    pub narrative_reasons: String,
    /// When it takes effect at the earliest.
    pub effective_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The place of a site.
    pub site: Option<Area>,
    /// Where it stands.
    pub stage: Stage,
    /// Why it is held, rejected, suspended or ended.
    pub stage_reason: String,
    /// Consents to this version.
    pub approvals: Approvals,
}

impl Resource for Designation {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Designation {
    /// Whether it is in force at `at`.
    #[must_use]
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.stage == Stage::Active && self.effective_at <= at && at < self.expires_at
    }
}
