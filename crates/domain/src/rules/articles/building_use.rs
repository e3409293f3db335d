//! The use of a building, site or infrastructure is assessed beforehand.

use serde::Deserialize;

use super::{GROUND, Kind};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::{Assessed, Class, TargetType};

/// No parameters.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {}

impl Kind for Params {
    const NAME: &'static str = "BUILDING_USE";
    const APPLIES: &'static [Class] = GROUND;

    fn text(&self) -> String {
        "The use of a building, site or infrastructure is assessed beforehand.".to_owned()
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let built = matches!(
            facts.operation.target_type,
            TargetType::Building | TargetType::Site | TargetType::Infrastructure | TargetType::Other
        );
        if built && facts.operation.building_use != Assessed::Assessed {
            let message = "the use of the building was not assessed, or civilian use was reported";
            found.push(Finding::new(Code::BuildingUseUnassessed, message));
        }
    }
}
