//! The model: what a registry does with protected entities and request identifiers, in maps.

use std::collections::{BTreeMap, BTreeSet};

const ENTITIES: u8 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Notify,
    Claim,
    Confirm,
    ConsentToRemoval,
}

/// What an operation asks for, of which entity, by whom.
type Asked = (Act, u8, usize);

/// One operation by the first or second actor of the first or second party; `read_at` is when the entity was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Op {
    pub(super) act: Act,
    pub(super) entity: u8,
    pub(super) by: usize,
    pub(super) request: u64,
    read_at: u64,
}

/// What came of an operation; an accepted one has entries, as their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted(Vec<Vec<u8>>),
    Refused,
    Reused,
}

#[derive(Debug)]
struct Row {
    stage: &'static str,
    /// Who asked for its removal.
    asked_by: Option<usize>,
    /// The parties that consented to it, each by another actor than the one who asked.
    consents: BTreeSet<usize>,
    changed_at: u64,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    rows: BTreeMap<String, Row>,
    /// What each request asked for, and its first answer.
    first: BTreeMap<u64, (Asked, Vec<Vec<u8>>)>,
    now: u64,
    drawn: u64,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) repeated: u64,
}

impl Model {
    /// An operation, which now and then has the identifier of an earlier one.
    pub(super) fn drawn(&mut self, dice: &mut fastrand::Rng) -> Op {
        self.drawn += 1;
        let acts = [Act::Notify, Act::Claim, Act::Confirm, Act::ConsentToRemoval, Act::ConsentToRemoval];
        let act = dice.choice(acts).unwrap_or(Act::Notify);
        let mut op = Op {
            act,
            entity: dice.u8(..ENTITIES),
            by: dice.usize(..4),
            request: self.drawn,
            read_at: self.now,
        };
        if dice.u8(..5) == 0 {
            op.request = dice.u64(..self.drawn);
            if let (true, Some((asked, _))) = (dice.bool(), self.first.get(&op.request)) {
                (op.act, op.entity, op.by) = *asked;
            }
        }
        op
    }

    /// Takes an operation, and refuses an answer that it should not have had.
    pub(super) fn answered(&mut self, op: &Op, answer: Answer) -> Result<(), String> {
        let asked = (op.act, op.entity, op.by);
        if let Some((before, first)) = self.first.get(&op.request) {
            let due = if *before == asked { Answer::Accepted(first.clone()) } else { Answer::Reused };
            self.repeated += 1;
            return if answer == due { Ok(()) } else { Err(format!("{answer:?} in place of {due:?}")) };
        }
        match (self.takes(op), answer) {
            (true, Answer::Accepted(entries)) if entries.len() == 1 => {
                self.accepted += 1;
                self.first.insert(op.request, (asked, entries));
            }
            (false, Answer::Refused) => self.refused += 1,
            (takes, answer) => return Err(format!("{answer:?}, and the model says {takes}")),
        }
        Ok(())
    }

    pub(super) fn burst_ended(&mut self) {
        self.now += 1;
    }

    /// Carries an operation out; false where it is refused.
    fn takes(&mut self, op: &Op) -> bool {
        let id = format!("entity-{}", op.entity);
        let changed_at = self.now + 1;
        let Some(row) = self.rows.get_mut(&id) else {
            let stage = match op.act {
                Act::Notify => "Active",
                Act::Claim => "Claimed",
                Act::Confirm | Act::ConsentToRemoval => return false,
            };
            self.rows.insert(id, Row { stage, asked_by: None, consents: BTreeSet::new(), changed_at });
            return true;
        };
        let takes = match op.act {
            Act::Notify | Act::Claim => false,
            Act::Confirm => row.stage == "Claimed",
            Act::ConsentToRemoval => {
                let may = row.asked_by != Some(op.by) && !row.consents.contains(&(op.by / 2));
                row.changed_at <= op.read_at && row.stage != "Removed" && may
            }
        };
        if takes {
            row.changed_at = changed_at;
            match (op.act, row.asked_by) {
                (Act::ConsentToRemoval, None) => row.asked_by = Some(op.by),
                (Act::ConsentToRemoval, Some(_)) => {
                    row.consents.insert(op.by / 2);
                    row.stage = if row.consents.len() == 2 { "Removed" } else { row.stage };
                }
                _ => {
                    row.stage = "Active";
                    // Who agreed to reject a claim has not agreed to remove what was confirmed.
                    row.asked_by = None;
                    row.consents.clear();
                }
            }
        }
        takes
    }

    /// Every entity in order: identifier, stage, and whether anybody asked for its removal.
    pub(super) fn rows(&self) -> Vec<String> {
        self.rows.iter().map(|(id, row)| format!("{id} {} {}", row.stage, row.asked_by.is_some())).collect()
    }
}
