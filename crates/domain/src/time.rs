//! Instants and windows. Always UTC, always passed in, never read from a clock here.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::errors::Violation;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// An instant in nanoseconds since 1970-01-01T00:00:00Z; recorded and printed as RFC 3339 in Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z, the earliest instant that a request may name.
    pub const MIN: Self = Self(0);
    /// 2200-01-01T00:00:00Z, the end of what a request may name.
    pub const MAX: Self = Self(7_258_118_400 * NANOS_PER_SECOND);

    /// From nanoseconds since the epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole seconds since the epoch; saturates.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(NANOS_PER_SECOND))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(NANOS_PER_SECOND)
    }

    /// This instant and `seconds` more (fewer where negative); saturates.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(NANOS_PER_SECOND)))
    }

    /// Seconds from `earlier` to this instant, rounded down; negative where it is later.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(NANOS_PER_SECOND)
    }

    /// From RFC 3339 text, such as `2016-09-19T16:00:00Z`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed: jiff::Timestamp = text.parse().map_err(|e| format!("not an RFC 3339 instant: {e}"))?;
        i64::try_from(parsed.as_nanosecond()).map(Self).map_err(|_| "out of range".to_owned())
    }

    /// Checks that a request may name this instant: 1970-01-01 to 2200-01-01.
    ///
    /// # Errors
    /// The violation that names `field`.
    pub fn check(self, field: &str) -> Result<(), Violation> {
        if (Self::MIN..Self::MAX).contains(&self) {
            return Ok(());
        }
        Err(Violation::new(
            field,
            "from 1970-01-01 until 2200-01-01 UTC",
            self,
            "give a time within that range",
        ))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{}ns", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// A half-open window `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
}

impl Interval {
    /// Whether `at` lies inside.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether the two windows share an instant.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The window grown by `seconds` on either side.
    #[must_use]
    pub fn padded(&self, seconds: i64) -> Self {
        Self { start: self.start.plus_seconds(-seconds), end: self.end.plus_seconds(seconds) }
    }

    /// Checks both ends, their order, and that the window lasts at most `max_s` seconds.
    #[must_use]
    pub fn violations(&self, field: &str, max_s: i64) -> Vec<Violation> {
        let mut found: Vec<Violation> =
            [self.start.check(&format!("{field}.start_time")), self.end.check(&format!("{field}.end_time"))]
                .into_iter()
                .filter_map(Result::err)
                .collect();
        if self.end <= self.start {
            found.push(Violation::new(
                format!("{field}.end_time"),
                format!("after {field}.start_time ({})", self.start),
                self.end,
                "give an end after the start",
            ));
        }
        let lasts_s = self.end.seconds_since(self.start);
        if lasts_s > max_s {
            let rule = format!("at most {max_s} seconds long");
            found.push(Violation::new(field, rule, format!("{lasts_s} seconds"), "give a shorter window"));
        }
        found
    }
}
