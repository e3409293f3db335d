//! The registry's methods, each with fields that are wrong in both ways.

use serde_json::{Value, json};

use super::{DECEIVING, TOO_LATE, Wrong, wrong};
use crate::play::{Row, ok};

pub(super) const SERVED: (&str, &str) = ("concord.registry.v1", "registry");

const PROPOSER: &str = "party-a/proposer/actor-1";
const APPROVER: &str = "party-a/approver/actor-2";
const OFFICER: &str = "party-a/duty-officer/actor-1";
const NOTIFIER: &str = "notifier/proposer/actor-1";

/// An entity that can be amended.
pub(super) fn first() -> Vec<Row> {
    let clinic = json!({
        "display_name": "Clinic", "category": "PROTECTED_CATEGORY_MEDICAL", "deny_distance_m": 500,
        "area": {"circle": {"center": {"latitude": 0.5, "longitude": 0.5}, "radius_m": 50}},
    });
    let request = json!({"protected_entity_id": "p-1", "protected_entity": clinic});
    vec![ok(NOTIFIER, "ProtectionService/NotifyProtectedEntity", request)]
}

pub(super) fn all() -> Vec<Wrong> {
    let mut all = designations();
    all.extend(decisions());
    all.extend(non_targets());
    all.extend(protection());
    all.extend(movements());
    all.extend(areas_and_presence());
    // What no other accord than an exercise takes is not looked at further.
    all.push(wrong(OFFICER, "AccordService/SetClock", json!({}), &["time"]));
    all
}

fn designations() -> Vec<Wrong> {
    let designation = json!({
        "kind": 99, "primary_name": "", "list_reference": "QDi.001", "narrative_reasons": DECEIVING,
        "aliases": [{"name": "One"}, {"name": "", "quality": 77}],
        "effective_time": TOO_LATE, "expire_time": "2030-03-01T00:00:00Z",
        "site": {"circle": {"radius_m": -1}},
    });
    let fields = [
        "designation_id",
        "designation.kind",
        "designation.primary_name",
        "designation.list_reference",
        "designation.narrative_reasons",
        "designation.aliases[1].name",
        "designation.aliases[1].quality",
        "designation.effective_time",
        "designation.site.circle.center",
        "designation.site.circle.radius_m",
    ];
    let propose = json!({"designation_id": "Not One", "designation": designation});
    let alias = json!({"name": "designations/", "alias": {"name": DECEIVING, "quality": 77}});
    let xml = json!([{"options": {"format": 99}}]);
    vec![
        wrong(PROPOSER, "DesignationService/ProposeDesignation", propose, &fields),
        wrong(PROPOSER, "DesignationService/ProposeAlias", alias, &["name", "alias.name", "alias.quality"]),
        wrong(PROPOSER, "DesignationService/ImportDesignations", xml, &["options.format"]),
    ]
}

fn decisions() -> Vec<Wrong> {
    let decide = json!({"name": "movements/one", "decision": 99, "reason": DECEIVING});
    let mut hold = json!({"name": "designations", "decision": "PROPOSAL_DECISION_HOLD", "reason": DECEIVING});
    hold["envelope"] = json!("{}");
    let ended = json!({"name": "designations/Not One"});
    // An approval is missing its envelope, and a hold has one.
    let fields = ["name", "decision", "reason", "envelope"];
    vec![
        wrong(APPROVER, "DesignationService/DecideDesignation", decide, &fields),
        wrong(APPROVER, "DesignationService/DecideAlias", hold, &fields),
        wrong(OFFICER, "DesignationService/SuspendDesignation", ended.clone(), &["name", "reason"]),
        wrong(OFFICER, "DesignationService/ExpireDesignation", ended, &["name", "reason"]),
    ]
}

fn non_targets() -> Vec<Wrong> {
    let unnamed = json!({"non_target_group_id": "Not One"});
    let removal = json!({"name": "nonTargetGroups/"});
    vec![
        wrong(
            PROPOSER,
            "NonTargetService/NameNonTargetGroup",
            unnamed,
            &["non_target_group_id", "non_target_group"],
        ),
        wrong(APPROVER, "NonTargetService/ConsentToNonTargetRemoval", removal, &["name"]),
    ]
}

fn protection() -> Vec<Wrong> {
    let named = json!({"name": "protectedEntities/"});
    let entity = |area: Value| {
        json!({
            "protected_entity_id": "Not One",
            "protected_entity": {"accuracy_m": -1, "source": DECEIVING, "verify_time": TOO_LATE, "area": area},
        })
    };
    let notified = [
        "protected_entity_id",
        "protected_entity.display_name",
        "protected_entity.category",
        "protected_entity.accuracy_m",
        "protected_entity.source",
        "protected_entity.verify_time",
        "protected_entity.area",
    ];
    let claimed = [
        "protected_entity_id",
        "protected_entity.display_name",
        "protected_entity.category",
        "protected_entity.accuracy_m",
        "protected_entity.source",
        "protected_entity.verify_time",
        "protected_entity.area.form",
    ];
    let amended = json!({
        "protected_entity": {"name": "protectedEntities/p-1", "deny_distance_m": 400, "display_name": "Clinic"},
        "etag": "@etag protectedEntities/p-1",
    });
    let nameless = json!({"name": "protectedEntities/", "reason": DECEIVING});
    let sites = json!([{"options": {"format": 99, "accuracy_m": "NaN"}}]);
    vec![
        wrong(NOTIFIER, "ProtectionService/NotifyProtectedEntity", entity(Value::Null), &notified),
        wrong(NOTIFIER, "ProtectionService/ClaimProtectedEntity", entity(json!({})), &claimed),
        wrong(
            PROPOSER,
            "ProtectionService/AmendProtectedEntity",
            amended,
            &["protected_entity.category", "protected_entity.area", "protected_entity.deny_distance_m"],
        ),
        wrong(
            PROPOSER,
            "ProtectionService/AmendProtectedEntity",
            json!({}),
            &["protected_entity.name", "protected_entity"],
        ),
        wrong(APPROVER, "ProtectionService/GiveUpFormerPlace", named.clone(), &["name", "envelope"]),
        wrong(PROPOSER, "ProtectionService/ConfirmProtectedEntity", named, &["name"]),
        wrong(APPROVER, "ProtectionService/ConsentToProtectionRemoval", nameless, &["name", "reason"]),
        wrong(
            NOTIFIER,
            "ProtectionService/ImportProtectedEntities",
            sites,
            &["options.format", "options.accuracy_m"],
        ),
    ]
}

fn movements() -> Vec<Wrong> {
    let movement = json!({
        "display_name": DECEIVING, "person_count": 4_000_000_000_u32,
        "plan": {"buffer_m": -1, "window": {"end_time": "1970-01-01T00:00:00Z"}},
    });
    let notified = [
        "movement_id",
        "movement.display_name",
        "movement.kind",
        "movement.person_count",
        "movement.plan.path",
        "movement.plan.buffer_m",
        "movement.plan.window.start_time",
    ];
    let path = json!([{"latitude": 95, "longitude": "NaN"}]);
    let amended = ["name", "plan.path[0].latitude", "plan.path[0].longitude", "plan.window"];
    vec![
        wrong(
            NOTIFIER,
            "MovementService/NotifyMovement",
            json!({"movement_id": "Not One", "movement": movement}),
            &notified,
        ),
        wrong(NOTIFIER, "MovementService/AmendMovement", json!({"plan": {"path": path}}), &amended),
        wrong(OFFICER, "MovementService/AcknowledgeMovement", json!({"level": 99}), &["name", "level"]),
        wrong(NOTIFIER, "MovementService/CompleteMovement", json!({}), &["name"]),
    ]
}

fn areas_and_presence() -> Vec<Wrong> {
    let area = json!({
        "area": {}, "excluded_groups": ["Group one", ""],
        "window": {"start_time": "2030-01-01T00:00:00Z", "end_time": TOO_LATE},
        "altitude_band": {"lower_m": 2000, "upper_m": 1000},
    });
    let declared = [
        "area_id",
        "area.display_name",
        "area.kind",
        "area.area.form",
        "area.excluded_groups[1]",
        "area.window.end_time",
        "area.altitude_band.upper_m",
    ];
    let assessment = json!({
        "group": DECEIVING, "level": 99,
        "area": {"polygon": {"ring": [{"latitude": 1, "longitude": 1}]}},
    });
    let filed = [
        "assessment.subject",
        "assessment.group",
        "assessment.level",
        "assessment.area.polygon.ring",
        "assessment.observe_time",
    ];
    vec![
        wrong(PROPOSER, "AreaService/DeclareArea", json!({"area_id": "Not One", "area": area}), &declared),
        wrong(APPROVER, "AreaService/ConsentToAreaEnd", json!({}), &["name"]),
        wrong(OFFICER, "PresenceService/FilePresence", json!({"assessment": assessment}), &filed),
        wrong(OFFICER, "PresenceService/WithdrawPresence", json!({}), &["name"]),
    ]
}
