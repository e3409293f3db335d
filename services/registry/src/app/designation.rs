//! Designations.

use concord_domain::registry::designation::{Command, Designation};
use concord_domain::registry::{Command as Any, Event, State};
use concord_domain::table::Table;

use super::Noun;

/// Designations.
pub(crate) struct Designations;

impl Noun for Designations {
    type Command = Command;
    type Row = Designation;

    const COLLECTION: &'static str = "designations";
    const PROTECTS: bool = false;

    fn command(command: Command) -> Any {
        Any::Designation(command)
    }

    fn row(event: &Event) -> Option<&Designation> {
        match event {
            Event::Designation(_, row) => Some(row),
            _ => None,
        }
    }

    fn table(state: &State) -> &Table<Designation> {
        &state.designations
    }
}
