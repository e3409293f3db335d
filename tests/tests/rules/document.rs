//! The reference of rule sets tells the truth: every kind with its class, every code with its level, and a text with
//! every kind that the service takes.

use std::collections::{BTreeMap, BTreeSet};

use concord_domain::accord::Mode;
use concord_domain::rules::articles::Rule;
use concord_domain::rules::finding::{Code, Verdict};
use concord_domain::rules::operation::Class;
use concord_domain::rules::rule_set::Text;
use concord_testkit::Cluster;

use super::setting::propose;

const DOCUMENT: &str = include_str!("../../../docs/rule-sets.md");

/// The rows of the table under a heading, each as its cells.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = DOCUMENT.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The text of the document with one article of every kind.
fn text() -> &'static str {
    DOCUMENT.split("```toml\n").nth(1).unwrap().split("```").next().unwrap()
}

fn class_of(rule: &Rule) -> &'static str {
    let classes = [Class::KineticGround, Class::KineticAir, Class::Flight, Class::MedicalFlight];
    match classes.map(|class| rule.applies_to(class)) {
        [true, true, true, true] => "all",
        [true, true, true, false] => "kinetic and flights",
        [true, true, false, false] => "kinetic",
        [true, false, false, false] => "ground",
        [false, false, false, false] => "none",
        other => panic!("the document has no word for {other:?}"),
    }
}

#[tokio::test]
async fn a_text_with_every_kind_of_article_is_taken() {
    let articles = Text::parse(text()).unwrap().articles;
    let kinds: BTreeSet<&str> = articles.iter().map(|article| article.rule.name()).collect();
    assert_eq!(kinds, Rule::NAMES.iter().copied().collect());
    let cluster = Cluster::start_all(Mode::Operational).await;
    let proposed = propose(&cluster, "every-kind", text()).await.unwrap().rule_set.unwrap();
    assert_eq!(proposed.articles.len(), Rule::NAMES.len(), "no floor article is left to add");
}

#[test]
fn every_kind_has_its_class_and_its_parameters_and_the_floor_is_marked() {
    let articles = Text::parse(text()).unwrap().articles;
    let by_kind: BTreeMap<&str, &Rule> =
        articles.iter().map(|article| (article.rule.name(), &article.rule)).collect();
    let floor: BTreeSet<&str> = Rule::floor().iter().map(Rule::name).collect();
    let parsed: toml::Table = text().parse().unwrap();
    let mut told = BTreeSet::new();
    for cells in rows("Kinds") {
        let kind = quoted(cells[0]).next().unwrap();
        let rule = by_kind.get(kind).unwrap_or_else(|| panic!("{kind} is no kind"));
        assert_eq!(cells[1], class_of(rule), "{kind}");
        assert_eq!(cells[0].ends_with('*'), floor.contains(kind), "{kind}");
        let article = parsed["article"].as_array().unwrap().iter().find(|a| a["kind"].as_str() == Some(kind));
        let given = article.unwrap().as_table().unwrap().keys();
        for parameter in given.filter(|key| !["number", "kind", "title"].contains(&key.as_str())) {
            assert!(quoted(cells[2]).any(|named| named == parameter), "{kind} says nothing of {parameter}");
        }
        told.insert(kind);
    }
    assert_eq!(told, Rule::NAMES.iter().copied().collect());
}

#[test]
fn every_code_stands_under_its_level_and_is_given_by_an_article_or_precedes_them() {
    let by_level: BTreeMap<&str, BTreeSet<&str>> =
        rows("Codes").into_iter().map(|cells| (cells[0], quoted(cells[1]).collect())).collect();
    let by_kinds: BTreeSet<&str> =
        rows("Kinds").into_iter().flat_map(|cells| quoted(cells[4]).collect::<Vec<_>>()).collect();
    let without_article =
        ["NO_RULE_SET_IN_FORCE", "REGISTRY_UNAVAILABLE", "INCIDENTS_UNAVAILABLE", "CLOCK_UNCONFIRMED"];
    for code in Code::ALL {
        let (name, level) = (code.as_str(), code.level());
        let expected = match level {
            Verdict::Permit => "permit",
            Verdict::Refer => "refer",
            Verdict::Deny => "deny",
        };
        let levels: Vec<_> =
            by_level.iter().filter(|(_, codes)| codes.contains(name)).map(|(l, _)| *l).collect();
        assert_eq!(levels, [expected], "{name}");
        let by_none = level == Verdict::Permit || without_article.contains(&name);
        assert_eq!(by_kinds.contains(name), !by_none, "{name}");
    }
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let told: BTreeSet<&str> = by_level.into_values().flatten().chain(by_kinds).collect();
    assert_eq!(told, known, "the document tells of no code that does not exist");
}
