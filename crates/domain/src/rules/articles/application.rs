//! The rule set applies to the areas that the parties agreed, or everywhere.

use serde::Deserialize;

use super::{ALL, Kind, not_negative};
use crate::errors::Violation;
use crate::geo::{Area, LatLng};
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// Where the rule set applies.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Circles, one of which must hold the whole effect area; none means everywhere.
    #[serde(default)]
    pub circles: Vec<Circle>,
}

/// A circle on the ground.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    /// Degrees north of the centre.
    pub lat: f64,
    /// Degrees east of the centre.
    pub lng: f64,
    /// Radius in metres.
    pub radius_m: f64,
}

impl Kind for Params {
    const NAME: &'static str = "AREA_OF_APPLICATION";
    const APPLIES: &'static [Class] = ALL;

    fn violations(&self) -> Vec<Violation> {
        let of = |circle: &Circle| {
            let mut found = LatLng { lat: circle.lat, lng: circle.lng }.violations("circles");
            found.extend(not_negative("circles.radius_m", circle.radius_m));
            found
        };
        self.circles.iter().flat_map(of).collect()
    }

    fn text(&self) -> String {
        match self.circles.len() {
            0 => "The rule set applies everywhere.".to_owned(),
            count => format!("The rule set applies inside {count} agreed circles."),
        }
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        let holds = |circle: &Circle| {
            let center = LatLng { lat: circle.lat, lng: circle.lng };
            facts.covered_by(&Area::circle(center, circle.radius_m), 0.0)
        };
        if !self.circles.is_empty() && !self.circles.iter().any(holds) {
            let message = "the effect area does not lie wholly where the rule set applies";
            found.push(Finding::new(Code::OutsideAreaOfApplication, message));
        }
    }
}
