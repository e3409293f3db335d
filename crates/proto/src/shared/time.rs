//! Instants and windows.

use concord_domain::errors::Violation;
use concord_domain::time::{Interval, Timestamp};
pub use prost_types::Timestamp as Pb;

use crate::fields::Faults;
use crate::pb::r#type::v1 as pb;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// The message of an instant.
#[must_use]
pub fn to_pb(at: Timestamp) -> Pb {
    let nanos = at.nanos().rem_euclid(NANOS_PER_SECOND);
    Pb { seconds: at.seconds(), nanos: i32::try_from(nanos).unwrap_or(0) }
}

/// An instant that a request names.
///
/// # Errors
/// The violation that names `field`, where it lies outside 1970 to 2200 or its parts are out of range.
pub fn from_pb(field: &str, pb: Pb) -> Result<Timestamp, Violation> {
    let Pb { seconds, nanos } = pb;
    let whole = seconds.checked_mul(NANOS_PER_SECOND).filter(|_| (0..1_000_000_000).contains(&nanos));
    let at = whole.and_then(|whole| whole.checked_add(i64::from(nanos))).map(Timestamp::from_nanos);
    let range = "from 1970-01-01 until 2200-01-01 UTC, with nanos from 0 to 999999999";
    let at =
        at.ok_or_else(|| Violation::new(field, range, format!("{seconds}s {nanos}ns"), "give such a time"))?;
    at.check(field).map(|()| at)
}

/// An instant that must be present. A wrong one is kept in `faults`, and the earliest, which is after nothing, stands for
/// it.
pub fn required(faults: &mut Faults, field: &str, pb: Option<Pb>) -> Timestamp {
    present(faults, field, pb).unwrap_or(Timestamp::MIN)
}

fn present(faults: &mut Faults, field: &str, pb: Option<Pb>) -> Option<Timestamp> {
    let pb = faults.required(field, pb.map(Some));
    optional(faults, field, pb)
}

/// An instant that may be absent; a wrong one is kept in `faults`, and taken as absent.
pub fn optional(faults: &mut Faults, field: &str, pb: Option<Pb>) -> Option<Timestamp> {
    pb.and_then(|pb| faults.take(from_pb(field, pb).map(Some), None))
}

/// The message of a window.
#[must_use]
pub fn window_to_pb(window: &Interval) -> pb::TimeWindow {
    let Interval { start, end } = *window;
    pb::TimeWindow { start_time: Some(to_pb(start)), end_time: Some(to_pb(end)) }
}

/// A window that must be present.
pub fn required_window(faults: &mut Faults, field: &str, pb: Option<pb::TimeWindow>) -> Interval {
    let pb = faults.required(field, pb);
    window_from_pb(faults, field, pb)
}

/// A window; both ends must be present. Their order is the domain's business; beside a wrong end stands the other, so
/// that nothing is wrong with the order or the length.
pub fn window_from_pb(faults: &mut Faults, field: &str, pb: pb::TimeWindow) -> Interval {
    let pb::TimeWindow { start_time, end_time } = pb;
    let mut end_of = |name: &str, time: Option<Pb>| present(faults, &format!("{field}.{name}"), time);
    let (start, end) = (end_of("start_time", start_time), end_of("end_time", end_time));
    let start = start.or(end.map(|end| end.plus_seconds(-1))).unwrap_or(Timestamp::MIN);
    Interval { start, end: end.unwrap_or(start.plus_seconds(1)) }
}
