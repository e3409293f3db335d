//! What suspends cooperation with a party without anybody's asking: too frequent or too severe incidents. It finds
//! nothing in a check; `crate::incidents::triggers` applies it, and the suspension that follows is found by COOPERATION.

use serde::{Deserialize, Serialize};

use super::{Kind, NONE};
use crate::errors::Violation;
use crate::incidents::cooperation::{Domain, Effect, Scope};
use crate::incidents::incident::Severity;
use crate::rules::facts::Facts;
use crate::rules::finding::Finding;
use crate::rules::operation::Class;

/// Which incidents of a party count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Basis {
    /// Those reported by participants that are no state party, from their report on.
    ReportedByNonParties,
    /// Those that the party's own newest finding substantiates, from that finding on.
    Accepted,
}

/// Where they must have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Place {
    /// Anywhere.
    #[default]
    Anywhere,
    /// At a protected entity or movement that the registry holds.
    AtProtected,
}

/// What completes it, and what follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Which incidents count.
    pub basis: Basis,
    /// The least severity that counts.
    pub min_severity: Severity,
    /// How many incidents; at least 1.
    pub count: u32,
    /// Seconds within which they lie.
    pub within_s: u32,
    /// Where they must have been; anywhere by default.
    #[serde(default)]
    pub place: Place,
    /// What is suspended; operations by default.
    #[serde(default)]
    pub domain: Domain,
    /// Which operations it reaches; kinetic ones by default.
    #[serde(default)]
    pub scope: Scope,
    /// How far; suspended by default.
    #[serde(default)]
    pub effect: Effect,
}

impl Kind for Params {
    const NAME: &'static str = "SUSPENSION_TRIGGER";
    const APPLIES: &'static [Class] = NONE;

    fn violations(&self) -> Vec<Violation> {
        let none = (self.count == 0).then(|| Violation::new("count", "at least 1", 0, "say how many"));
        none.into_iter().collect()
    }

    fn text(&self) -> String {
        let Self { basis, min_severity, count, within_s, place, domain, scope, effect } = self;
        let basis = match basis {
            Basis::ReportedByNonParties => "reported by participants that are no state party",
            Basis::Accepted => "substantiated by the party itself",
        };
        let place = match place {
            Place::Anywhere => "",
            Place::AtProtected => " at protected entities or movements",
        };
        format!(
            "{count} incidents of one party of at least {min_severity:?}{place}, {basis}, within {within_s} s: {domain:?} with it {effect:?} ({scope:?}) until all lift it."
        )
    }

    fn find(&self, _facts: &Facts<'_>, _found: &mut Vec<Finding>) {}
}
