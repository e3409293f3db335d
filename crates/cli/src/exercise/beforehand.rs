//! What is said about an operation before it is checked: notice, approvals, consents, presence.

use concord_domain::actor::Role;
use concord_domain::time::Timestamp;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as rules;

use super::case::lists::RegistryState;
use super::case::{Operation, Stated};
use super::cast::{Cast, first_actor, second_actor};
use super::deed::Deed;
use super::operation::{circle, lat_lng, to_pb};
use super::when;
use super::world::{in_the_air, reservation_id};

/// Metres beyond the effect area that the parties assess.
const ASSESSED_BEYOND_M: f64 = 1_000.0;
/// Seconds before a check at which presence was observed.
const OBSERVED_BEFORE_S: i64 = 1_800;
/// Seconds before a check at which approvals and consents are given.
const APPROVED_BEFORE_S: i64 = 600;

/// What is said about an operation before it is checked: notice, approvals, consents, presence.
///
/// # Errors
/// Names a time that does not parse.
pub(super) fn deeds(cast: &Cast, operation: &Operation, state: &RegistryState) -> Result<Vec<Deed>, String> {
    let start = when::instant(&operation.time_window.start)?;
    let party = cast.id(&operation.party);
    let pb = to_pb(operation)?;
    let mut deeds = Vec::new();
    if let Some(minutes) = operation.notice_given_minutes {
        // Whole seconds: the contract's clock could take less, no case gives less.
        #[expect(clippy::cast_possible_truncation, reason = "minutes of notice are few")]
        let lead_s = (minutes * 60.0).round() as i64;
        let request = rules::GiveNoticeRequest {
            operation: Some(pb.clone()),
            notified_point: operation.notified_aim_point.map(lat_lng),
            ..Default::default()
        };
        let by = first_actor(&party, Role::DutyOfficer);
        let method = "concord.rules.v1.CoordinationService/GiveNotice";
        deeds.push(Deed::call(start.plus_seconds(-lead_s), by, method, &request));
    }
    let approved_at = start.plus_seconds(-APPROVED_BEFORE_S);
    for approving in cast.ids_of_all(operation.approvals.as_deref().unwrap_or_default()) {
        let request = rules::ApproveOperationRequest {
            operation: Some(pb.clone()),
            party: party.clone(),
            ..Default::default()
        };
        let by = second_actor(&approving, Role::Approver);
        let method = "concord.rules.v1.CoordinationService/ApproveOperation";
        deeds.push(Deed::call(approved_at, by, method, &request));
    }
    deeds.extend(consents(cast, &pb, state, approved_at));
    deeds.extend(presence(cast, operation, start)?);
    Ok(deeds)
}

fn consents(cast: &Cast, operation: &rules::Operation, state: &RegistryState, at: Timestamp) -> Vec<Deed> {
    let mut deeds = Vec::new();
    for (index, reservation) in state.other_reservations.iter().enumerate() {
        let holder = cast.id(&reservation.party);
        let collection = if in_the_air(reservation) { "airReservations" } else { "areas" };
        let given = reservation.consents.iter().filter(|c| c.signed && c.operation == "this one");
        // A consent to somebody who takes no part in the case opens nothing in it.
        for consent in given.filter(|consent| !cast.id(&consent.to).is_empty()) {
            let request = rules::ConsentToOperationRequest {
                operation: Some(operation.clone()),
                party: cast.id(&consent.to),
                resource: format!("{collection}/{}", reservation_id(index)),
                ..Default::default()
            };
            let by = first_actor(&holder, Role::DutyOfficer);
            let method = "concord.rules.v1.CoordinationService/ConsentToOperation";
            deeds.push(Deed::call(at, by, method, &request));
        }
    }
    deeds
}

fn presence(cast: &Cast, operation: &Operation, start: Timestamp) -> Result<Vec<Deed>, String> {
    use registry::{PresenceLevel as Level, PresenceSubject as Subject};
    let mut filed: Vec<(Subject, String, Level)> = Vec::new();
    if let Some(group) = &operation.claimed_target_group {
        filed.push((Subject::Group, group.clone(), Level::Confirmed));
    }
    match &operation.co_located_groups {
        Stated::Absent => filed.push((Subject::OtherArmedGroups, String::new(), Level::None)),
        Stated::Unknown => {}
        Stated::Known(groups) if groups.is_empty() => {
            filed.push((Subject::OtherArmedGroups, String::new(), Level::None));
        }
        Stated::Known(groups) => {
            filed.extend(groups.iter().map(|group| (Subject::Group, group.clone(), Level::Possible)));
        }
    }
    let observed = start.plus_seconds(-OBSERVED_BEFORE_S);
    let area = circle(operation.aim_point, operation.radius_m.unwrap_or(0.0) + ASSESSED_BEYOND_M);
    let mut deeds = Vec::new();
    for party in cast.ids() {
        for (subject, group, level) in &filed {
            let assessment = registry::PresenceAssessment {
                subject: (*subject).into(),
                group: group.clone(),
                level: (*level).into(),
                area: Some(area.clone()),
                observe_time: Some(when::to_pb(observed)),
                ..Default::default()
            };
            let request =
                registry::FilePresenceRequest { assessment: Some(assessment), ..Default::default() };
            let by = first_actor(&party, Role::DutyOfficer);
            deeds.push(Deed::call(
                observed,
                by,
                "concord.registry.v1.PresenceService/FilePresence",
                &request,
            ));
        }
    }
    Ok(deeds)
}
