//! Incidents: each method once with success, and once with each reason that it promises.

use concord_domain::accord::Mode;
use concord_testkit::Cluster;
use serde_json::{Value, json};

use crate::call::reason;
use crate::overload::{self, Load, large_area};
use crate::play::{Play, Row, Seen, no, ok};
use crate::shell;

const PACKAGE: &str = "concord.incidents.v1";
const OFFICER_A: &str = "party-a/duty-officer/actor-1";
const OFFICER_B: &str = "party-b/duty-officer/actor-1";
const INVESTIGATOR: &str = "party-a/investigator/actor-1";
const APPROVER_A: &str = "party-a/approver/actor-2";
const APPROVER_B: &str = "party-b/approver/actor-2";
const OBSERVER: &str = "observer/duty-officer/actor-1";
const AUDITOR: &str = "auditor/auditor/actor-1";

fn place() -> Value {
    json!({"latitude": 0.5, "longitude": 0.5})
}

fn named(name: &str) -> Value {
    json!({ "name": name })
}

fn reports() -> Vec<Row> {
    let report = "IncidentService/ReportIncident";
    let incident = json!({
        "incident_id": "one",
        "incident": {
            "category": "INCIDENT_CATEGORY_CIVILIAN_HARM", "severity": "SEVERITY_MAJOR",
            "occur_time": "2020-01-01T00:00:00Z", "location": place(), "alleged_party": "party-a",
        },
    });
    let acknowledge = "IncidentService/AcknowledgeIncident";
    let conclude = "IncidentService/ConcludeIncident";
    let finding = |name: &str| json!({"name": name, "result": "FINDING_RESULT_SUBSTANTIATED"});
    vec![
        ok(OBSERVER, report, incident.clone()),
        no(OBSERVER, report, incident, "ALREADY_EXISTS"),
        no(OFFICER_A, acknowledge, named("incidents/none"), "NOT_FOUND"),
        ok(OFFICER_A, acknowledge, named("incidents/one")),
        no(OFFICER_A, acknowledge, named("incidents/one"), "ALREADY_DECIDED"),
        no(INVESTIGATOR, conclude, finding("incidents/none"), "NOT_FOUND"),
        ok(INVESTIGATOR, conclude, finding("incidents/one")),
        ok(AUDITOR, "IncidentService/GetIncident", named("incidents/one")),
        no(AUDITOR, "IncidentService/GetIncident", named("incidents/none"), "NOT_FOUND"),
        ok(AUDITOR, "IncidentService/ListIncidents", json!({})),
    ]
}

fn engagements() -> Vec<Row> {
    let file = "IncidentService/FileEngagement";
    let engagement = json!({
        "engagement_id": "one",
        "engagement": {"occur_time": "2020-01-01T00:00:00Z", "location": place()},
    });
    let end = "IncidentService/EndEngagementResponse";
    vec![
        ok(OFFICER_A, file, engagement.clone()),
        no(OFFICER_A, file, engagement, "ALREADY_EXISTS"),
        no(OFFICER_A, end, named("engagements/none"), "NOT_FOUND"),
        no(OFFICER_B, end, named("engagements/one"), "NOT_YOURS"),
        ok(OFFICER_A, end, named("engagements/one")),
        no(OFFICER_A, end, named("engagements/one"), "STATE_FORBIDS"),
        ok(AUDITOR, "IncidentService/ListEngagements", json!({})),
    ]
}

fn hotline() -> Vec<Row> {
    let send = "HotlineService/SendMessage";
    let message = json!({"message": {
        "precedence": "PRECEDENCE_FLASH", "body": "Stop",
        "warning": {"area": {"circle": {"center": place(), "radius_m": 10}}},
    }});
    let answer = json!({"message": {
        "precedence": "PRECEDENCE_ROUTINE", "body": "Why", "in_reply_to": "messages/none",
    }});
    let acknowledge = "HotlineService/AcknowledgeMessage";
    let read = |name: &str| json!({"name": name, "duty_role": "duty officer"});
    let resolve = "HotlineService/ResolveWarning";
    vec![
        ok(OFFICER_A, send, message).kept("sent"),
        no(OFFICER_A, send, answer, "NOT_FOUND"),
        ok(OFFICER_B, "HotlineService/StreamMessages", json!({})),
        no(OFFICER_B, "HotlineService/StreamMessages", json!({"cursor": "1000000"}), "INVALID_ARGUMENT"),
        no(OFFICER_B, acknowledge, read("messages/none"), "NOT_FOUND"),
        no(OFFICER_A, acknowledge, read("@sent /message/name"), "NOT_YOURS"),
        ok(OFFICER_B, acknowledge, read("@sent /message/name")),
        no(OFFICER_B, acknowledge, read("@sent /message/name"), "ALREADY_DECIDED"),
        no(OFFICER_A, resolve, named("messages/none"), "NOT_FOUND"),
        no(OFFICER_B, resolve, named("@sent /message/name"), "NOT_YOURS"),
        ok(OFFICER_A, resolve, named("@sent /message/name")),
        no(OFFICER_A, resolve, named("@sent /message/name"), "STATE_FORBIDS"),
        ok(AUDITOR, "HotlineService/GetMessage", named("@sent /message/name")),
        no(AUDITOR, "HotlineService/GetMessage", named("messages/none"), "NOT_FOUND"),
        ok(AUDITOR, "HotlineService/ListMessages", json!({})),
    ]
}

fn cooperation() -> Vec<Row> {
    let suspension = json!({"suspension": {
        "party": "party-b", "domain": "COOPERATION_DOMAIN_OPERATIONS", "reason": "as agreed",
    }});
    let lift = "CooperationService/ConsentToLift";
    let consent = |name: &str, party: &str| {
        let envelope = format!("@signed {party} @suspended /suspension/name");
        json!({"name": name, "corrective_action": "as agreed", "envelope": envelope})
    };
    let this = |party: &str| consent("@suspended /suspension/name", party);
    vec![
        ok(OFFICER_A, "CooperationService/SuspendCooperation", suspension).kept("suspended"),
        ok(AUDITOR, "CooperationService/GetCooperationStatus", json!({"party": "party-b"})),
        no(APPROVER_A, lift, consent("suspensions/none", "party-a"), "NOT_FOUND"),
        no(APPROVER_A, lift, this("party-b"), "SIGNATURE_INVALID"),
        ok(APPROVER_A, lift, this("party-a")),
        no(APPROVER_A, lift, this("party-a"), "ALREADY_DECIDED"),
        ok(APPROVER_B, lift, this("party-b")),
        no(APPROVER_B, lift, this("party-b"), "STATE_FORBIDS"),
        ok(AUDITOR, "CooperationService/ListSuspensions", json!({})),
    ]
}

fn load() -> Load {
    let suspension = json!({
        "party": "party-b", "domain": "COOPERATION_DOMAIN_ASSISTANCE", "reason": "as agreed", "area": large_area(),
    });
    let suspend = ("CooperationService/SuspendCooperation", json!({ "suspension": suspension }));
    Load {
        by: OFFICER_A,
        long: suspend.clone(),
        large: suspend,
        light: ("IncidentService/AcknowledgeIncident", named("incidents/none")),
    }
}

/// In an exercise nothing is answered before the registry has told the time.
async fn exercise_without_registry(seen: Seen) -> Seen {
    let mut play = Play::new(Cluster::start_all(Mode::Exercise).await, PACKAGE, "incidents", seen);
    play.cluster.stop("registry").await;
    for method in play.seen.missing(PACKAGE, "LEDGER_UNAVAILABLE") {
        let (by, request) = play.seen.good(&method);
        let refused = play.call(&by, &method, &request).await;
        play.seen.note(&method, &reason(&refused.expect_err(method.full_name())));
    }
    play.seen
}

#[tokio::test(flavor = "multi_thread")]
async fn incidents_gives_every_outcome_that_it_promises() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    let mut play = Play::new(cluster, PACKAGE, "incidents", Seen::default());
    for rows in [reports(), engagements(), hotline(), cooperation()] {
        play.run(rows).await;
    }
    shell::drive(&mut play).await;
    shell::stop_under_streams(&mut play).await;
    overload::fill_the_queue(&mut play, &load()).await;
    overload::fill_the_disk(&mut play, &load()).await;
    overload::fail_the_disk(&mut play, &load()).await;
    let seen = exercise_without_registry(play.seen).await;
    seen.compare(PACKAGE);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by cargo xtask torture cancel"]
async fn a_cancelled_call_of_incidents_leaves_it_before_or_after() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    let mut play = Play::new(cluster, PACKAGE, "incidents", Seen::default()).impatient();
    for rows in [reports(), engagements(), hotline(), cooperation()] {
        play.run(rows).await;
    }
    play.tell();
}
