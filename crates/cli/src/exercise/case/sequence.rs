//! The events of a sequence case: what is done, and apart from it what must then be so.

use serde::Deserialize;
use serde_json::Value;

use super::lists::Count;
use super::{Expected, Operation};

/// One event.
#[derive(Clone, Debug)]
pub(in crate::exercise) struct Step {
    /// When.
    pub(in crate::exercise) at: String,
    /// What is done.
    pub(in crate::exercise) act: Act,
}

/// What is done.
#[derive(Clone, Debug)]
pub(in crate::exercise) enum Act {
    /// Nothing: only compare.
    Nothing,
    /// An incident is reported.
    Report(Box<Report>),
    /// An operation is checked.
    Check(Box<Operation>),
    /// A party finds.
    Conclude(Conclusion),
    /// Every suspension in force is to be lifted, with the consent of these; `every party` means all.
    Lift(Vec<String>),
}

/// An incident as it is reported.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Report {
    /// Name of the incident in the case.
    pub(in crate::exercise) incident: String,
    /// Category.
    pub(in crate::exercise) category: String,
    /// Severity.
    pub(in crate::exercise) severity: String,
    /// Who is said to be responsible.
    #[serde(default)]
    pub(in crate::exercise) alleged_party: Option<String>,
    /// Degrees north; the place of the case where it is left out.
    #[serde(default)]
    pub(in crate::exercise) lat: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    pub(in crate::exercise) lon: Option<f64>,
    /// Kind of participant that reports it.
    pub(in crate::exercise) reporter_kind: String,
    /// Attribution, in words.
    #[serde(default)]
    pub(in crate::exercise) status: Option<String>,
    /// Killed.
    #[serde(default)]
    pub(in crate::exercise) reported_killed: Option<Count>,
    /// Injured.
    #[serde(default)]
    pub(in crate::exercise) reported_injured: Option<Count>,
}

/// A party's finding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Conclusion {
    /// Name of the incident in the case.
    pub(in crate::exercise) incident: String,
    /// Who finds.
    pub(in crate::exercise) by: String,
    /// What, in a word.
    pub(in crate::exercise) status: String,
}

/// What must be so after an event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Expect {
    /// Outcome of the check.
    #[serde(default)]
    pub(in crate::exercise) outcome: Option<String>,
    /// Codes that it must give.
    #[serde(default)]
    pub(in crate::exercise) must_include: Vec<String>,
    /// Outcomes that pass; where empty, `outcome` alone.
    #[serde(default)]
    pub(in crate::exercise) acceptable_outcomes: Vec<String>,
    /// Outcomes that never pass.
    #[serde(default)]
    pub(in crate::exercise) must_never_be: Vec<String>,
    /// Whose status; the suspended party's where it is left out.
    #[serde(default)]
    pub(in crate::exercise) party: Option<String>,
    /// In which scope, in words.
    #[serde(default)]
    pub(in crate::exercise) scope: Option<String>,
    /// Status of cooperation.
    #[serde(default)]
    pub(in crate::exercise) status: Option<String>,
    /// Name of the incident whose history is told.
    #[serde(default)]
    pub(in crate::exercise) incident: Option<String>,
    /// Every attribution of the incident so far.
    #[serde(default)]
    pub(in crate::exercise) history: Option<Vec<String>>,
}

impl Expect {
    /// What a check must come to; nothing where no check is meant.
    pub(in crate::exercise) fn of_check(&self) -> Option<Expected> {
        Some(Expected {
            outcome: self.outcome.clone()?,
            reasons: Vec::new(),
            must_include: self.must_include.clone(),
            acceptable_outcomes: self.acceptable_outcomes.clone(),
            must_never_be: self.must_never_be.clone(),
        })
    }
}

/// Takes an event apart.
///
/// # Errors
/// Names the first key or value that is not known.
pub(super) fn read(value: Value) -> Result<(Step, Option<Expect>), String> {
    let Value::Object(mut object) = value else { return Err("an event that is no object".to_owned()) };
    let expect = object.remove("expect").map(serde_json::from_value).transpose();
    let expect = expect.map_err(|e| format!("expect: {e}"))?;
    let at = object.remove("at").and_then(|at| at.as_str().map(str::to_owned));
    let at = at.ok_or("an event without a time")?;
    let event = object.remove("event").and_then(|event| event.as_str().map(str::to_owned));
    let rest = Value::Object(object);
    let whole = |e: serde_json::Error| format!("event at {at}: {e}");
    let act = match event.as_deref() {
        None => serde_json::from_value::<Empty>(rest).map(|Empty {}| Act::Nothing).map_err(whole)?,
        Some("report") => Act::Report(serde_json::from_value(rest).map_err(whole)?),
        Some("check") => Act::Check(serde_json::from_value::<Checked>(rest).map_err(whole)?.operation),
        Some("conclude") => Act::Conclude(serde_json::from_value(rest).map_err(whole)?),
        Some("lift") => Act::Lift(serde_json::from_value::<Lifted>(rest).map_err(whole)?.by),
        Some(other) => return Err(format!("event {other:?} at {at}")),
    };
    Ok((Step { at, act }, expect))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    operation: Box<Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lifted {
    by: Vec<String>,
}
