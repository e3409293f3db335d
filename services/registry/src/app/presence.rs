//! Presence assessments.

use concord_domain::registry::presence::{Assessment, Command};
use concord_domain::registry::{Command as Any, Event, State};
use concord_domain::table::Table;

use super::Noun;

/// Presence assessments.
pub(crate) struct Assessments;

impl Noun for Assessments {
    type Command = Command;
    type Row = Assessment;

    const COLLECTION: &'static str = "presence";
    const PROTECTS: bool = false;

    fn command(command: Command) -> Any {
        Any::Presence(command)
    }

    fn row(event: &Event) -> Option<&Assessment> {
        match event {
            Event::Presence(_, row) => Some(row),
            _ => None,
        }
    }

    fn table(state: &State) -> &Table<Assessment> {
        &state.presence
    }
}
