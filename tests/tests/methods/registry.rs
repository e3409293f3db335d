//! The registry: each method once with success, and once with each reason that it promises.

use concord_domain::accord::Mode;
use concord_testkit::Cluster;
use serde_json::{Value, json};

use crate::overload::{self, Load, large_area};
use crate::play::{Play, Row, Seen, no, ok};
use crate::shell;

const PACKAGE: &str = "concord.registry.v1";
const PROPOSER: &str = "party-a/proposer/actor-1";
/// The proposer again, with another certificate.
const PROPOSER_AS_APPROVER: &str = "party-a/approver/actor-1";
const APPROVER_A: &str = "party-a/approver/actor-2";
const APPROVER_B: &str = "party-b/approver/actor-2";
const OFFICER_A: &str = "party-a/duty-officer/actor-1";
const OFFICER_B: &str = "party-b/duty-officer/actor-1";
const NOTIFIER: &str = "notifier/proposer/actor-1";
const OBSERVER: &str = "observer/proposer/actor-1";
const AUDITOR: &str = "auditor/auditor/actor-1";

fn circle(latitude: f64) -> Value {
    json!({"circle": {"center": {"latitude": latitude, "longitude": 0.5}, "radius_m": 50}})
}

/// A request with a party's signature over what is consented to under a name.
fn with_envelope(mut request: Value, party: &str, name: &str) -> Value {
    request["envelope"] = json!(format!("@signed {party} {name}"));
    request
}

/// Every party consents to an end, each by a signature but for the one that asks first.
fn ended_by_all(method: &'static str, request: &Value, name: &str) -> [Row; 8] {
    let this = || request.clone();
    let signed = |party: &str| with_envelope(this(), party, name);
    [
        ok(PROPOSER_AS_APPROVER, method, this()),
        no(PROPOSER_AS_APPROVER, method, signed("party-a"), "SELF_APPROVAL"),
        no(APPROVER_A, method, signed("party-b"), "SIGNATURE_INVALID"),
        no(APPROVER_A, method, this(), "INVALID_ARGUMENT"),
        ok(APPROVER_A, method, signed("party-a")),
        no(APPROVER_A, method, signed("party-a"), "ALREADY_DECIDED"),
        ok(APPROVER_B, method, signed("party-b")),
        no(APPROVER_B, method, signed("party-b"), "STATE_FORBIDS"),
    ]
}

fn accord() -> Vec<Row> {
    let time = json!({"time": "2030-01-01T00:00:00Z"});
    vec![
        no(AUDITOR, "AccordService/GetAccord", json!({"as_of": "1970-01-01T00:00:00Z"}), "NOT_FOUND"),
        ok(AUDITOR, "AccordService/GetAccord", json!({})),
        no(OFFICER_A, "AccordService/SetClock", time, "NOT_AN_EXERCISE"),
    ]
}

fn clock() -> Vec<Row> {
    let at = |time: &str| json!({"time": time});
    vec![
        ok(OFFICER_A, "AccordService/SetClock", at("2030-01-01T00:00:00Z")),
        no(OFFICER_A, "AccordService/SetClock", at("2029-01-01T00:00:00Z"), "CLOCK_BACKWARDS"),
    ]
}

fn designations() -> Vec<Row> {
    let propose = "DesignationService/ProposeDesignation";
    let decide = "DesignationService/DecideDesignation";
    let group = json!({
        "designation_id": "d-1",
        "designation": {"kind": "DESIGNATION_KIND_GROUP", "primary_name": "Group one"},
    });
    let approve = |name: &str, etag: &str, party: &str| {
        let envelope = format!("@signed {party} designations/d-1");
        json!({"name": name, "etag": etag, "decision": "PROPOSAL_DECISION_APPROVE", "envelope": envelope})
    };
    let this = |party: &str| approve("designations/d-1", "@etag designations/d-1", party);
    vec![
        ok(PROPOSER, propose, group.clone()),
        no(PROPOSER, propose, group, "ALREADY_EXISTS"),
        no(APPROVER_A, decide, approve("designations/none", "x", "party-a"), "NOT_FOUND"),
        no(APPROVER_A, decide, approve("designations/d-1", "old", "party-a"), "ETAG_STALE"),
        no(APPROVER_A, decide, this("party-b"), "SIGNATURE_INVALID"),
        no(PROPOSER_AS_APPROVER, decide, this("party-a"), "SELF_APPROVAL"),
        ok(APPROVER_A, decide, this("party-a")),
        no(APPROVER_A, decide, this("party-a"), "ALREADY_DECIDED"),
        ok(APPROVER_B, decide, this("party-b")),
        no(APPROVER_B, decide, this("party-b"), "STATE_FORBIDS"),
        ok(AUDITOR, "DesignationService/GetDesignation", json!({"name": "designations/d-1"})),
        no(AUDITOR, "DesignationService/GetDesignation", json!({"name": "designations/none"}), "NOT_FOUND"),
        ok(AUDITOR, "DesignationService/ListDesignations", json!({})),
    ]
}

fn aliases() -> Vec<Row> {
    let (propose, decide) = ("DesignationService/ProposeAlias", "DesignationService/DecideAlias");
    let alias = |name: &str| json!({"name": name, "alias": {"name": "Another name"}});
    let approve = |name: &str, etag: &str, party: &str| {
        let id = "@alias /designation/aliasProposals/0/id";
        let (decision, envelope) =
            ("PROPOSAL_DECISION_APPROVE", format!("@signed {party} designations/d-1/aliases/last"));
        json!({"name": name, "alias_id": id, "etag": etag, "decision": decision, "envelope": envelope})
    };
    let this = |party: &str| approve("designations/d-1", "@alias /designation/aliasProposals/0/etag", party);
    vec![
        no(PROPOSER, propose, alias("designations/none"), "NOT_FOUND"),
        ok(PROPOSER, propose, alias("designations/d-1")).kept("alias"),
        no(PROPOSER, propose, alias("designations/d-1"), "ALREADY_EXISTS"),
        no(APPROVER_A, decide, approve("designations/none", "x", "party-a"), "NOT_FOUND"),
        no(APPROVER_A, decide, approve("designations/d-1", "old", "party-a"), "ETAG_STALE"),
        no(APPROVER_A, decide, this("party-b"), "SIGNATURE_INVALID"),
        no(PROPOSER_AS_APPROVER, decide, this("party-a"), "SELF_APPROVAL"),
        ok(APPROVER_A, decide, this("party-a")).kept("alias"),
        no(APPROVER_A, decide, this("party-a"), "ALREADY_DECIDED"),
    ]
}

/// What ends the designation of the rows before.
fn endings() -> Vec<Row> {
    let (suspend, expire) = ("DesignationService/SuspendDesignation", "DesignationService/ExpireDesignation");
    let of = |name: &str| json!({"name": name, "reason": "as agreed"});
    vec![
        no(OFFICER_A, suspend, of("designations/none"), "NOT_FOUND"),
        ok(OFFICER_A, suspend, of("designations/d-1")),
        no(OFFICER_A, suspend, of("designations/d-1"), "STATE_FORBIDS"),
        no(OFFICER_A, expire, of("designations/none"), "NOT_FOUND"),
        ok(OFFICER_A, expire, of("designations/d-1")),
        no(OFFICER_A, expire, of("designations/d-1"), "STATE_FORBIDS"),
        no(
            PROPOSER,
            "DesignationService/ProposeAlias",
            json!({"name": "designations/d-1", "alias": {"name": "A third name"}}),
            "STATE_FORBIDS",
        ),
    ]
}

fn file(options: &Value, content: &[u8]) -> Value {
    use base64::Engine as _;
    json!([{"options": options}, {"chunk": base64::engine::general_purpose::STANDARD.encode(content)}])
}

fn imports() -> Vec<Row> {
    let list = include_bytes!("../../../crates/cli/assets/designated-entities.xml");
    let sites = include_bytes!("../../../crates/cli/assets/health-sites.geojson");
    let (xml, geojson) =
        (json!({"format": "DESIGNATION_LIST_FORMAT_UN_XML"}), json!({"format": "SITE_LIST_FORMAT_GEOJSON"}));
    let (designations, entities) =
        ("DesignationService/ImportDesignations", "ProtectionService/ImportProtectedEntities");
    vec![
        ok(PROPOSER, designations, file(&xml, list)),
        no(PROPOSER, designations, file(&xml, b"no list"), "FILE_UNREADABLE"),
        ok(NOTIFIER, entities, file(&geojson, sites)),
        no(NOTIFIER, entities, file(&geojson, b"no list"), "FILE_UNREADABLE"),
    ]
}

fn non_targets() -> Vec<Row> {
    let (name, remove) =
        ("NonTargetService/NameNonTargetGroup", "NonTargetService/ConsentToNonTargetRemoval");
    let group = json!({"non_target_group_id": "n-1", "non_target_group": {"primary_name": "Group two"}});
    let of = |name: &str, etag: &str| json!({"name": name, "etag": etag});
    let this = || of("nonTargetGroups/n-1", "@etag nonTargetGroups/n-1");
    let before = vec![
        ok(PROPOSER, name, group.clone()),
        no(PROPOSER, name, group, "ALREADY_EXISTS"),
        no(APPROVER_A, remove, of("nonTargetGroups/none", "x"), "NOT_FOUND"),
        no(APPROVER_A, remove, of("nonTargetGroups/n-1", "old"), "ETAG_STALE"),
    ];
    let after = vec![
        ok(AUDITOR, "NonTargetService/GetNonTargetGroup", json!({"name": "nonTargetGroups/n-1"})),
        no(
            AUDITOR,
            "NonTargetService/GetNonTargetGroup",
            json!({"name": "nonTargetGroups/none"}),
            "NOT_FOUND",
        ),
        ok(AUDITOR, "NonTargetService/ListNonTargetGroups", json!({})),
    ];
    let ending = ended_by_all(remove, &this(), "nonTargetGroups/n-1");
    before.into_iter().chain(ending).chain(after).collect()
}

fn entity(name: &str, latitude: f64) -> Value {
    let category = "PROTECTED_CATEGORY_MEDICAL";
    json!({"name": name, "display_name": "Clinic", "category": category, "area": circle(latitude)})
}

fn protection() -> Vec<Row> {
    let (notify, amend) =
        ("ProtectionService/NotifyProtectedEntity", "ProtectionService/AmendProtectedEntity");
    let give_up = "ProtectionService/GiveUpFormerPlace";
    let clinic = json!({"protected_entity_id": "p-1", "protected_entity": entity("", 0.5)});
    let moved =
        |name: &str, etag: &str, latitude| json!({"protected_entity": entity(name, latitude), "etag": etag});
    let here = |latitude| moved("protectedEntities/p-1", "@etag protectedEntities/p-1", latitude);
    let of = |name: &str, etag: &str| {
        let unread = json!({"name": name, "etag": etag});
        with_envelope(unread, "party-a", "protectedEntities/p-1/formerAreas")
    };
    let this = || of("protectedEntities/p-1", "@etag protectedEntities/p-1");
    let by_b = || with_envelope(this(), "party-b", "protectedEntities/p-1/formerAreas");
    vec![
        ok(NOTIFIER, notify, clinic.clone()),
        no(NOTIFIER, notify, clinic, "ALREADY_EXISTS"),
        no(NOTIFIER, amend, moved("protectedEntities/none", "x", 0.6), "NOT_FOUND"),
        no(NOTIFIER, amend, moved("protectedEntities/p-1", "old", 0.6), "ETAG_STALE"),
        no(OBSERVER, amend, here(0.6), "NOT_YOURS"),
        no(APPROVER_A, give_up, this(), "STATE_FORBIDS"),
        ok(PROPOSER, amend, here(0.6)),
        no(APPROVER_A, give_up, of("protectedEntities/none", "x"), "NOT_FOUND"),
        no(APPROVER_A, give_up, of("protectedEntities/p-1", "old"), "ETAG_STALE"),
        no(PROPOSER_AS_APPROVER, give_up, this(), "SELF_APPROVAL"),
        no(APPROVER_A, give_up, by_b(), "SIGNATURE_INVALID"),
        ok(APPROVER_A, give_up, this()),
        no(APPROVER_A, give_up, this(), "ALREADY_DECIDED"),
        ok(AUDITOR, "ProtectionService/GetProtectedEntity", json!({"name": "protectedEntities/p-1"})),
        no(
            AUDITOR,
            "ProtectionService/GetProtectedEntity",
            json!({"name": "protectedEntities/none"}),
            "NOT_FOUND",
        ),
        ok(AUDITOR, "ProtectionService/ListProtectedEntities", json!({})),
    ]
}

/// Claims, and how a protection ends.
fn claims() -> Vec<Row> {
    let (claim, confirm) =
        ("ProtectionService/ClaimProtectedEntity", "ProtectionService/ConfirmProtectedEntity");
    let remove = "ProtectionService/ConsentToProtectionRemoval";
    let clinic = json!({"protected_entity_id": "c-1", "protected_entity": entity("", 0.7)});
    let of = |name: &str| json!({"name": name});
    let removal = |name: &str, etag: &str| json!({"name": name, "etag": etag, "reason": "as agreed"});
    let this = || removal("protectedEntities/c-1", "@etag protectedEntities/c-1");
    let gone = json!({"protected_entity": entity("protectedEntities/c-1", 0.8), "etag": "@etag protectedEntities/c-1"});
    let before = vec![
        ok(OBSERVER, claim, clinic.clone()),
        no(OBSERVER, claim, clinic, "ALREADY_EXISTS"),
        no(PROPOSER, confirm, of("protectedEntities/none"), "NOT_FOUND"),
        ok(PROPOSER, confirm, of("protectedEntities/c-1")),
        no(PROPOSER, confirm, of("protectedEntities/c-1"), "STATE_FORBIDS"),
        no(APPROVER_A, remove, removal("protectedEntities/none", "x"), "NOT_FOUND"),
        no(APPROVER_A, remove, removal("protectedEntities/c-1", "old"), "ETAG_STALE"),
    ];
    let after = vec![no(PROPOSER, "ProtectionService/AmendProtectedEntity", gone, "STATE_FORBIDS")];
    let ending = ended_by_all(remove, &this(), "protectedEntities/c-1");
    before.into_iter().chain(ending).chain(after).collect()
}

fn plan(latitude: f64) -> Value {
    let window = json!({"start_time": "2030-01-01T00:00:00Z", "end_time": "2030-01-01T06:00:00Z"});
    json!({"path": [{"latitude": latitude, "longitude": 0.5}], "buffer_m": 500, "window": window})
}

fn movements() -> Vec<Row> {
    let (notify, amend) = ("MovementService/NotifyMovement", "MovementService/AmendMovement");
    let (acknowledge, complete) = ("MovementService/AcknowledgeMovement", "MovementService/CompleteMovement");
    let convoy = json!({
        "movement_id": "m-1",
        "movement": {"display_name": "Convoy", "kind": "MOVEMENT_KIND_NOTIFIED", "plan": plan(0.5)},
    });
    let of = |name: &str| json!({"name": name});
    let moved = |name: &str, etag: &str| json!({"name": name, "etag": etag, "plan": plan(0.6)});
    let this = || moved("movements/m-1", "@etag movements/m-1");
    let received = |name: &str, version: u32| json!({"name": name, "version": version, "level": "ACKNOWLEDGEMENT_LEVEL_UNIT"});
    vec![
        ok(NOTIFIER, notify, convoy.clone()),
        no(NOTIFIER, notify, convoy, "ALREADY_EXISTS"),
        no(NOTIFIER, amend, moved("movements/none", "x"), "NOT_FOUND"),
        no(NOTIFIER, amend, moved("movements/m-1", "old"), "ETAG_STALE"),
        no(PROPOSER, amend, this(), "NOT_YOURS"),
        ok(NOTIFIER, amend, this()),
        no(OFFICER_A, acknowledge, received("movements/none", 1), "NOT_FOUND"),
        no(OFFICER_A, acknowledge, received("movements/m-1", 1), "ETAG_STALE"),
        ok(OFFICER_A, acknowledge, received("movements/m-1", 2)),
        no(OFFICER_A, acknowledge, received("movements/m-1", 2), "ALREADY_DECIDED"),
        no(NOTIFIER, complete, of("movements/none"), "NOT_FOUND"),
        no(PROPOSER, complete, of("movements/m-1"), "NOT_YOURS"),
        ok(NOTIFIER, complete, of("movements/m-1")),
        no(NOTIFIER, complete, of("movements/m-1"), "STATE_FORBIDS"),
        no(NOTIFIER, amend, this(), "STATE_FORBIDS"),
        no(OFFICER_B, acknowledge, received("movements/m-1", 2), "STATE_FORBIDS"),
        ok(AUDITOR, "MovementService/GetMovement", of("movements/m-1")),
        no(AUDITOR, "MovementService/GetMovement", of("movements/none"), "NOT_FOUND"),
        ok(AUDITOR, "MovementService/ListMovements", json!({})),
    ]
}

fn areas() -> Vec<Row> {
    let (declare, end) = ("AreaService/DeclareArea", "AreaService/ConsentToAreaEnd");
    let area = |id: &str, kind: &str| json!({"area_id": id, "area": {"display_name": "Area", "kind": kind, "area": circle(0.5)}});
    let held = || area("a-1", "RESTRICTED_AREA_KIND_HELD_AREA");
    let of = |name: &str, etag: &str| json!({"name": name, "etag": etag});
    let this = || of("areas/a-1", "@etag areas/a-1");
    let ground = |party: &str| with_envelope(of("areas/g-1", "@etag areas/g-1"), party, "areas/g-1");
    let before = vec![
        ok(PROPOSER, declare, area("g-1", "RESTRICTED_AREA_KIND_GROUND_AREA")),
        ok(PROPOSER, declare, held()),
        no(PROPOSER, declare, held(), "ALREADY_EXISTS"),
        no(APPROVER_A, end, of("areas/none", "x"), "NOT_FOUND"),
        no(APPROVER_A, end, of("areas/a-1", "old"), "ETAG_STALE"),
        no(APPROVER_B, end, of("areas/g-1", "@etag areas/g-1"), "NOT_YOURS"),
        no(APPROVER_A, end, ground("party-b"), "SIGNATURE_INVALID"),
        ok(APPROVER_A, end, ground("party-a")),
    ];
    let after = vec![
        ok(AUDITOR, "AreaService/GetArea", json!({"name": "areas/a-1"})),
        no(AUDITOR, "AreaService/GetArea", json!({"name": "areas/none"}), "NOT_FOUND"),
        ok(AUDITOR, "AreaService/ListAreas", json!({})),
    ];
    let ending = ended_by_all(end, &this(), "areas/a-1");
    before.into_iter().chain(ending).chain(after).collect()
}

fn presence_and_names() -> Vec<Row> {
    let withdraw = "PresenceService/WithdrawPresence";
    let assessment = json!({
        "subject": "PRESENCE_SUBJECT_GROUP",
        "group": "Group one",
        "level": "PRESENCE_LEVEL_POSSIBLE",
        "area": circle(0.5),
        "observe_time": "2025-01-01T00:00:00Z",
    });
    let this = || json!({"name": "@filed /assessment/name"});
    vec![
        ok(OFFICER_A, "PresenceService/FilePresence", json!({"assessment": assessment})).kept("filed"),
        no(OFFICER_A, withdraw, json!({"name": "presence/none"}), "NOT_FOUND"),
        no(OFFICER_B, withdraw, this(), "NOT_YOURS"),
        ok(OFFICER_A, withdraw, this()),
        no(OFFICER_A, withdraw, this(), "STATE_FORBIDS"),
        ok(AUDITOR, "PresenceService/ListPresence", json!({})),
        ok(AUDITOR, "NameService/ResolveName", json!({"text": "Group one"})),
    ]
}

fn load() -> Load {
    let mut large = entity("", 0.5);
    large["area"] = large_area();
    let notify = "ProtectionService/NotifyProtectedEntity";
    let write = (notify, json!({"protected_entity": large}));
    Load {
        by: NOTIFIER,
        long: write.clone(),
        large: write,
        light: (notify, json!({"protected_entity": entity("", 0.5)})),
    }
}

fn tables() -> Vec<Vec<Row>> {
    let tables = [accord(), designations(), aliases(), endings(), imports(), non_targets()];
    let more = [protection(), claims(), movements(), areas(), presence_and_names()];
    tables.into_iter().chain(more).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_gives_every_outcome_that_it_promises() {
    let exercise = Cluster::start(Mode::Exercise).await;
    let mut play = Play::new(exercise, PACKAGE, "registry", Seen::default());
    play.run(clock()).await;
    let real = Cluster::start(Mode::Operational).await;
    let mut play = Play::new(real, PACKAGE, "registry", play.seen);
    for rows in tables() {
        play.run(rows).await;
    }
    shell::drive(&mut play).await;
    overload::fill_the_queue(&mut play, &load()).await;
    overload::fill_the_disk(&mut play, &load()).await;
    overload::fail_the_disk(&mut play, &load()).await;
    play.seen.compare(PACKAGE);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by cargo xtask torture cancel"]
async fn a_cancelled_call_of_the_registry_leaves_it_before_or_after() {
    let cluster = Cluster::start(Mode::Operational).await;
    let mut play = Play::new(cluster, PACKAGE, "registry", Seen::default()).impatient();
    for rows in tables() {
        play.run(rows).await;
    }
    play.tell();
}
