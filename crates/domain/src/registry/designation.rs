//! Designations: groups and sites that every party has agreed to list. No person, rank or priority has a place here.

use serde::{Deserialize, Serialize};

mod alias;
mod decision;
mod proposal;

use crate::consent::{Act, Approvals};
use crate::errors::{Reason, Refusal};
use crate::fold::Context;
use crate::geo::Area;
use crate::ids::name_of;
use crate::registry::{Event, State};
use crate::signed::{Consented, Subject, Vouched};
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
    /// Why it was rejected; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stage_reason: String,
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
    /// How often this version was held; approvals count for one hold.
    pub holds: u32,
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
    const COLLECTION: &'static str = "designations";

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

    /// What a party that approves it signs.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let content = Content {
            version: self.version,
            holds: self.holds,
            kind: self.kind,
            primary_name: &self.primary_name,
            aliases: &self.aliases,
            list_reference: &self.list_reference,
            narrative_reasons: &self.narrative_reasons,
            effective_at: self.effective_at,
            expires_at: self.expires_at,
            site: self.site.as_ref(),
        };
        content.of(&self.id)
    }
}

impl Vouched for Designation {
    fn exposed<'a>(&'a self, before: Option<&'a Self>) -> Result<Vec<Consented<'a>>, String> {
        self.follows(before)?;
        let designated =
            (self.stage == Stage::Active).then(|| Consented::by_all(self.subject(), [&self.approvals]));
        let ratified = self.alias_proposals.iter().filter(|proposal| proposal.stage == AliasStage::Ratified);
        let named = ratified.map(|proposal| {
            Consented::by_all(proposal.subject(&self.id, self.version), [&proposal.approvals])
        });
        Ok(designated.into_iter().chain(named).collect())
    }
}

impl Designation {
    /// Whether no signature is used again: what has fallen comes back as a later version alone, for which none was given,
    /// and what was held was signed anew.
    fn follows(&self, before: Option<&Self>) -> Result<(), String> {
        let fallen = |row: &Self| matches!(row.stage, Stage::Rejected | Stage::Suspended | Stage::Expired);
        match before {
            Some(before) if self.version < before.version => {
                Err(format!("{} went back from version {} to {}", self.name(), before.version, self.version))
            }
            Some(before) if self.version == before.version && self.holds < before.holds => {
                Err(format!("{} went back from hold {} to {}", self.name(), before.holds, self.holds))
            }
            Some(before) if self.version == before.version && fallen(before) && !fallen(self) => {
                Err(format!("{} was {:?} and came back as the same version", self.name(), before.stage))
            }
            _ => Ok(()),
        }
    }
}

/// What one version of a designation says, wherever it was read.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Content<'a> {
    /// Version of the content.
    pub version: u32,
    /// How often it was held: what was signed before a hold counts no longer.
    pub holds: u32,
    /// Group or site.
    pub kind: Kind,
    /// Primary name in NFC.
    pub primary_name: &'a str,
    /// Names that are part of the proposal.
    pub aliases: &'a [Alias],
    /// Reference in an outside list.
    pub list_reference: &'a str,
    /// Why.
    pub narrative_reasons: &'a str,
    /// When it takes effect at the earliest.
    pub effective_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The place of a site.
    pub site: Option<&'a Area>,
}

impl Content<'_> {
    /// What a party signs that approves it as the content of the designation of an identifier.
    #[must_use]
    pub fn of(&self, id: &str) -> Subject {
        Subject::recorded(Act::Designate, name_of(Designation::COLLECTION, id), self)
    }
}

impl AliasProposal {
    /// What a party that ratifies it signs, as a name of that version of the designation of an identifier.
    #[must_use]
    pub fn subject(&self, designation: &str, version: u32) -> Subject {
        let Alias { name, quality } = &self.alias;
        AliasContent { version, name, quality: *quality }.of(designation, &self.id)
    }
}

/// A further name of one version of a designation, wherever it was read: a later version may mean another group.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AliasContent<'a> {
    /// Version of the designation.
    pub version: u32,
    /// The name in NFC.
    pub name: &'a str,
    /// How surely it means the group.
    pub quality: AliasQuality,
}

impl AliasContent<'_> {
    /// What a party signs that ratifies it as the name of an identifier, of the designation of an identifier.
    #[must_use]
    pub fn of(&self, designation: &str, alias_id: &str) -> Subject {
        let resource = format!("{}/aliases/{alias_id}", name_of(Designation::COLLECTION, designation));
        Subject::recorded(Act::RatifyAlias, resource, self)
    }
}

/// What happened to a designation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Proposed.
    Proposed,
    /// Approved by a party.
    Approved,
    /// Approved by the last party: in force.
    Activated,
    /// Held by a party.
    Held,
    /// Rejected by a party.
    Rejected,
    /// Suspended.
    Suspended,
    /// Ended.
    Expired,
    /// A name was proposed.
    AliasProposed,
    /// A name was approved by a party.
    AliasApproved,
    /// A name was approved by the last party.
    AliasRatified,
    /// A name was rejected.
    AliasRejected,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Proposed => "designation.proposed",
            Self::Approved => "designation.approved",
            Self::Activated => "designation.activated",
            Self::Held => "designation.held",
            Self::Rejected => "designation.rejected",
            Self::Suspended => "designation.suspended",
            Self::Expired => "designation.expired",
            Self::AliasProposed => "designation.alias_proposed",
            Self::AliasApproved => "designation.alias_approved",
            Self::AliasRatified => "designation.alias_ratified",
            Self::AliasRejected => "designation.alias_rejected",
        }
    }
}

/// What a party decides on a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Consents to this version.
    Approve,
    /// Holds it: what was approved before must be approved anew.
    Hold,
    /// Rejects it.
    Reject,
}

/// The content of a proposal, not yet checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Identifier wanted; empty has one made.
    pub id: String,
    /// Group or site.
    pub kind: Kind,
    /// Primary name.
    pub primary_name: String,
    /// Names that are part of the proposal.
    pub aliases: Vec<Alias>,
    /// Reference in an outside list.
    pub list_reference: String,
    /// Why.
    pub narrative_reasons: String,
    /// When it takes effect; absent is now.
    pub effective_at: Option<Timestamp>,
    /// When it ends; absent is the longest that is allowed.
    pub expires_at: Option<Timestamp>,
    /// The place of a site.
    pub site: Option<Area>,
}

/// What can be asked about designations.
#[derive(Clone, Debug)]
pub enum Command {
    /// Propose.
    Propose(Draft),
    /// Decide on the version of the etag.
    Decide {
        /// Identifier.
        id: String,
        /// Etag of the version that was read.
        etag: String,
        /// The decision.
        decision: Decision,
        /// Why.
        reason: String,
        /// The party's signature, where it approves: a DSSE envelope as JSON.
        envelope: String,
    },
    /// Suspend at once.
    Suspend {
        /// Identifier.
        id: String,
        /// Why.
        reason: String,
    },
    /// End at once.
    Expire {
        /// Identifier.
        id: String,
        /// Why.
        reason: String,
    },
    /// Propose a further name.
    ProposeAlias {
        /// Identifier.
        id: String,
        /// The name.
        alias: Alias,
    },
    /// Decide on a further name.
    DecideAlias {
        /// Identifier of the designation.
        id: String,
        /// Identifier of the alias proposal.
        alias_id: String,
        /// Etag of the alias proposal.
        etag: String,
        /// Approve or reject.
        decision: Decision,
        /// Why.
        reason: String,
        /// The party's signature, where it approves: a DSSE envelope as JSON.
        envelope: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Propose(draft) => proposal::propose(state, draft, context),
        Command::Decide { id, etag, decision, reason, envelope } => {
            decision::decide(state, (id, etag), (*decision, reason, envelope), context)
        }
        Command::Suspend { id, reason } => decision::suspend(state, id, reason, context),
        Command::Expire { id, reason } => decision::expire(state, id, reason, context),
        Command::ProposeAlias { id, alias } => alias::propose(state, id, alias, context),
        Command::DecideAlias { id, alias_id, etag, decision, reason, envelope } => {
            alias::decide(state, id, (alias_id, etag), (*decision, reason, envelope), context)
        }
    }
}

/// The event of a changed designation.
pub(super) fn event(change: Change, row: Designation) -> Event {
    Event::Designation(change, Box::new(row))
}

fn forbidden_in(row: &Designation, what: &str) -> Refusal {
    let message = format!("{} is {:?}; it cannot be {what}", row.name(), row.stage);
    Refusal::new(Reason::StateForbids, message).with("resource", row.name())
}
