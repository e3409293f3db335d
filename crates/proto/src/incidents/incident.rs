//! Incidents with every account of them.

use concord_domain::ids::ParticipantId;
use concord_domain::incidents::incident::{
    Acknowledgement, Category, Command, FindingResult, Incident, PartyFinding, PersonCount, Report, Severity,
};
use concord_domain::table::Resource as _;

use crate::fields::{Converted, Faults};
use crate::pb::incidents::v1 as pb;
use crate::registry::etag_of;
use crate::shared::participant::actor_to_pb;
use crate::shared::{area, time};

const COLLECTION: &str = Incident::COLLECTION;

/// The message of an incident.
#[must_use]
pub fn incident_to_pb(row: &Incident) -> pb::Incident {
    let (etag, name) = (etag_of(row), row.name());
    let history = row.attribution_history().map(str::to_owned).collect();
    let Incident { id: _, report, at_protected, reported_by, reported_at, acknowledgements, findings } = row;
    let Report {
        category,
        severity,
        description,
        occurred_at,
        location,
        location_precision_m,
        killed,
        injured,
        alleged_party,
        attribution,
        related,
    } = report;
    pb::Incident {
        name,
        etag,
        category: category_to_pb(*category).into(),
        severity: severity_to_pb(*severity).into(),
        description: description.clone(),
        occur_time: Some(time::to_pb(*occurred_at)),
        location: Some(area::lat_lng_to_pb(*location)),
        location_precision_m: *location_precision_m,
        killed: killed.as_ref().map(count_to_pb),
        injured: injured.as_ref().map(count_to_pb),
        alleged_party: alleged_party.as_ref().map(|party| party.0.clone()).unwrap_or_default(),
        attribution: attribution.clone(),
        related: related.clone(),
        attribution_history: history,
        reported_by: Some(actor_to_pb(reported_by)),
        report_time: Some(time::to_pb(*reported_at)),
        acknowledgements: acknowledgements.iter().map(acknowledgement_to_pb).collect(),
        findings: findings.iter().map(finding_to_pb).collect(),
        at_protected: at_protected.clone(),
    }
}

fn count_to_pb(count: &PersonCount) -> pb::PersonCount {
    let PersonCount { min, max, note } = count;
    pb::PersonCount { min: *min, max: *max, note: note.clone() }
}

fn acknowledgement_to_pb(given: &Acknowledgement) -> pb::IncidentAcknowledgement {
    let Acknowledgement { by, at } = given;
    pb::IncidentAcknowledgement { by: Some(actor_to_pb(by)), acknowledge_time: Some(time::to_pb(*at)) }
}

fn finding_to_pb(finding: &PartyFinding) -> pb::PartyFinding {
    let PartyFinding { by, result, attribution, reason, at } = finding;
    let result = match result {
        FindingResult::Substantiated => pb::FindingResult::Substantiated,
        FindingResult::NotSubstantiated => pb::FindingResult::NotSubstantiated,
        FindingResult::InsufficientInformation => pb::FindingResult::InsufficientInformation,
        FindingResult::Duplicate => pb::FindingResult::Duplicate,
    };
    pb::PartyFinding {
        by: Some(actor_to_pb(by)),
        result: result.into(),
        attribution: attribution.clone(),
        reason: reason.clone(),
        conclude_time: Some(time::to_pb(*at)),
    }
}

fn category_to_pb(category: Category) -> pb::IncidentCategory {
    match category {
        Category::CivilianHarm => pb::IncidentCategory::CivilianHarm,
        Category::ProtectedSiteHarm => pb::IncidentCategory::ProtectedSiteHarm,
        Category::HumanitarianMovementHarm => pb::IncidentCategory::HumanitarianMovementHarm,
        Category::StateForcesStruck => pb::IncidentCategory::StateForcesStruck,
        Category::PartnerForcesStruck => pb::IncidentCategory::PartnerForcesStruck,
        Category::Fratricide => pb::IncidentCategory::Fratricide,
        Category::AircraftShotDown => pb::IncidentCategory::AircraftShotDown,
        Category::AirspaceIncident => pb::IncidentCategory::AirspaceIncident,
        Category::RuleViolation => pb::IncidentCategory::RuleViolation,
        Category::ProhibitedPractice => pb::IncidentCategory::ProhibitedPractice,
        Category::Other => pb::IncidentCategory::Other,
    }
}

fn category_from_pb(category: pb::IncidentCategory) -> Option<Category> {
    match category {
        pb::IncidentCategory::Unspecified => None,
        pb::IncidentCategory::CivilianHarm => Some(Category::CivilianHarm),
        pb::IncidentCategory::ProtectedSiteHarm => Some(Category::ProtectedSiteHarm),
        pb::IncidentCategory::HumanitarianMovementHarm => Some(Category::HumanitarianMovementHarm),
        pb::IncidentCategory::StateForcesStruck => Some(Category::StateForcesStruck),
        pb::IncidentCategory::PartnerForcesStruck => Some(Category::PartnerForcesStruck),
        pb::IncidentCategory::Fratricide => Some(Category::Fratricide),
        pb::IncidentCategory::AircraftShotDown => Some(Category::AircraftShotDown),
        pb::IncidentCategory::AirspaceIncident => Some(Category::AirspaceIncident),
        pb::IncidentCategory::RuleViolation => Some(Category::RuleViolation),
        pb::IncidentCategory::ProhibitedPractice => Some(Category::ProhibitedPractice),
        pb::IncidentCategory::Other => Some(Category::Other),
    }
}

fn severity_to_pb(severity: Severity) -> pb::Severity {
    match severity {
        Severity::NearMiss => pb::Severity::NearMiss,
        Severity::Moderate => pb::Severity::Moderate,
        Severity::Major => pb::Severity::Major,
        Severity::Critical => pb::Severity::Critical,
    }
}

fn severity_from_pb(severity: pb::Severity) -> Option<Severity> {
    match severity {
        pb::Severity::Unspecified => None,
        pb::Severity::NearMiss => Some(Severity::NearMiss),
        pb::Severity::Moderate => Some(Severity::Moderate),
        pb::Severity::Major => Some(Severity::Major),
        pb::Severity::Critical => Some(Severity::Critical),
    }
}

/// The command to report an incident.
#[must_use]
pub fn report_from_pb(pb: pb::ReportIncidentRequest) -> Converted<Command> {
    let pb::ReportIncidentRequest { incident_id, incident, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let incident = faults.required("incident", incident);
    let report = report(&mut faults, incident);
    faults.finish(Command::Report { id: incident_id, report: Box::new(report) })
}

fn report(faults: &mut Faults, pb: pb::Incident) -> Report {
    let pb::Incident {
        name: _,
        etag: _,
        category,
        severity,
        description,
        occur_time,
        location,
        location_precision_m,
        killed,
        injured,
        alleged_party,
        attribution,
        related,
        attribution_history: _,
        reported_by: _,
        report_time: _,
        acknowledgements: _,
        findings: _,
        at_protected: _,
    } = pb;
    let category = faults.stated("incident.category", category, Category::Other, category_from_pb);
    let severity = faults.stated("incident.severity", severity, Severity::NearMiss, severity_from_pb);
    let occurred = time::required(faults, "incident.occur_time", occur_time);
    let location = faults.required("incident.location", location);
    Report {
        category,
        severity,
        description,
        occurred_at: occurred,
        location: area::lat_lng_from_pb(location),
        location_precision_m,
        killed: killed.map(count_from_pb),
        injured: injured.map(count_from_pb),
        alleged_party: named(alleged_party),
        attribution,
        related,
    }
}

fn count_from_pb(pb: pb::PersonCount) -> PersonCount {
    let pb::PersonCount { min, max, note } = pb;
    PersonCount { min, max, note }
}

/// A participant that may be left out.
pub(super) fn named(id: String) -> Option<ParticipantId> {
    (!id.is_empty()).then_some(ParticipantId(id))
}

/// The command to acknowledge a report.
#[must_use]
pub fn acknowledge_from_pb(pb: pb::AcknowledgeIncidentRequest) -> Converted<Command> {
    let pb::AcknowledgeIncidentRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Acknowledge { id })
}

/// The command to record a finding.
#[must_use]
pub fn conclude_from_pb(pb: pb::ConcludeIncidentRequest) -> Converted<Command> {
    let pb::ConcludeIncidentRequest { name, result, attribution, reason, request_id: _, validate_only: _ } =
        pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    let result = faults.stated(
        "result",
        result,
        FindingResult::InsufficientInformation,
        |result: pb::FindingResult| match result {
            pb::FindingResult::Unspecified => None,
            pb::FindingResult::Substantiated => Some(FindingResult::Substantiated),
            pb::FindingResult::NotSubstantiated => Some(FindingResult::NotSubstantiated),
            pb::FindingResult::InsufficientInformation => Some(FindingResult::InsufficientInformation),
            pb::FindingResult::Duplicate => Some(FindingResult::Duplicate),
        },
    );
    faults.finish(Command::Conclude { id, result, attribution, reason })
}
