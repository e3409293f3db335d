//! Rule sets as text: what is signed is what is evaluated.

use serde::{Deserialize, Serialize};

use crate::consent::{Act, Approvals, require_party};
use crate::digest::sha256_hex;
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::Context;
use crate::ids::check_id;
use crate::limits::{ARTICLES_MAX, NAME_MAX_CHARS, RULE_SET_MAX_BYTES};
use crate::rules::articles::Rule;
use crate::rules::restriction;
use crate::rules::{Event, State};
use crate::signed::{self, Consented, Subject, Vouched};
use crate::table::Resource;
use crate::text::checked;
use crate::time::Timestamp;

/// Where a rule set stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Waits for every party's signature.
    Proposed,
    /// In force.
    InForce,
    /// A later one is in force.
    Superseded,
}

/// What happened to a rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Proposed.
    Proposed,
    /// Signed by a party.
    Ratified,
    /// Signed by the last party: in force.
    Adopted,
    /// A later one came into force.
    Superseded,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Proposed => "rule_set.proposed",
            Self::Ratified => "rule_set.ratified",
            Self::Adopted => "rule_set.adopted",
            Self::Superseded => "rule_set.superseded",
        }
    }
}

/// A rule set: the text that is signed is the text that is evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Identifier.
    pub id: String,
    /// Number in the order of adoption; 0 until in force.
    pub number: u32,
    /// Title for people.
    pub title: String,
    /// The text as proposed.
    pub text: String,
    /// SHA-256 of the text's bytes: what every party signs.
    pub text_hash: String,
    /// Where it stands.
    pub stage: Stage,
    /// Signatures so far, each with its envelope.
    pub ratifications: Approvals,
    /// When it came into force.
    pub in_force_at: Option<Timestamp>,
}

impl Resource for RuleSet {
    const COLLECTION: &'static str = "ruleSets";

    fn id(&self) -> &str {
        &self.id
    }
}

impl RuleSet {
    /// What a party that ratifies it signs.
    #[must_use]
    pub fn subject(&self) -> Subject {
        Subject::of(Act::RatifyRuleSet, self.name(), self.text.as_bytes())
    }
}

impl Vouched for RuleSet {
    fn exposed<'a>(&'a self, _before: Option<&'a Self>) -> Result<Vec<Consented<'a>>, String> {
        let in_force = self.stage == Stage::InForce;
        Ok(in_force.then(|| Consented::by_all(self.subject(), [&self.ratifications])).into_iter().collect())
    }
}

/// What can be asked about rule sets.
#[derive(Clone, Debug)]
pub enum Command {
    /// Propose a text.
    Propose {
        /// Identifier wanted; empty has one made.
        id: String,
        /// The text.
        text: String,
    },
    /// Ratify with the party's signature.
    Ratify {
        /// Identifier.
        id: String,
        /// The party's signature: a DSSE envelope as JSON.
        envelope: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    require_party(&context.actor)?;
    match command {
        Command::Propose { id, text } => propose(state, id, text, context),
        Command::Ratify { id, envelope } => ratify(state, id, envelope, context),
    }
}

fn propose(state: &State, id: &str, text: &str, context: &Context) -> Result<Vec<Event>, Refusal> {
    let id = if id.is_empty() { &context.fresh_id } else { id };
    let accord = state.accord()?;
    let wrong_id = check_id("rule_set_id", id).err();
    let parsed = Text::checked(text, |articles| restriction::compile(state.compiler(), accord, articles).1);
    let parsed = parsed.map_err(|refusal| refusal.besides(wrong_id.clone()))?;
    Refusal::unless_valid(wrong_id.into_iter().collect())?;
    state.rule_sets.require_free(id)?;
    let row = RuleSet {
        id: id.to_owned(),
        number: 0,
        title: parsed.title,
        text: text.to_owned(),
        text_hash: sha256_hex(text.as_bytes()),
        stage: Stage::Proposed,
        ratifications: Approvals::new(context.actor.clone(), context.at),
        in_force_at: None,
    };
    Ok(vec![Event::RuleSet(Change::Proposed, Box::new(row))])
}

fn ratify(state: &State, id: &str, envelope: &str, context: &Context) -> Result<Vec<Event>, Refusal> {
    Refusal::unless_valid(signed::misplaced(true, envelope).into_iter().collect())?;
    let mut row = state.rule_sets.find(id)?.as_ref().clone();
    let approval = signed::approval(state.by()?, &row.subject(), envelope, context)?;
    if row.stage != Stage::Proposed {
        let message = format!("{} is {:?} already", row.name(), row.stage);
        return Err(Refusal::new(Reason::StateForbids, message));
    }
    row.ratifications.approve(approval)?;
    if !row.ratifications.complete(state.accord()?, Act::RatifyRuleSet) {
        return Ok(vec![Event::RuleSet(Change::Ratified, Box::new(row))]);
    }
    let before = state.rule_sets.iter().find(|other| other.stage == Stage::InForce);
    row.stage = Stage::InForce;
    row.number = before.map_or(1, |before| before.number.saturating_add(1));
    row.in_force_at = Some(context.at);
    let mut events = vec![Event::RuleSet(Change::Adopted, Box::new(row))];
    events.extend(before.map(|before| {
        let superseded = RuleSet { stage: Stage::Superseded, ..before.as_ref().clone() };
        Event::RuleSet(Change::Superseded, Box::new(superseded))
    }));
    Ok(events)
}

/// One article of a rule set.
#[derive(Clone, Debug, PartialEq)]
pub struct Article {
    /// Number in the text, unique.
    pub number: u32,
    /// Title for people.
    pub title: String,
    /// Kind and parameters.
    pub rule: Rule,
}

/// A rule set as read from its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Title for people.
    pub title: String,
    /// The articles in the order of the text.
    pub articles: Vec<Article>,
}

impl Text {
    /// Reads a rule set: TOML with a `title` and a list of `[[article]]`, each with `number`, `kind`, `title` and the
    /// parameters of its kind. Unknown kinds and parameters are refused.
    ///
    /// # Errors
    /// `RULE_SET_INVALID` with every fault, the article named.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Self::checked(text, |_| Vec::new())
    }

    /// Reads a rule set, and tells beside its own faults those that `faults` finds in the articles.
    fn checked(text: &str, faults: impl FnOnce(&[Article]) -> Vec<Violation>) -> Result<Self, Refusal> {
        let mut found = Vec::new();
        let read = read(text, &mut found);
        if let Some(read) = &read {
            found.extend(faults(&read.articles));
        }
        match read {
            Some(read) if found.is_empty() => Ok(read),
            _ => Err(Refusal { reason: Reason::RuleSetInvalid, ..Refusal::invalid(found) }),
        }
    }
}

fn read(text: &str, found: &mut Vec<Violation>) -> Option<Text> {
    if text.len() > RULE_SET_MAX_BYTES {
        let rule = format!("at most {RULE_SET_MAX_BYTES} bytes");
        found.push(Violation::new("text", rule, text.len(), "shorten it"));
        return None;
    }
    let parsed = text.parse::<toml::Table>();
    let mut table =
        parsed.map_err(|e| found.push(Violation::new("text", "TOML", e, "mend it there"))).ok()?;
    let title = table.remove("title");
    let title = title_of("title", title, found);
    let articles = match table.remove("article") {
        Some(toml::Value::Array(articles)) => articles,
        _ => Vec::new(),
    };
    for key in table.keys() {
        found.push(Violation::new("text", "title and [[article]] alone", key, "remove the key"));
    }
    if articles.is_empty() || articles.len() > ARTICLES_MAX {
        let rule = format!("1 to {ARTICLES_MAX} [[article]] tables");
        found.push(Violation::new("text", rule, articles.len(), "write the articles"));
    }
    let articles: Vec<Article> =
        articles.into_iter().zip(1..).filter_map(|(value, place)| article(value, place, found)).collect();
    for (i, article) in articles.iter().enumerate() {
        if articles.iter().take(i).any(|earlier| earlier.number == article.number) {
            let field = format!("article {}", article.number);
            found.push(Violation::new(field, "a number of its own", article.number, "number the articles"));
        }
    }
    Some(Text { title: title?, articles })
}

fn title_of(field: &str, value: Option<toml::Value>, found: &mut Vec<Violation>) -> Option<String> {
    let text = value.as_ref().and_then(toml::Value::as_str).unwrap_or_default();
    checked(field, text, NAME_MAX_CHARS).map_err(|violation| found.push(violation)).ok()
}

fn article(value: toml::Value, place: u32, found: &mut Vec<Violation>) -> Option<Article> {
    let toml::Value::Table(mut table) = value else { return None };
    let number =
        table.remove("number").and_then(|number| number.as_integer()).and_then(|n| u32::try_from(n).ok());
    let number = number.filter(|number| *number > 0);
    let field =
        number.map_or_else(|| format!("article at place {place}"), |number| format!("article {number}"));
    if number.is_none() {
        found.push(Violation::new(&field, "a number of at least 1", "", "number the article"));
    }
    let title = title_of(&format!("{field} title"), table.remove("title"), found);
    let kind = table.remove("kind").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
    let Some(read) = Rule::read(&kind, table) else {
        let rule = format!("one of {}", Rule::NAMES.join(", "));
        found.push(Violation::new(format!("{field} kind"), rule, kind, "choose a kind"));
        return None;
    };
    let rule = read
        .map_err(|e| found.push(Violation::new(&field, "the parameters of its kind", e, "mend them")))
        .ok()?;
    found.extend(rule.violations().into_iter().map(|violation| violation.under(&field)));
    Some(Article { number: number?, title: title?, rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_text_is_told_with_its_article() {
        let text = "title = \"T\"\nextra = 1\n[[article]]\nnumber = 1\nkind = \"NOTHING\"\ntitle = \"A\"\n\
                    [[article]]\nnumber = 2\nkind = \"PROTECTED_PROXIMITY\"\ntitle = \"B\"\ndeny_m = -1.0\nrefer_m = 0.0\n\
                    [[article]]\nnumber = 2\nkind = \"DISSENT\"\ntitle = \"C\"\nlimit = 3\n";
        let refusal = Text::parse(text).unwrap_err();
        assert_eq!(refusal.reason, Reason::RuleSetInvalid);
        for told in ["extra", "article 1 kind", "article 2.deny_m", "unknown field"] {
            assert!(refusal.message.contains(told), "{told} is missing in {}", refusal.message);
        }
    }

    #[test]
    fn a_text_that_is_no_toml_is_refused() {
        assert!(Text::parse("<html>").unwrap_err().message.contains("TOML"));
    }
}
