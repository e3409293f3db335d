//! What is wrong with the fields of a message, so that a refusal names all of it at once: what the conversion finds, and
//! what the decision would find besides.
//!
//! A conversion that finds faults still makes a whole command, with a harmless placeholder for each faulty field. Such a
//! stand-in serves one purpose, which is to be judged; [`Faulty`] gives nothing of it away but a refusal.

use concord_domain::errors::{Refusal, Violation};
use concord_domain::fold::{Context, Fold};
use concord_domain::ids::id_in_name;

/// Every wrong field found so far. What lies at or under a field that is named already is not named again.
#[derive(Debug, Default)]
pub struct Faults(Vec<Violation>);

impl Faults {
    /// The value; or its violation is kept, and the placeholder stands for it.
    pub fn take<T>(&mut self, result: Result<T, Violation>, placeholder: T) -> T {
        result.unwrap_or_else(|violation| {
            self.push(violation);
            placeholder
        })
    }

    /// Keeps a violation.
    pub fn push(&mut self, violation: Violation) {
        self.extend(vec![violation]);
    }

    /// Keeps violations that were found together.
    pub fn extend(&mut self, found: Vec<Violation>) {
        let named = self.0.len();
        let known = |field: &str| self.0.iter().take(named).any(|fault| is_at_or_under(field, &fault.field));
        let new: Vec<Violation> = found.into_iter().filter(|violation| !known(&violation.field)).collect();
        self.0.extend(new);
    }

    /// The value of a field that must be present; the default stands for an absent one.
    pub fn required<T: Default>(&mut self, field: &str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.push(Violation::new(field, "present", "", "give it"));
            T::default()
        })
    }

    /// An enum value that must be stated; tells how to find the values that there are.
    pub fn stated<P, T>(
        &mut self,
        field: &str,
        number: i32,
        placeholder: T,
        meaning: impl Fn(P) -> Option<T>,
    ) -> T
    where
        P: TryFrom<i32>,
    {
        let stated = P::try_from(number).ok().and_then(meaning);
        let rule = "one of the stated values of its enum";
        let remedy = "look the values up by reflection, and state one";
        self.take(stated.ok_or_else(|| Violation::new(field, rule, number, remedy)), placeholder)
    }

    /// The identifier in a resource name; an empty one, which nothing has, stands for it.
    pub fn id(&mut self, field: &str, collection: &str, name: &str) -> String {
        self.take(id_in_name(field, collection, name), String::new())
    }

    /// The command, or the stand-in that was made of placeholders.
    #[must_use]
    pub fn finish<C>(self, command: C) -> Converted<C> {
        Converted { command, faults: self }
    }

    /// The value that a request which writes nothing asks for.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every violation.
    pub fn only<T>(self, value: T) -> Result<T, Refusal> {
        Refusal::unless_valid(self.0).map(|()| value)
    }
}

/// Whether `field` is `named`, or a part of it.
fn is_at_or_under(field: &str, named: &str) -> bool {
    field.strip_prefix(named).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// What a message asks for, and what is wrong with the message.
#[derive(Debug)]
pub struct Converted<C> {
    command: C,
    faults: Faults,
}

impl<C> Converted<C> {
    /// The same, with what was found wrong outside the conversion.
    #[must_use]
    pub fn besides(mut self, found: Vec<Violation>) -> Self {
        self.faults.extend(found);
        self
    }

    /// The command, where nothing is wrong.
    ///
    /// # Errors
    /// What is wrong, with the stand-in that can still be judged.
    pub fn sound(self) -> Result<C, Faulty<C>> {
        let Self { command, faults } = self;
        if faults.0.is_empty() { Ok(command) } else { Err(Faulty { stand_in: command, faults }) }
    }
}

/// A message in which something is wrong.
///
/// INVARIANT (SRV-2): a stand-in is never recorded. Nothing gives it away:
///
/// ```compile_fail,E0616
/// fn command<C>(faulty: concord_proto::fields::Faulty<C>) -> C {
///     faulty.stand_in
/// }
/// ```
#[derive(Debug)]
pub struct Faulty<C> {
    stand_in: C,
    faults: Faults,
}

impl<C> Faulty<C> {
    /// The refusal that names what the conversion found, and what the decision on the stand-in finds besides.
    #[must_use]
    pub fn refusal<D: Fold>(self, state: &D, context: &Context) -> Refusal
    where
        C: Into<D::Command>,
    {
        let Self { stand_in, mut faults } = self;
        let refused = state.decide(&stand_in.into(), context).err();
        faults.extend(refused.map(|refusal| refusal.violations).unwrap_or_default());
        Refusal::invalid(faults.0)
    }

    /// The refusal that names what the conversion found, where nothing can be judged.
    #[must_use]
    pub fn alone(self) -> Refusal {
        Refusal::invalid(self.faults.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(faults: &Faults) -> Vec<&str> {
        faults.0.iter().map(|fault| fault.field.as_str()).collect()
    }

    fn wrong(field: &str) -> Violation {
        Violation::new(field, "right", "", "mend it")
    }

    #[test]
    fn what_lies_at_or_under_a_named_field_is_not_named_again_and_its_neighbours_are() {
        let mut faults = Faults::default();
        faults.push(wrong("area.window"));
        faults.extend(["area.window", "area.window.end_time", "area.windows", "area"].map(wrong).to_vec());
        faults.push(wrong("volumes[1]"));
        faults.extend(["volumes[1].area", "volumes[10]", "volumes"].map(wrong).to_vec());
        assert_eq!(
            fields(&faults),
            ["area.window", "area.windows", "area", "volumes[1]", "volumes[10]", "volumes"]
        );
    }

    #[test]
    fn two_rules_that_one_field_breaks_are_both_told() {
        let mut faults = Faults::default();
        faults.extend(vec![wrong("ring"), wrong("ring")]);
        assert_eq!(fields(&faults), ["ring", "ring"]);
    }

    #[test]
    fn only_a_message_without_a_fault_gives_its_command() {
        let mut faults = Faults::default();
        let id = faults.id("name", "areas", "areas/one");
        assert_eq!(faults.finish(id).sound().ok().as_deref(), Some("one"));
        let mut faults = Faults::default();
        let id = faults.id("name", "areas", "movements/one");
        let refusal = faults.finish(id).besides(vec![wrong("request_id")]).sound().err().map(Faulty::alone);
        let named = refusal.map(|refusal| refusal.violations).unwrap_or_default();
        assert_eq!(
            named.iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(),
            ["name", "request_id"]
        );
    }
}
