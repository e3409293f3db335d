//! Decisions: written once, never changed; their state stands beside them and only ever moves toward the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::{Act, Approvals, require_party};
use crate::errors::{Refusal, Violation};
use crate::fold::Context;
use crate::follow::Head;
use crate::ids::{ParticipantId, name_of};
use crate::rules::evaluate::{Evaluation, Reach, evaluate};
use crate::rules::finding::{Finding, Verdict};
use crate::rules::operation::{Class, Operation};
use crate::rules::{Event, State};
use crate::signed::{By, Consented, Subject};
use crate::table::Resource;
use crate::time::Timestamp;

/// Seconds for which a permit lives without being confirmed.
pub const CONFIRM_WITHIN_S: i64 = 300;
/// What a verdict means and does not mean.
pub const TERMS: &str = "PERMIT means that no agreed rule objects. It is no order and no legal clearance, and it is void \
                         once it is not confirmed in time, or a later fact contradicts it.";

/// A decision as first written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Identifier.
    pub id: String,
    /// Who submitted it.
    pub submitted_by: Actor,
    /// When it was decided.
    pub at: Timestamp,
    /// The operation as submitted.
    pub operation: Operation,
    /// Digest of the operation.
    pub operation_digest: String,
    /// Which articles applied.
    pub class: Class,
    /// The verdict.
    pub verdict: Verdict,
    /// Every finding, worst first.
    pub findings: Vec<Finding>,
    /// The rule set in force; empty where none was.
    pub rule_set: String,
    /// SHA-256 of its text.
    pub rule_set_hash: String,
    /// The heads of the followed ledgers that it rests on.
    pub rests_on: Vec<Head>,
    /// What was confirmed beforehand.
    pub reach: Reach,
    /// When a permit or referral ends.
    pub expires_at: Option<Timestamp>,
}

impl Resource for Decision {
    const COLLECTION: &'static str = "decisions";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Decision {
    /// What a party that would let it go ahead signs.
    #[must_use]
    pub fn release_subject(&self) -> Subject {
        let content = Content {
            submitted_by: &self.submitted_by.participant,
            at: self.at,
            operation_digest: &self.operation_digest,
            findings: &self.findings,
            rule_set: &self.rule_set,
            rule_set_hash: &self.rule_set_hash,
            expires_at: self.expires_at,
        };
        content.release_of(&self.id)
    }

    /// How many entries of a followed ledger it rests on.
    #[must_use]
    pub fn rests_on_size(&self, origin: &str) -> u64 {
        self.rests_on.iter().find(|head| head.origin == origin).map_or(0, |head| head.size)
    }

    /// The kind of the entry.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.verdict {
            Verdict::Permit => "decision.permitted",
            Verdict::Refer => "decision.referred",
            Verdict::Deny => "decision.denied",
        }
    }
}

/// What reviewers of a referral decide on, wherever it was read.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Content<'a> {
    /// Whose operation it is.
    pub submitted_by: &'a ParticipantId,
    /// When it was decided.
    pub at: Timestamp,
    /// Digest of the operation.
    pub operation_digest: &'a str,
    /// Every finding, worst first.
    pub findings: &'a [Finding],
    /// The rule set in force.
    pub rule_set: &'a str,
    /// SHA-256 of its text.
    pub rule_set_hash: &'a str,
    /// When the referral ends.
    pub expires_at: Option<Timestamp>,
}

impl Content<'_> {
    /// What a party signs that would let the operation of the decision of an identifier go ahead.
    #[must_use]
    pub fn release_of(&self, id: &str) -> Subject {
        Subject::recorded(Act::ReleaseReferral, name_of(Decision::COLLECTION, id), self)
    }
}

/// Where a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// A permit that lives.
    Permitted,
    /// Waits for reviewers.
    Referred,
    /// Denied.
    Denied,
    /// Released by a reviewer of every party.
    Released,
    /// Refused by a reviewer.
    Refused,
    /// Given up, or not decided in time.
    Lapsed,
    /// Voided by a later fact.
    Void,
    /// Its window is over.
    Expired,
}

/// Where a decision stands, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Identifier of the decision.
    pub id: String,
    /// Where it stands, apart from what time alone brings about.
    pub stage: Stage,
    /// Why it is void.
    pub causes: Vec<Finding>,
    /// Since when.
    pub since: Timestamp,
    /// Releases so far; whoever submitted it may not release it.
    pub reviews: Approvals,
    /// The reviewer who refused, and why.
    pub refused: Option<Refused>,
}

/// That a reviewer refused to release a referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The reviewer.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

impl Resource for Status {
    const COLLECTION: &'static str = "statuses";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Status {
    /// The first status of a decision.
    #[must_use]
    pub fn first(decision: &Decision) -> Self {
        let stage = match decision.verdict {
            Verdict::Permit => Stage::Permitted,
            Verdict::Refer => Stage::Referred,
            Verdict::Deny => Stage::Denied,
        };
        Self {
            id: decision.id.clone(),
            stage,
            causes: Vec::new(),
            since: decision.at,
            reviews: Approvals::new(decision.submitted_by.clone(), decision.at),
            refused: None,
        }
    }

    /// Whether the operation of a decision may go ahead by this change only where a reviewer of every party has signed that
    /// very decision.
    ///
    /// # Errors
    /// Names what it lacks.
    pub(super) fn vouched_for(&self, decision: Option<&Decision>, by: By<'_>) -> Result<(), String> {
        let decision = decision.ok_or_else(|| format!("{} changed before it was made", self.id))?;
        match self.stage {
            Stage::Permitted => Err(format!("{} was permitted after it was decided", decision.name())),
            Stage::Released if decision.verdict != Verdict::Refer => {
                Err(format!("{} was released and had not been referred", decision.name()))
            }
            Stage::Released => Consented::by_all(decision.release_subject(), [&self.reviews]).vouched(by),
            Stage::Referred
            | Stage::Denied
            | Stage::Refused
            | Stage::Lapsed
            | Stage::Void
            | Stage::Expired => Ok(()),
        }
    }

    /// Whether a permit or release stands.
    #[must_use]
    pub fn lives(&self) -> bool {
        matches!(self.stage, Stage::Permitted | Stage::Released)
    }

    /// Until when a permit or release must be confirmed for the first time.
    #[must_use]
    pub fn confirm_by(&self) -> Option<Timestamp> {
        self.lives().then(|| self.since.plus_seconds(CONFIRM_WITHIN_S))
    }

    /// Since when it stands where it does at `now`: an end that came by time came when the decision expired.
    #[must_use]
    pub fn since_at(&self, decision: &Decision, now: Timestamp) -> Timestamp {
        let by_time = decision.expires_at.filter(|_| self.stage_at(decision, now) != self.stage);
        by_time.unwrap_or(self.since)
    }

    /// Where it stands at `now`: what is over is expired, what was not decided in time has lapsed.
    #[must_use]
    pub fn stage_at(&self, decision: &Decision, now: Timestamp) -> Stage {
        let over = decision.expires_at.is_some_and(|end| end <= now);
        match self.stage {
            Stage::Permitted | Stage::Released if over => Stage::Expired,
            Stage::Referred if over => Stage::Lapsed,
            stage => stage,
        }
    }
}

/// Checks an operation of the caller's party.
#[derive(Clone, Debug)]
pub struct Check {
    /// The operation.
    pub operation: Box<Operation>,
    /// What the shell confirmed.
    pub reach: Reach,
    /// What was found before its turn came; it is found anew where anything has moved since.
    pub prepared: Option<Prepared>,
}

/// An evaluation, and all that it rests on.
#[derive(Clone, Debug)]
pub struct Prepared {
    basis: Basis,
    evaluation: Evaluation,
}

/// All that an evaluation reads: where this is the same, so is what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Basis {
    by: Actor,
    digest: String,
    reach: Reach,
    at: Timestamp,
    heads: BTreeMap<String, Head>,
    moves: u64,
}

impl Check {
    /// The same check with what is found now, for the writer to take over where nothing moves before its turn; as it is
    /// where it will be refused.
    #[must_use]
    pub fn prepared(self, state: &State, by: &Actor, at: Timestamp) -> Self {
        let prepared =
            self.found(state, by, at).ok().map(|(_, basis, evaluation)| Prepared { basis, evaluation });
        Self { prepared, ..self }
    }

    /// The operation as it is decided on, and what is found.
    fn found(
        &self,
        state: &State,
        by: &Actor,
        at: Timestamp,
    ) -> Result<(Operation, Basis, Evaluation), Refusal> {
        require_party(by)?;
        let over = (self.operation.window.end <= at).then(|| {
            let rule = format!("after the time of the check, {at}");
            let end = self.operation.window.end;
            Violation::new("operation.window.end_time", rule, end, "check what is still to come")
        });
        let operation = self.operation.as_ref().clone().checked();
        let operation = operation.map_err(|refusal| refusal.besides(over.clone()))?;
        Refusal::unless_valid(over.into_iter().collect())?;
        let basis = Basis {
            by: by.clone(),
            digest: operation.digest(&by.participant)?,
            reach: state.reach(self.reach),
            at,
            heads: state.heads.clone(),
            moves: state.moves,
        };
        // INVARIANT (RUL-5): what was found before counts only on the same basis.
        let evaluation = match &self.prepared {
            Some(prepared) if prepared.basis == basis => prepared.evaluation.clone(),
            _ => state.evaluate(&operation, by, &basis.digest, basis.reach, at)?,
        };
        Ok((operation, basis, evaluation))
    }
}

pub(super) fn check(state: &State, command: &Check, context: &Context) -> Result<Vec<Event>, Refusal> {
    let (operation, Basis { digest, reach, .. }, evaluation) =
        command.found(state, &context.actor, context.at)?;
    let Evaluation { class, verdict, findings } = evaluation;
    let rule_set = state.rule_set_in_force();
    let decision = Decision {
        id: context.fresh_id.clone(),
        submitted_by: context.actor.clone(),
        at: context.at,
        expires_at: (verdict != Verdict::Deny).then_some(operation.window.end),
        operation,
        operation_digest: digest,
        class,
        verdict,
        findings,
        rule_set: rule_set.map(|row| row.name()).unwrap_or_default(),
        rule_set_hash: rule_set.map(|row| row.text_hash.clone()).unwrap_or_default(),
        rests_on: state.heads.values().cloned().collect(),
        reach,
    };
    Ok(vec![Event::Decision(Box::new(decision))])
}

/// What recomputing a decision gives, over a state folded to where it was taken.
///
/// # Errors
/// `NOT_SERVING` before the accord is open.
pub fn recompute(before: &State, decision: &Decision) -> Result<Evaluation, Refusal> {
    let by = &decision.submitted_by;
    before.evaluate(&decision.operation, by, &decision.operation_digest, decision.reach, decision.at)
}

/// The first thing in which a recomputed decision differs; nothing where it is identical.
#[must_use]
pub fn difference(decision: &Decision, again: &Evaluation) -> Option<String> {
    if decision.verdict != again.verdict {
        return Some(format!("verdict {:?}, recomputed {:?}", decision.verdict, again.verdict));
    }
    if decision.class != again.class {
        return Some(format!("class {:?}, recomputed {:?}", decision.class, again.class));
    }
    let first = decision.findings.iter().zip(&again.findings).find(|(then, now)| then != now);
    if let Some((then, now)) = first {
        return Some(format!(
            "finding {:?} of article {}, recomputed {:?}",
            then.code, then.article, now.code
        ));
    }
    let counts = (decision.findings.len(), again.findings.len());
    (counts.0 != counts.1).then(|| format!("{} findings, recomputed {}", counts.0, counts.1))
}

impl State {
    /// Evaluates an operation over this state.
    pub(super) fn evaluate(
        &self,
        operation: &Operation,
        by: &Actor,
        digest: &str,
        reach: Reach,
        at: Timestamp,
    ) -> Result<Evaluation, Refusal> {
        let said: Vec<Arc<_>> = self.said_about(digest);
        let world = crate::rules::evaluate::World {
            accord: self.accord()?,
            registry: &self.registry,
            incidents: &self.incidents,
            reservations: &self.reservations,
            coordination: &said,
            articles: self.articles_in_force(),
            restrictions: self.restrictions_in_force(),
            reach,
        };
        Ok(evaluate(&world, operation, by, at))
    }
}
