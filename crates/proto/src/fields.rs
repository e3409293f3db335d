//! Collects what is wrong with the fields of a message, so that a refusal names all of them.

use concord_domain::errors::{Refusal, Violation};
use concord_domain::ids::id_in_name;

/// Every wrong field found so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<Violation>);

impl Faults {
    /// The value, or its violation is kept.
    pub fn take<T>(&mut self, result: Result<T, Violation>) -> Option<T> {
        result.map_err(|violation| self.0.push(violation)).ok()
    }

    /// Keeps a violation.
    pub fn push(&mut self, violation: Violation) {
        self.0.push(violation);
    }

    /// The value of a field that must be present.
    pub fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.0.push(Violation::new(field, "present", "", "give it"));
        }
        value
    }

    /// An enum value that must be stated; names the values that there are.
    pub fn stated<P, T>(&mut self, field: &str, number: i32, meaning: impl Fn(P) -> Option<T>) -> Option<T>
    where
        P: TryFrom<i32>,
    {
        let stated = P::try_from(number).ok().and_then(meaning);
        if stated.is_none() {
            let rule = "one of the stated values of its enum";
            self.0.push(Violation::new(
                field,
                rule,
                number,
                "look the values up by reflection, and state one",
            ));
        }
        stated
    }

    /// The identifier in a resource name.
    pub fn id(&mut self, field: &str, collection: &str, name: &str) -> Option<String> {
        self.take(id_in_name(field, collection, name))
    }

    /// What was made of the fields, where every one of them was right.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every violation.
    pub fn finish<T>(self, made: Option<T>) -> Result<T, Refusal> {
        match made {
            Some(made) if self.0.is_empty() => Ok(made),
            _ => Err(Refusal::invalid(self.0)),
        }
    }
}
