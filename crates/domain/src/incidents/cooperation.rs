//! The status of cooperation: suspended by one party or by a trigger at once, lifted by all.
//!
//! INVARIANT (INC-2): no suspension is lifted before every state party has consented to lifting it as it stands.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::{Act, Approval, require_party, suffices};
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::Context;
use crate::geo::{Area, separation_m};
use crate::ids::{ParticipantId, name_of};
use crate::incidents::triggers::Trigger;
use crate::incidents::{Event, State};
use crate::limits::TEXT_MAX_CHARS;
use crate::signed::{self, Consented, Subject, Vouched, ended, misplaced, unchanged};
use crate::table::Resource;
use crate::text::checked;
use crate::time::Timestamp;

/// What cooperation is about. Hotline and airspace are no domains: nothing suspends them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Domain {
    /// Operations.
    #[default]
    Operations,
    /// Sharing of intelligence.
    IntelligenceSharing,
    /// Assistance to partners.
    Assistance,
}

/// How far cooperation is cut, from least to most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Effect {
    /// Every check that it reaches refers.
    Restricted,
    /// Every check that it reaches denies.
    #[default]
    Suspended,
}

/// Which operations it reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scope {
    /// Kinetic operations.
    #[default]
    Kinetic,
    /// Kinetic operations and flights, save medical ones.
    KineticAndFlights,
}

/// Why a suspension came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cause {
    /// A trigger of the rule set in force, completed by these incidents (identifiers).
    Trigger {
        /// The trigger as it was in force.
        trigger: Trigger,
        /// What completed it; spent when the suspension is lifted.
        incidents: Vec<String>,
    },
    /// A party alone.
    Unilateral {
        /// Who.
        by: Actor,
        /// Why.
        reason: String,
    },
}

/// One party's consent to lifting a suspension, with what was done so that it does not happen again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiftConsent {
    /// The consent, signed.
    pub approval: Approval,
    /// The corrective action.
    pub corrective_action: String,
}

/// A suspension of cooperation with one party, or with every one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// Identifier.
    pub id: String,
    /// The party; absent means every party.
    pub party: Option<ParticipantId>,
    /// Where; absent means everywhere.
    pub area: Option<Area>,
    /// About what.
    pub domain: Domain,
    /// Which operations it reaches.
    pub scope: Scope,
    /// How far.
    pub effect: Effect,
    /// Why.
    pub cause: Cause,
    /// Since when.
    pub at: Timestamp,
    /// Consents to lifting it as it stands.
    pub lift_consents: Vec<LiftConsent>,
    /// When it was lifted; absent while it stands.
    pub lifted_at: Option<Timestamp>,
}

impl Resource for Suspension {
    const COLLECTION: &'static str = "suspensions";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Suspension {
    /// Whether it stands and reaches a party in a domain.
    #[must_use]
    pub fn reaches(&self, party: &ParticipantId, domain: Domain) -> bool {
        let named = self.party.as_ref().is_none_or(|suspended| suspended == party);
        self.lifted_at.is_none() && named && self.domain == domain
    }

    /// What a party that consents to lifting it signs.
    #[must_use]
    pub fn lift_subject(&self) -> Subject {
        self.content().lift_of(&self.id)
    }

    fn content(&self) -> Content<'_> {
        let (cause, article, incidents, suspended_by, reason) = match &self.cause {
            Cause::Trigger { trigger, incidents } => {
                (CauseKind::Trigger, trigger.article, incidents.as_slice(), None, "")
            }
            Cause::Unilateral { by, reason } => {
                (CauseKind::Unilateral, 0, [].as_slice(), Some(&by.participant), reason.as_str())
            }
        };
        Content {
            party: self.party.as_ref(),
            area: self.area.as_ref(),
            domain: self.domain,
            scope: self.scope,
            effect: self.effect,
            cause,
            article,
            incidents,
            suspended_by,
            reason,
            at: self.at,
        }
    }
}

/// What kind of cause a suspension has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CauseKind {
    /// A trigger of a rule set.
    Trigger,
    /// A party alone.
    Unilateral,
}

/// What a suspension says as it stands, wherever it was read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Content<'a> {
    /// The party; absent means every party.
    pub party: Option<&'a ParticipantId>,
    /// Where; absent means everywhere.
    pub area: Option<&'a Area>,
    /// About what.
    pub domain: Domain,
    /// Which operations it reaches.
    pub scope: Scope,
    /// How far.
    pub effect: Effect,
    /// Why.
    pub cause: CauseKind,
    /// Number of the article, for a trigger; else 0.
    pub article: u32,
    /// Identifiers of the incidents that completed the trigger: a further one makes another thing of it.
    pub incidents: &'a [String],
    /// Who suspended; absent for a trigger.
    pub suspended_by: Option<&'a ParticipantId>,
    /// The reason given, for a unilateral suspension.
    pub reason: &'a str,
    /// Since when.
    pub at: Timestamp,
}

impl Content<'_> {
    /// What a party signs that consents to lifting the suspension of an identifier.
    #[must_use]
    pub fn lift_of(&self, id: &str) -> Subject {
        Subject::recorded(Act::LiftSuspension, name_of(Suspension::COLLECTION, id), self)
    }
}

impl Vouched for Suspension {
    fn exposed<'a>(&'a self, before: Option<&'a Self>) -> Result<Vec<Consented<'a>>, String> {
        let lifted = |row: &Self| row.lifted_at.is_some();
        if before.is_none() && !lifted(self) {
            return Ok(Vec::new());
        }
        let before = ended(self, before)?;
        let (then, mut now) = (before.content(), self.content());
        // Further incidents extend one that stands, under the number that the article has by then.
        if !lifted(before) && !lifted(self) && now.incidents.starts_with(then.incidents) {
            now = Content { incidents: then.incidents, article: then.article, ..now };
        }
        unchanged(&self.name(), &then, &now)?;
        match (lifted(before), lifted(self)) {
            (false, true) => {
                let given = self.lift_consents.iter().map(|given| &given.approval).collect();
                Ok(vec![Consented { subject: before.lift_subject(), alone: None, given }])
            }
            (true, false) => Err(format!("{} was lifted and came back", self.name())),
            _ => Ok(Vec::new()),
        }
    }
}

/// What happened to a suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// It began.
    Suspended,
    /// A further incident completed its trigger again; consents given before count no longer.
    Extended,
    /// A party consented to lifting it.
    LiftConsented,
    /// The last party consented: it is lifted.
    Lifted,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Suspended => "cooperation.suspended",
            Self::Extended => "cooperation.suspension_extended",
            Self::LiftConsented => "cooperation.lift_consented",
            Self::Lifted => "cooperation.lifted",
        }
    }
}

/// A suspension that a party asks for, not yet checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The party; absent means every party.
    pub party: Option<ParticipantId>,
    /// Where; absent means everywhere.
    pub area: Option<Area>,
    /// About what.
    pub domain: Domain,
    /// Which operations it reaches.
    pub scope: Scope,
    /// How far.
    pub effect: Effect,
    /// Why.
    pub reason: String,
}

/// What can be asked about cooperation.
#[derive(Clone, Debug)]
pub enum Command {
    /// Suspend, alone and at once.
    Suspend(Box<Draft>),
    /// Consent to lifting.
    ConsentToLift {
        /// Identifier.
        id: String,
        /// What was done so that it does not happen again.
        corrective_action: String,
        /// The party's signature: a DSSE envelope as JSON.
        envelope: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    require_party(&context.actor)?;
    let (change, row) = match command {
        Command::Suspend(draft) => (Change::Suspended, suspend(state, draft, context)?),
        Command::ConsentToLift { id, corrective_action, envelope } => {
            consent_to_lift(state, id, (corrective_action, envelope), context)?
        }
    };
    Ok(vec![Event::Suspension(change, Box::new(row))])
}

fn suspend(state: &State, draft: &Draft, context: &Context) -> Result<Suspension, Refusal> {
    let Draft { party, area, domain, scope, effect, reason } = draft;
    let accord = state.accord()?;
    let mut found: Vec<Violation> = Vec::new();
    if let Some(party) = party.as_ref().filter(|party| !accord.is_party(party)) {
        let rule = "a state party, or empty for every one";
        found.push(Violation::new("suspension.party", rule, party, "name a state party of the accord"));
    }
    found.extend(area.iter().flat_map(|area| area.violations("suspension.area")));
    let reason = checked("suspension.reason", reason, TEXT_MAX_CHARS).map_err(|v| found.push(v));
    Refusal::unless_valid(found)?;
    let cause = Cause::Unilateral { by: context.actor.clone(), reason: reason.unwrap_or_default() };
    Ok(Suspension {
        id: context.fresh_id.clone(),
        party: party.clone(),
        area: area.clone(),
        domain: *domain,
        scope: *scope,
        effect: *effect,
        cause,
        at: context.at,
        lift_consents: Vec::new(),
        lifted_at: None,
    })
}

fn consent_to_lift(
    state: &State,
    id: &str,
    (corrective_action, envelope): (&str, &str),
    context: &Context,
) -> Result<(Change, Suspension), Refusal> {
    let corrective_action = checked("corrective_action", corrective_action, TEXT_MAX_CHARS);
    let found = corrective_action.as_ref().err().cloned().into_iter().chain(misplaced(true, envelope));
    Refusal::unless_valid(found.collect())?;
    let mut row = state.suspensions.find(id)?.as_ref().clone();
    let by = &context.actor;
    if row.lifted_at.is_some() {
        return Err(Refusal::new(Reason::StateForbids, format!("{} is lifted already", row.name())));
    }
    let approval = signed::approval(state.by()?, &row.lift_subject(), envelope, context)?;
    let consented = |row: &Suspension, party: &ParticipantId| {
        row.lift_consents.iter().any(|given| &given.approval.by.participant == party)
    };
    if consented(&row, &by.participant) {
        let message = format!("{} has consented to lifting {} already", by.participant, row.name());
        return Err(Refusal::new(Reason::AlreadyDecided, message));
    }
    let corrective_action = corrective_action.unwrap_or_default();
    row.lift_consents.push(LiftConsent { approval, corrective_action });
    if !suffices(state.accord()?, Act::LiftSuspension, |party| consented(&row, party)) {
        return Ok((Change::LiftConsented, row));
    }
    row.lifted_at = Some(context.at);
    Ok((Change::Lifted, row))
}

impl State {
    /// The suspensions that reach a party in a domain, in order of time; with a place only those that reach there.
    #[must_use]
    pub fn suspensions_of(
        &self,
        party: &ParticipantId,
        domain: Domain,
        place: Option<&Area>,
    ) -> Vec<&Suspension> {
        let there = |suspension: &Suspension| match (place, &suspension.area) {
            // A distance that cannot be compared counts as none.
            (Some(place), Some(area)) => !matches!(separation_m(place, area), gap_m if gap_m > 0.0),
            _ => true,
        };
        let standing = self.suspensions.iter().map(AsRef::as_ref);
        let mut found: Vec<&Suspension> =
            standing.filter(|row| row.reaches(party, domain) && there(row)).collect();
        found.sort_by_key(|row| row.at);
        found
    }
}
