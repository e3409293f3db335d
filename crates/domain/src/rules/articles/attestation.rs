//! Reviews of each operation are attested beforehand, by somebody of its party other than who submits it.

use serde::Deserialize;

use super::{KINETIC, Kind};
use crate::errors::Violation;
use crate::rules::coordination::Attestation;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;

/// What is attested.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Each of these.
    pub required: Vec<Attestation>,
}

impl Kind for Params {
    const NAME: &'static str = "ATTESTATION";
    const APPLIES: &'static [Class] = KINETIC;

    fn violations(&self) -> Vec<Violation> {
        let none = self.required.is_empty();
        let none =
            none.then(|| Violation::new("required", "at least one attestation", "", "name what is attested"));
        let repeated = self
            .required
            .iter()
            .enumerate()
            .filter(|(i, what)| self.required.iter().take(*i).any(|w| w == *what));
        let repeated = repeated.map(|(_, what)| {
            Violation::new("required", "each attestation once", what.as_str(), "remove the repetition")
        });
        none.into_iter().chain(repeated).collect()
    }

    fn text(&self) -> String {
        let names: Vec<&str> = self.required.iter().map(|what| what.as_str()).collect();
        format!(
            "{} of each operation are attested beforehand by an approver or reviewer of its party other than who submits it.",
            names.join(", ")
        )
    }

    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
        for what in self.required.iter().filter(|what| !facts.attested(**what)) {
            let message = format!(
                "no approver or reviewer of {} but the submitter has attested {} of exactly this operation",
                facts.party,
                what.as_str()
            );
            found.push(Finding::new(Code::AttestationMissing, message));
        }
    }
}
