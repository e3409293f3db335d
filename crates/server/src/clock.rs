//! The one place where real time is read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use concord_domain::time::Timestamp;

/// Real time now; before 1970 it is 1970.
#[must_use]
pub fn real() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

/// Largest difference between real and monotonic time that is no jump.
const JUMP_MAX_S: f64 = 2.0;

/// Watches real time against monotonic time. Once they have come apart, only a restart, by which an operator confirms the
/// clock, brings them together again.
#[derive(Debug)]
pub struct Steady {
    real: Timestamp,
    monotonic: Instant,
    jumped: AtomicBool,
}

impl Steady {
    /// Begins to watch.
    #[must_use]
    pub fn begin() -> Self {
        Self { real: real(), monotonic: Instant::now(), jumped: AtomicBool::new(false) }
    }

    /// Whether the real clock has not jumped since.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.holds(real(), self.monotonic.elapsed())
    }

    fn holds(&self, now: Timestamp, passed: Duration) -> bool {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a service runs for far less than 2^52 nanoseconds times a second"
        )]
        let real_s = (now.nanos() - self.real.nanos()) as f64 / 1e9;
        if (real_s - passed.as_secs_f64()).abs() > JUMP_MAX_S {
            self.jumped.store(true, Ordering::Relaxed);
        }
        !self.jumped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_clock_is_remembered_though_it_goes_back() {
        let watch = Steady::begin();
        let at = |seconds| watch.real.plus_seconds(seconds);
        assert!(watch.holds(at(60), Duration::from_secs(61)));
        assert!(!watch.holds(at(63), Duration::from_secs(60)));
        assert!(!watch.holds(at(64), Duration::from_secs(64)));
    }
}
