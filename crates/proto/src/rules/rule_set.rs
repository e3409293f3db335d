//! Rule sets.

use concord_domain::rules::articles::Rule;
use concord_domain::rules::rule_set::{Article, Command, RuleSet, Stage, Text};
use concord_domain::table::Resource as _;

use crate::fields::{Converted, Faults};
use crate::pb::rules::v1 as pb;
use crate::registry::etag_of;
use crate::shared::participant::approvals_to_pb;
use crate::shared::time;

const COLLECTION: &str = "ruleSets";
/// What stands for the identifier of the rule set in force.
pub const IN_FORCE: &str = "in-force";

/// The message of a rule set, with the floor articles that its text does not name.
#[must_use]
pub fn rule_set_to_pb(row: &RuleSet) -> pb::RuleSet {
    let (etag, name) = (etag_of(row), row.name());
    let RuleSet { id: _, number, title, text, text_hash, stage, ratifications, in_force_at } = row;
    let state = match stage {
        Stage::Proposed => pb::RuleSetState::Proposed,
        Stage::InForce => pb::RuleSetState::InForce,
        Stage::Superseded => pb::RuleSetState::Superseded,
    };
    let agreed = Text::parse(text).map(|text| text.articles).unwrap_or_default();
    let unnamed = Rule::floor()
        .into_iter()
        .filter(|rule| !agreed.iter().any(|article| article.rule.name() == rule.name()));
    let floor: Vec<pb::Article> = unnamed.map(|rule| article_to_pb(0, "Floor article", &rule)).collect();
    let articles = agreed.iter().map(|Article { number, title, rule }| article_to_pb(*number, title, rule));
    pb::RuleSet {
        name,
        etag,
        number: *number,
        title: title.clone(),
        text: text.clone(),
        text_hash: text_hash.clone(),
        articles: articles.chain(floor).collect(),
        state: state.into(),
        ratifications: Some(approvals_to_pb(ratifications)),
        in_force_time: in_force_at.map(time::to_pb),
    }
}

fn article_to_pb(number: u32, title: &str, rule: &Rule) -> pb::Article {
    pb::Article { number, kind: rule.name().to_owned(), title: title.to_owned(), text: rule.text() }
}

/// The command to propose a rule set.
#[must_use]
pub fn propose_from_pb(pb: pb::ProposeRuleSetRequest) -> Converted<Command> {
    let pb::ProposeRuleSetRequest { rule_set_id, text, request_id: _, validate_only: _ } = pb;
    Faults::default().finish(Command::Propose { id: rule_set_id, text })
}

/// The command to ratify a rule set.
#[must_use]
pub fn ratify_from_pb(pb: pb::RatifyRuleSetRequest) -> Converted<Command> {
    let pb::RatifyRuleSetRequest { name, envelope, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", COLLECTION, &name);
    faults.finish(Command::Ratify { id, envelope })
}
