//! A historic case as its file states it, split so that nothing that makes calls can see what is expected.
//!
//! [`Setting`] is all that the calls are made from. The expected result, the prose of what happened, the kind
//! of the case and the classification of the incident never reach it. A key that is not known makes the case "not run".

#![expect(dead_code, reason = "keys that decide nothing are named, so that unknown ones are noticed")]

pub(super) mod lists;
pub(super) mod sequence;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use lists::{Count, RegistryState};
use sequence::{Expect, Step};

/// Keys that only people read, wherever they stand.
const INFORMATIVE: &[&str] = &[
    "note",
    "data_note",
    "also",
    "previous_incidents",
    "notified_at",
    "notified_to",
    "list_version",
    "reason",
    "count",
    "assessed_by",
    "method",
    "notifications",
    "text",
    "tags",
    "hotline",
    "target_description",
    "claimed_list_ref",
    "reported_by",
    "co_located_civilians",
    "distributed_to",
    "not_distributed_to",
    "who",
    "actors",
    "facts_known_before",
    "what_happened",
    "references",
    "assumptions",
    "unconfirmed_here",
];
/// Endings of keys that describe further behaviour in words.
const DESCRIPTIVE_ENDINGS: &[&str] = &["_test", "_rule", "_escalation", "_follow_up"];

/// One case, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// What the calls are made from.
    pub(super) setting: Setting,
    /// What is reported, in a case that has neither an operation nor a sequence.
    pub(super) incident: Option<Classification>,
    /// What must come out.
    pub(super) expected: Expected,
    /// What must be so after each event of the sequence, at the event's place.
    pub(super) expectations: Vec<Option<Expect>>,
}

/// How an incident is classified.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Classification {
    /// Category.
    pub(super) category: String,
    /// Severity.
    pub(super) severity: String,
    /// Attribution, in words.
    #[serde(default)]
    pub(super) attribution_status: Option<String>,
    /// What the file judges that should follow: `automatic`, `review` or `none`.
    #[serde(default)]
    pub(super) suspension_effect: Option<String>,
    /// Null where it counts against no party.
    #[serde(default)]
    pub(super) counts_against_party: Stated<Value>,
    /// Killed.
    #[serde(default)]
    pub(super) reported_killed: Option<Count>,
    /// Injured.
    #[serde(default)]
    pub(super) reported_injured: Option<Count>,
}

impl Classification {
    /// Whether every party's status must stay as it was.
    #[must_use]
    pub(super) fn counts_against_nobody(&self) -> bool {
        self.suspension_effect.as_deref() == Some("none") || self.counts_against_party == Stated::Unknown
    }
}

/// What the calls are made from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Setting {
    /// Day of the case, `YYYY-MM-DD`.
    pub(super) date: String,
    /// Where it is.
    pub(super) place: Place,
    /// The operation to check.
    #[serde(default)]
    pub(super) proposed_operation: Option<Operation>,
    /// Events in order, in place of one operation.
    #[serde(skip)]
    pub(super) sequence: Vec<Step>,
    /// What the lists hold.
    #[serde(default)]
    pub(super) registry_state: RegistryState,
}

/// A named place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Name, which decides nothing.
    pub(super) name: String,
    /// Degrees north.
    pub(super) lat: f64,
    /// Degrees east.
    pub(super) lon: f64,
    /// Precision in words, which decides nothing.
    #[serde(default)]
    pub(super) source_precision: Option<String>,
}

/// A position.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Point {
    /// Degrees north.
    pub(super) lat: f64,
    /// Degrees east.
    pub(super) lon: f64,
}

/// A window of time as text.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Window {
    /// First instant, RFC 3339.
    pub(super) start: String,
    /// First instant after.
    pub(super) end: String,
}

/// A value that may be given, given as null, or left out: three different things.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Stated<T> {
    /// The key is absent.
    #[default]
    Absent,
    /// The key is null: unknown.
    Unknown,
    /// The key has a value.
    Known(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Stated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Unknown, Self::Known))
    }
}

/// True, false, or words.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub(super) enum Assessed {
    /// Whether it was assessed.
    Plain(bool),
    /// In words, which begin with "assessed" where it was.
    Words(String),
}

/// The party's estimate of harm.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Harm {
    /// Civilians killed.
    #[serde(default)]
    pub(super) killed: Stated<u32>,
    /// Civilians injured.
    #[serde(default)]
    pub(super) injured: Stated<u32>,
}

/// An operation as the case gives it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    /// Who submits it.
    pub(super) party: String,
    /// Kind.
    pub(super) kind: String,
    /// Type of target.
    pub(super) target_type: String,
    /// The group that it is said to be against.
    #[serde(default)]
    pub(super) claimed_target_group: Option<String>,
    /// Aim point.
    pub(super) aim_point: Point,
    /// Radius of effects in metres.
    #[serde(default)]
    pub(super) radius_m: Option<f64>,
    /// When.
    pub(super) time_window: Window,
    /// Heights in metres; absent means from the ground up.
    #[serde(default)]
    pub(super) altitude_band_m: Option<(f64, Option<f64>)>,
    /// Estimate of harm.
    #[serde(default)]
    pub(super) expected_civilian_harm: Option<Harm>,
    /// Sources, one origin each.
    #[serde(default)]
    pub(super) intelligence_sources: Option<Vec<String>>,
    /// Minutes of notice.
    #[serde(default)]
    pub(super) notice_given_minutes: Option<f64>,
    /// Point that was notified.
    #[serde(default)]
    pub(super) notified_aim_point: Option<Point>,
    /// Parties that approved.
    #[serde(default)]
    pub(super) approvals: Option<Vec<String>>,
    /// Parties that must approve.
    #[serde(default)]
    pub(super) required_approvals: Option<Vec<String>>,
    /// Self-defence claimed.
    #[serde(default)]
    pub(super) self_defence_claimed: Stated<bool>,
    /// Emergency procedure claimed.
    #[serde(default)]
    pub(super) emergency_procedure: Stated<Value>,
    /// Troops in contact claimed.
    #[serde(default)]
    pub(super) troops_in_contact_claimed: Stated<bool>,
    /// Presence of civilians assessed.
    #[serde(default)]
    pub(super) civilian_presence_assessed: Option<Assessed>,
    /// Use of the building assessed.
    #[serde(default)]
    pub(super) building_use_assessed: Option<Assessed>,
    /// Secondary hazard.
    #[serde(default)]
    pub(super) secondary_hazard: Option<Assessed>,
    /// Somebody disagrees.
    #[serde(default)]
    pub(super) dissent: Stated<Value>,
    /// Serves civilians too.
    #[serde(default)]
    pub(super) dual_use: Stated<Value>,
    /// How the position was found.
    #[serde(default)]
    pub(super) position_method: Stated<String>,
    /// Whether the unit can see current data.
    #[serde(default)]
    pub(super) data_link_available: Stated<bool>,
    /// The point that was meant.
    #[serde(default)]
    pub(super) intended_point: Option<Point>,
    /// Accuracy of the aim point in metres.
    #[serde(default)]
    pub(super) area_precision_m: Option<f64>,
    /// Other armed groups there.
    #[serde(default)]
    pub(super) co_located_groups: Stated<Vec<String>>,
}

/// What must come out of a case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// The outcome.
    pub(super) outcome: String,
    /// Reasons, most important first, for people.
    #[serde(default)]
    pub(super) reasons: Vec<String>,
    /// Codes that must be given.
    #[serde(default)]
    pub(super) must_include: Vec<String>,
    /// Outcomes that pass; where empty, the outcome alone.
    #[serde(default)]
    pub(super) acceptable_outcomes: Vec<String>,
    /// Outcomes that never pass.
    #[serde(default)]
    pub(super) must_never_be: Vec<String>,
}

impl Case {
    /// Takes one case of a file apart.
    ///
    /// # Errors
    /// Names the first key or value that is not known; the case is then not run.
    pub(super) fn read(value: Value) -> Result<Self, String> {
        let Value::Object(mut object) = value else { return Err("a case that is no object".to_owned()) };
        for ignored in ["id", "kind", "title", "variant"] {
            object.remove(ignored);
        }
        object.retain(|key, _| !DESCRIPTIVE_ENDINGS.iter().any(|ending| key.ends_with(ending)));
        let expected = object.remove("expected").ok_or("no key `expected`")?;
        let expected: Expected = serde_json::from_value(expected).map_err(|e| format!("expected: {e}"))?;
        let classification = object.remove("incident_classification");
        let sequence = object.remove("sequence").unwrap_or_default();
        let mut setting = Value::Object(object);
        strip(&mut setting);
        let mut setting: Setting = serde_json::from_value(setting).map_err(|e| e.to_string())?;
        let (steps, expectations) = steps(sequence)?;
        setting.sequence = steps;
        let alone = setting.proposed_operation.is_none() && setting.sequence.is_empty();
        let incident = classification.map(classified).transpose()?.filter(|_| alone);
        Ok(Self { setting, incident, expected, expectations })
    }
}

fn steps(sequence: Value) -> Result<(Vec<Step>, Vec<Option<Expect>>), String> {
    let mut sequence = match sequence {
        Value::Null => return Ok((Vec::new(), Vec::new())),
        sequence => sequence,
    };
    strip(&mut sequence);
    let Value::Array(events) = sequence else { return Err("a sequence that is no list".to_owned()) };
    let read = events.into_iter().map(sequence::read).collect::<Result<Vec<_>, _>>()?;
    Ok(read.into_iter().unzip())
}

fn classified(mut value: Value) -> Result<Classification, String> {
    strip(&mut value);
    serde_json::from_value(value).map_err(|e| format!("incident_classification: {e}"))
}

/// Removes what only people read, at every depth.
fn strip(value: &mut Value) {
    match value {
        Value::Object(object) => strip_object(object),
        Value::Array(values) => values.iter_mut().for_each(strip),
        _ => {}
    }
}

fn strip_object(object: &mut Map<String, Value>) {
    object.retain(|key, _| !INFORMATIVE.contains(&key.as_str()));
    object.values_mut().for_each(strip);
}
