//! A convoy is hit, the party finds against itself, and cooperation with it is suspended until all lift it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use concord_domain::actor::Role;
use concord_proto::incidents::cooperation::lift_subject_of;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::rules::v1 as rules;

use super::checks::{check, operation, watched};
use super::stage::Stage;
use super::tell::Teller;
use super::{Step, airspace, hotline};
use crate::session::Who;

/// Open sea, away from everything that the demo protects and has struck.
const QUIET: (f64, f64) = (1.7, 1.1);
const INCIDENT: &str = "incidents/convoy-hit";
const SERVICE: &str = "concord.incidents.v1.IncidentService";

pub(super) async fn suspended(stage: &Stage, teller: &Teller) -> Step {
    teller.part("A convoy is hit; the party's own finding suspends its operations in the same instant, and voids what it held.");
    let allowed = (rules::Verdict::Permit, "ALL_CHECKS_PASSED");
    let permit = check(stage, teller, "check an operation in open sea", operation(QUIET), allowed).await?;
    let mut stream = watched(stage, &permit.decision.unwrap_or_default().name).await?;
    report(stage, teller).await?;
    let suspension = conclude(stage, teller).await?;
    let began = Instant::now();
    let void = stream.message().await.map_err(|status| status.message().to_owned())?;
    let void = void.and_then(|message| message.status).unwrap_or_default();
    let codes: Vec<&str> = void.causes.iter().map(|cause| cause.code.as_str()).collect();
    let told = format!("{} to the holder: {}", void.state().as_str_name(), codes.join(", "));
    teller.call(&Who::new("party-a", "actor-1", Role::DutyOfficer), "hold the permit", &told, began);
    if void.state() != rules::DecisionState::Void || !codes.contains(&"PARTY_SUSPENDED") {
        return Err(told);
    }
    goes_on(stage, teller).await?;
    lift(stage, teller, &suspension).await
}

/// 12 civilians killed, reported by the observer, who names the convoy.
async fn report(stage: &Stage, teller: &Teller) -> Step {
    let by = Who::new("observer", "actor-1", Role::DutyOfficer);
    let began = Instant::now();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or_default() - 60;
    let incident = pb::Incident {
        category: pb::IncidentCategory::HumanitarianMovementHarm.into(),
        severity: pb::Severity::Critical.into(),
        occur_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
        location: Some(LatLng { latitude: 0.2, longitude: 0.3 }),
        killed: Some(pb::PersonCount { min: 12, max: Some(12), note: "civilians".to_owned() }),
        alleged_party: "party-a".to_owned(),
        attribution: "contested".to_owned(),
        related: vec!["movements/relief-1".to_owned()],
        ..Default::default()
    };
    let incident_id = INCIDENT.trim_start_matches("incidents/").to_owned();
    let request = pb::ReportIncidentRequest { incident_id, incident: Some(incident), ..Default::default() };
    let answer: pb::ReportIncidentResponse =
        stage.must(&by, &format!("{SERVICE}/ReportIncident"), request).await?;
    let at = answer.incident.unwrap_or_default().at_protected.join(", ");
    let told = format!("recorded, at {at}; {} suspensions", answer.suspensions.len());
    teller.call(&by, "report 12 civilians killed on the convoy", &told, began);
    if answer.suspensions.is_empty() && at == "movements/relief-1" { Ok(()) } else { Err(told) }
}

async fn conclude(stage: &Stage, teller: &Teller) -> Result<String, String> {
    let by = Who::new("party-a", "actor-1", Role::Investigator);
    let began = Instant::now();
    let request = pb::ConcludeIncidentRequest {
        name: INCIDENT.to_owned(),
        result: pb::FindingResult::Substantiated.into(),
        attribution: "accepted".to_owned(),
        ..Default::default()
    };
    let answer: pb::ConcludeIncidentResponse =
        stage.must(&by, &format!("{SERVICE}/ConcludeIncident"), request).await?;
    let history = answer.incident.unwrap_or_default().attribution_history.join(", then ");
    let told = format!("attribution {history}; it completes {}", answer.suspensions.join(", "));
    teller.call(&by, "find that it happened, and as alleged", &told, began);
    match answer.suspensions.as_slice() {
        [suspension] => Ok(suspension.clone()),
        _ => Err(told),
    }
}

/// Kinetic checks are denied; a medical flight, the airspace and the hotline go on.
async fn goes_on(stage: &Stage, teller: &Teller) -> Step {
    let denied = (rules::Verdict::Deny, "PARTY_SUSPENDED");
    check(stage, teller, "the same check again", operation(QUIET), denied).await?;
    let mut medical = operation(QUIET);
    medical.kind = rules::OperationKind::MedicalEvacuationFlight.into();
    medical.target_type = rules::TargetType::AirMovement.into();
    medical.claimed_group.clear();
    let allowed = (rules::Verdict::Permit, "ALL_CHECKS_PASSED");
    check(stage, teller, "check a medical flight", medical, allowed).await?;
    airspace::while_suspended(stage, teller).await?;
    let by = Who::new("party-a", "actor-1", Role::DutyOfficer);
    let began = Instant::now();
    let sent = hotline::flash(stage, &by, "Our aircraft return to base").await?;
    teller.call(&by, "send FLASH: our aircraft return", &format!("sent, number {}", sent.sequence), began);
    Ok(())
}

async fn lift(stage: &Stage, teller: &Teller, suspension: &str) -> Step {
    let observer = Who::new("observer", "actor-1", Role::DutyOfficer);
    let method = "concord.incidents.v1.CooperationService/ListSuspensions";
    let standing: pb::ListSuspensionsResponse =
        stage.must(&observer, method, pb::ListSuspensionsRequest::default()).await?;
    let standing = standing.suspensions.into_iter().find(|row| row.name == suspension);
    let subject = lift_subject_of(standing.unwrap_or_default()).map_err(|refusal| refusal.to_string())?;
    for (party, lifted) in [("party-a", false), ("party-b", true)] {
        let by = Who::new(party, "actor-2", Role::Approver);
        let began = Instant::now();
        let request = pb::ConsentToLiftRequest {
            name: suspension.to_owned(),
            corrective_action: "Movements are read out at every briefing".to_owned(),
            envelope: stage.deployment().consent(party, &subject)?,
            ..Default::default()
        };
        let method = "concord.incidents.v1.CooperationService/ConsentToLift";
        let answer: pb::ConsentToLiftResponse = stage.must(&by, method, request).await?;
        let is_lifted = answer.suspension.unwrap_or_default().lift_time.is_some();
        let told = if is_lifted { "lifted" } else { "consented; the suspension stands" };
        teller.call(&by, "consent to lifting, with the corrective action", told, began);
        if is_lifted != lifted {
            return Err(format!("after the consent of {party}: {told}"));
        }
    }
    let allowed = (rules::Verdict::Permit, "ALL_CHECKS_PASSED");
    check(stage, teller, "the same check once all have lifted it", operation(QUIET), allowed).await.map(drop)
}
