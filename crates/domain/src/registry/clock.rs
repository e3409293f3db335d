//! The clock of an exercise accord: an entry of the registry, forward only.

use serde::{Deserialize, Serialize};

use crate::errors::{Reason, Refusal};
use crate::fold::Context;
use crate::registry::{Event, State};
use crate::table::Resource;
use crate::time::Timestamp;

/// The clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSet {
    /// The time from now on.
    pub time: Timestamp,
}

impl Resource for ClockSet {
    const COLLECTION: &'static str = "clock";

    fn id(&self) -> &str {
        "clock"
    }
}

/// Sets the clock of an exercise.
#[derive(Clone, Copy, Debug)]
pub struct SetClock {
    /// The time from now on.
    pub time: Timestamp,
}

pub(super) fn decide(state: &State, command: &SetClock, context: &Context) -> Result<Vec<Event>, Refusal> {
    let accord = state.accord()?;
    if !accord.is_exercise() {
        return Err(Refusal::new(
            Reason::NotAnExercise,
            "only an exercise accord has a clock that can be set",
        ));
    }
    if !context.actor.is_party() {
        return Err(Refusal::new(Reason::RoleForbidden, "only a state party sets the clock"));
    }
    Refusal::unless_valid(command.time.check("time").err().into_iter().collect())?;
    if command.time < state.clock() {
        let message = format!("the clock stands at {} and moves forward only", state.clock());
        return Err(Refusal::new(Reason::ClockBackwards, message).with("current_time", state.clock()));
    }
    Ok(vec![Event::ClockSet(ClockSet { time: command.time })])
}
