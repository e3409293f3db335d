//! Humanitarian and civil movements.

use concord_domain::registry::movement::{Command, Movement};
use concord_domain::registry::{Command as Any, Event, State};
use concord_domain::table::Table;

use super::Noun;

/// Humanitarian and civil movements.
pub(crate) struct Movements;

impl Noun for Movements {
    type Command = Command;
    type Row = Movement;

    const COLLECTION: &'static str = "movements";
    const PROTECTS: bool = true;

    fn command(command: Command) -> Any {
        Any::Movement(command)
    }

    fn row(event: &Event) -> Option<&Movement> {
        match event {
            Event::Movement(_, row) => Some(row),
            _ => None,
        }
    }

    fn table(state: &State) -> &Table<Movement> {
        &state.movements
    }
}
