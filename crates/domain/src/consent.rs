//! Asymmetric consent, in one place: what protects takes one party at once, what exposes takes every party.
//!
//! INVARIANT (CON-1): no act that exposes takes effect before every state party has consented to the same version.
//! INVARIANT (CON-2): nobody approves what the same actor proposed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::accord::Accord;
use crate::actor::Actor;
use crate::errors::{Reason, Refusal, Violation};
use crate::ids::ParticipantId;
use crate::time::Timestamp;

/// How much consent an act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Consent {
    /// One entitled participant, effective at once.
    One,
    /// Every state party, each through an actor other than the proposer.
    EveryParty,
}

macro_rules! acts {
    ($($(#[$doc:meta])* $variant:ident => $consent:ident,)*) => {
        /// An act whose consent the accord's table states.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum Act { $($(#[$doc])* $variant,)* }

        impl Act {
            /// Every act.
            pub const ALL: &'static [Act] = &[$(Act::$variant,)*];

            /// The consent that the act needs by default: the asymmetric rule.
            #[must_use]
            pub fn default_consent(self) -> Consent {
                match self { $(Act::$variant => Consent::$consent,)* }
            }
        }
    };
}

acts! {
    /// Notify a protected entity.
    NotifyProtectedEntity => One,
    /// Confirm a claim that something is protected.
    ConfirmProtectionClaim => One,
    /// Notify a humanitarian movement.
    NotifyMovement => One,
    /// Name a group that is not an acceptable target.
    NameNonTargetGroup => One,
    /// Suspend a designation.
    SuspendDesignation => One,
    /// Declare a ceasefire, border buffer, ground area or populated area.
    DeclareArea => One,
    /// Suspend cooperation with a party.
    SuspendCooperation => One,
    /// Refuse a referral.
    RefuseReferral => One,
    /// Designate a group or site.
    Designate => EveryParty,
    /// Put a suspended designation back in force.
    ReinstateDesignation => EveryParty,
    /// Ratify an alias of a designated group.
    RatifyAlias => EveryParty,
    /// Remove a protected entity, or reject a claim.
    RemoveProtection => EveryParty,
    /// Give up the place from which a protected entity moved.
    GiveUpFormerPlace => EveryParty,
    /// Remove a group from the list of those that are not acceptable targets.
    RemoveNonTargetGroup => EveryParty,
    /// End an area before its time.
    EndArea => EveryParty,
    /// Bring a rule set into force.
    RatifyRuleSet => EveryParty,
    /// Release a referred operation.
    ReleaseReferral => EveryParty,
    /// Lift a suspension of cooperation.
    LiftSuspension => EveryParty,
}

/// The accord's own table; an act that it does not name has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsentTable(BTreeMap<Act, Consent>);

impl ConsentTable {
    /// The consent that `act` needs.
    #[must_use]
    pub fn consent(&self, act: Act) -> Consent {
        self.0.get(&act).copied().unwrap_or_else(|| act.default_consent())
    }

    /// Each line that would make protecting harder or exposing easier than the default.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let laxer = self.0.iter().filter(|(act, consent)| **consent != act.default_consent());
        laxer
            .map(|(act, consent)| {
                let rule =
                    format!("{:?}, since protecting takes one and exposing takes all", act.default_consent());
                Violation::new(format!("consent.{act:?}"), rule, format!("{consent:?}"), "remove the line")
            })
            .collect()
    }
}

/// One party's consent, given by one actor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who gave it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// The signed envelope it rests on: DSSE as JSON, as received.
    pub envelope: String,
    /// Why, in the actor's words; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Approval {
    /// The same with why it was given.
    #[must_use]
    pub fn because(self, reason: String) -> Self {
        Self { reason, ..self }
    }
}

/// The consents gathered for one version of one thing; a new version starts with none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// Who proposed it, and so may not approve it.
    pub proposed_by: Actor,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Why it was proposed, where it has no place of its own for that; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Consents by party.
    pub given: BTreeMap<ParticipantId, Approval>,
}

impl Approvals {
    /// No consents yet to what `by` proposes.
    #[must_use]
    pub fn new(by: Actor, at: Timestamp) -> Self {
        Self { proposed_by: by, proposed_at: at, reason: String::new(), given: BTreeMap::new() }
    }

    /// Adds the consent of the approving actor's party.
    ///
    /// # Errors
    /// `ROLE_FORBIDDEN` for a participant that is no state party, `SELF_APPROVAL` for the proposer,
    /// `ALREADY_DECIDED` where the party has consented.
    pub fn approve(&mut self, approval: Approval) -> Result<(), Refusal> {
        let by = &approval.by;
        require_party(by)?;
        if by.is_same_as(&self.proposed_by) {
            let message = format!("{} proposed this; another actor of the party must approve it", by.name);
            return Err(Refusal::new(Reason::SelfApproval, message));
        }
        if self.given.contains_key(&by.participant) {
            let message = format!("{} has approved this version already", by.participant);
            return Err(Refusal::new(Reason::AlreadyDecided, message));
        }
        self.given.insert(by.participant.clone(), approval);
        Ok(())
    }

    /// Whether the consent that `act` needs is complete.
    #[must_use]
    pub fn complete(&self, accord: &Accord, act: Act) -> bool {
        suffices(accord, act, |party| self.given.contains_key(party))
    }

    /// The parties that have not consented yet, in the order of the accord.
    #[must_use]
    pub fn missing(&self, accord: &Accord) -> Vec<ParticipantId> {
        accord.parties().filter(|party| !self.given.contains_key(*party)).cloned().collect()
    }
}

/// Whether the consents that are there are those that `act` needs.
#[must_use]
pub fn suffices(accord: &Accord, act: Act, given: impl Fn(&ParticipantId) -> bool) -> bool {
    match accord.consent.consent(act) {
        Consent::One => true,
        Consent::EveryParty => accord.parties().all(given),
    }
}

/// Ok where the actor's participant is a state party.
///
/// # Errors
/// `ROLE_FORBIDDEN` otherwise.
pub fn require_party(actor: &Actor) -> Result<(), Refusal> {
    if actor.is_party() {
        return Ok(());
    }
    Err(Refusal::new(Reason::RoleForbidden, format!("{} is no state party", actor.participant)))
}
