//! The accord and its clock.

use concord_domain::accord::{Accord, AccordOpened, Mode, Participant, Witness};
use concord_domain::registry::clock::SetClock;
use concord_domain::time::Timestamp;

use crate::fields::{Converted, Faults};
use crate::pb::registry::v1 as pb;
use crate::shared::participant::{kind_to_pb, role_to_pb};
use crate::shared::time;

/// The message of the accord, with the time on which decisions rest now.
#[must_use]
pub fn accord_to_pb(opened: &AccordOpened, now: Timestamp) -> pb::Accord {
    let AccordOpened { hash, accord } = opened;
    let Accord {
        id,
        title,
        mode,
        witness_quorum,
        log_keys: _,
        consent: _,
        hotline: _,
        participants,
        witnesses,
    } = accord;
    let mode = match mode {
        Mode::Operational => pb::AccordMode::Operational,
        Mode::Exercise => pb::AccordMode::Exercise,
    };
    pb::Accord {
        id: id.clone(),
        title: title.clone(),
        mode: mode.into(),
        hash: hash.clone(),
        participants: participants.iter().map(participant_to_pb).collect(),
        current_time: Some(time::to_pb(now)),
        witnesses: witnesses.iter().map(witness_to_pb).collect(),
        witness_quorum: *witness_quorum,
    }
}

fn witness_to_pb(witness: &Witness) -> pb::Witness {
    let Witness { name, participant, public_key } = witness;
    pb::Witness { name: name.clone(), participant: participant.0.clone(), public_key: public_key.clone() }
}

fn participant_to_pb(participant: &Participant) -> pb::Participant {
    let Participant { id, name, kind, trust_domain, roots: _, signing_keys: _, roles } = participant;
    pb::Participant {
        id: id.0.clone(),
        display_name: name.clone(),
        kind: kind_to_pb(*kind).into(),
        trust_domain: trust_domain.clone(),
        roles: roles.iter().map(|role| role_to_pb(*role).into()).collect(),
    }
}

/// The command to set the clock.
#[must_use]
pub fn set_clock_from_pb(pb: pb::SetClockRequest) -> Converted<SetClock> {
    let pb::SetClockRequest { time, request_id: _ } = pb;
    let mut faults = Faults::default();
    let time = time::required(&mut faults, "time", time);
    faults.finish(SetClock { time })
}
