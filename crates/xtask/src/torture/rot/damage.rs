//! One damage to one file, as disks and people do it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What was done, and where it begins.
#[derive(Debug)]
pub(super) struct Damage {
    what: &'static str,
    file: String,
    /// Number of the segment; nothing where it is a file of the index.
    pub(super) segment: Option<u64>,
    /// First byte that is not as it was.
    pub(super) first: u64,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} from byte {}", self.what, self.file, self.first)
    }
}

impl Damage {
    /// Does one damage that changes something, to a file that the dice choose.
    pub(super) fn done(ledger: &Path, older: &Path, dice: &mut fastrand::Rng) -> Result<Self, String> {
        let kind = if dice.bool() { "journal" } else { "index" };
        let files = files(&ledger.join(kind))?;
        loop {
            let file = dice.choice(&files).ok_or("nothing to damage")?;
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = fs::read(file).map_err(|e| e.to_string())?;
            let (what, damaged) = match dice.u8(..5) {
                0 => ("a flipped bit", flipped(&bytes, dice)),
                1 => ("a zeroed sector", zeroed(&bytes, dice)),
                2 => ("swapped blocks", swapped(&bytes, dice)),
                3 => ("a cut tail", bytes.get(..dice.usize(..=bytes.len())).map(<[u8]>::to_vec)),
                _ => ("an older file", fs::read(older.join(kind).join(&name)).ok()),
            };
            let Some(damaged) = damaged else { continue };
            let Some(first) = first_difference(&bytes, &damaged) else { continue };
            fs::write(file, damaged).map_err(|e| e.to_string())?;
            let segment = name.strip_suffix(".seg").and_then(|number| number.parse().ok());
            return Ok(Self { what, file: name, segment, first });
        }
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let found = fs::read_dir(folder).map_err(|e| e.to_string())?;
    let mut files: Vec<PathBuf> = found.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    files.retain(|file| file.is_file() && fs::metadata(file).is_ok_and(|file| file.len() > 0));
    files.sort();
    Ok(files)
}

/// Nothing where both are the same; a length is a difference too.
fn first_difference(one: &[u8], other: &[u8]) -> Option<u64> {
    let shorter = one.len().min(other.len());
    let differs = one.iter().zip(other).position(|(one, other)| one != other);
    differs.or((one.len() != other.len()).then_some(shorter)).map(|at| at as u64)
}

/// A place that is written in, more often than one in the zeros behind it.
fn place(bytes: &[u8], dice: &mut fastrand::Rng) -> usize {
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default() + 1;
    if dice.u8(..8) == 0 { dice.usize(..bytes.len()) } else { dice.usize(..used) }
}

fn flipped(bytes: &[u8], dice: &mut fastrand::Rng) -> Option<Vec<u8>> {
    let (mut damaged, at) = (bytes.to_vec(), place(bytes, dice));
    *damaged.get_mut(at)? ^= 1 << dice.u8(..8);
    Some(damaged)
}

fn zeroed(bytes: &[u8], dice: &mut fastrand::Rng) -> Option<Vec<u8>> {
    let (mut damaged, at) = (bytes.to_vec(), place(bytes, dice) / 512 * 512);
    let end = (at + 512).min(bytes.len());
    damaged.get_mut(at..end)?.fill(0);
    Some(damaged)
}

fn swapped(bytes: &[u8], dice: &mut fastrand::Rng) -> Option<Vec<u8>> {
    let block = *dice.choice([512, 4096].iter())?;
    let (one, other) = (place(bytes, dice) / block, place(bytes, dice) / block);
    let (low, high) = (one.min(other) * block, one.max(other) * block);
    if low == high {
        return None;
    }
    let mut damaged = bytes.to_vec();
    let (front, back) = damaged.split_at_mut(high);
    front.get_mut(low..low + block)?.swap_with_slice(back.get_mut(..block)?);
    Some(damaged)
}
