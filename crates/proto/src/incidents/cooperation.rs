//! The status of cooperation.

use concord_domain::consent::Approval;
use concord_domain::errors::{Refusal, Violation};
use concord_domain::geo::Area;
use concord_domain::ids::{ParticipantId, name_of};
use concord_domain::incidents::cooperation::{
    Cause, CauseKind, Command, Content, Domain, Draft, Effect, LiftConsent, Scope, Suspension,
};
use concord_domain::incidents::incident::Incident;
use concord_domain::signed::Subject;
use concord_domain::table::Resource as _;

use super::incident::named;
use crate::fields::{Converted, Faults};
use crate::pb::incidents::v1 as pb;
use crate::pb::ledger::v1::AsOf;
use crate::shared::participant::actor_to_pb;
use crate::shared::{area, time};

/// The message of a suspension.
#[must_use]
pub fn suspension_to_pb(row: &Suspension) -> pb::Suspension {
    let name = row.name();
    let Suspension { id: _, party, area: place, domain, scope, effect, cause, at, lift_consents, lifted_at } =
        row;
    let domain = match domain {
        Domain::Operations => pb::CooperationDomain::Operations,
        Domain::IntelligenceSharing => pb::CooperationDomain::IntelligenceSharing,
        Domain::Assistance => pb::CooperationDomain::Assistance,
    };
    let scope = match scope {
        Scope::Kinetic => pb::SuspensionScope::Kinetic,
        Scope::KineticAndFlights => pb::SuspensionScope::KineticAndFlights,
    };
    let message = pb::Suspension {
        name,
        party: party.as_ref().map(|party| party.0.clone()).unwrap_or_default(),
        area: place.as_ref().map(area::to_pb),
        domain: domain.into(),
        scope: scope.into(),
        effect: status_of(Some(*effect)).into(),
        suspend_time: Some(time::to_pb(*at)),
        lift_consents: lift_consents.iter().map(lift_consent_to_pb).collect(),
        lift_time: lifted_at.map(time::to_pb),
        ..pb::Suspension::default()
    };
    match cause {
        Cause::Trigger { trigger, incidents } => pb::Suspension {
            cause: pb::SuspensionCause::Trigger.into(),
            article: trigger.article,
            incidents: incidents.iter().map(|id| name_of(Incident::COLLECTION, id)).collect(),
            ..message
        },
        Cause::Unilateral { by, reason } => pb::Suspension {
            cause: pb::SuspensionCause::Unilateral.into(),
            reason: reason.clone(),
            suspended_by: Some(actor_to_pb(by)),
            ..message
        },
    }
}

fn lift_consent_to_pb(given: &LiftConsent) -> pb::LiftConsent {
    let LiftConsent { approval: Approval { by, at, envelope, reason: _ }, corrective_action } = given;
    pb::LiftConsent {
        by: Some(actor_to_pb(by)),
        corrective_action: corrective_action.clone(),
        consent_time: Some(time::to_pb(*at)),
        envelope: envelope.clone(),
    }
}

fn status_of(worst: Option<Effect>) -> pb::CooperationStatus {
    match worst {
        None => pb::CooperationStatus::Normal,
        Some(Effect::Restricted) => pb::CooperationStatus::Restricted,
        Some(Effect::Suspended) => pb::CooperationStatus::Suspended,
    }
}

/// The answer about a party: the status is the worst of the suspensions that stand.
#[must_use]
pub fn status_to_pb(standing: &[&Suspension], as_of: Option<AsOf>) -> pb::GetCooperationStatusResponse {
    pb::GetCooperationStatusResponse {
        status: status_of(standing.iter().map(|row| row.effect).max()).into(),
        suspensions: standing.iter().map(|row| suspension_to_pb(row)).collect(),
        as_of,
    }
}

/// What is asked about: party, domain, place, and the time, which is not looked at yet.
pub fn status_from_pb(
    faults: &mut Faults,
    pb: pb::GetCooperationStatusRequest,
) -> (ParticipantId, Domain, Option<Area>, Option<time::Pb>) {
    let pb::GetCooperationStatusRequest { party, domain, area: place, as_of } = pb;
    if party.is_empty() {
        faults.push(Violation::new("party", "present", "", "name a state party of the accord"));
    }
    let domain = domain_from_pb(faults, "domain", domain, Some(Domain::Operations));
    let place = place.map(|place| area::from_pb(faults, "area", Some(place)));
    faults.extend(place.iter().flat_map(|place| place.violations("area")).collect());
    (ParticipantId(party), domain, place, as_of)
}

fn domain_from_pb(faults: &mut Faults, field: &str, domain: i32, unspecified: Option<Domain>) -> Domain {
    faults.stated(field, domain, Domain::Operations, |domain| match domain {
        pb::CooperationDomain::Unspecified => unspecified,
        pb::CooperationDomain::Operations => Some(Domain::Operations),
        pb::CooperationDomain::IntelligenceSharing => Some(Domain::IntelligenceSharing),
        pb::CooperationDomain::Assistance => Some(Domain::Assistance),
    })
}

/// The command to suspend cooperation.
#[must_use]
pub fn suspend_from_pb(pb: pb::SuspendCooperationRequest) -> Converted<Command> {
    let pb::SuspendCooperationRequest { suspension, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let suspension = faults.required("suspension", suspension);
    let draft = draft(&mut faults, suspension);
    faults.finish(Command::Suspend(Box::new(draft)))
}

fn draft(faults: &mut Faults, pb: pb::Suspension) -> Draft {
    let pb::Suspension {
        name: _,
        party,
        area: place,
        domain,
        scope,
        effect,
        cause: _,
        article: _,
        incidents: _,
        reason,
        suspended_by: _,
        suspend_time: _,
        lift_consents: _,
        lift_time: _,
    } = pb;
    let domain = domain_from_pb(faults, "suspension.domain", domain, None);
    let scope = faults.stated("suspension.scope", scope, Scope::Kinetic, |scope| match scope {
        pb::SuspensionScope::Unspecified | pb::SuspensionScope::Kinetic => Some(Scope::Kinetic),
        pb::SuspensionScope::KineticAndFlights => Some(Scope::KineticAndFlights),
    });
    let effect = faults.stated("suspension.effect", effect, Effect::Suspended, |effect| match effect {
        pb::CooperationStatus::Unspecified | pb::CooperationStatus::Suspended => Some(Effect::Suspended),
        pb::CooperationStatus::Restricted => Some(Effect::Restricted),
        pb::CooperationStatus::Normal => None,
    });
    let place = place.map(|place| area::from_pb(faults, "suspension.area", Some(place)));
    Draft { party: named(party), area: place, domain, scope, effect, reason }
}

/// The command to consent to lifting a suspension.
#[must_use]
pub fn consent_to_lift_from_pb(pb: pb::ConsentToLiftRequest) -> Converted<Command> {
    let pb::ConsentToLiftRequest { name, corrective_action, envelope, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", Suspension::COLLECTION, &name);
    faults.finish(Command::ConsentToLift { id, corrective_action, envelope })
}

/// What a party signs that consents to lifting a suspension as it was read.
///
/// # Errors
/// `INVALID_ARGUMENT` that names what is missing in it.
pub fn lift_subject_of(pb: pb::Suspension) -> Result<Subject, Refusal> {
    let mut faults = Faults::default();
    let id = faults.id("name", Suspension::COLLECTION, &pb.name);
    let cause =
        faults.stated("cause", pb.cause, CauseKind::Trigger, |cause: pb::SuspensionCause| match cause {
            pb::SuspensionCause::Unspecified => None,
            pb::SuspensionCause::Trigger => Some(CauseKind::Trigger),
            pb::SuspensionCause::Unilateral => Some(CauseKind::Unilateral),
        });
    let named = pb.incidents.iter().enumerate();
    let incidents: Vec<String> =
        named.map(|(i, name)| faults.id(&format!("incidents[{i}]"), Incident::COLLECTION, name)).collect();
    let at = time::required(&mut faults, "suspend_time", pb.suspend_time);
    let suspended_by = pb.suspended_by.as_ref().map(|by| ParticipantId(by.participant.clone()));
    let article = pb.article;
    let draft = draft(&mut faults, pb);
    let Draft { party, area, domain, scope, effect, reason } = faults.only(draft)?;
    let content = Content {
        party: party.as_ref(),
        area: area.as_ref(),
        domain,
        scope,
        effect,
        cause,
        article,
        incidents: &incidents,
        suspended_by: suspended_by.as_ref(),
        reason: &reason,
        at,
    };
    Ok(content.lift_of(&id))
}
