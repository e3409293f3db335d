//! A sequence case: its events in order and at their times, each compared with what must then be so.

mod expected;
mod goes_on;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use concord_domain::actor::Role;
use concord_domain::time::Timestamp;
use concord_proto::incidents::cooperation::lift_subject_of;
use concord_proto::pb::incidents::v1 as pb;

use super::case::Setting;
use super::case::sequence::{Act, Conclusion, Expect, Report, Step};
use super::case::{Operation, Point};
use super::cast::{NOTIFIER, OBSERVER, THIRD_STATE, first_actor};
use super::deed::Deed;
use super::operation::lat_lng;
use super::play::Play;
use super::world::Frame;
use super::{Played, beforehand, report, when, world};

/// A sequence being played; nothing of it knows what is expected.
struct Sequence<'a, 'b> {
    play: &'a mut Play<'b>,
    setting: &'a Setting,
    /// Names of the reported incidents, by their names in the case.
    incidents: BTreeMap<String, String>,
    /// Parties that have been found suspended.
    suspended: BTreeSet<String>,
}

/// Plays a sequence; `expectations` stand at the places of its events.
///
/// # Errors
/// Says which call failed, and how.
pub(super) async fn play(
    play: &mut Play<'_>,
    setting: &Setting,
    expectations: &[Option<Expect>],
) -> Result<Played, String> {
    let checks: Vec<&Operation> = setting.sequence.iter().filter_map(checked).collect();
    let mut deeds: VecDeque<Deed> =
        world::deeds(play.cast, &setting.registry_state, frame(setting, &checks)?)?.into();
    for operation in &checks {
        deeds.extend(beforehand::deeds(play.cast, operation, &setting.registry_state)?);
    }
    let start = setting.sequence.first().map(|step| when::instant(&step.at)).transpose()?;
    let start = start.ok_or("a sequence without events")?;
    let first = checks.first().and_then(|operation| operation.required_approvals.clone()).unwrap_or_default();
    play.open(&setting.registry_state, &first, &mut deeds, start).await?;
    let mut played = Played::new("not_applicable");
    let (incidents, suspended) = (BTreeMap::new(), BTreeSet::new());
    let mut sequence = Sequence { play, setting, incidents, suspended };
    for (step, expect) in setting.sequence.iter().zip(expectations) {
        // A check is made at the start of its window, whatever its event says.
        let begins =
            checked(step).map(|operation| when::instant(&operation.time_window.start)).transpose()?;
        let at = when::instant(&step.at)?.max(begins.unwrap_or(Timestamp::MIN));
        sequence.play.play(&mut deeds, at).await?;
        sequence.play.advance(at).await?;
        let came = sequence.act(step, at).await?;
        if let Some(expect) = expect {
            let wrong = expected::wrong(&sequence, came.as_ref(), expect, at).await?;
            played.wrong.extend(wrong.into_iter().map(|what| format!("at {}: {what}", step.at)));
        }
    }
    if played.wrong.is_empty() {
        played.conclude("SEQUENCE_TEST", "every event came out as it must");
    }
    Ok(played)
}

fn checked(step: &Step) -> Option<&Operation> {
    match &step.act {
        Act::Check(operation) => Some(operation),
        _ => None,
    }
}

/// The first check's window stands for the case's, or the first event where that is earlier; areas without geometry
/// lie around every aim point.
fn frame(setting: &Setting, checks: &[&Operation]) -> Result<Frame, String> {
    let place = Point { lat: setting.place.lat, lon: setting.place.lon };
    let first = setting.sequence.first().map(|step| step.at.as_str()).unwrap_or(&setting.date);
    let first = when::instant(first)?;
    let frames = checks.iter().map(|operation| Frame::of(operation)).collect::<Result<Vec<_>, _>>()?;
    let mut aims: Vec<(Point, f64)> = Vec::new();
    for aim in frames.iter().flat_map(|frame| frame.aims.iter().copied()) {
        if !aims.contains(&aim) {
            aims.push(aim);
        }
    }
    Ok(match frames.first() {
        None => Frame::at(place, first),
        Some(frame) => Frame { start: frame.start.min(first), aim: frame.aim, aims },
    })
}

impl Sequence<'_, '_> {
    async fn act(&mut self, step: &Step, at: Timestamp) -> Result<Option<Played>, String> {
        match &step.act {
            Act::Nothing => Ok(None),
            Act::Report(incident) => self.report(incident, at).await.map(|()| None),
            Act::Check(operation) => {
                let required = operation.required_approvals.clone().unwrap_or_default();
                self.play.require(&self.setting.registry_state, &required).await?;
                self.play.check(operation).await.map(Some)
            }
            Act::Conclude(conclusion) => self.conclude(conclusion).await.map(|()| None),
            Act::Lift(by) => self.lift(by).await.map(|()| None),
        }
    }

    async fn report(&mut self, incident: &Report, at: Timestamp) -> Result<(), String> {
        let here = &self.setting.place;
        let place = Point { lat: incident.lat.unwrap_or(here.lat), lon: incident.lon.unwrap_or(here.lon) };
        let alleged = incident.alleged_party.as_deref().map(|party| self.play.cast.id(party));
        let by = match incident.reporter_kind.as_str() {
            "observer" => OBSERVER.to_owned(),
            "bound_third_state" => THIRD_STATE.to_owned(),
            "humanitarian_notifier" => NOTIFIER.to_owned(),
            "state_party" => self.play.cast.other_than(alleged.as_deref().unwrap_or_default()),
            other => return Err(format!("reporter kind {other:?}")),
        };
        let message = pb::Incident {
            category: report::category(&incident.category)?.into(),
            severity: report::severity(&incident.severity)?.into(),
            occur_time: Some(when::to_pb(at)),
            location: Some(lat_lng(place)),
            killed: incident.reported_killed.map(report::count),
            injured: incident.reported_injured.map(report::count),
            alleged_party: alleged.unwrap_or_default(),
            attribution: incident.status.clone().unwrap_or_default(),
            ..Default::default()
        };
        let name = report::filed(self.play, &by, message).await?;
        self.incidents.insert(incident.incident.clone(), name);
        Ok(())
    }

    async fn conclude(&self, conclusion: &Conclusion) -> Result<(), String> {
        let result = match conclusion.status.as_str() {
            "accepted" | "substantiated" | "confirmed" => pb::FindingResult::Substantiated,
            "rejected" | "denied" | "contested" | "not_substantiated" => pb::FindingResult::NotSubstantiated,
            "insufficient_information" | "unresolved" => pb::FindingResult::InsufficientInformation,
            "duplicate" => pb::FindingResult::Duplicate,
            other => return Err(format!("finding {other:?}")),
        };
        let request = pb::ConcludeIncidentRequest {
            name: self.name_of(&conclusion.incident)?,
            result: result.into(),
            attribution: conclusion.status.clone(),
            ..Default::default()
        };
        let by = first_actor(&self.play.cast.id(&conclusion.by), Role::Investigator);
        let method = "concord.incidents.v1.IncidentService/ConcludeIncident";
        self.play.must::<_, pb::ConcludeIncidentResponse>(&by, method, request).await.map(drop)
    }

    fn name_of(&self, incident: &str) -> Result<String, String> {
        self.incidents.get(incident).cloned().ok_or_else(|| format!("incident {incident:?} was not reported"))
    }

    /// Consents of each to lifting every suspension in force.
    async fn lift(&mut self, by: &[String]) -> Result<(), String> {
        let observer = first_actor(OBSERVER, Role::DutyOfficer);
        let request = pb::ListSuspensionsRequest { page_size: 1_000, ..Default::default() };
        let method = "concord.incidents.v1.CooperationService/ListSuspensions";
        let answer: pb::ListSuspensionsResponse = self.play.must(&observer, method, request).await?;
        for suspension in answer.suspensions.iter().filter(|row| row.lift_time.is_none()) {
            self.suspended.insert(suspension.party.clone());
            let given = |party: &String| {
                let by =
                    |given: &pb::LiftConsent| given.by.as_ref().is_some_and(|by| &by.participant == party);
                suspension.lift_consents.iter().any(by)
            };
            for party in self.play.cast.ids_of_all(by).iter().filter(|party| !given(party)) {
                let subject = lift_subject_of(suspension.clone()).map_err(|refusal| refusal.to_string())?;
                let request = pb::ConsentToLiftRequest {
                    name: suspension.name.clone(),
                    corrective_action: "as the case states".to_owned(),
                    envelope: self.play.consent(party, &subject)?,
                    ..Default::default()
                };
                let by = first_actor(party, Role::Approver);
                let method = "concord.incidents.v1.CooperationService/ConsentToLift";
                self.play.must::<_, pb::ConsentToLiftResponse>(&by, method, request).await?;
            }
        }
        Ok(())
    }
}
