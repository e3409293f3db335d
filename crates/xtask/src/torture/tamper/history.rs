//! A ledger as plain values that can be put together wrongly, and the two forms in which it is written: a journal, made
//! from the format document alone with every checksum right, and an export.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use concord_ledger::entry::{Entry, Header, Part};
use concord_ledger::export::head_line;
use concord_ledger::hash::{Hash, ZERO, leaf, sha256, to_hex};
use concord_ledger::{LogKey, Tree};
use concord_store::Group;
use serde_json::{Value, json};

const SEGMENT_HEADER_BYTES: usize = 128;

/// An entry as its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) header: Vec<u8>,
    pub(super) parts: Vec<Part>,
}

/// Entries and what closes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawGroup {
    pub(super) entries: Vec<Raw>,
    pub(super) size: u64,
    pub(super) root: Hash,
    pub(super) note: String,
}

/// A whole ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct History {
    pub(super) groups: Vec<RawGroup>,
}

impl History {
    pub(super) fn of(groups: &[Group]) -> Self {
        let raw =
            |entry: &Entry| Raw { header: entry.header_bytes().to_vec(), parts: entry.parts().to_vec() };
        let group = |group: &Group| RawGroup {
            entries: group.entries.iter().map(raw).collect(),
            size: group.trailer.size,
            root: group.trailer.root,
            note: group.trailer.checkpoint.clone(),
        };
        Self { groups: groups.iter().map(group).collect() }
    }

    /// The tree over all entries.
    pub(super) fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        for entry in self.groups.iter().flat_map(|group| &group.entries) {
            tree.append(leaf(&entry.header));
        }
        tree
    }

    /// Has one clinic of a group stand somewhere else, under a commitment that fits.
    pub(super) fn edit_body(&mut self, group: usize, dice: &mut fastrand::Rng) {
        let Some(group) = self.groups.get_mut(group) else { return };
        let at = dice.usize(..group.entries.len());
        let Some(Raw { header, parts }) = group.entries.get_mut(at) else { return };
        let (Some(part), Ok(mut read)) = (parts.first_mut(), serde_json::from_slice::<Header>(header)) else {
            return;
        };
        let text = String::from_utf8_lossy(&part.bytes).replace("Clinic ", "Depot ");
        part.bytes = text.into_bytes();
        if let Some(named) = read.parts.first_mut() {
            named.commitment = to_hex(&part.commitment());
        }
        if let Ok(bytes) = serde_json::to_vec(&read) {
            *header = bytes;
        }
    }

    /// Numbers, chains and signs everything from a group on, as a log does.
    pub(super) fn sign_again(&mut self, from: usize, key: &LogKey) -> Result<(), String> {
        let mut tree = Tree::new();
        let mut previous = ZERO;
        for (number, group) in self.groups.iter_mut().enumerate() {
            for entry in &mut group.entries {
                if number >= from {
                    let read: Header = serde_json::from_slice(&entry.header).map_err(|e| e.to_string())?;
                    let read = Header { sequence: tree.size(), previous: to_hex(&previous), ..read };
                    entry.header = serde_json::to_vec(&read).map_err(|e| e.to_string())?;
                }
                previous = leaf(&entry.header);
                tree.append(previous);
            }
            if number >= from {
                (group.size, group.root) = (tree.size(), tree.root());
                group.note = key.sign(group.size, &group.root);
            }
        }
        Ok(())
    }

    /// As an export.
    pub(super) fn lines(&self, origin: &str) -> Result<Vec<String>, String> {
        let mut lines = vec![head_line(origin).map_err(|e| e.to_string())?];
        let part = |part: &Part| json!({ "name": part.name, "salt": hex::encode(part.salt), "bytes": STANDARD.encode(&part.bytes) });
        for RawGroup { entries, size, root, note } in &self.groups {
            let entry = |raw: &Raw| {
                let parts: Vec<Value> = raw.parts.iter().map(part).collect();
                json!({ "header": STANDARD.encode(&raw.header), "parts": parts })
            };
            let entries: Vec<Value> = entries.iter().map(entry).collect();
            let trailer = json!({ "size": size, "root": to_hex(root), "checkpoint": note });
            lines.push(json!({ "entries": entries, "trailer": trailer }).to_string());
        }
        Ok(lines)
    }

    /// As a journal of one segment.
    pub(super) fn write_journal(&self, folder: &Path, origin: &str, length: u64) -> Result<(), String> {
        let mut bytes = segment_header(origin, length);
        let mut first_index = 0;
        for group in &self.groups {
            bytes.extend(encoded(group, first_index));
            first_index += group.entries.len() as u64;
        }
        bytes.resize(usize::try_from(length).unwrap_or_default().max(bytes.len()), 0);
        fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        fs::write(folder.join("00000000.seg"), bytes).map_err(|e| e.to_string())
    }
}

/// The note of the last line of an export.
pub(super) fn last_note(lines: &[String]) -> Option<String> {
    let line: Value = serde_json::from_str(lines.last()?).ok()?;
    Some(line.get("trailer")?.get("checkpoint")?.as_str()?.to_owned())
}

/// The file of what others have seen, with one checkpoint that was shown.
pub(super) fn witnessed(origin: &str, note: &str) -> String {
    let checksum = crc32c::crc32c(note.as_bytes());
    format!("concord-witnessed/1 {origin}\n{checksum:08x} {}\n", STANDARD.encode(note))
}

fn segment_header(origin: &str, length: u64) -> Vec<u8> {
    let mut bytes = b"CONCRDJL".to_vec();
    put(&mut bytes, 1);
    put(&mut bytes, 128);
    bytes.extend([0; 16]);
    bytes.extend(length.to_le_bytes());
    bytes.extend(Tree::new().root());
    bytes.extend(sha256(&[origin.as_bytes()]));
    bytes.extend([0; 16]);
    seal(&mut bytes, b"cseg");
    bytes.truncate(SEGMENT_HEADER_BYTES);
    bytes
}

fn encoded(group: &RawGroup, first_index: u64) -> Vec<u8> {
    let RawGroup { entries, size, root, note } = group;
    let mut records = Vec::new();
    for Raw { header, parts } in entries {
        records.extend(record(header, parts));
    }
    let mut trailer = b"CTRL".to_vec();
    put(&mut trailer, entries.len());
    trailer.extend(size.to_le_bytes());
    trailer.extend(root);
    trailer.extend([0; 32]);
    put(&mut trailer, note.len());
    trailer.extend(note.as_bytes());
    seal(&mut trailer, b"ctrl");
    let mut bytes = b"CGRP".to_vec();
    put(&mut bytes, 28 + records.len() + trailer.len());
    bytes.extend(first_index.to_le_bytes());
    put(&mut bytes, entries.len());
    seal(&mut bytes, b"cgrp");
    [bytes, records, trailer].concat()
}

fn record(header: &[u8], parts: &[Part]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, header.len());
    put(&mut bytes, parts.len());
    for Part { name, salt, bytes: content } in parts {
        put(&mut bytes, name.len());
        put(&mut bytes, content.len());
        bytes.extend(crc32c::crc32c_append(crc32c::crc32c(salt), content).to_le_bytes());
    }
    bytes.extend(header);
    parts.iter().for_each(|part| bytes.extend(part.name.as_bytes()));
    seal(&mut bytes, b"");
    for Part { salt, bytes: content, .. } in parts {
        bytes.extend(salt);
        bytes.extend(content);
    }
    bytes
}

/// Four bytes, little-endian.
fn put(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// Adds the checksum of everything so far, and an end mark.
fn seal(bytes: &mut Vec<u8>, mark: &[u8]) {
    let checksum = crc32c::crc32c(bytes);
    bytes.extend(checksum.to_le_bytes());
    bytes.extend(mark);
}
