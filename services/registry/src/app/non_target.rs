//! Groups that are not acceptable targets.

use concord_domain::registry::non_target::{Command, NonTargetGroup};
use concord_domain::registry::{Command as Any, Event, State};
use concord_domain::table::Table;

use super::Noun;

/// Groups that are not acceptable targets.
pub(crate) struct NonTargets;

impl Noun for NonTargets {
    type Command = Command;
    type Row = NonTargetGroup;

    const COLLECTION: &'static str = "nonTargetGroups";
    const PROTECTS: bool = true;

    fn command(command: Command) -> Any {
        Any::NonTarget(command)
    }

    fn row(event: &Event) -> Option<&NonTargetGroup> {
        match event {
            Event::NonTargetGroup(_, row) => Some(row),
            _ => None,
        }
    }

    fn table(state: &State) -> &Table<NonTargetGroup> {
        &state.non_target_groups
    }
}
