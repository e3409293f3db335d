//! The methods of rules, each with fields that are wrong in both ways.

use serde_json::{Value, json};

use super::{DECEIVING, TOO_LATE, Wrong, wrong};

pub(super) const SERVED: (&str, &str) = ("concord.rules.v1", "rules");

const PROPOSER: &str = "party-a/proposer/actor-1";
const APPROVER: &str = "party-a/approver/actor-2";
const OFFICER: &str = "party-a/duty-officer/actor-1";
const REVIEWER: &str = "party-a/reviewer/actor-2";

pub(super) fn all() -> Vec<Wrong> {
    let mut all = rule_sets_and_checks();
    all.extend(coordination());
    all.extend(airspace());
    all
}

fn rule_sets_and_checks() -> Vec<Wrong> {
    let operation = json!({
        "target_type": 99, "description": DECEIVING, "accuracy_m": "NaN", "dissent": 99, "building_use": 99,
        "effect_area": {"circle": {"radius_m": -1}},
        "window": {"start_time": "2030-01-01T00:00:00Z"},
        "intended_point": {"latitude": 95},
        "sources": [{"origin": "", "content_hash": "none", "collect_time": TOO_LATE}],
        "harm_estimate": {"killed": 4_000_000_000_u32, "assess_time": TOO_LATE},
        "known_etags": ["none"],
    });
    let fields = [
        "operation.kind",
        "operation.target_type",
        "operation.description",
        "operation.accuracy_m",
        "operation.dissent",
        "operation.building_use",
        "operation.effect_area.circle.center",
        "operation.effect_area.circle.radius_m",
        "operation.window.end_time",
        "operation.intended_point.latitude",
        "operation.sources[0].origin",
        "operation.sources[0].content_hash",
        "operation.sources[0].collect_time",
        "operation.harm_estimate.killed",
        "operation.harm_estimate.assess_time",
        "operation.known_etags[0]",
    ];
    let rule_set = json!({"rule_set_id": "Not One", "text": "title = 1"});
    vec![
        wrong(PROPOSER, "RuleSetService/ProposeRuleSet", rule_set, &["rule_set_id", "text", "title"]),
        wrong(APPROVER, "RuleSetService/RatifyRuleSet", json!({}), &["name", "envelope"]),
        wrong(OFFICER, "CheckService/CheckOperation", json!({"operation": operation}), &fields),
        wrong(OFFICER, "CheckService/CheckOperation", json!({}), &["operation"]),
        wrong(
            REVIEWER,
            "CheckService/ReviewReferral",
            json!({"name": "decisions/", "decision": 99}),
            &["name", "decision", "reason"],
        ),
        wrong(
            REVIEWER,
            "CheckService/ReviewReferral",
            json!({"name": "decisions/", "decision": "REVIEW_DECISION_RELEASE"}),
            &["name", "reason", "envelope"],
        ),
        wrong(OFFICER, "CheckService/LapseDecision", json!({}), &["name"]),
    ]
}

/// Without a kind, and with a circle that cannot be.
fn operation() -> Value {
    json!({
        "target_type": "TARGET_TYPE_BUILDING",
        "effect_area": {"circle": {"center": {"latitude": 1, "longitude": 1}, "radius_m": 1e9}},
        "window": {"start_time": "2030-01-01T00:00:00Z", "end_time": "2030-01-01T06:00:00Z"},
    })
}

fn coordination() -> Vec<Wrong> {
    let notice = json!({"operation": operation(), "notified_point": {"latitude": 95}});
    let consent = json!({"operation": operation(), "party": "observer", "resource": "areas/none"});
    let (kind, radius) = ("operation.kind", "operation.effect_area.circle.radius_m");
    vec![
        wrong(OFFICER, "CoordinationService/GiveNotice", notice, &[kind, radius, "notified_point.latitude"]),
        wrong(
            APPROVER,
            "CoordinationService/ApproveOperation",
            json!({"party": "observer"}),
            &["operation", "party"],
        ),
        wrong(OFFICER, "CoordinationService/ConsentToOperation", consent, &[kind, radius, "party"]),
        wrong(
            APPROVER,
            "CoordinationService/AttestOperation",
            json!({"operation": operation()}),
            &[kind, radius, "attestation"],
        ),
    ]
}

fn airspace() -> Vec<Wrong> {
    let place = json!({"circle": {"center": {"latitude": 1, "longitude": 1}, "radius_m": 50}});
    let window = json!({"start_time": "2030-01-01T06:00:00Z", "end_time": "2030-01-01T00:00:00Z"});
    let volumes = json!([{"area": place, "window": window}, {"area": {"circle": {"radius_m": -1}}}]);
    let reserved = [
        "air_reservation_id",
        "kind",
        "volumes[0].window.end_time",
        "volumes[1].area.circle.center",
        "volumes[1].area.circle.radius_m",
        "volumes[1].window",
    ];
    vec![
        wrong(
            OFFICER,
            "AirspaceService/ReserveAirspace",
            json!({"air_reservation_id": "Not One", "volumes": volumes}),
            &reserved,
        ),
        wrong(OFFICER, "AirspaceService/AmendAirReservation", json!({}), &["name", "volumes"]),
        wrong(OFFICER, "AirspaceService/EndAirReservation", json!({}), &["name"]),
    ]
}
