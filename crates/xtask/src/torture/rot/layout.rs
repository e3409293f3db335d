//! Where groups lie in a journal, read from the format document alone: no code of the store is asked.

use std::fs;
use std::path::Path;

const HEADER_BYTES: usize = 128;

/// One group.
#[derive(Clone, Copy, Debug)]
struct Group {
    offset: u64,
    end: u64,
    first_index: u64,
    count: u64,
}

/// Where damage must be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// In bytes from the start of the segment.
    pub(super) offset: u64,
    /// Number of entries before it.
    pub(super) first_index: u64,
    /// Whether it lies behind the last group of its segment.
    pub(super) is_behind: bool,
}

/// The groups of each segment.
#[derive(Debug)]
pub(super) struct Layout(Vec<Vec<Group>>);

impl Layout {
    pub(super) fn of(journal: &Path) -> Result<Self, String> {
        let mut segments = Vec::new();
        while let Ok(bytes) = fs::read(journal.join(format!("{:08}.seg", segments.len()))) {
            segments.push(groups(&bytes).ok_or("a segment is not of the format")?);
        }
        Ok(Self(segments))
    }

    pub(super) fn segments(&self) -> u64 {
        self.0.len() as u64
    }

    /// The spot that names damage whose first byte is at `at` in a segment.
    pub(super) fn spot(&self, segment: u64, at: u64) -> Spot {
        let groups = usize::try_from(segment).ok().and_then(|segment| self.0.get(segment));
        let groups = groups.map(Vec::as_slice).unwrap_or_default();
        let first = groups.first().map_or(0, |group| group.first_index);
        if at < HEADER_BYTES as u64 {
            return Spot { offset: 0, first_index: first, is_behind: false };
        }
        if let Some(hit) = groups.iter().find(|group| at < group.end) {
            return Spot { offset: hit.offset, first_index: hit.first_index, is_behind: false };
        }
        let (end, next) = groups.last().map_or((0, 0), |last| (last.end, last.first_index + last.count));
        Spot { offset: end, first_index: next, is_behind: true }
    }
}

fn groups(bytes: &[u8]) -> Option<Vec<Group>> {
    let number = |at: usize, length: usize| {
        let bytes = bytes.get(at..at + length)?;
        Some(bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    let (mut groups, mut at) = (Vec::new(), HEADER_BYTES);
    while bytes.get(at..at + 4) == Some(b"CGRP") {
        let (length, first_index, count) = (number(at + 4, 4)?, number(at + 8, 8)?, number(at + 16, 4)?);
        let end = at as u64 + length;
        groups.push(Group { offset: at as u64, end, first_index, count });
        at = usize::try_from(end).ok()?;
    }
    Some(groups)
}
