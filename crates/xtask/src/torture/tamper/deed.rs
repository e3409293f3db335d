//! One deed on a history, as somebody does it who knows the formats.

use super::history::{History, Raw};

/// A kind of deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Edit,
    Deletion,
    Reorder,
    Fork,
    Rollback,
}

impl Deed {
    pub(super) const ALL: [Self; 5] = [Self::Edit, Self::Deletion, Self::Reorder, Self::Fork, Self::Rollback];

    /// Does it, and gives the first group that is not as it was. What is to be signed again stays readable as entries.
    pub(super) fn done(self, history: &mut History, readable: bool, dice: &mut fastrand::Rng) -> usize {
        // Entry 0, the accord, stands alone in the first group; who signs again cannot do without it.
        let group = dice.usize(1..history.groups.len());
        match self {
            Self::Edit if readable => history.edit_body(group, dice),
            Self::Edit => edit(history, group, dice),
            Self::Deletion => delete(history, group, dice),
            Self::Reorder => return reorder(history, group, dice),
            Self::Fork => history.edit_body(group, dice),
            Self::Rollback => history.groups.truncate(group),
        }
        group
    }
}

/// Changes one bit of what is hashed, committed to or signed.
fn edit(history: &mut History, group: usize, dice: &mut fastrand::Rng) {
    let Some(group) = history.groups.get_mut(group) else { return };
    let last = group.entries.len() - 1;
    let Some(Raw { header, parts }) = group.entries.get_mut(dice.usize(..=last)) else { return };
    match (dice.u8(..6), parts.first_mut()) {
        (0, Some(part)) => flip(&mut part.bytes, dice),
        (1, Some(part)) => flip(&mut part.salt, dice),
        (2, _) => flip(&mut group.root, dice),
        (3, _) => group.size ^= 1 << dice.u8(..8),
        (4, _) => {
            let mut note = group.note.clone().into_bytes();
            flip(&mut note, dice);
            // What is no text any more is no note either.
            group.note = String::from_utf8_lossy(&note).into_owned();
        }
        _ => flip(header, dice),
    }
}

fn flip(bytes: &mut [u8], dice: &mut fastrand::Rng) {
    let at = dice.usize(..bytes.len().max(1));
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << dice.u8(..8);
    }
}

/// One entry, or a whole group.
fn delete(history: &mut History, group: usize, dice: &mut fastrand::Rng) {
    let Some(found) = history.groups.get_mut(group) else { return };
    if found.entries.len() > 1 && dice.bool() {
        let at = dice.usize(..found.entries.len());
        found.entries.remove(at);
        return;
    }
    history.groups.remove(group);
}

/// Two entries, or two groups; gives the first group that is not as it was.
fn reorder(history: &mut History, group: usize, dice: &mut fastrand::Rng) -> usize {
    let other = dice.usize(1..history.groups.len());
    let (low, high) = (group.min(other), group.max(other));
    let (front, back) = history.groups.split_at_mut(high);
    match (front.get_mut(low), back.first_mut()) {
        (Some(one), Some(two)) if dice.bool() => std::mem::swap(one, two),
        (Some(one), Some(two)) => {
            let (at, to) = (dice.usize(..one.entries.len()), dice.usize(..two.entries.len()));
            if let (Some(first), Some(second)) = (one.entries.get_mut(at), two.entries.get_mut(to)) {
                std::mem::swap(first, second);
            }
        }
        // The same group: its entries the other way round.
        (None, Some(two)) => two.entries.reverse(),
        _ => {}
    }
    low
}
