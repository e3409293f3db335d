//! Incidents with every contested account side by side: the report, and each party's own finding.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::require_party;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::Context;
use crate::geo::{Area, LatLng, may_be_within, separation_m, separation_to_route_m};
use crate::ids::{ParticipantId, check_id};
use crate::incidents::{Event, State, triggers};
use crate::limits::{BUFFER_MAX_M, NAME_MAX_CHARS, PERSONS_MAX, RELATED_MAX, TEXT_MAX_CHARS};
use crate::registry::{self, movement, protection};
use crate::table::Resource;
use crate::text::checked_or_empty;
use crate::time::Timestamp;

/// What kind of incident it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Civilians harmed.
    CivilianHarm,
    /// A protected site harmed.
    ProtectedSiteHarm,
    /// A humanitarian movement harmed.
    HumanitarianMovementHarm,
    /// Forces of a state struck.
    StateForcesStruck,
    /// Partner forces struck.
    PartnerForcesStruck,
    /// Own forces struck.
    Fratricide,
    /// An aircraft shot down.
    AircraftShotDown,
    /// An incident in the air.
    AirspaceIncident,
    /// A rule was broken.
    RuleViolation,
    /// Torture, collective punishment or another prohibited practice.
    ProhibitedPractice,
    /// Anything else.
    Other,
}

/// How severe it is, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// Nothing happened, and almost did.
    NearMiss,
    /// Injuries or damage.
    Moderate,
    /// Deaths, or a protected facility or an aircraft lost.
    Major,
    /// Ten or more civilians or any state or partner force killed, or a protected entity hit knowingly or again.
    Critical,
}

/// What a party finds; the standard is "more likely than not".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingResult {
    /// It happened, and as alleged.
    Substantiated,
    /// It did not happen, or not as alleged.
    NotSubstantiated,
    /// Not enough is known.
    InsufficientInformation,
    /// It is reported under another identifier already.
    Duplicate,
}

/// A count of persons with its uncertainty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonCount {
    /// At least.
    pub min: u32,
    /// At most; absent where unknown.
    pub max: Option<u32>,
    /// Who was counted and by whom; may be empty.
    pub note: String,
}

/// What a reporter says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What kind.
    pub category: Category,
    /// How severe.
    pub severity: Severity,
    /// What happened; may be empty.
    pub description: String,
    /// When it occurred.
    pub occurred_at: Timestamp,
    /// Where.
    pub location: LatLng,
    /// Precision of the place in metres.
    pub location_precision_m: f64,
    /// Killed; absent where unknown.
    pub killed: Option<PersonCount>,
    /// Injured; absent where unknown.
    pub injured: Option<PersonCount>,
    /// The participant said to be responsible. A report, not a finding.
    pub alleged_party: Option<ParticipantId>,
    /// Attribution in words; may be empty.
    pub attribution: String,
    /// Names of resources that it concerns.
    pub related: Vec<String>,
}

/// One participant's word that it has received a report; implies no agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// One party's finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyFinding {
    /// Who found it.
    pub by: Actor,
    /// What was found.
    pub result: FindingResult,
    /// The attribution in the party's own words; may be empty.
    pub attribution: String,
    /// Why; may be empty.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// An incident with every account of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Identifier.
    pub id: String,
    /// As reported.
    pub report: Report,
    /// Names of the protected entities and movements at the place, as the registry held them at the report and at each
    /// finding; recorded, so that what follows from it can be recomputed from this ledger alone.
    pub at_protected: Vec<String>,
    /// Who reported it.
    pub reported_by: Actor,
    /// When.
    pub reported_at: Timestamp,
    /// Acknowledgements, in order of time.
    pub acknowledgements: Vec<Acknowledgement>,
    /// Findings, in order of time; a party's later one stands beside its earlier one.
    pub findings: Vec<PartyFinding>,
}

impl Resource for Incident {
    const COLLECTION: &'static str = "incidents";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Incident {
    /// Every attribution so far, in order of time: the report's and those of the findings.
    pub fn attribution_history(&self) -> impl Iterator<Item = &str> {
        let found = self.findings.iter().map(|finding| finding.attribution.as_str());
        std::iter::once(self.report.attribution.as_str()).chain(found).filter(|text| !text.is_empty())
    }

    /// The newest finding of a party.
    #[must_use]
    pub fn finding_of(&self, party: &ParticipantId) -> Option<&PartyFinding> {
        self.findings.iter().rfind(|finding| &finding.by.participant == party)
    }
}

/// What happened to an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Reported.
    Reported,
    /// A participant has received the report.
    Acknowledged,
    /// A party has found.
    Concluded,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Reported => "incident.reported",
            Self::Acknowledged => "incident.acknowledged",
            Self::Concluded => "incident.concluded",
        }
    }
}

/// What can be asked about incidents.
#[derive(Clone, Debug)]
pub enum Command {
    /// Report.
    Report {
        /// Identifier wanted; empty has one made.
        id: String,
        /// What is said.
        report: Box<Report>,
    },
    /// Acknowledge a report.
    Acknowledge {
        /// Identifier.
        id: String,
    },
    /// Record the finding of the caller's party.
    Conclude {
        /// Identifier.
        id: String,
        /// What is found.
        result: FindingResult,
        /// The attribution in the party's own words; may be empty.
        attribution: String,
        /// Why; may be empty.
        reason: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Report { id, report } => {
            let row = reported(state, id, report, context)?;
            triggers::with_fired(state, Event::Incident(Change::Reported, Box::new(row)), context)
        }
        Command::Acknowledge { id } => {
            Ok(vec![Event::Incident(Change::Acknowledged, Box::new(acknowledged(state, id, context)?))])
        }
        Command::Conclude { id, result, attribution, reason } => {
            let row = concluded(state, id, (*result, attribution, reason), context)?;
            triggers::with_fired(state, Event::Incident(Change::Concluded, Box::new(row)), context)
        }
    }
}

fn reported(state: &State, id: &str, report: &Report, context: &Context) -> Result<Incident, Refusal> {
    let id = if id.is_empty() { &context.fresh_id } else { id };
    let mut found: Vec<Violation> = check_id("incident_id", id).err().into_iter().collect();
    let report = checked(report.clone(), state, context.at, &mut found)?;
    Refusal::unless_valid(found)?;
    state.incidents.require_free(id)?;
    Ok(Incident {
        id: id.to_owned(),
        at_protected: protected_at(&state.registry, &report),
        report,
        reported_by: context.actor.clone(),
        reported_at: context.at,
        acknowledgements: Vec::new(),
        findings: Vec::new(),
    })
}

fn acknowledged(state: &State, id: &str, context: &Context) -> Result<Incident, Refusal> {
    let mut row = state.incidents.find(id)?.as_ref().clone();
    let by = &context.actor;
    if row.acknowledgements.iter().any(|given| given.by.participant == by.participant) {
        let message = format!("{} has acknowledged {} already", by.participant, row.name());
        return Err(Refusal::new(Reason::AlreadyDecided, message));
    }
    row.acknowledgements.push(Acknowledgement { by: by.clone(), at: context.at });
    Ok(row)
}

fn concluded(
    state: &State,
    id: &str,
    (result, attribution, reason): (FindingResult, &str, &str),
    context: &Context,
) -> Result<Incident, Refusal> {
    require_party(&context.actor)?;
    let mut found = Vec::new();
    let attribution = taken(checked_or_empty("attribution", attribution, NAME_MAX_CHARS), &mut found);
    let reason = taken(checked_or_empty("reason", reason, TEXT_MAX_CHARS), &mut found);
    Refusal::unless_valid(found)?;
    let mut row = state.incidents.find(id)?.as_ref().clone();
    for name in protected_at(&state.registry, &row.report) {
        if !row.at_protected.contains(&name) {
            row.at_protected.push(name);
        }
    }
    row.findings.push(PartyFinding {
        by: context.actor.clone(),
        result,
        attribution,
        reason,
        at: context.at,
    });
    Ok(row)
}

fn taken(result: Result<String, Violation>, found: &mut Vec<Violation>) -> String {
    result.map_err(|violation| found.push(violation)).unwrap_or_default()
}

fn checked(
    mut report: Report,
    state: &State,
    at: Timestamp,
    found: &mut Vec<Violation>,
) -> Result<Report, Refusal> {
    let field = |name: &str| format!("incident.{name}");
    found.extend(occurred_violations(&field("occur_time"), report.occurred_at, at));
    found.extend(report.location.violations(&field("location")));
    if !(0.0..=BUFFER_MAX_M).contains(&report.location_precision_m) {
        let rule = format!("from 0 to {BUFFER_MAX_M} metres");
        let remedy = "give the precision of the place";
        found.push(Violation::new(field("location_precision_m"), rule, report.location_precision_m, remedy));
    }
    report.description =
        taken(checked_or_empty(&field("description"), &report.description, TEXT_MAX_CHARS), found);
    report.attribution =
        taken(checked_or_empty(&field("attribution"), &report.attribution, NAME_MAX_CHARS), found);
    for (name, count) in [("killed", &mut report.killed), ("injured", &mut report.injured)] {
        if let Some(count) = count {
            count_violations(&field(name), count, found);
        }
    }
    if let Some(alleged) = &report.alleged_party {
        found.extend(participant_violation(state, &field("alleged_party"), alleged)?);
    }
    found.extend(related_violations(&field("related"), &report.related));
    Ok(report)
}

/// What is wrong with the time of something that has happened.
pub(super) fn occurred_violations(
    field: &str,
    occurred_at: Timestamp,
    at: Timestamp,
) -> impl Iterator<Item = Violation> {
    let later = (occurred_at > at).then(|| {
        let rule = format!("not after now ({at})");
        Violation::new(field, rule, occurred_at, "give the time at which it occurred")
    });
    occurred_at.check(field).err().into_iter().chain(later)
}

/// The violation of naming somebody who does not take part.
///
/// # Errors
/// `NOT_SERVING` before the accord is open.
pub fn participant_violation(
    state: &State,
    field: &str,
    named: &ParticipantId,
) -> Result<Option<Violation>, Refusal> {
    let unknown = state.accord()?.participant(named).is_none();
    let rule = "a participant of the accord, or empty";
    let remedy = "name a participant; say in words who else it may have been";
    Ok(unknown.then(|| Violation::new(field, rule, named, remedy)))
}

fn count_violations(field: &str, count: &mut PersonCount, found: &mut Vec<Violation>) {
    let max = count.max.unwrap_or(count.min);
    if max < count.min {
        let rule = format!("not below {field}.min ({})", count.min);
        found.push(Violation::new(format!("{field}.max"), rule, max, "exchange the two"));
    }
    if count.min.max(max) > PERSONS_MAX {
        let rule = format!("at most {PERSONS_MAX} persons");
        found.push(Violation::new(field, rule, count.min.max(max), "give the number of persons"));
    }
    count.note = taken(checked_or_empty(&format!("{field}.note"), &count.note, NAME_MAX_CHARS), found);
}

/// Collections whose resources an incident may concern.
const RELATED: [&str; 6] =
    ["protectedEntities", "movements", "decisions", "incidents", "engagements", "messages"];

fn related_violations(field: &str, related: &[String]) -> Vec<Violation> {
    let mut found = Vec::new();
    if related.len() > RELATED_MAX {
        let rule = format!("at most {RELATED_MAX} names");
        found.push(Violation::new(field, rule, related.len(), "name those that matter"));
    }
    for (i, name) in related.iter().enumerate() {
        let known = RELATED.iter().any(|collection| crate::ids::id_in_name(field, collection, name).is_ok());
        if !known {
            let rule = format!("a name in one of {}", RELATED.join(", "));
            let remedy = "write the collection, a slash and the identifier";
            found.push(Violation::new(format!("{field}[{i}]"), rule, name, remedy));
        }
    }
    found
}

/// Names of the protected entities and movements that the registry has at the place of a report, or that it names.
fn protected_at(registry: &registry::State, report: &Report) -> Vec<String> {
    let place = Area::circle(report.location, report.location_precision_m);
    let named = |name: &String| report.related.contains(name);
    let entities = registry.protected_entities.iter().filter(|entity| {
        entity.stage == protection::Stage::Active && (named(&entity.name()) || is_at(&place, entity))
    });
    let movements = registry.movements.iter().filter(|movement| {
        let under_way = movement.completed_at.is_none_or(|end| report.occurred_at <= end);
        under_way && (named(&movement.name()) || passes(&place, movement, report.occurred_at))
    });
    entities.map(|row| row.name()).chain(movements.map(|row| row.name())).collect()
}

fn is_at(place: &Area, entity: &protection::ProtectedEntity) -> bool {
    let reach_m = entity.deny_distance_m + entity.accuracy_m;
    // A distance that cannot be compared is not beyond the limit.
    entity.places().any(|at| {
        may_be_within(place, at, reach_m) && !matches!(separation_m(place, at), gap_m if gap_m > reach_m)
    })
}

fn passes(place: &Area, movement: &movement::Movement, occurred_at: Timestamp) -> bool {
    movement.plans().any(|plan| {
        let gap_m = separation_to_route_m(place, &plan.route);
        plan.window.start <= occurred_at && !matches!(gap_m, gap_m if gap_m > plan.buffer_m)
    })
}
