//! A case without operation and sequence: the observer reports the incident, and it is read back whole.

use concord_domain::actor::Role;
use concord_domain::time::Timestamp;
use concord_proto::pb::incidents::v1 as pb;

use super::case::lists::Count;
use super::case::{Classification, Point};
use super::cast::{OBSERVER, first_actor};
use super::operation::lat_lng;
use super::play::Play;
use super::{Played, when};

const SERVICE: &str = "concord.incidents.v1.IncidentService";

/// Reports the incident, reads it back, and shows the status that the triggers gave to every party.
///
/// # Errors
/// Says which call failed, and how.
pub(super) async fn alone(
    play: &Play<'_>,
    incident: &Classification,
    place: Point,
    at: Timestamp,
) -> Result<Played, String> {
    let message = pb::Incident {
        category: category(&incident.category)?.into(),
        severity: severity(&incident.severity)?.into(),
        occur_time: Some(when::to_pb(at)),
        location: Some(lat_lng(place)),
        killed: incident.reported_killed.map(count),
        injured: incident.reported_injured.map(count),
        attribution: incident.attribution_status.clone().unwrap_or_default(),
        ..Default::default()
    };
    let before = statuses(play).await?;
    let name = filed(play, OBSERVER, message.clone()).await?;
    let read = whole(play, &name).await?;
    let mut played = Played::new("not_applicable");
    if same_report(&read, &message) {
        played.conclude("INCIDENT_ONLY", "the incident is recorded, and was read back as it was reported");
    } else {
        played.wrong.push(format!("the incident was read back as {read:?}"));
    }
    let after = statuses(play).await?;
    if incident.counts_against_nobody() && after != before {
        played.wrong.push(format!("it counts against nobody, and the status became {after:?}"));
    }
    let judged = incident.suspension_effect.as_deref().unwrap_or_default();
    played.shown.push(format!("suspension effect {judged:?} in the file; status now {after:?}"));
    Ok(played)
}

/// Reports an incident in the name of a participant, and gives its name.
///
/// # Errors
/// Says how the call failed.
pub(super) async fn filed(play: &Play<'_>, by: &str, incident: pb::Incident) -> Result<String, String> {
    let request = pb::ReportIncidentRequest { incident: Some(incident), ..Default::default() };
    let by = first_actor(by, Role::DutyOfficer);
    let answer: pb::ReportIncidentResponse =
        play.must(&by, &format!("{SERVICE}/ReportIncident"), request).await?;
    Ok(answer.incident.ok_or("no incident in the answer")?.name)
}

/// An incident as it stands now.
///
/// # Errors
/// Says how the call failed.
pub(super) async fn whole(play: &Play<'_>, name: &str) -> Result<pb::Incident, String> {
    let by = first_actor(OBSERVER, Role::DutyOfficer);
    let request = pb::GetIncidentRequest { name: name.to_owned(), as_of: None };
    let answer: pb::GetIncidentResponse = play.must(&by, &format!("{SERVICE}/GetIncident"), request).await?;
    answer.incident.ok_or_else(|| "no incident in the answer".to_owned())
}

/// Whether what was read back holds every part of what was reported.
fn same_report(read: &pb::Incident, reported: &pb::Incident) -> bool {
    let read = read.clone();
    let given = pb::Incident {
        name: read.name.clone(),
        etag: read.etag.clone(),
        attribution_history: read.attribution_history.clone(),
        reported_by: read.reported_by.clone(),
        report_time: read.report_time,
        at_protected: read.at_protected.clone(),
        ..reported.clone()
    };
    read == given && read.reported_by.is_some_and(|by| by.participant == OBSERVER)
}

/// The status of every party in operations, by party.
async fn statuses(play: &Play<'_>) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for party in play.cast.ids() {
        let status = standing(play, &party, pb::CooperationDomain::Operations)
            .await?
            .status()
            .as_str_name()
            .to_owned();
        found.push((party, status));
    }
    Ok(found)
}

/// Where cooperation with a party stands in a domain.
///
/// # Errors
/// Says how the call failed.
pub(super) async fn standing(
    play: &Play<'_>,
    party: &str,
    domain: pb::CooperationDomain,
) -> Result<pb::GetCooperationStatusResponse, String> {
    let by = first_actor(OBSERVER, Role::DutyOfficer);
    let request = pb::GetCooperationStatusRequest {
        party: party.to_owned(),
        domain: domain.into(),
        area: None,
        as_of: None,
    };
    play.must(&by, "concord.incidents.v1.CooperationService/GetCooperationStatus", request).await
}

/// A count of persons; what is not stated is unknown.
pub(super) fn count(count: Count) -> pb::PersonCount {
    pb::PersonCount { min: count.min.unwrap_or_default(), max: count.max, note: String::new() }
}

/// The category that a word stands for.
///
/// # Errors
/// Quotes a word that is not known.
pub(super) fn category(word: &str) -> Result<pb::IncidentCategory, String> {
    use pb::IncidentCategory as Category;
    Ok(match word {
        "civilian_harm" => Category::CivilianHarm,
        "protected_site_harm" => Category::ProtectedSiteHarm,
        "humanitarian_movement_harm" => Category::HumanitarianMovementHarm,
        "state_forces_struck" => Category::StateForcesStruck,
        "partner_forces_struck" => Category::PartnerForcesStruck,
        "fratricide" => Category::Fratricide,
        "aircraft_shot_down" => Category::AircraftShotDown,
        "airspace_incident" => Category::AirspaceIncident,
        "sequence" | "none" => Category::Other,
        other => return Err(format!("category {other:?}")),
    })
}

/// The severity that a word stands for; the contract has none below a near miss.
///
/// # Errors
/// Quotes a word that is not known.
pub(super) fn severity(word: &str) -> Result<pb::Severity, String> {
    Ok(match word {
        "critical" => pb::Severity::Critical,
        "major" => pb::Severity::Major,
        "moderate" => pb::Severity::Moderate,
        "near_miss" | "none" => pb::Severity::NearMiss,
        other => return Err(format!("severity {other:?}")),
    })
}
