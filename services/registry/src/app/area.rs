//! Areas in which operations are restricted.

use concord_domain::registry::area::{Command, RestrictedArea};
use concord_domain::registry::{Command as Any, Event, State};
use concord_domain::table::Table;

use super::Noun;

/// Areas in which operations are restricted.
pub(crate) struct Areas;

impl Noun for Areas {
    type Command = Command;
    type Row = RestrictedArea;

    const COLLECTION: &'static str = "areas";
    const PROTECTS: bool = true;

    fn command(command: Command) -> Any {
        Any::Area(command)
    }

    fn row(event: &Event) -> Option<&RestrictedArea> {
        match event {
            Event::Area(_, row) => Some(row),
            _ => None,
        }
    }

    fn table(state: &State) -> &Table<RestrictedArea> {
        &state.areas
    }
}
