//! Custom restrictions as the evaluation takes them, in a language of this test: one restriction on each line, its
//! identifier and then `fact < number`, `fact > number` or `fails`.

use std::collections::BTreeSet;

use super::codes::{away, codes};
use super::worlds::{AIM, NOW, Setup, window};
use crate::accord::Accord;
use crate::errors::Violation;
use crate::registry::area::Kind as AreaKind;
use crate::registry::protection::{Category, Stage};
use crate::rules::coordination::{Attestation, Said};
use crate::rules::evaluate::*;
use crate::rules::measured::{Measured, NOTHING_CLAIMED, REACH_M, UNKNOWN};
use crate::rules::operation::{AdverseFact, HarmEstimate};
use crate::rules::restriction::{Answer, Compiler, Restriction, compile};
use crate::rules::rule_set::Text;

/// Compiles lines.
#[derive(Debug)]
pub(super) struct Lines;

#[derive(Debug)]
struct Read {
    ids: BTreeSet<String>,
    lines: Vec<(String, Test)>,
}

#[derive(Debug)]
enum Test {
    Fails,
    Below(String, i64),
    Above(String, i64),
}

fn value(measured: &Measured, fact: &str) -> i64 {
    match fact {
        "radius" => measured.radius_m,
        "killed" => measured.killed,
        "sources" => measured.sources,
        "nearest" => measured.nearest_m.values().copied().min().unwrap(),
        "dual_use" => measured.dual_use.into(),
        other => panic!("no fact {other}"),
    }
}

fn read(line: &str) -> Option<(String, Test)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let test = match words[1..] {
        ["fails"] => Test::Fails,
        [fact, "<", limit] => Test::Below(fact.to_owned(), limit.parse().ok()?),
        [fact, ">", limit] => Test::Above(fact.to_owned(), limit.parse().ok()?),
        _ => return None,
    };
    Some((words[0].to_owned(), test))
}

impl Compiler for Lines {
    fn compile(&self, text: &str, _: &Accord) -> Result<Arc<dyn Restriction>, Vec<Violation>> {
        let wrong = |line| vec![Violation::new("restriction", "a test", line, "mend it")];
        let lines: Vec<_> =
            text.lines().map(|line| read(line).ok_or_else(|| wrong(line))).collect::<Result<_, _>>()?;
        Ok(Arc::new(Read { ids: lines.iter().map(|(id, _)| id.clone()).collect(), lines }))
    }
}

impl Restriction for Read {
    fn ids(&self) -> &BTreeSet<String> {
        &self.ids
    }

    fn ask(&self, measured: &Measured) -> Answer {
        let mut answer = Answer::default();
        for (id, test) in &self.lines {
            let objects = match test {
                Test::Fails => None,
                Test::Below(fact, limit) => Some(value(measured, fact) < *limit),
                Test::Above(fact, limit) => Some(value(measured, fact) > *limit),
            };
            match objects {
                None => answer.failing.insert(id.clone()),
                Some(true) => answer.objecting.insert(id.clone()),
                Some(false) => false,
            };
        }
        answer
    }
}

/// A custom article of a level.
pub(super) fn article(number: u32, level: &str, restriction: &str) -> String {
    format!(
        "[[article]]\nnumber={number}\nkind=\"CUSTOM\"\ntitle=\"C\"\nlevel=\"{level}\"\nrestriction='''\n{restriction}'''"
    )
}

#[test]
fn a_restriction_objects_at_the_level_of_its_article_and_says_its_identifier() {
    for (level, verdict) in [("REFER", Verdict::Refer), ("DENY", Verdict::Deny)] {
        let setup =
            Setup::in_order().with_articles(&article(94, level, "wide radius > 299\nfar radius > 300"));
        let evaluation = setup.evaluate();
        assert_eq!(evaluation.verdict, verdict);
        let [finding] = &evaluation.findings[..] else { panic!("{:?}", evaluation.findings) };
        assert_eq!((finding.code, finding.level, finding.article), (Code::CustomRestriction, verdict, 94));
        assert_eq!(finding.evidence, "wide");
        assert!(finding.message.contains("wide"), "{}", finding.message);
    }
}

#[test]
fn a_restriction_that_fails_or_was_not_compiled_denies_whatever_its_article_says() {
    let failing = Setup::in_order().with_articles(&article(94, "REFER", "broken fails\nwide radius > 299"));
    let evaluation = failing.evaluate();
    let told: Vec<_> = evaluation.findings.iter().map(|f| (f.code, f.level, f.evidence.as_str())).collect();
    let expected =
        [(Code::EvaluationError, Verdict::Deny, "broken"), (Code::CustomRestriction, Verdict::Refer, "wide")];
    assert_eq!(told, expected, "and what objects beside it is told too");

    let mut without = Setup::in_order().with_articles(&article(94, "REFER", "wide radius > 9999"));
    assert_eq!(without.evaluate().verdict, Verdict::Permit);
    without.restrictions.clear();
    assert_eq!(codes(&without), BTreeSet::from([Code::EvaluationError]));
    assert_eq!(without.evaluate().verdict, Verdict::Deny);
}

#[test]
fn every_restriction_is_compiled_beforehand_and_has_an_identifier_of_its_own() {
    let setup = Setup::in_order();
    let articles = |text: &str| Text::parse(&format!("title=\"T\"\n{text}")).unwrap().articles;
    let two =
        articles(&[article(1, "DENY", "one radius > 1"), article(2, "DENY", "one radius > 2")].join("\n"));
    let (compiled, found) = compile(Some(&Lines), &setup.accord, &two);
    assert_eq!((compiled.len(), found.len()), (2, 1));
    assert_eq!(found[0].field, "article 2.restriction");
    let (compiled, found) = compile(None, &setup.accord, &two);
    assert_eq!((compiled.len(), found.len()), (0, 2), "without a compiler nothing can be proposed");
    let wrong = articles(&article(1, "DENY", "one radius"));
    let (compiled, found) = compile(Some(&Lines), &setup.accord, &wrong);
    assert_eq!((compiled.len(), found[0].field.as_str()), (0, "article 1.restriction"));
    let long = format!("title=\"T\"\n{}", article(1, "DENY", &"x".repeat(4_001)));
    assert!(Text::parse(&long).unwrap_err().message.contains("article 1.restriction"));
}

/// What is measured in a world.
fn measured(setup: &Setup) -> Measured {
    let (world, submitter) = (setup.world(), super::worlds::actor("party-a"));
    facts_of(&world, &setup.operation, &submitter, Timestamp::from_seconds(NOW)).measured().clone()
}

#[test]
fn what_is_unknown_is_measured_as_the_worst_that_it_can_be() {
    let known = measured(&Setup::in_order());
    assert_eq!((known.killed, known.injured, known.sources, known.dual_use), (0, 0, 2, false));
    assert_eq!((known.highest_m, known.lowest_m, known.radius_m), (100_000, -100_000, 300));
    let claimed = (known.claimed_standing.as_str(), known.claimed_resource.as_str());
    assert_eq!(claimed, ("DESIGNATED", "designations/group-1"));
    let mut setup = Setup::in_order();
    setup.operation.harm_estimate =
        Some(HarmEstimate { killed: None, injured: Some(3), method: String::new(), assessed_at: None });
    setup.operation.dual_use = AdverseFact::Unspecified;
    setup.operation.sources.clear();
    setup.operation.accuracy_m = 0.25;
    setup.operation.claimed_group.clear();
    let unknown = measured(&setup);
    assert_eq!((unknown.killed, unknown.injured, unknown.sources, unknown.dual_use), (UNKNOWN, 3, 0, true));
    assert_eq!((unknown.radius_m, unknown.accuracy_m), (301, 1), "extents are rounded up");
    assert_eq!(unknown.claimed_standing, NOTHING_CLAIMED);
    assert!(unknown.killed.checked_add(unknown.killed).is_some());
}

#[test]
fn distances_are_rounded_down_and_end_where_they_are_not_measured() {
    let mut setup = Setup::in_order();
    let far = measured(&setup);
    assert!(far.nearest_m.values().all(|distance_m| *distance_m == REACH_M as i64));
    assert_eq!((far.nearest_m.len(), far.nearest_claim_m, far.nearest_movement_m), (14, 100_000, 100_000));
    setup.protect(away(5_000.9), Category::Medical, (0.0, 0.0), Stage::Active);
    setup.protect(away(9_000.0), Category::Medical, (0.0, 0.0), Stage::Active);
    setup.protect(away(2_000.0), Category::Water, (0.0, 0.0), Stage::Removed);
    setup.protect(away(3_000.0), Category::Water, (0.0, 0.0), Stage::Claimed);
    setup.movement(vec![away(4_000.0)], 0, 60);
    setup.movement(vec![away(1_000.0)], 3_600, 7_200);
    setup.restrict(AIM, 10.0, AreaKind::PopulatedArea, &[]);
    let near = measured(&setup);
    let medical_m = near.nearest_m["MEDICAL"];
    assert!((4_690..=4_701).contains(&medical_m), "{medical_m}");
    assert_eq!(near.nearest_m["WATER"], 100_000);
    assert!((2_690..=2_700).contains(&near.nearest_claim_m), "{}", near.nearest_claim_m);
    assert!((3_690..=3_700).contains(&near.nearest_movement_m), "{}", near.nearest_movement_m);
    assert_eq!(near.touches, BTreeSet::from(["POPULATED_AREA".to_owned()]));
}

#[test]
fn times_and_what_was_said_are_measured() {
    let mut setup = Setup::in_order();
    setup.operation.window = window(0, 7_200);
    let silent = measured(&setup);
    let first = (NOW / 3_600) % 24;
    assert_eq!(silent.hours_utc, BTreeSet::from([first, first + 1]), "the end is no part of the window");
    assert_eq!((silent.lasts_s, silent.starts_at_s, silent.ends_at_s), (7_200, NOW, NOW + 7_200));
    assert_eq!((silent.notice_s, silent.approved_by.len(), silent.attested.len()), (-UNKNOWN, 0, 0));
    setup.say("party-a", Said::Notice(None), 60);
    setup.say("party-b", Said::Notice(None), 600);
    setup.say("party-b", Said::Approval, 60);
    setup.say("party-a", Said::Attestation(Attestation::LegalReview), 60);
    setup.operation.window = window(-3_600, 300_000);
    let said = measured(&setup);
    assert_eq!(said.notice_s, 60 - 3_600);
    assert_eq!(said.hours_utc.len(), 24);
    assert_eq!(said.approved_by, BTreeSet::from(["party-b".into()]));
    assert!(said.attested.is_empty(), "the submitter's own attestation counts for nothing");
}
