//! The accord and the clock of an exercise.

use std::sync::Arc;

use concord_domain::accord::AccordOpened;
use concord_domain::errors::{Reason, Refusal};
use concord_domain::registry::clock::SetClock;
use concord_domain::registry::{Command, Event, State};
use concord_domain::time::Timestamp;
use concord_server::call::Call;
use concord_server::core::Outcome;

use super::App;

impl App {
    /// The accord, and the time on which decisions rest now.
    pub(crate) async fn accord(&self) -> Result<(Arc<AccordOpened>, Timestamp), Refusal> {
        let opened = self.core.read().await?.state.0.opened.clone();
        let opened = opened.ok_or_else(|| Refusal::new(Reason::NotServing, "the accord is not open yet"))?;
        Ok((opened, self.core.now()))
    }

    /// Sets the clock; gives the time that this request set.
    pub(crate) async fn set_clock(
        &self,
        call: Call,
        command: SetClock,
    ) -> Result<(Timestamp, Outcome<State>), Refusal> {
        let outcome = self.core.mutate(call, Command::SetClock(command)).await?;
        match outcome.events.first() {
            Some(Event::ClockSet(set)) => Ok((set.time, outcome)),
            _ => Err(Refusal::new(Reason::Internal, "the record is not of the kind that was asked for")),
        }
    }
}
