//! Times of a case: instants, and days that begin and end at midnight UTC.

use concord_domain::time::Timestamp;

const SECONDS_PER_DAY: i64 = 86_400;

/// An instant, or the beginning of a day.
///
/// # Errors
/// Quotes the text that does not parse.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let parsed = if text.len() == "YYYY-MM-DD".len() {
        Timestamp::parse(&format!("{text}T00:00:00Z"))
    } else {
        Timestamp::parse(text)
    };
    parsed.map_err(|e| format!("time {text:?}: {e}"))
}

/// An instant, or the end of a day.
///
/// # Errors
/// Quotes the text that does not parse.
pub(super) fn end(text: &str) -> Result<Timestamp, String> {
    let whole_day = text.len() == "YYYY-MM-DD".len();
    instant(text).map(|at| if whole_day { at.plus_seconds(SECONDS_PER_DAY) } else { at })
}

/// Noon of a day, UTC.
///
/// # Errors
/// Quotes the text that does not parse.
pub(super) fn noon(day: &str) -> Result<Timestamp, String> {
    instant(day).map(|at| at.plus_seconds(SECONDS_PER_DAY / 2))
}

/// `days` days before `at`.
#[must_use]
pub(super) fn days_before(at: Timestamp, days: i64) -> Timestamp {
    at.plus_seconds(-days * SECONDS_PER_DAY)
}

/// The message of an instant.
#[must_use]
pub(super) fn to_pb(at: Timestamp) -> prost_types::Timestamp {
    let nanos = at.nanos().rem_euclid(1_000_000_000);
    prost_types::Timestamp { seconds: at.seconds(), nanos: i32::try_from(nanos).unwrap_or(0) }
}
