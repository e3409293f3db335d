//! The methods of incidents, each with fields that are wrong in both ways.

use serde_json::json;

use super::{DECEIVING, TOO_LATE, Wrong, wrong};

pub(super) const SERVED: (&str, &str) = ("concord.incidents.v1", "incidents");

const APPROVER: &str = "party-a/approver/actor-2";
const OFFICER: &str = "party-a/duty-officer/actor-1";
const INVESTIGATOR: &str = "party-a/investigator/actor-1";

pub(super) fn all() -> Vec<Wrong> {
    let mut all = accounts();
    all.extend(hotline());
    all.extend(cooperation());
    all
}

fn accounts() -> Vec<Wrong> {
    let incident = json!({
        "severity": 99, "description": DECEIVING, "occur_time": TOO_LATE, "location_precision_m": -1,
        "killed": {"min": 3, "max": 2, "note": DECEIVING},
        "alleged_party": "nobody", "related": ["areas/one"],
    });
    let reported = [
        "incident_id",
        "incident.category",
        "incident.severity",
        "incident.description",
        "incident.occur_time",
        "incident.location",
        "incident.location_precision_m",
        "incident.killed.max",
        "incident.killed.note",
        "incident.alleged_party",
        "incident.related[0]",
    ];
    let engagement = json!({
        "location": {"latitude": 95}, "party": "nobody", "decision": "areas/one", "response": 99,
    });
    let filed = [
        "engagement_id",
        "engagement.occur_time",
        "engagement.location.latitude",
        "engagement.party",
        "engagement.decision",
        "engagement.response",
    ];
    let concluded = json!({"result": 99, "attribution": DECEIVING, "reason": DECEIVING});
    vec![
        wrong(
            OFFICER,
            "IncidentService/ReportIncident",
            json!({"incident_id": "Not One", "incident": incident}),
            &reported,
        ),
        wrong(OFFICER, "IncidentService/AcknowledgeIncident", json!({}), &["name"]),
        wrong(
            INVESTIGATOR,
            "IncidentService/ConcludeIncident",
            concluded,
            &["name", "result", "attribution", "reason"],
        ),
        wrong(
            OFFICER,
            "IncidentService/FileEngagement",
            json!({"engagement_id": "Not One", "engagement": engagement}),
            &filed,
        ),
        wrong(OFFICER, "IncidentService/EndEngagementResponse", json!({}), &["name"]),
    ]
}

fn hotline() -> Vec<Wrong> {
    let message = json!({
        "body": "", "language_code": "en_GB", "addressees": ["party-b", "nobody"], "in_reply_to": "areas/one",
        "warning": {"area": {"circle": {"radius_m": -1}}, "window": {"start_time": TOO_LATE}},
    });
    let sent = [
        "message.precedence",
        "message.body",
        "message.language_code",
        "message.addressees[1]",
        "message.in_reply_to",
        "message.warning.area.circle.center",
        "message.warning.area.circle.radius_m",
        "message.warning.window.start_time",
        "message.warning.window.end_time",
    ];
    let acknowledged = json!({"name": "messages/", "duty_role": DECEIVING});
    vec![
        wrong(OFFICER, "HotlineService/SendMessage", json!({"message": message}), &sent),
        wrong(OFFICER, "HotlineService/AcknowledgeMessage", acknowledged, &["name", "duty_role"]),
        wrong(OFFICER, "HotlineService/ResolveWarning", json!({}), &["name"]),
    ]
}

fn cooperation() -> Vec<Wrong> {
    let suspension = json!({
        "party": "observer", "scope": 99, "effect": "COOPERATION_STATUS_NORMAL", "area": {},
    });
    let suspended = [
        "suspension.party",
        "suspension.domain",
        "suspension.scope",
        "suspension.effect",
        "suspension.area.form",
        "suspension.reason",
    ];
    vec![
        wrong(
            OFFICER,
            "CooperationService/SuspendCooperation",
            json!({"suspension": suspension}),
            &suspended,
        ),
        wrong(
            APPROVER,
            "CooperationService/ConsentToLift",
            json!({}),
            &["name", "corrective_action", "envelope"],
        ),
    ]
}
