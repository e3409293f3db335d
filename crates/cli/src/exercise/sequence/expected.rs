//! What must be so after an event, compared with what the services say.

use std::collections::BTreeSet;

use concord_domain::time::Timestamp;
use concord_proto::pb::incidents::v1 as pb;

use super::super::case::sequence::Expect;
use super::super::world::names_flights;
use super::super::{Played, accepts, report};
use super::{Sequence, goes_on};

/// What is not as it must be.
///
/// # Errors
/// Says which call failed, and how.
pub(super) async fn wrong(
    sequence: &Sequence<'_, '_>,
    came: Option<&Played>,
    expect: &Expect,
    at: Timestamp,
) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    if let Some(expected) = expect.of_check() {
        match came {
            Some(came) if accepts(&expected, came) => {}
            came => wrong.push(format!("expected {expected:?}, came {came:?}")),
        }
    }
    if let Some(history) = &expect.history {
        let name = sequence.name_of(expect.incident.as_deref().unwrap_or_default())?;
        let read = report::whole(sequence.play, &name).await?.attribution_history;
        if &read != history {
            wrong.push(format!("history {read:?}"));
        }
    }
    if let Some(status) = &expect.status {
        wrong.extend(wrong_statuses(sequence, expect, status, at).await?);
    }
    Ok(wrong)
}

/// A status is compared for the party that is named, else for each that a lift was about.
async fn wrong_statuses(
    sequence: &Sequence<'_, '_>,
    expect: &Expect,
    status: &str,
    at: Timestamp,
) -> Result<Vec<String>, String> {
    let parties = match &expect.party {
        Some(party) => BTreeSet::from([sequence.play.cast.id(party)]),
        None => sequence.suspended.clone(),
    };
    let mut wrong = Vec::new();
    if parties.is_empty() {
        wrong.push(format!("no party whose status is {status:?}"));
    }
    let scope = expect.scope.as_deref().unwrap_or_default();
    for party in parties {
        let now = status_of(sequence, &party, scope, at).await?;
        if now != status {
            wrong.push(format!("the status of {party} is {now:?}"));
        }
    }
    Ok(wrong)
}

/// The status of a party in what the words of a scope name. What no status is kept for is tried.
async fn status_of(
    sequence: &Sequence<'_, '_>,
    party: &str,
    scope: &str,
    at: Timestamp,
) -> Result<&'static str, String> {
    if let Some(what) = goes_on::named(scope) {
        let goes_on = goes_on::tried(sequence.play, party, what, (&sequence.setting.place, at)).await?;
        return Ok(if goes_on { "normal" } else { "suspended" });
    }
    Ok(status_in(&report::standing(sequence.play, party, domain_of(scope)).await?, scope))
}

/// The domain that the words of a scope name.
fn domain_of(scope: &str) -> pb::CooperationDomain {
    if scope.contains("intelligence") {
        pb::CooperationDomain::IntelligenceSharing
    } else if scope.contains("assistance") {
        pb::CooperationDomain::Assistance
    } else {
        pb::CooperationDomain::Operations
    }
}

/// The worst status among the suspensions that reach a scope.
fn status_in(standing: &pb::GetCooperationStatusResponse, scope: &str) -> &'static str {
    let reaching = standing
        .suspensions
        .iter()
        .filter(|row| !names_flights(scope) || row.scope() == pb::SuspensionScope::KineticAndFlights);
    match reaching.map(pb::Suspension::effect).max() {
        None | Some(pb::CooperationStatus::Normal | pb::CooperationStatus::Unspecified) => "normal",
        Some(pb::CooperationStatus::Restricted) => "restricted",
        Some(pb::CooperationStatus::Suspended) => "suspended",
    }
}
