//! Where a warning on the hotline stands, no operation takes place.

use serde::Deserialize;

use super::{KINETIC, Kind};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;
use crate::table::Resource as _;

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "OPEN_WARNING";
    const APPLIES: &'static [Class] = KINETIC;

    fn text(&self) -> String {
        "Where a warning on the hotline stands, no operation takes place until its sender resolves it."
            .to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for message in facts.incidents.messages.iter() {
            let standing = message.warning.as_ref().filter(|w| w.stands_during(&facts.operation.window));
            let touched = standing.and_then(|warning| facts.near(&warning.area, 0.0, 0.0));
            if let Some(distance_m) = touched {
                let warned =
                    format!("{} has warned of this place on the hotline", message.sent_by.participant);
                let finding = Finding::new(Code::OpenHotlineWarning, warned);
                found.push(finding.measured(distance_m, 0.0, "m").on(message.name()));
            }
        }
    }
}
