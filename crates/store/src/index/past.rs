//! What the index says about the past: how many entries there were at a time, and which entry made a row what it was then.
//!
//! It says only where to look: what a row was is read from the journal. Times of entries are those at which their requests
//! were read, so that one may be older than the entry before it; an entry counts as recorded at the newest time up to it.

use concord_ledger::Header;

use super::{IndexStore, keys};
use crate::kv::{Kv, KvError};

/// When how many entries were recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    at_ns: i64,
    /// Number of entries.
    size: u64,
}

impl Recorded {
    /// The entry of a header, at its own time; one whose time cannot be read counts as recorded with the one before it.
    pub(super) fn of(header: &Header) -> Self {
        let time = header.time.parse::<jiff::Timestamp>();
        let at_ns = time.ok().and_then(|time| i64::try_from(time.as_nanosecond()).ok()).unwrap_or(i64::MIN);
        Self { at_ns, size: header.sequence + 1 }
    }

    /// The next entry, after this one.
    pub(super) fn then(self, next: Self) -> Self {
        Self { at_ns: self.at_ns.max(next.at_ns), size: next.size }
    }

    pub(super) fn key(self) -> Vec<u8> {
        [keys::TIMES, &ordered(self.at_ns)].concat()
    }

    pub(super) fn value(self) -> Vec<u8> {
        self.size.to_be_bytes().to_vec()
    }

    /// Number of entries.
    pub(super) fn size(self) -> u64 {
        self.size
    }

    /// The newest that a store holds.
    pub(super) fn newest(kv: &dyn Kv) -> Result<Self, KvError> {
        Self::before(kv, &[keys::TIMES, &[u8::MAX; 9]].concat())
    }

    /// The last that is recorded before a key; no entries where there is none.
    fn before(kv: &dyn Kv, end: &[u8]) -> Result<Self, KvError> {
        let Some((key, value)) = kv.last_before(keys::TIMES, end)? else { return Ok(Self::default()) };
        Self::decode(&key, &value).ok_or_else(|| KvError::Failed("a time is damaged".into()))
    }

    fn decode(key: &[u8], value: &[u8]) -> Option<Self> {
        let at = key.strip_prefix(keys::TIMES)?.try_into().ok()?;
        let at_ns = (u64::from_be_bytes(at) ^ SIGN) as i64;
        Some(Self { at_ns, size: u64::from_be_bytes(value.try_into().ok()?) })
    }
}

/// The bit that keeps times before 1970 in order.
const SIGN: u64 = 1 << 63;

fn ordered(at_ns: i64) -> [u8; 8] {
    (at_ns as u64 ^ SIGN).to_be_bytes()
}

impl IndexStore {
    /// How many entries were recorded up to a time, that time included.
    pub(crate) fn size_at(&self, at_ns: i64) -> Result<u64, KvError> {
        let end = [keys::TIMES, &ordered(at_ns), &[0]].concat();
        Ok(Recorded::before(&*self.kv(), &end)?.size)
    }

    /// Index of the entry that made a row what it was when there were `size` entries; `None` where there was no such row.
    pub(crate) fn version(&self, table: &str, id: &str, size: u64) -> Result<Option<u64>, KvError> {
        let prefix = keys::versions(table, id);
        let Some((key, _)) = self.kv().last_before(&prefix, &keys::version(table, id, size))? else {
            return Ok(None);
        };
        let index = key.strip_prefix(&prefix[..]).and_then(|index| index.try_into().ok());
        let index = index.map(u64::from_be_bytes);
        index.map(Some).ok_or_else(|| KvError::Failed("a version is damaged".into()))
    }
}
