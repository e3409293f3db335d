//! The Merkle tree of RFC 6962 §2.1, grown one leaf at a time.
//!
//! All complete subtrees are kept, 64 bytes for each leaf, so that a root or proof at any past size takes
//! O(log n) look-ups.

use crate::hash::{Hash, empty_root, node};

/// Hashes of a full tile (C2SP tlog-tiles).
pub const TILE_WIDTH: u64 = 256;

/// A Merkle tree that grows at its right edge.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// `levels[k][i]` is the root of the complete subtree over leaves `i * 2^k .. (i + 1) * 2^k`.
    levels: Vec<Vec<Hash>>,
}

/// The right edge of a tree: enough to know the roots that further leaves lead to, without the tree.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Complete subtrees, widest first, each with its level.
    subtrees: Vec<(usize, Hash)>,
}

impl Edge {
    /// Appends one leaf, given by its leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut subtree = (0, leaf);
        while let Some((_, left)) = self.subtrees.pop_if(|(level, _)| *level == subtree.0) {
            subtree = (subtree.0 + 1, node(&left, &subtree.1));
        }
        self.subtrees.push(subtree);
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let hashes = self.subtrees.iter().map(|(_, hash)| *hash).rev();
        hashes.reduce(|right, left| node(&left, &right)).unwrap_or_else(empty_root)
    }
}

impl Tree {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Appends one leaf, given by its leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let Some(row) = self.levels.get_mut(level) else { return };
            let left = if row.len() % 2 == 1 { row.last().copied() } else { None };
            row.push(hash);
            match left {
                Some(left) => hash = node(&left, &hash),
                None => return,
            }
        }
    }

    /// Drops every leaf from `size` on, for a reader that took in leaves which then did not verify.
    pub fn truncate(&mut self, size: u64) {
        for (level, row) in self.levels.iter_mut().enumerate() {
            row.truncate(usize::try_from(size >> level).unwrap_or(usize::MAX));
        }
    }

    /// The root that the tree would have with `leaves` appended; the tree stays as it is, so that what is not yet
    /// durable is not yet in it.
    #[must_use]
    pub fn root_after(&self, leaves: impl IntoIterator<Item = Hash>) -> Hash {
        let mut edge = self.edge();
        leaves.into_iter().for_each(|leaf| edge.append(leaf));
        edge.root()
    }

    /// The right edge of the tree.
    #[must_use]
    pub fn edge(&self) -> Edge {
        let size = self.size();
        let subtrees = (0..self.levels.len())
            .rev()
            .filter(|level| size >> level & 1 == 1)
            .filter_map(|level| Some((level, *self.levels.get(level)?.last()?)))
            .collect();
        Edge { subtrees }
    }

    /// Leaf hash at `index`.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.levels.first()?.get(usize::try_from(index).ok()?).copied()
    }

    /// Root at the present size.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.root_at(self.size()).unwrap_or_else(empty_root)
    }

    /// Root when the tree had `size` leaves; `None` where it never had as many.
    #[must_use]
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        if size == 0 {
            return Some(empty_root());
        }
        (size <= self.size()).then(|| self.range(0, size)).flatten()
    }

    /// The audit path of leaf `index` in the tree of `size` leaves, lowest sibling first (RFC 6962 §2.1.1).
    #[must_use]
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        if index >= size || size > self.size() {
            return None;
        }
        let (mut start, mut end) = (0, size);
        let mut path = Vec::new();
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                path.push(self.range(middle, end)?);
                end = middle;
            } else {
                path.push(self.range(start, middle)?);
                start = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// Proof that the tree of `old` leaves is a prefix of the tree of `new` leaves (RFC 6962 §2.1.2).
    ///
    /// Empty where `old` is 0 or equal to `new`.
    #[must_use]
    pub fn consistency_proof(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        if old > new || new > self.size() {
            return None;
        }
        if old == 0 || old == new {
            return Some(Vec::new());
        }
        let (mut start, mut end) = (0, new);
        let mut path = Vec::new();
        while old != end {
            let middle = start + split(end - start);
            if old <= middle {
                path.push(self.range(middle, end)?);
                end = middle;
            } else {
                path.push(self.range(start, middle)?);
                start = middle;
            }
        }
        if start != 0 {
            path.push(self.range(start, end)?);
        }
        path.reverse();
        Some(path)
    }

    /// The first `width` hashes of a tile of the tree of `size` leaves (C2SP tlog-tiles): the roots of complete subtrees
    /// over [`TILE_WIDTH`] to the power of `level` leaves each, from that of number `index * TILE_WIDTH` on; `None` where
    /// that tree has not so many of them.
    #[must_use]
    pub fn tile(&self, level: u32, index: u64, width: u64, size: u64) -> Option<&[Hash]> {
        let height = level.checked_mul(TILE_WIDTH.ilog2())?;
        let start = index.checked_mul(TILE_WIDTH)?;
        let end = start.checked_add(width)?;
        let complete = size.min(self.size()).checked_shr(height)?;
        if width == 0 || width > TILE_WIDTH || end > complete {
            return None;
        }
        let row = self.levels.get(usize::try_from(height).ok()?)?;
        row.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
    }

    /// Hash over leaves `start..end`, where `start` is a multiple of the next power of two not below the length.
    fn range(&self, start: u64, end: u64) -> Option<Hash> {
        let length = end - start;
        if length.is_power_of_two() {
            let row = self.levels.get(length.trailing_zeros() as usize)?;
            return row.get(usize::try_from(start / length).ok()?).copied();
        }
        let middle = start + split(length);
        Some(node(&self.range(start, middle)?, &self.range(middle, end)?))
    }
}

/// The largest power of two below `length`, which is at least 2.
fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

#[cfg(test)]
mod tests;
