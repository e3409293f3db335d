//! Protected entities and claims.

use concord_domain::registry::protection::{Command, ProtectedEntity};
use concord_domain::registry::{Command as Any, Event, State};
use concord_domain::table::Table;

use super::Noun;

/// Protected entities and claims.
pub(crate) struct Protections;

impl Noun for Protections {
    type Command = Command;
    type Row = ProtectedEntity;

    const COLLECTION: &'static str = "protectedEntities";
    const PROTECTS: bool = true;

    fn command(command: Command) -> Any {
        Any::Protection(command)
    }

    fn row(event: &Event) -> Option<&ProtectedEntity> {
        match event {
            Event::ProtectedEntity(_, row) => Some(row),
            _ => None,
        }
    }

    fn table(state: &State) -> &Table<ProtectedEntity> {
        &state.protected_entities
    }
}
