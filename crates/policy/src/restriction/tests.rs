//! Restrictions in Cedar: what is taken, what is refused, and what they say.

use std::collections::{BTreeMap, BTreeSet};

use concord_domain::accord::{HotlineDeadlines, Mode, Participant};
use concord_domain::actor::ParticipantKind;
use concord_domain::consent::ConsentTable;
use concord_domain::registry::area::Kind as AreaKind;
use concord_domain::registry::names::Standing;
use concord_domain::registry::protection::Category;
use concord_domain::rules::coordination::Attestation;
use concord_domain::rules::measured::{NOTHING_CLAIMED, UNKNOWN};
use concord_domain::rules::operation::{Class, Kind, TargetType};

use super::*;

fn accord() -> Accord {
    let participant = |id: &str| Participant {
        id: id.into(),
        name: id.to_owned(),
        kind: ParticipantKind::StateParty,
        trust_domain: format!("{id}.example"),
        roots: Vec::new(),
        signing_keys: Vec::new(),
        roles: BTreeSet::new(),
    };
    Accord {
        id: "accord-1".to_owned(),
        title: "Tests".to_owned(),
        mode: Mode::Operational,
        witness_quorum: 0,
        witnesses: Vec::new(),
        log_keys: BTreeMap::new(),
        consent: ConsentTable::default(),
        hotline: HotlineDeadlines::default(),
        participants: ["party-a", "party-b"].map(participant).into(),
    }
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

const CATEGORIES: [Category; 14] = [
    Category::Medical,
    Category::Education,
    Category::Religious,
    Category::Cultural,
    Category::Humanitarian,
    Category::Water,
    Category::Power,
    Category::Shelter,
    Category::Diplomatic,
    Category::DangerousForces,
    Category::Media,
    Category::Food,
    Category::Peacekeeping,
    Category::OtherCivilian,
];

fn measured() -> Measured {
    Measured {
        party: "party-a".into(),
        class: text(&Class::KineticGround),
        kind: text(&Kind::AirStrike),
        target_type: text(&TargetType::Building),
        claimed_standing: text(&Standing::Designated),
        claimed_resource: "designations/group-1".to_owned(),
        radius_m: 300,
        accuracy_m: 0,
        lowest_m: -100_000,
        highest_m: 100_000,
        lasts_s: 3_600,
        starts_at_s: 1_898_575_200,
        ends_at_s: 1_898_578_800,
        hours_utc: BTreeSet::from([6, 7]),
        notice_s: -UNKNOWN,
        killed: 0,
        injured: UNKNOWN,
        sources: 2,
        civilians_ruled_out: true,
        civilian_use_ruled_out: false,
        secondary_hazard_ruled_out: true,
        dissent: false,
        dual_use: true,
        position_interpolated: false,
        data_link_lost: false,
        claims_urgency: false,
        nearest_m: CATEGORIES
            .iter()
            .map(|category| (text(category), 100_000))
            .chain([("MEDICAL".to_owned(), 900)])
            .collect(),
        nearest_claim_m: 100_000,
        nearest_movement_m: 4_000,
        touches: BTreeSet::from([text(&AreaKind::PopulatedArea)]),
        approved_by: BTreeSet::from(["party-b".into()]),
        attested: BTreeSet::from([Attestation::LegalReview.as_str().to_owned()]),
    }
}

fn compiled(text: &str) -> Arc<dyn Restriction> {
    compiler().compile(text, &accord()).unwrap()
}

fn forbid(condition: &str) -> String {
    format!("@id(\"one\") forbid (principal, action, resource) when {{ {condition} }};")
}

fn answer(condition: &str) -> Answer {
    compiled(&forbid(condition)).ask(&measured())
}

fn refused(text: &str) -> String {
    let found = compiler().compile(text, &accord()).unwrap_err();
    assert!(found.iter().all(|violation| violation.field.starts_with("restriction")), "{found:?}");
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
}

#[test]
fn every_fact_can_be_spoken_of_and_has_the_value_that_was_measured() {
    for holds in [
        "principal == Party::\"party-a\"",
        "context.class == Class::\"KINETIC_GROUND\"",
        "context.kind == Kind::\"AIR_STRIKE\"",
        "context.target_type == TargetType::\"BUILDING\"",
        "context.claimed_standing == Standing::\"DESIGNATED\"",
        "context.claimed_resource like \"designations/*\"",
        "context.radius_m == 300 && context.accuracy_m == 0",
        "context.lowest_m == -100000 && context.highest_m == 100000",
        "context.lasts_s == 3600",
        "context.starts_at_s == 1898575200 && context.ends_at_s == 1898578800",
        "context.hours_utc.containsAny([5, 6]) && !context.hours_utc.contains(8)",
        "context.notice_s < 0 && context.killed == 0 && context.sources == 2",
        "context.killed + context.injured > 1000000",
        "context.civilians_ruled_out && !context.civilian_use_ruled_out && context.secondary_hazard_ruled_out",
        "context.dual_use && !context.dissent && !context.position_interpolated",
        "!context.data_link_lost && !context.claims_urgency",
        "context.nearest_m.MEDICAL == 900 && context.nearest_m.ANY == 900 && context.nearest_m.WATER == 100000",
        "context.nearest_claim_m == 100000 && context.nearest_movement_m == 4000",
        "context.touches.contains(AreaKind::\"POPULATED_AREA\")",
        "context.approved_by.contains(Party::\"party-b\") && !context.approved_by.contains(Party::\"party-a\")",
        "context.attested.contains(Attestation::\"LEGAL_REVIEW\")",
    ] {
        let expected = Answer { objecting: BTreeSet::from(["one".to_owned()]), failing: BTreeSet::new() };
        assert_eq!(answer(holds), expected, "{holds}");
        assert_eq!(answer(&format!("!({holds})")), Answer::default(), "{holds}");
    }
}

/// A value that the schema lacked would make every restriction fail, and so deny.
#[test]
fn the_schema_names_every_value_that_can_be_measured() {
    use Kind::*;
    let kinds = [
        AirStrike,
        MissileStrike,
        IndirectFire,
        IndirectFireOrAirStrike,
        InterceptEngagement,
        AirDefenceEngagement,
        AirPatrol,
        SurveillanceFlight,
        MedicalEvacuationFlight,
        TransitOrStrikeSortie,
        TransitFlight,
        Other,
    ];
    let targets = [
        TargetType::GroupPosition,
        TargetType::Building,
        TargetType::Site,
        TargetType::Infrastructure,
        TargetType::Vehicles,
        TargetType::MovingVehicles,
        TargetType::MovingOrParkedVehicles,
        TargetType::GroundFireSource,
        TargetType::Aircraft,
        TargetType::AirMovement,
        TargetType::NaturalPerson,
        TargetType::Other,
    ];
    let standings = [
        Standing::NonTarget,
        Standing::UnratifiedAlias,
        Standing::WeakAlias,
        Standing::NotInForce,
        Standing::Designated,
        Standing::Unknown,
    ];
    let areas = [
        AreaKind::Ceasefire,
        AreaKind::BorderBuffer,
        AreaKind::GroundArea,
        AreaKind::PopulatedArea,
        AreaKind::HeldArea,
    ];
    let classes = [Class::KineticGround, Class::KineticAir, Class::Flight, Class::MedicalFlight];
    let never = compiled(&forbid("context.radius_m > 300"));
    let asked = |change: &dyn Fn(&mut Measured)| {
        let mut measured = measured();
        change(&mut measured);
        assert_eq!(never.ask(&measured), Answer::default(), "{measured:?}");
    };
    kinds.iter().for_each(|kind| asked(&|m| m.kind = text(kind)));
    targets.iter().for_each(|target| asked(&|m| m.target_type = text(target)));
    standings.iter().for_each(|standing| asked(&|m| m.claimed_standing = text(standing)));
    asked(&|m| m.claimed_standing = NOTHING_CLAIMED.to_owned());
    classes.iter().for_each(|class| asked(&|m| m.class = text(class)));
    asked(&|m| m.touches = areas.iter().map(text).collect());
    asked(&|m| m.attested = Attestation::ALL.iter().map(|what| what.as_str().to_owned()).collect());
}

#[test]
fn a_forbid_that_errors_is_failing_and_hides_no_other() {
    let erring = "@id(\"sum\") forbid (principal, action, resource) when { context.injured + 9223372036854775807 > 0 };\n\
                  @id(\"near\") forbid (principal, action, resource) when { context.nearest_m.ANY < 1000 };\n\
                  @id(\"far\") forbid (principal, action, resource) when { context.nearest_m.ANY < 100 };";
    let answer = compiled(erring).ask(&measured());
    assert_eq!(answer.failing, BTreeSet::from(["sum".to_owned()]), "Cedar itself would skip it");
    assert_eq!(answer.objecting, BTreeSet::from(["near".to_owned()]));
}

#[test]
fn facts_that_do_not_fit_the_schema_make_every_restriction_fail() {
    let never = compiled(&forbid("context.radius_m > 300"));
    let all = Answer { failing: BTreeSet::from(["one".to_owned()]), ..Answer::default() };
    assert_eq!(never.ask(&Measured { class: "SUBMARINE".to_owned(), ..measured() }), all);
    assert_eq!(never.ask(&Measured { party: "party-c".into(), ..measured() }), all);
    let mut unknown = measured();
    unknown.nearest_m.insert("LIGHTHOUSE".to_owned(), 5);
    assert_eq!(never.ask(&unknown), all);
}

#[test]
fn only_identified_statements_that_forbid_are_taken() {
    for (text, told) in [
        ("@id(\"a\") permit (principal, action, resource);", "forbid alone"),
        ("forbid (principal, action, resource);", "restriction.@id"),
        ("@id(\"Not an id\") forbid (principal, action, resource);", "restriction.@id"),
        (
            "@id(\"a\") forbid (principal, action, resource); @id(\"a\") forbid (principal, action, resource);",
            "an identifier each",
        ),
        ("@id(\"a\") forbid (principal == ?principal, action, resource);", "free of slots"),
        ("// nothing", "at least one statement"),
        ("forbid everything", "the language Cedar"),
    ] {
        let message = refused(text);
        assert!(message.contains(told), "{text}: {message}");
    }
}

#[test]
fn what_does_not_exist_or_can_never_object_is_refused() {
    for condition in [
        "context.kind == Kind::\"AIRSTRIKE\"",
        "principal == Party::\"party-c\"",
        "context.nearest_m.HOSPITAL < 1000",
        "context.height_m > 1",
        "context.killed > \"three\"",
        "context.kind == Class::\"FLIGHT\"",
        "false",
    ] {
        let message = refused(&forbid(condition));
        assert!(message.contains("fit the schema"), "{condition}: {message}");
        assert!(message.contains("`one`"), "the statement is named: {message}");
    }
}

#[test]
fn a_text_that_would_exhaust_the_stack_is_refused_before_it_is_parsed() {
    let nested = |open: &str, close: &str, times: usize| {
        forbid(&format!("{}context.dissent{}", open.repeat(times), close.repeat(times)))
    };
    assert!(refused(&nested("(", ")", 1_900)).contains("nested at most"));
    assert!(refused(&nested("[", "]", 1_900)).contains("nested at most"));
    assert!(refused(&nested("{a:", "}", 900)).contains("nested at most"));
    // Brackets in strings and comments close nothing.
    assert!(refused(&nested("(\")\" == \"\\\")\" && // )\n ", ")", 60)).contains("nested at most"));
    assert!(refused(&forbid(&format!("context.killed{} > 0", "+1".repeat(1_900)))).contains("operators"));
    assert!(refused(&forbid(&format!("{}true", "if true then ".repeat(300)))).contains("operators"));
    assert!(refused(&forbid("context.claimed_resource == \"open")).contains("strings that end"));
    // And what is within the bounds is parsed, validated and evaluated on the stack of a test's thread, as of the writer's.
    let deepest = format!(
        "{}context.dissent{} || context.killed{} > 1000",
        "!(".repeat(shape::NESTING_MAX - 1),
        ")".repeat(shape::NESTING_MAX - 1),
        "+1".repeat(80)
    );
    assert_eq!(answer(&deepest).failing, BTreeSet::new());
}
