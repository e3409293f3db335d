//! Messages of the hotline.

use concord_domain::ids::{ParticipantId, name_of};
use concord_domain::incidents::hotline::{
    Acknowledgement, Command, Draft, Message, Precedence, Stage, Warning,
};
use concord_domain::table::Resource as _;
use concord_domain::time::Timestamp;

use crate::fields::{Converted, Faults};
use crate::pb::incidents::v1 as pb;
use crate::shared::participant::actor_to_pb;
use crate::shared::{area, time};

const COLLECTION: &str = Message::COLLECTION;
const NANOS_PER_SECOND: f64 = 1e9;

/// The message of a message on the line.
#[must_use]
pub fn message_to_pb(row: &Message) -> pb::HotlineMessage {
    let name = row.name();
    let Message {
        id: _,
        sequence,
        precedence,
        body,
        language_code,
        addressees,
        in_reply_to,
        warning,
        sent_by,
        sent_at,
        acknowledge_by,
        stage,
        acknowledgements,
        escalated_at,
    } = row;
    let precedence = match precedence {
        Precedence::Flash => pb::Precedence::Flash,
        Precedence::Immediate => pb::Precedence::Immediate,
        Precedence::Priority => pb::Precedence::Priority,
        Precedence::Routine => pb::Precedence::Routine,
        Precedence::Test => pb::Precedence::Test,
    };
    let state = match stage {
        Stage::Sent => pb::MessageState::Sent,
        Stage::Acknowledged => pb::MessageState::Acknowledged,
        Stage::Escalated => pb::MessageState::Escalated,
    };
    let in_reply_to = if in_reply_to.is_empty() { String::new() } else { name_of(COLLECTION, in_reply_to) };
    pb::HotlineMessage {
        name,
        sequence: *sequence,
        precedence: precedence.into(),
        body: body.clone(),
        language_code: language_code.clone(),
        addressees: addressees.iter().map(|id| id.0.clone()).collect(),
        in_reply_to,
        warning: warning.as_ref().map(warning_to_pb),
        sent_by: Some(actor_to_pb(sent_by)),
        send_time: Some(time::to_pb(*sent_at)),
        acknowledge_by_time: Some(time::to_pb(*acknowledge_by)),
        state: state.into(),
        acknowledgements: acknowledgements
            .iter()
            .map(|given| acknowledgement_to_pb(given, *sent_at))
            .collect(),
        escalate_time: escalated_at.map(time::to_pb),
    }
}

fn warning_to_pb(warning: &Warning) -> pb::Warning {
    let Warning { area: place, window, resolved_at } = warning;
    let state = match resolved_at {
        None => pb::WarningState::Open,
        Some(_) => pb::WarningState::Resolved,
    };
    pb::Warning {
        area: Some(area::to_pb(place)),
        window: window.as_ref().map(time::window_to_pb),
        state: state.into(),
    }
}

fn acknowledgement_to_pb(given: &Acknowledgement, sent_at: Timestamp) -> pb::MessageAcknowledgement {
    let Acknowledgement { by, duty_role, at } = given;
    #[expect(clippy::cast_precision_loss, reason = "seconds are told to a fraction, not counted")]
    let elapsed_s = at.nanos().saturating_sub(sent_at.nanos()) as f64 / NANOS_PER_SECOND;
    pb::MessageAcknowledgement {
        by: Some(actor_to_pb(by)),
        duty_role: duty_role.clone(),
        acknowledge_time: Some(time::to_pb(*at)),
        elapsed_s,
    }
}

/// The command to send a message.
#[must_use]
pub fn send_from_pb(pb: pb::SendMessageRequest) -> Converted<Command> {
    let pb::SendMessageRequest { message, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let message = faults.required("message", message);
    let draft = draft(&mut faults, message);
    faults.finish(Command::Send(Box::new(draft)))
}

fn draft(faults: &mut Faults, pb: pb::HotlineMessage) -> Draft {
    let pb::HotlineMessage {
        name: _,
        sequence: _,
        precedence,
        body,
        language_code,
        addressees,
        in_reply_to,
        warning,
        sent_by: _,
        send_time: _,
        acknowledge_by_time: _,
        state: _,
        acknowledgements: _,
        escalate_time: _,
    } = pb;
    let precedence =
        faults.stated("message.precedence", precedence, Precedence::Test, |stated| match stated {
            pb::Precedence::Unspecified => None,
            pb::Precedence::Flash => Some(Precedence::Flash),
            pb::Precedence::Immediate => Some(Precedence::Immediate),
            pb::Precedence::Priority => Some(Precedence::Priority),
            pb::Precedence::Routine => Some(Precedence::Routine),
            pb::Precedence::Test => Some(Precedence::Test),
        });
    let in_reply_to = match in_reply_to.as_str() {
        "" => String::new(),
        name => faults.id("message.in_reply_to", COLLECTION, name),
    };
    let warning = warning.map(|pb::Warning { area: place, window, state: _ }| {
        let place = area::from_pb(faults, "message.warning.area", place);
        let window = window.map(|window| time::window_from_pb(faults, "message.warning.window", window));
        (place, window)
    });
    Draft {
        precedence,
        body,
        language_code,
        addressees: addressees.into_iter().map(ParticipantId).collect(),
        in_reply_to,
        warning,
    }
}

/// The command to acknowledge a message.
#[must_use]
pub fn acknowledge_from_pb(pb: pb::AcknowledgeMessageRequest) -> Converted<Command> {
    let pb::AcknowledgeMessageRequest { name, duty_role, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Acknowledge { id, duty_role })
}

/// The command to resolve a warning.
#[must_use]
pub fn resolve_from_pb(pb: pb::ResolveWarningRequest) -> Converted<Command> {
    let pb::ResolveWarningRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::ResolveWarning { id })
}
