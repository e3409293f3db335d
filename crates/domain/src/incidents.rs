//! Incidents: so far only the ledger's first entry, which rules follows. The nouns of incidents are not written yet.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::accord::AccordOpened;
use crate::errors::Refusal;
use crate::fold::{Context, Fold};
use crate::table::Row;
use crate::time::Timestamp;

/// What incidents records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Entry 0.
    AccordOpened(Box<AccordOpened>),
}

/// What can be asked of incidents: nothing yet.
#[derive(Clone, Copy, Debug)]
pub enum Command {}

/// Everything that incidents knows.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The accord; absent until entry 0 is folded.
    pub opened: Option<Arc<AccordOpened>>,
}

impl Fold for State {
    type Command = Command;
    type Event = Event;

    const SERVICE: &'static str = "incidents";

    fn now(&self, real: Timestamp) -> Timestamp {
        real
    }

    fn is_vital(command: &Command) -> bool {
        match *command {}
    }

    fn decide(&self, command: &Command, _context: &Context) -> Result<Vec<Event>, Refusal> {
        match *command {}
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::AccordOpened(opened) => self.opened = Some(Arc::new(opened.as_ref().clone())),
        }
    }

    fn kind(event: &Event) -> &'static str {
        match event {
            Event::AccordOpened(_) => "accord.opened",
        }
    }

    fn drain_rows(&mut self) -> Result<Vec<Row>, serde_json::Error> {
        Ok(Vec::new())
    }

    fn load_row(&mut self, table: &str, id: &str, _bytes: &[u8]) -> Result<(), String> {
        Err(format!("row {id:?} of unknown table {table:?}"))
    }
}
