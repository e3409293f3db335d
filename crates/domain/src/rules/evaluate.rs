//! The check itself: every article, always; the worst finding wins; the same inputs give the same bytes.
//!
//! INVARIANT (RUL-2): more protection in the world, or less said by the submitter, never moves a verdict toward PERMIT.

use std::cell::OnceCell;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::accord::Accord;
use crate::actor::Actor;
use crate::incidents;
use crate::registry;
use crate::rules::airspace::Reservation;
use crate::rules::articles::Rule;
use crate::rules::coordination::Coordination;
use crate::rules::facts::Facts;
use crate::rules::finding::{Code, Finding, Verdict};
use crate::rules::operation::{Class, Operation};
use crate::rules::restriction::Compiled;
use crate::rules::rule_set::Article;
use crate::table::Table;
use crate::time::Timestamp;

/// Whether a followed ledger was confirmed for this check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reached {
    /// The fold has reached the head that was asked for after the check arrived.
    Confirmed,
    /// It could not be confirmed in time, or does not verify.
    Unconfirmed,
}

/// What the shell confirmed before the evaluation; recorded, so that a replay sees the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// The registry's ledger.
    pub registry: Reached,
    /// The incidents' ledger.
    pub incidents: Reached,
    /// The clock: unconfirmed after a jump.
    pub clock: Reached,
}

impl Reach {
    /// Nothing was confirmed, on which nothing is permitted.
    pub const NOTHING: Self =
        Self { registry: Reached::Unconfirmed, incidents: Reached::Unconfirmed, clock: Reached::Unconfirmed };
}

/// Everything that a verdict rests on.
pub struct World<'a> {
    /// The accord.
    pub accord: &'a Accord,
    /// The fold of the registry's ledger.
    pub registry: &'a registry::State,
    /// The fold of the incidents' ledger.
    pub incidents: &'a incidents::State,
    /// Air reservations.
    pub reservations: &'a Table<Reservation>,
    /// What was said about exactly this operation.
    pub coordination: &'a [Arc<Coordination>],
    /// The articles of the rule set in force; absent where none is.
    pub articles: Option<&'a [Article]>,
    /// Their restrictions as compiled when it came into force.
    pub restrictions: Option<&'a Compiled>,
    /// What the shell confirmed.
    pub reach: Reach,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// Which articles applied.
    pub class: Class,
    /// The worst of the findings.
    pub verdict: Verdict,
    /// Every finding, worst first; `ALL_CHECKS_PASSED` alone where nothing objects.
    pub findings: Vec<Finding>,
}

/// Evaluates every article over an operation that `submitter` submits for its party at `at`.
#[must_use]
pub fn evaluate(world: &World<'_>, operation: &Operation, submitter: &Actor, at: Timestamp) -> Evaluation {
    let facts = facts_of(world, operation, submitter, at);
    let mut findings = preconditions(world);
    let agreed = world.articles.unwrap_or_default();
    for article in agreed {
        findings.extend(findings_of(article.number, &article.rule, &facts));
    }
    // INVARIANT (RUL-1): what cannot be ratified away is evaluated where the text does not name it.
    for floor in Rule::floor() {
        if !agreed.iter().any(|article| article.rule.name() == floor.name()) {
            findings.extend(findings_of(0, &floor, &facts));
        }
    }
    concluded(facts.class, findings)
}

fn facts_of<'a>(
    world: &World<'a>,
    operation: &'a Operation,
    submitter: &'a Actor,
    at: Timestamp,
) -> Facts<'a> {
    let named = !operation.claimed_group.is_empty();
    Facts {
        accord: world.accord,
        registry: world.registry,
        incidents: world.incidents,
        reservations: world.reservations,
        coordination: world.coordination,
        operation,
        party: &submitter.participant,
        submitter,
        at,
        class: operation.class(),
        claimed: named.then(|| world.registry.resolve(&operation.claimed_group, at)),
        restrictions: world.restrictions,
        entities: OnceCell::new(),
        measured: OnceCell::new(),
    }
}

fn preconditions(world: &World<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unless = |confirmed: bool, code: Code, message: &str| {
        if !confirmed {
            findings.push(Finding::new(code, message));
        }
    };
    let Reach { registry, incidents, clock } = world.reach;
    unless(world.articles.is_some(), Code::NoRuleSetInForce, "no rule set is in force");
    unless(
        registry == Reached::Confirmed,
        Code::RegistryUnavailable,
        "the registry's ledger could not be confirmed",
    );
    unless(
        incidents == Reached::Confirmed,
        Code::IncidentsUnavailable,
        "the incidents' ledger could not be confirmed",
    );
    unless(
        clock == Reached::Confirmed,
        Code::ClockUnconfirmed,
        "the clock jumped, and nobody has confirmed it",
    );
    findings
}

fn findings_of(number: u32, rule: &Rule, facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if rule.applies_to(facts.class) {
        rule.find(facts, &mut found);
    }
    for finding in &mut found {
        finding.article = number;
        rule.name().clone_into(&mut finding.kind);
    }
    let measurable = |value: Option<f64>| value.is_none_or(f64::is_finite);
    if found.iter().any(|finding| !measurable(finding.measured) || !measurable(finding.limit)) {
        let mut error = Finding::new(Code::EvaluationError, "a measurement gave no number");
        (error.article, error.kind) = (number, rule.name().to_owned());
        return vec![error];
    }
    found
}

fn concluded(class: Class, mut findings: Vec<Finding>) -> Evaluation {
    if findings.is_empty() {
        let message = match class {
            Class::Flight | Class::MedicalFlight => "no agreed rule objects; passage only",
            Class::KineticAir => {
                "no agreed rule objects; in the air only, nothing on the ground was looked at"
            }
            Class::KineticGround => "no agreed rule objects",
        };
        findings.push(Finding::new(Code::AllChecksPassed, message));
    }
    findings.sort_by(|a, b| {
        let rank = |finding: &Finding| (std::cmp::Reverse(finding.level), finding.article, finding.code);
        let text = |finding: &Finding| (finding.evidence.clone(), finding.message.clone());
        // Two messages may round to the same metre what was measured apart.
        let numbers =
            |finding: &Finding| [finding.measured, finding.limit].map(|value| value.unwrap_or(f64::NAN));
        let ([a_measured, a_limit], [b_measured, b_limit]) = (numbers(a), numbers(b));
        let by_number = a_measured.total_cmp(&b_measured).then(a_limit.total_cmp(&b_limit));
        rank(a).cmp(&rank(b)).then_with(|| text(a).cmp(&text(b))).then(by_number)
    });
    let verdict = findings.iter().map(|finding| finding.level).max().unwrap_or(Verdict::Deny);
    Evaluation { class, verdict, findings }
}

#[cfg(test)]
mod tests;
