//! The hotline: messages between duty officers, acknowledged by a named duty role or escalated, and warnings about a
//! place. Nothing suspends it.
//!
//! INVARIANT (INC-1): a sender's messages are numbered from 1 without gaps.

use serde::{Deserialize, Serialize};

use crate::accord::{Accord, HotlineDeadlines};
use crate::actor::{Actor, ParticipantKind};
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::Context;
use crate::geo::Area;
use crate::ids::ParticipantId;
use crate::incidents::{Event, State};
use crate::limits::{GROUPS_MAX, NAME_MAX_CHARS, TEXT_MAX_CHARS, WINDOW_MAX_S};
use crate::table::Resource;
use crate::text::checked;
use crate::time::{Interval, Timestamp};

/// Longest language tag, in characters (RFC 5646 section 4.4.1).
const LANGUAGE_MAX_CHARS: usize = 35;

/// How urgent a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Precedence {
    /// FLASH.
    Flash,
    /// IMMEDIATE.
    Immediate,
    /// PRIORITY.
    Priority,
    /// ROUTINE.
    Routine,
    /// TEST.
    Test,
}

impl Precedence {
    /// Seconds within which it must be acknowledged.
    #[must_use]
    pub fn acknowledge_within_s(self, deadlines: &HotlineDeadlines) -> u32 {
        match self {
            Self::Flash => deadlines.flash_s,
            Self::Immediate => deadlines.immediate_s,
            Self::Priority => deadlines.priority_s,
            Self::Routine => deadlines.routine_s,
            Self::Test => deadlines.test_s,
        }
    }
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Sent; not everybody who must has acknowledged it.
    Sent,
    /// Acknowledged by everybody who must.
    Acknowledged,
    /// Not acknowledged in time.
    Escalated,
}

/// A warning about a place: operations there are denied while it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// Where.
    pub area: Area,
    /// When it stands; absent means until it is resolved.
    pub window: Option<Interval>,
    /// When its sender resolved it; absent while it is open.
    pub resolved_at: Option<Timestamp>,
}

impl Warning {
    /// Whether it stands during any instant of `window`.
    #[must_use]
    pub fn stands_during(&self, window: &Interval) -> bool {
        self.resolved_at.is_none() && self.window.is_none_or(|own| own.overlaps(window))
    }
}

/// An acknowledgement: read by a named duty role, no agreement implied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Who.
    pub by: Actor,
    /// The duty role that has read it.
    pub duty_role: String,
    /// When.
    pub at: Timestamp,
}

/// A message on the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Identifier.
    pub id: String,
    /// Number in the sender's own sequence, from 1.
    pub sequence: u64,
    /// How urgent.
    pub precedence: Precedence,
    /// The text.
    pub body: String,
    /// BCP 47 language tag; may be empty.
    pub language_code: String,
    /// Participants addressed; empty means every one.
    pub addressees: Vec<ParticipantId>,
    /// Identifier of the message that it answers; empty where none.
    pub in_reply_to: String,
    /// The warning that comes with it.
    pub warning: Option<Warning>,
    /// Who sent it.
    pub sent_by: Actor,
    /// When.
    pub sent_at: Timestamp,
    /// Until when it must be acknowledged.
    pub acknowledge_by: Timestamp,
    /// Where it stands.
    pub stage: Stage,
    /// Acknowledgements, in order of time.
    pub acknowledgements: Vec<Acknowledgement>,
    /// When it escalated; absent where it has not.
    pub escalated_at: Option<Timestamp>,
}

impl Resource for Message {
    const COLLECTION: &'static str = "messages";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Message {
    /// Whether a participant is addressed; nobody is by its own message.
    #[must_use]
    pub fn is_addressed_to(&self, participant: &ParticipantId) -> bool {
        let named = self.addressees.is_empty() || self.addressees.contains(participant);
        named && participant != &self.sent_by.participant
    }

    /// Whether a participant sent it or is addressed.
    #[must_use]
    pub fn concerns(&self, participant: &ParticipantId) -> bool {
        participant == &self.sent_by.participant || self.is_addressed_to(participant)
    }

    /// Whether everybody who must has acknowledged it: every addressed state party, or where none is addressed every
    /// addressee.
    fn is_acknowledged(&self, accord: &Accord) -> bool {
        let mut parties = accord.parties().filter(|party| self.is_addressed_to(party)).peekable();
        let given =
            |who: &ParticipantId| self.acknowledgements.iter().any(|given| &given.by.participant == who);
        match parties.peek() {
            Some(_) => parties.all(given),
            None => answering(accord).filter(|who| self.is_addressed_to(who)).all(given),
        }
    }
}

/// The participants that can acknowledge: all but auditors and the operator, which write nothing.
fn answering(accord: &Accord) -> impl Iterator<Item = &ParticipantId> {
    let silent = [ParticipantKind::Auditor, ParticipantKind::Operator];
    accord.participants.iter().filter(move |p| !silent.contains(&p.kind)).map(|p| &p.id)
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Sent.
    Sent,
    /// Acknowledged by a participant.
    Acknowledged,
    /// Not acknowledged in time.
    Escalated,
    /// Its warning no longer stands.
    WarningResolved,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Sent => "message.sent",
            Self::Acknowledged => "message.acknowledged",
            Self::Escalated => "message.escalated",
            Self::WarningResolved => "warning.resolved",
        }
    }
}

/// A message as it is to be sent, not yet checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// How urgent.
    pub precedence: Precedence,
    /// The text.
    pub body: String,
    /// BCP 47 language tag; may be empty.
    pub language_code: String,
    /// Participants addressed; empty means every one.
    pub addressees: Vec<ParticipantId>,
    /// Identifier of the message that it answers; empty where none.
    pub in_reply_to: String,
    /// Where and when a warning stands.
    pub warning: Option<(Area, Option<Interval>)>,
}

/// What can be asked of the hotline.
#[derive(Clone, Debug)]
pub enum Command {
    /// Send.
    Send(Box<Draft>),
    /// Acknowledge.
    Acknowledge {
        /// Identifier.
        id: String,
        /// The duty role that has read it.
        duty_role: String,
    },
    /// Resolve the warning of an own message.
    ResolveWarning {
        /// Identifier.
        id: String,
    },
    /// Escalate whatever is overdue: what the service asks of itself when a deadline passes.
    EscalateOverdue,
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let (change, row) = match command {
        Command::Send(draft) => (Change::Sent, send(state, draft, context)?),
        Command::Acknowledge { id, duty_role } => {
            (Change::Acknowledged, acknowledge(state, id, duty_role, context)?)
        }
        Command::ResolveWarning { id } => (Change::WarningResolved, resolve(state, id, context)?),
        Command::EscalateOverdue => return Ok(escalated(state, context.at)),
    };
    Ok(vec![Event::Message(change, Box::new(row))])
}

/// The events that escalate every message whose time to acknowledge is over.
pub(super) fn escalated(state: &State, at: Timestamp) -> Vec<Event> {
    let overdue = state.unacknowledged().take_while(|message| message.acknowledge_by <= at);
    overdue
        .map(|message| {
            let row = Message { stage: Stage::Escalated, escalated_at: Some(at), ..message.as_ref().clone() };
            Event::Message(Change::Escalated, Box::new(row))
        })
        .collect()
}

fn send(state: &State, draft: &Draft, context: &Context) -> Result<Message, Refusal> {
    let Draft { precedence, body, language_code, addressees, in_reply_to, warning } = draft;
    let accord = state.accord()?;
    let mut found = Vec::new();
    let body = checked("message.body", body, TEXT_MAX_CHARS).map_err(|violation| found.push(violation));
    found.extend(language_violation(language_code));
    found.extend(addressee_violations(accord, addressees, &context.actor.participant));
    if let Some((area, window)) = warning {
        found.extend(area.violations("message.warning.area"));
        found.extend(
            window.iter().flat_map(|window| window.violations("message.warning.window", WINDOW_MAX_S)),
        );
    }
    Refusal::unless_valid(found)?;
    if !in_reply_to.is_empty() {
        state.messages.find(in_reply_to)?;
    }
    let within_s = precedence.acknowledge_within_s(&accord.hotline);
    Ok(Message {
        id: context.fresh_id.clone(),
        sequence: state.last_sequence(&context.actor.participant).saturating_add(1),
        precedence: *precedence,
        body: body.unwrap_or_default(),
        language_code: language_code.clone(),
        addressees: addressees.clone(),
        in_reply_to: in_reply_to.clone(),
        warning: warning.clone().map(|(area, window)| Warning { area, window, resolved_at: None }),
        sent_by: context.actor.clone(),
        sent_at: context.at,
        acknowledge_by: context.at.plus_seconds(within_s.into()),
        stage: Stage::Sent,
        acknowledgements: Vec::new(),
        escalated_at: None,
    })
}

fn language_violation(tag: &str) -> Option<Violation> {
    let sound =
        tag.len() <= LANGUAGE_MAX_CHARS && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (!sound).then(|| {
        let rule = format!("a BCP 47 tag of at most {LANGUAGE_MAX_CHARS} letters, digits and '-', or empty");
        Violation::new("message.language_code", rule, tag, "write such as en or ar-SY")
    })
}

fn addressee_violations(
    accord: &Accord,
    addressees: &[ParticipantId],
    sender: &ParticipantId,
) -> Vec<Violation> {
    let mut found = Vec::new();
    if addressees.len() > GROUPS_MAX {
        let rule = format!("at most {GROUPS_MAX} participants");
        found.push(Violation::new(
            "message.addressees",
            rule,
            addressees.len(),
            "leave it empty to reach all",
        ));
    }
    for (i, addressee) in addressees.iter().enumerate() {
        let field = format!("message.addressees[{i}]");
        let reachable = answering(accord).any(|who| who == addressee) && addressee != sender;
        if !reachable {
            let rule = "another participant that can answer";
            found.push(Violation::new(&field, rule, addressee, "name a participant of the accord"));
        }
        if addressees.iter().take(i).any(|earlier| earlier == addressee) {
            found.push(Violation::new(&field, "named once", addressee, "remove the repetition"));
        }
    }
    found
}

fn acknowledge(state: &State, id: &str, duty_role: &str, context: &Context) -> Result<Message, Refusal> {
    let duty_role = checked("duty_role", duty_role, NAME_MAX_CHARS)
        .map_err(|violation| Refusal::invalid(vec![violation]))?;
    let mut row = state.messages.find(id)?.as_ref().clone();
    let by = &context.actor;
    if !row.is_addressed_to(&by.participant) {
        let message = format!("{} is not addressed to {}", row.name(), by.participant);
        return Err(Refusal::new(Reason::NotYours, message));
    }
    if row.acknowledgements.iter().any(|given| given.by.participant == by.participant) {
        let message = format!("{} has acknowledged {} already", by.participant, row.name());
        return Err(Refusal::new(Reason::AlreadyDecided, message));
    }
    row.acknowledgements.push(Acknowledgement { by: by.clone(), duty_role, at: context.at });
    if row.is_acknowledged(state.accord()?) {
        row.stage = Stage::Acknowledged;
    }
    Ok(row)
}

fn resolve(state: &State, id: &str, context: &Context) -> Result<Message, Refusal> {
    let mut row = state.messages.find(id)?.as_ref().clone();
    let (name, sender) = (row.name(), &row.sent_by.participant);
    if sender != &context.actor.participant {
        let message = format!("{name} was sent by {sender}; only it resolves the warning");
        return Err(Refusal::new(Reason::NotYours, message));
    }
    match &mut row.warning {
        Some(warning) if warning.resolved_at.is_none() => warning.resolved_at = Some(context.at),
        _ => return Err(Refusal::new(Reason::StateForbids, format!("{name} has no open warning"))),
    }
    Ok(row)
}
