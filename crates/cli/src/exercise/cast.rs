//! Who takes part in a case: every party that it names, made-up ones until there are two, and the others that an
//! accord has. Names of the case decide nothing; parties are numbered in the order in which they are named.

use concord_domain::actor::Role;

use super::case::sequence::{Act, Step};
use super::case::{Operation, Setting};
use crate::session::Who;

/// What a case calls all parties.
const EVERY_PARTY: &str = "every party";
/// The humanitarian notifier of every exercise.
pub(super) const NOTIFIER: &str = "notifier";
/// The observer of every exercise.
pub(super) const OBSERVER: &str = "observer";
/// The bound third state of every exercise.
pub(super) const THIRD_STATE: &str = "third-state";

/// The parties of a case, in the order in which it names them.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    parties: Vec<String>,
}

impl Cast {
    /// The cast of a setting.
    #[must_use]
    pub(super) fn of(setting: &Setting) -> Self {
        let mut cast = Self { parties: Vec::new() };
        if let Some(operation) = &setting.proposed_operation {
            cast.add_operation(operation);
        }
        setting.sequence.iter().for_each(|step| cast.add_step(step));
        for reservation in &setting.registry_state.other_reservations {
            cast.add(&reservation.party);
        }
        for suspension in &setting.registry_state.suspensions {
            cast.add(&suspension.party);
        }
        while cast.parties.len() < 2 {
            cast.parties.push(format!("(made up {})", cast.parties.len() + 1));
        }
        cast
    }

    fn add_operation(&mut self, operation: &Operation) {
        self.add(&operation.party);
        let approving =
            operation.required_approvals.iter().flatten().chain(operation.approvals.iter().flatten());
        for party in approving {
            self.add(party);
        }
    }

    fn add_step(&mut self, step: &Step) {
        match &step.act {
            Act::Nothing => {}
            Act::Report(report) => report.alleged_party.iter().for_each(|party| self.add(party)),
            Act::Check(operation) => self.add_operation(operation),
            Act::Conclude(conclusion) => self.add(&conclusion.by),
            Act::Lift(by) => by.iter().for_each(|party| self.add(party)),
        }
    }

    fn add(&mut self, name: &str) {
        if name != EVERY_PARTY && !self.parties.iter().any(|party| party == name) {
            self.parties.push(name.to_owned());
        }
    }

    /// Identifiers of all state parties.
    pub(super) fn ids(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.parties.len()).map(|number| format!("party-{number}"))
    }

    /// The identifier of a party that the case names; empty for a name that it does not make a party.
    #[must_use]
    pub(super) fn id(&self, name: &str) -> String {
        let position = self.parties.iter().position(|party| party == name);
        position.map(|index| format!("party-{}", index + 1)).unwrap_or_default()
    }

    /// The identifiers that the names stand for.
    #[must_use]
    pub(super) fn ids_of(&self, names: &[String]) -> Vec<String> {
        names.iter().map(|name| self.id(name)).filter(|id| !id.is_empty()).collect()
    }

    /// The identifiers of the parties that the names stand for, where "every party" stands for all.
    #[must_use]
    pub(super) fn ids_of_all(&self, names: &[String]) -> Vec<String> {
        if names.iter().any(|name| name == EVERY_PARTY) { self.ids().collect() } else { self.ids_of(names) }
    }

    /// Another state party than this one.
    #[must_use]
    pub(super) fn other_than(&self, id: &str) -> String {
        self.ids().find(|other| other != id).unwrap_or_else(|| self.first())
    }

    /// The party that proposes what all approve.
    #[must_use]
    pub(super) fn first(&self) -> String {
        "party-1".to_owned()
    }
}

/// The first actor of a participant in a role.
#[must_use]
pub(super) fn first_actor(participant: &str, role: Role) -> Who {
    Who { participant: participant.to_owned(), actor: "actor-1".to_owned(), role }
}

/// The second actor of a participant, who may approve what the first proposed.
#[must_use]
pub(super) fn second_actor(participant: &str, role: Role) -> Who {
    Who { participant: participant.to_owned(), actor: "actor-2".to_owned(), role }
}
