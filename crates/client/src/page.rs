//! A page of a ledger, as its commit groups. Nothing of it is verified but that entries match their commitments: whoever
//! takes the groups verifies them.

use concord_ledger::entry::Entry;
use concord_proto::pb::ledger::v1 as pb;

use crate::follow::entry_from_pb;

/// A commit group as a ledger gave it.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its entries.
    pub entries: Vec<Entry>,
    /// The note that closes it.
    pub checkpoint: String,
}

/// The groups of a page; the last is closed by the page's checkpoint.
///
/// # Errors
/// Says what is no page.
pub fn groups_from_pb(page: pb::ListEntriesResponse) -> Result<Vec<Group>, String> {
    let pb::ListEntriesResponse { entries, checkpoint, earlier_checkpoints } = page;
    let mut entries = entries.into_iter().map(entry_from_pb).collect::<Result<Vec<_>, _>>()?.into_iter();
    let mut groups = Vec::with_capacity(earlier_checkpoints.len() + 1);
    for note in earlier_checkpoints {
        let size = size_of(&note).ok_or("a checkpoint that names no size")?;
        let held = entries.as_slice().first().map_or(0, Entry::index);
        let count = size.checked_sub(held).filter(|count| *count > 0);
        let count = count.ok_or_else(|| format!("a checkpoint over {size} entries where no group ends"))?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        // Where too few are left, entries are withheld, and whoever takes the group sees that it is not whole.
        groups.push(Group { entries: entries.by_ref().take(count).collect(), checkpoint: note });
    }
    let last: Vec<Entry> = entries.collect();
    if !last.is_empty() {
        groups.push(Group { entries: last, checkpoint });
    }
    Ok(groups)
}

/// The size that a note names, its second line.
fn size_of(note: &str) -> Option<u64> {
    note.lines().nth(1)?.parse().ok()
}
