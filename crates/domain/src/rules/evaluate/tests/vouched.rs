//! What somebody else must vouch for, or the submitter must show: attestations, acknowledgements and what
//! was read.

use std::collections::BTreeSet;

use super::codes::{away, codes};
use super::worlds::{NOW, Setup, actor};
use crate::actor::{Actor, Role};
use crate::fold::etag;
use crate::registry::area::Kind as AreaKind;
use crate::registry::movement::{Acknowledgement, Kind, Level, Movement, Stage};
use crate::registry::protection::{Category, Stage as Protected};
use crate::rules::coordination::{Attestation, Said};
use crate::rules::evaluate::*;
use crate::rules::rule_set::Text;
use crate::table::Resource as _;

pub(super) const ATTESTATION: &str = "[[article]]\nnumber=91\nkind=\"ATTESTATION\"\ntitle=\"A\"\n\
                                      required=[\"LEGAL_REVIEW\",\"PRECAUTIONS\",\"PROHIBITED_PRACTICES\"]";

pub(super) const DISTRIBUTION: &str = "[[article]]\nnumber=92\nkind=\"DISTRIBUTION\"\ntitle=\"D\"\nwithin_m=2000.0\n\
                                       time_pad_s=900\nlevels=[\"CENTRE\",\"AIR_CELL\",\"UNIT\"]";

fn other(participant: &str, role: Role) -> Actor {
    Actor { role, name: "legal".to_owned(), ..actor(participant) }
}

pub(super) const KNOWLEDGE: &str = "[[article]]\nnumber=93\nkind=\"KNOWLEDGE\"\ntitle=\"K\"\nwithin_m=2000.0";

/// Says every attestation as `by`.
fn attest(setup: &mut Setup, by: &Actor) {
    for what in [Attestation::LegalReview, Attestation::Precautions, Attestation::ProhibitedPractices] {
        setup.say_as(by.clone(), Said::Attestation(what), 60);
    }
}

/// A world in order that asks for all of this and has restrictions, with every attestation made.
pub(super) fn in_order() -> Setup {
    let lines = "wide radius > 300\nnear-all nearest < 1500\nalone sources < 2\nboth dual_use > 0";
    let restricted = super::custom::article(94, "REFER", lines);
    let mut setup =
        Setup::in_order().with_articles(&[ATTESTATION, DISTRIBUTION, KNOWLEDGE, &restricted].join("\n"));
    attest(&mut setup, &other("party-a", Role::Reviewer));
    setup
}

#[test]
fn an_attestation_counts_from_another_approver_or_reviewer_of_the_submitting_party_alone() {
    let asked = Setup::in_order().with_articles(ATTESTATION);
    for counts in [other("party-a", Role::Approver), other("party-a", Role::Reviewer)] {
        let mut setup = asked.clone();
        attest(&mut setup, &counts);
        assert_eq!(setup.evaluate().verdict, Verdict::Permit, "{counts:?}");
    }
    let submitter_again = Actor { role: Role::Approver, ..actor("party-a") };
    for counts_not in [
        submitter_again,
        actor("party-a"),
        other("party-a", Role::DutyOfficer),
        other("party-a", Role::Proposer),
        other("party-b", Role::Approver),
    ] {
        let mut setup = asked.clone();
        attest(&mut setup, &counts_not);
        assert_eq!(codes(&setup), BTreeSet::from([Code::AttestationMissing]), "{counts_not:?}");
    }
}

#[test]
fn every_attestation_that_is_asked_for_is_missed_by_itself() {
    let mut setup = Setup::in_order().with_articles(ATTESTATION);
    setup.say_as(other("party-a", Role::Reviewer), Said::Attestation(Attestation::Precautions), 60);
    let evaluation = setup.evaluate();
    assert_eq!(evaluation.verdict, Verdict::Refer);
    let told: Vec<_> =
        evaluation.findings.iter().map(|finding| (finding.code, finding.message.as_str())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].1.contains("LEGAL_REVIEW") && told[1].1.contains("PROHIBITED_PRACTICES"), "{told:?}");
    setup.say_as(other("party-a", Role::Reviewer), Said::Approval, 60);
    assert_eq!(setup.evaluate().findings.len(), 2, "an approval is no attestation");
}

#[test]
fn a_rule_set_asks_for_attestations_of_the_closed_set_each_once() {
    let text = |required: &str| {
        format!("title=\"T\"\n[[article]]\nnumber=1\nkind=\"ATTESTATION\"\ntitle=\"A\"\nrequired={required}")
    };
    assert!(Text::parse(&text("[\"PRECAUTIONS\"]")).is_ok());
    for (wrong, told) in [
        ("[]", "at least one"),
        ("[\"PRECAUTIONS\",\"PRECAUTIONS\"]", "each attestation once"),
        ("[\"GOOD_WILL\"]", "unknown variant"),
    ] {
        let refusal = Text::parse(&text(wrong)).unwrap_err();
        assert!(
            refusal.message.contains(told) && refusal.message.contains("article 1"),
            "{}",
            refusal.message
        );
    }
}

/// A world that asks for distribution, with a movement near by, changed.
fn distributed(change: impl FnOnce(&mut Movement)) -> Setup {
    let mut setup = Setup::in_order().with_articles(DISTRIBUTION);
    setup.movement(vec![away(1_200.0)], 0, 60);
    let mut row = setup.registry.movements.iter().next().unwrap().as_ref().clone();
    change(&mut row);
    setup.registry.movements.put(row);
    setup
}

fn acknowledged(party: &str, levels: &[Level]) -> impl FnOnce(&mut Movement) {
    let (by, levels) = (actor(party), levels.to_vec());
    move |row| {
        let given = levels.into_iter().map(|level| Acknowledgement {
            by: by.clone(),
            level,
            at: Timestamp::from_seconds(NOW),
        });
        row.acknowledgements.extend(given);
    }
}

#[test]
fn a_movement_nearby_is_acknowledged_by_the_submitting_party_at_each_level() {
    use Level::{AirCell, Centre, Unit};
    let all = distributed(acknowledged("party-a", &[Centre, AirCell, Unit]));
    assert_eq!(all.evaluate().verdict, Verdict::Permit);
    let some = distributed(acknowledged("party-a", &[Centre, Unit])).evaluate();
    assert_eq!(some.verdict, Verdict::Refer);
    assert_eq!(some.findings.len(), 1, "{:?}", some.findings);
    let finding = &some.findings[0];
    assert!(finding.message.contains("AIR_CELL of party-a"), "{}", finding.message);
    assert!(finding.evidence.starts_with("movements/") && finding.limit == Some(2_000.0), "{finding:?}");
    assert!((899.0..901.0).contains(&finding.measured.unwrap()), "{finding:?}");
    let another_partys = distributed(acknowledged("party-b", &[Centre, AirCell, Unit]));
    assert_eq!(another_partys.evaluate().findings.len(), 3);
}

#[test]
fn distribution_is_asked_for_where_a_notified_movement_is_near_in_place_and_time_alone() {
    let asked = BTreeSet::from([Code::DistributionIncomplete]);
    assert_eq!(codes(&distributed(|row| row.plan.window = super::worlds::window(4_499, 5_000))), asked);
    let former = distributed(|row| {
        row.former_plans = vec![row.plan.clone()];
        row.plan.route.path = vec![away(50_000.0)];
    });
    assert_eq!(codes(&former), asked, "a former plan protects until completion");
    for not in [
        distributed(|row| row.plan.window = super::worlds::window(4_500, 5_000)),
        distributed(|row| row.plan.route.path = vec![away(2_301.0)]),
        distributed(|row| row.kind = Kind::PublicTimetable),
        distributed(|row| row.stage = Stage::Completed),
    ] {
        assert_eq!(not.evaluate().verdict, Verdict::Permit, "{:?}", not.evaluate().findings);
    }
}

/// A world with an entity, a movement and an area between 1 and 2 km from the effect area, none of which objects.
fn surrounded() -> Setup {
    let mut setup = Setup::in_order().with_articles(KNOWLEDGE);
    setup.protect(away(1_500.0), Category::Medical, (0.0, 0.0), Protected::Active);
    setup.movement(vec![away(1_600.0)], 0, 60);
    setup.restrict(away(2_200.0), 500.0, AreaKind::PopulatedArea, &[]);
    setup
}

/// The etags of everything in the registry of a world.
pub(super) fn etags(setup: &Setup) -> Vec<String> {
    let registry = &setup.registry;
    let entities = registry.protected_entities.iter().map(|row| etag(row.as_ref()));
    let movements = registry.movements.iter().map(|row| etag(row.as_ref()));
    let areas = registry.areas.iter().map(|row| etag(row.as_ref()));
    entities.chain(movements).chain(areas).map(Result::unwrap).collect()
}

#[test]
fn each_thing_nearby_that_was_not_read_is_named() {
    let mut setup = surrounded();
    let evidence = |setup: &Setup| -> Vec<String> {
        let findings = setup.evaluate().findings.into_iter();
        findings.filter(|f| f.code == Code::KnowledgeIncomplete).map(|f| f.evidence).collect()
    };
    let registry = &setup.registry;
    let names = [
        registry.areas.iter().next().unwrap().name(),
        registry.movements.iter().next().unwrap().name(),
        registry.protected_entities.iter().next().unwrap().name(),
    ];
    assert_eq!(evidence(&setup), names);
    for left_out in 0..3 {
        setup.operation.known_etags = etags(&setup);
        setup.operation.known_etags.remove(left_out);
        assert_eq!(evidence(&setup).len(), 1);
    }
    setup.operation.known_etags = etags(&setup);
    assert_eq!(setup.evaluate().verdict, Verdict::Permit, "{:?}", setup.evaluate().findings);
}

#[test]
fn what_changes_after_it_was_read_has_not_been_read() {
    let mut setup = surrounded();
    setup.operation.known_etags = etags(&setup);
    let mut row = setup.registry.movements.iter().next().unwrap().as_ref().clone();
    row.plan.route.path = vec![away(1_400.0)];
    setup.registry.movements.put(row);
    let evaluation = setup.evaluate();
    assert_eq!((evaluation.verdict, evaluation.findings.len()), (Verdict::Refer, 1));
    assert!(evaluation.findings[0].evidence.starts_with("movements/"));
}

#[test]
fn knowledge_is_asked_for_of_what_stands_nearby_alone() {
    let mut setup = Setup::in_order().with_articles(KNOWLEDGE);
    setup.protect(away(2_301.0), Category::Medical, (0.0, 0.0), Protected::Active);
    setup.protect(away(1_500.0), Category::Medical, (0.0, 0.0), Protected::Removed);
    setup.movement(vec![away(2_301.0)], 0, 60);
    setup.restrict(away(2_801.0), 500.0, AreaKind::HeldArea, &[]);
    assert_eq!(setup.evaluate().verdict, Verdict::Permit, "{:?}", setup.evaluate().findings);
}

#[test]
fn etags_are_bounded_and_whole_and_an_operation_without_them_keeps_its_digest() {
    let operation = Setup::in_order().operation;
    let party = "party-a".into();
    let recorded = serde_json::to_string(&operation).unwrap();
    assert!(!recorded.contains("known_etags"), "{recorded}");
    let read: Operation = serde_json::from_str(&recorded).unwrap();
    assert_eq!(read, operation);
    let known = Operation { known_etags: vec!["\"0123456789abcdef\"".to_owned()], ..operation.clone() };
    assert_ne!(
        known.digest(&party),
        operation.digest(&party),
        "what was read is part of what is vouched for"
    );
    assert!(known.checked().is_ok());
    for wrong in ["0123456789abcdef", "\"0123456789ABCDEF\"", "\"0123\"", ""] {
        let malformed = Operation { known_etags: vec![wrong.to_owned()], ..operation.clone() };
        assert!(malformed.checked().unwrap_err().message.contains("operation.known_etags[0]"), "{wrong}");
    }
    let many = Operation { known_etags: vec![String::new(); 1_001], ..operation };
    assert_eq!(many.checked().unwrap_err().violations.len(), 1);
}
