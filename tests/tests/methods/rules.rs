//! Rules: each method once with success, and once with each reason that it promises.

use std::os::unix::fs::FileExt as _;

use concord_domain::accord::Mode;
use concord_testkit::Cluster;
use concord_testkit::setting::{TEXT, envelope, notify_clinic, operation, put_in_order};
use serde_json::{Value, json};

use crate::call::{json_of, reason};
use crate::overload::{self, Load, large_area};
use crate::play::{Play, Row, Seen, no, ok};
use crate::shell;

const PACKAGE: &str = "concord.rules.v1";
const PROPOSER: &str = "party-a/proposer/actor-1";
/// The proposer again, with another certificate.
const PROPOSER_AS_APPROVER: &str = "party-a/approver/actor-1";
const APPROVER_A: &str = "party-a/approver/actor-2";
const APPROVER_B: &str = "party-b/approver/actor-2";
const OFFICER_A: &str = "party-a/duty-officer/actor-1";
const OFFICER_B: &str = "party-b/duty-officer/actor-1";
/// The officer again, with another certificate.
const OFFICER_AS_REVIEWER: &str = "party-a/reviewer/actor-1";
const REVIEWER_A: &str = "party-a/reviewer/actor-2";
const REVIEWER_B: &str = "party-b/reviewer/actor-2";
const AUDITOR: &str = "auditor/auditor/actor-1";

fn proposed(id: &str) -> Value {
    json!({"rule_set_id": id, "text": TEXT})
}

fn ratified(cluster: &Cluster, id: &str, key_of: &str) -> Value {
    json!({"name": format!("ruleSets/{id}"), "envelope": envelope(cluster, id, TEXT, key_of)})
}

fn rule_sets(cluster: &Cluster) -> Vec<Row> {
    let (propose, ratify) = ("RuleSetService/ProposeRuleSet", "RuleSetService/RatifyRuleSet");
    let by = |key_of: &str| ratified(cluster, "second", key_of);
    vec![
        ok(PROPOSER, propose, proposed("second")),
        no(PROPOSER, propose, proposed("second"), "ALREADY_EXISTS"),
        no(PROPOSER, propose, json!({"text": "title = 1"}), "RULE_SET_INVALID"),
        no(PROPOSER, propose, proposed("No identifier"), "INVALID_ARGUMENT"),
        no(APPROVER_A, ratify, ratified(cluster, "none", "party-a"), "NOT_FOUND"),
        no(APPROVER_A, ratify, by("party-b"), "SIGNATURE_INVALID"),
        no(PROPOSER_AS_APPROVER, ratify, by("party-a"), "SELF_APPROVAL"),
        ok(APPROVER_A, ratify, by("party-a")),
        no(APPROVER_A, ratify, by("party-a"), "ALREADY_DECIDED"),
        ok(APPROVER_B, ratify, by("party-b")),
        no(APPROVER_B, ratify, by("party-b"), "STATE_FORBIDS"),
        ok(AUDITOR, "RuleSetService/GetRuleSet", json!({"name": "ruleSets/second"})),
        no(AUDITOR, "RuleSetService/GetRuleSet", json!({"name": "ruleSets/none"}), "NOT_FOUND"),
        ok(AUDITOR, "RuleSetService/ListRuleSets", json!({})),
    ]
}

/// An operation to which nothing objects, and one that refers for want of a second source.
fn operations() -> (Value, Value) {
    let mut single = operation();
    single.sources.truncate(1);
    let json = |operation| json_of("concord.rules.v1.Operation", operation);
    (json(&operation()), json(&single))
}

fn named(name: &str) -> Value {
    json!({"name": name})
}

fn checks() -> Vec<Row> {
    let check = "CheckService/CheckOperation";
    let (confirm, lapse) = ("CheckService/ConfirmDecision", "CheckService/LapseDecision");
    let (good, single) = operations();
    let permit = || named("@permit /decision/name");
    let none = || named("decisions/none");
    vec![
        ok(OFFICER_A, check, json!({"operation": good})).kept("permit"),
        ok(OFFICER_A, check, json!({"operation": single})).kept("referral"),
        ok(OFFICER_A, check, json!({"operation": single})).kept("late"),
        ok(AUDITOR, "CheckService/GetDecision", permit()),
        no(AUDITOR, "CheckService/GetDecision", none(), "NOT_FOUND"),
        ok(AUDITOR, "CheckService/ListDecisions", json!({})),
        ok(AUDITOR, "CheckService/WatchDecision", permit()),
        no(AUDITOR, "CheckService/WatchDecision", none(), "NOT_FOUND"),
        ok(AUDITOR, "CheckService/ReplayDecision", permit()),
        no(AUDITOR, "CheckService/ReplayDecision", none(), "NOT_FOUND"),
        no(OFFICER_A, confirm, none(), "NOT_FOUND"),
        no(OFFICER_B, confirm, permit(), "NOT_YOURS"),
        ok(OFFICER_A, confirm, permit()),
        no(OFFICER_A, lapse, none(), "NOT_FOUND"),
        no(OFFICER_B, lapse, permit(), "NOT_YOURS"),
        ok(OFFICER_A, lapse, permit()),
        no(OFFICER_A, lapse, permit(), "STATE_FORBIDS"),
    ]
}

/// A release of a decision, signed by a party over one that was kept.
fn release(name: &str, party: &str, kept: &str) -> Value {
    let envelope = format!("@signed {party} @{kept} /decision/name");
    json!({"name": name, "decision": "REVIEW_DECISION_RELEASE", "reason": "as reviewed", "envelope": envelope})
}

fn reviews() -> Vec<Row> {
    let review = "CheckService/ReviewReferral";
    let this = |party: &str| release("@referral /decision/name", party, "referral");
    vec![
        no(REVIEWER_A, review, release("decisions/none", "party-a", "referral"), "NOT_FOUND"),
        no(OFFICER_AS_REVIEWER, review, this("party-a"), "SELF_APPROVAL"),
        no(REVIEWER_A, review, this("party-b"), "SIGNATURE_INVALID"),
        ok(REVIEWER_A, review, this("party-a")),
        no(REVIEWER_A, review, this("party-a"), "ALREADY_DECIDED"),
        ok(REVIEWER_B, review, this("party-b")),
        no(REVIEWER_B, review, this("party-b"), "STATE_FORBIDS"),
    ]
}

fn late_review() -> Vec<Row> {
    let review = "CheckService/ReviewReferral";
    vec![no(REVIEWER_A, review, release("@late /decision/name", "party-a", "late"), "RELEASE_DENIED")]
}

fn coordination() -> Vec<Row> {
    let consent = "CoordinationService/ConsentToOperation";
    let (good, _) = operations();
    let of = |resource: &str| json!({"operation": good, "party": "party-a", "resource": resource});
    let said = json!({"operation_digest": "@notice /coordination/operationDigest"});
    vec![
        ok(OFFICER_A, "CoordinationService/GiveNotice", json!({"operation": good})).kept("notice"),
        ok(
            APPROVER_B,
            "CoordinationService/ApproveOperation",
            json!({"operation": good, "party": "party-a"}),
        ),
        ok(
            APPROVER_A,
            "CoordinationService/AttestOperation",
            json!({"operation": good, "attestation": "ATTESTATION_KIND_LEGAL_REVIEW"}),
        ),
        no(OFFICER_B, consent, of("airReservations/none"), "NOT_FOUND"),
        no(OFFICER_A, consent, of("airReservations/held"), "NOT_YOURS"),
        ok(OFFICER_B, consent, of("airReservations/held")),
        ok(AUDITOR, "CoordinationService/ListCoordination", said),
    ]
}

/// A volume far from every operation.
fn volumes(lower_m: u32, upper_m: u32) -> Value {
    json!([{
        "area": {"circle": {"center": {"latitude": 20, "longitude": 20}, "radius_m": 5000}},
        "altitude_band": {"lower_m": lower_m, "upper_m": upper_m},
        "window": {"start_time": "2030-01-01T00:00:00Z", "end_time": "2030-01-01T06:00:00Z"},
    }])
}

fn airspace() -> Vec<Row> {
    let (reserve, amend) = ("AirspaceService/ReserveAirspace", "AirspaceService/AmendAirReservation");
    let end = "AirspaceService/EndAirReservation";
    let wanted = |id: &str, volumes: Value, key: Value| {
        let kind = "AIR_RESERVATION_KIND_OPERATIONS";
        json!({"air_reservation_id": id, "kind": kind, "volumes": volumes, "key": key})
    };
    let moved = |name: &str, etag: &str, volumes: Value, key: Value| json!({"name": name, "etag": etag, "volumes": volumes, "key": key});
    let mine = |volumes, key| moved("airReservations/mine", "@etag airReservations/mine", volumes, key);
    let (taken, free) = (|| volumes(1_000, 3_000), || volumes(5_000, 6_000));
    let (unread, read) = (|| json!([]), || json!(["@held /airReservation/keyToken"]));
    vec![
        ok(OFFICER_B, reserve, wanted("held", taken(), unread())).kept("held"),
        no(OFFICER_B, reserve, wanted("held", taken(), unread()), "ALREADY_EXISTS"),
        no(OFFICER_A, reserve, wanted("mine", taken(), unread()), "KNOWLEDGE_INCOMPLETE"),
        no(OFFICER_A, reserve, wanted("mine", taken(), read()), "AIRSPACE_CONFLICT"),
        ok(OFFICER_A, reserve, wanted("mine", free(), unread())),
        no(OFFICER_A, amend, moved("airReservations/none", "x", free(), unread()), "NOT_FOUND"),
        no(OFFICER_A, amend, moved("airReservations/mine", "old", free(), unread()), "ETAG_STALE"),
        no(OFFICER_B, amend, mine(free(), unread()), "NOT_YOURS"),
        no(OFFICER_A, amend, mine(taken(), unread()), "KNOWLEDGE_INCOMPLETE"),
        no(OFFICER_A, amend, mine(taken(), read()), "AIRSPACE_CONFLICT"),
        ok(OFFICER_A, amend, mine(volumes(5_000, 7_000), unread())),
        no(OFFICER_A, end, named("airReservations/none"), "NOT_FOUND"),
        no(OFFICER_B, end, named("airReservations/mine"), "NOT_YOURS"),
        ok(OFFICER_A, end, named("airReservations/mine")),
        no(OFFICER_A, end, named("airReservations/mine"), "STATE_FORBIDS"),
        no(OFFICER_A, amend, mine(free(), unread()), "STATE_FORBIDS"),
        ok(AUDITOR, "AirspaceService/GetAirReservation", named("airReservations/held")),
        no(AUDITOR, "AirspaceService/GetAirReservation", named("airReservations/none"), "NOT_FOUND"),
        ok(AUDITOR, "AirspaceService/ListAirReservations", json!({})),
    ]
}

fn load() -> Load {
    let (mut large, _) = operations();
    large["effectArea"] = large_area();
    let none = json!({"name": "decisions/none"});
    Load {
        by: OFFICER_A,
        // A check is evaluated before the writer's turn.
        long: ("CoordinationService/GiveNotice", json!({"operation": large})),
        large: ("CheckService/CheckOperation", json!({"operation": large})),
        light: ("CheckService/LapseDecision", none),
    }
}

/// A replay that has just succeeded, and then finds what is kept of the registry's ledger damaged on disk.
async fn replay_over_a_damaged_copy(play: &mut Play) {
    let method = play.method("CheckService/ReplayDecision");
    let (by, request) = play.seen.good(&method);
    play.call(&by, &method, &request).await.unwrap();
    let copy = play.cluster.data_dir("rules").join("followed/registry/00000000.seg");
    let file = std::fs::File::options().write(true).open(copy).unwrap();
    file.write_all_at(&[0xff; 64], 1_000).unwrap();
    let refused = play.call(&by, &method, &request).await.unwrap_err();
    play.seen.note(&method, &reason(&refused));
}

/// In an exercise nothing is answered before the registry has told the time.
async fn exercise_without_registry(seen: Seen) -> Seen {
    let mut play = Play::new(Cluster::start_all(Mode::Exercise).await, PACKAGE, "rules", seen);
    play.cluster.stop("registry").await;
    for method in play.seen.missing(PACKAGE, "LEDGER_UNAVAILABLE") {
        let (by, request) = play.seen.good(&method);
        let refused = play.call(&by, &method, &request).await;
        play.seen.note(&method, &reason(&refused.expect_err(method.full_name())));
    }
    play.seen
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_gives_every_outcome_that_it_promises() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    put_in_order(&cluster).await;
    let sets = rule_sets(&cluster);
    let mut play = Play::new(cluster, PACKAGE, "rules", Seen::default());
    for rows in [sets, checks(), reviews(), airspace(), coordination()] {
        play.run(rows).await;
    }
    notify_clinic(&play.cluster).await;
    play.run(late_review()).await;
    shell::drive(&mut play).await;
    shell::stop_under_streams(&mut play).await;
    overload::fill_the_queue(&mut play, &load()).await;
    overload::fill_the_disk(&mut play, &load()).await;
    overload::fail_the_disk(&mut play, &load()).await;
    replay_over_a_damaged_copy(&mut play).await;
    let seen = exercise_without_registry(play.seen).await;
    seen.compare(PACKAGE);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by cargo xtask torture cancel"]
async fn a_cancelled_call_of_rules_leaves_it_before_or_after() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    put_in_order(&cluster).await;
    let sets = rule_sets(&cluster);
    let mut play = Play::new(cluster, PACKAGE, "rules", Seen::default()).impatient();
    for rows in [sets, checks(), reviews(), airspace(), coordination()] {
        play.run(rows).await;
    }
    play.tell();
}
