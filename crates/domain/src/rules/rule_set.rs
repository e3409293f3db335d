//! Rule sets as text: what is signed is what is evaluated.

use crate::errors::{Reason, Refusal, Violation};
use crate::limits::{ARTICLES_MAX, NAME_MAX_CHARS, RULE_SET_MAX_BYTES};
use crate::rules::articles::Rule;
use crate::text::checked;

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
        let mut found = Vec::new();
        let read = read(text, &mut found);
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
