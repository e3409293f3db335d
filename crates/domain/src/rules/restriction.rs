//! Custom restrictions: written in a language of policies that this crate does not know, compiled once when a rule set
//! comes into force, and asked over the measured facts of each operation.
//!
//! INVARIANT (RUL-4): a restriction can only object; one that fails, or that is not compiled, denies.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use crate::accord::Accord;
use crate::errors::Violation;
use crate::rules::articles::Rule;
use crate::rules::measured::Measured;
use crate::rules::rule_set::Article;

/// Makes restrictions of text. The shell brings it, so that this crate names no language.
pub trait Compiler: Debug + Send + Sync {
    /// Compiles the text of one article for the parties of an accord.
    ///
    /// # Errors
    /// Everything that is wrong with the text, under `restriction`.
    fn compile(&self, text: &str, accord: &Accord) -> Result<Arc<dyn Restriction>, Vec<Violation>>;
}

/// The compiled restrictions of one article. The same facts give the same answer.
pub trait Restriction: Debug + Send + Sync {
    /// The identifiers of the restrictions.
    fn ids(&self) -> &BTreeSet<String>;

    /// What the restrictions say about an operation.
    fn ask(&self, measured: &Measured) -> Answer;
}

/// What restrictions say about an operation; those that it does not name have nothing against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Those that object.
    pub objecting: BTreeSet<String>,
    /// Those that could not be evaluated.
    pub failing: BTreeSet<String>,
}

/// Compiled restrictions by the text that they were made of.
pub type Compiled = BTreeMap<String, Arc<dyn Restriction>>;

/// Compiles the restrictions of all articles, and tells everything that is wrong with them.
#[must_use]
pub fn compile(
    compiler: Option<&dyn Compiler>,
    accord: &Accord,
    articles: &[Article],
) -> (Compiled, Vec<Violation>) {
    let (mut compiled, mut found) = (Compiled::new(), Vec::new());
    let mut taken = BTreeSet::new();
    for article in articles {
        let Rule::Custom(params) = &article.rule else { continue };
        let field = format!("article {}", article.number);
        let Some(compiler) = compiler else {
            let rule = "of a kind that this service can evaluate";
            found.push(Violation::new(field, rule, "CUSTOM", "give the service a compiler of restrictions"));
            continue;
        };
        match compiler.compile(&params.restriction, accord) {
            Err(violations) => found.extend(violations.into_iter().map(|violation| violation.under(&field))),
            Ok(restriction) => {
                for id in restriction.ids().iter().filter(|id| !taken.insert((*id).clone())) {
                    let rule = "made of identifiers that no other article of the rule set has";
                    found.push(Violation::new(format!("{field}.restriction"), rule, id, "rename it"));
                }
                compiled.insert(params.restriction.clone(), restriction);
            }
        }
    }
    (compiled, found)
}
