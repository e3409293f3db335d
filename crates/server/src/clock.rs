//! The one place where real time is read.

use std::time::{SystemTime, UNIX_EPOCH};

use concord_domain::time::Timestamp;

/// Real time now; before 1970 it is 1970.
#[must_use]
pub fn real() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}
