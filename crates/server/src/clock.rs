//! The one place where real time is read.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use concord_domain::time::Timestamp;

/// Real time now; before 1970 it is 1970.
#[must_use]
pub fn real() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

/// Largest difference between real and monotonic time that is no jump.
const JUMP_MAX_S: f64 = 2.0;

/// Name of the file, in the data folder of a service, that stands while a jump of the clock is unconfirmed.
pub const JUMP_FILE: &str = "clock-jumped";

/// Takes the mark of a jump away, which a running service notices too, and gives what it said; nothing where none stands.
///
/// # Errors
/// Where the mark cannot be read or removed; then the jump may still be unconfirmed.
pub fn confirm(data_dir: &Path) -> io::Result<Option<String>> {
    let mark = data_dir.join(JUMP_FILE);
    let how = match fs::read_to_string(&mark) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        how => how?,
    };
    fs::remove_file(&mark)?;
    File::open(data_dir)?.sync_all()?;
    Ok(Some(how))
}

/// Watches real time against monotonic time. Once they have come apart, no restart brings them together again: only an
/// operator does, who takes the mark away (`concord confirm-clock`).
#[derive(Debug)]
pub struct Steady {
    mark: PathBuf,
    watch: Mutex<Watch>,
}

#[derive(Debug)]
struct Watch {
    real: Timestamp,
    monotonic: Instant,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Steady,
    /// Jumped, and the mark says so.
    Marked,
    /// Jumped, and the mark could not be written yet: that it is not there confirms nothing.
    Unmarked,
}

impl Steady {
    /// Begins to watch. A mark that stands already counts, and so does a clock that stands before `latest`, the time of
    /// the newest entry of the service's own ledger.
    #[must_use]
    pub fn begin(data_dir: &Path, latest: Option<Timestamp>) -> Self {
        Self::begin_at(data_dir, latest, real(), Instant::now())
    }

    fn begin_at(data_dir: &Path, latest: Option<Timestamp>, real: Timestamp, monotonic: Instant) -> Self {
        let mark = data_dir.join(JUMP_FILE);
        let state = if may_stand(&mark) { State::Marked } else { State::Steady };
        let watch = Mutex::new(Watch { real, monotonic, state });
        let steady = Self { mark, watch };
        if let Some(back_s) = latest.map(|latest| seconds_between(real, latest)).filter(|s| *s > JUMP_MAX_S) {
            steady.jumped(&mut steady.locked(), &format!("it stands {back_s:.0} s before the newest entry"));
        }
        steady
    }

    /// Whether the real clock has not jumped, or an operator has confirmed it since.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.holds(real(), Instant::now())
    }

    fn holds(&self, real: Timestamp, monotonic: Instant) -> bool {
        let mut watch = self.locked();
        match watch.state {
            State::Steady => {}
            State::Marked if !may_stand(&self.mark) => {
                tracing::warn!(time = %real, "the clock was confirmed");
                *watch = Watch { real, monotonic, state: State::Steady };
            }
            State::Marked => return false,
            State::Unmarked => {
                self.jumped(&mut watch, "it was noticed before");
                return false;
            }
        }
        let passed_s = monotonic.saturating_duration_since(watch.monotonic).as_secs_f64();
        let apart_s = seconds_between(watch.real, real) - passed_s;
        if apart_s.abs() > JUMP_MAX_S {
            self.jumped(&mut watch, &format!("by {apart_s:.1} s, to {real}"));
            return false;
        }
        true
    }

    fn jumped(&self, watch: &mut Watch, how: &str) {
        tracing::error!(how, "the clock jumped; checks refer until it is confirmed");
        watch.state = match marked(&self.mark, how) {
            Ok(()) => State::Marked,
            Err(error) => {
                tracing::error!(%error, "the mark of the jump could not be written");
                State::Unmarked
            }
        };
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the mark stands; where that cannot be told, it does.
fn may_stand(mark: &Path) -> bool {
    mark.try_exists().unwrap_or(true)
}

/// Writes the mark, which then outlives a loss of power; one that stands already is kept as it is.
fn marked(mark: &Path, how: &str) -> io::Result<()> {
    if mark.try_exists()? {
        return Ok(());
    }
    let mut file = File::create(mark)?;
    writeln!(file, "The clock jumped: {how}.")?;
    file.sync_all()?;
    mark.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[expect(clippy::cast_precision_loss, reason = "a jump is compared with seconds, not with nanoseconds")]
fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    to.nanos().saturating_sub(from.nanos()) as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A watch begun at a time, and a look at it as many seconds later by the real and by the monotonic clock.
    struct Begun(Steady, Timestamp, Instant);

    fn begun(dir: &Path, latest: Option<i64>) -> Begun {
        let (real, monotonic) = (Timestamp::from_nanos(1_700_000_000_000_000_000), Instant::now());
        let latest = latest.map(|later_s| real.plus_seconds(later_s));
        Begun(Steady::begin_at(dir, latest, real, monotonic), real, monotonic)
    }

    impl Begun {
        fn holds_at(&self, real_s: i64, monotonic_s: u64) -> bool {
            let Self(steady, real, monotonic) = self;
            steady.holds(real.plus_seconds(real_s), *monotonic + Duration::from_secs(monotonic_s))
        }
    }

    #[test]
    fn a_jump_is_remembered_though_the_clock_goes_back_and_the_service_starts_again() {
        let dir = tempfile::tempdir().unwrap();
        let watch = begun(dir.path(), None);
        assert!(watch.holds_at(60, 61));
        assert!(!watch.holds_at(63, 60));
        assert!(!watch.holds_at(64, 64));
        assert!(!begun(dir.path(), None).holds_at(0, 0), "a restart confirms nothing");
    }

    #[test]
    fn what_an_operator_confirms_is_the_time_as_it_then_is() {
        let dir = tempfile::tempdir().unwrap();
        let watch = begun(dir.path(), None);
        assert!(!watch.holds_at(1_000, 10));
        assert!(confirm(dir.path()).unwrap().is_some_and(|how| how.contains("by 990.0 s")));
        assert_eq!(confirm(dir.path()).unwrap(), None, "there is nothing left to confirm");
        assert!(watch.holds_at(1_001, 11));
        assert!(watch.holds_at(1_100, 110));
        assert!(!watch.holds_at(120, 120), "back where it was before is a jump again");
    }

    #[test]
    fn a_clock_that_stands_before_what_was_recorded_has_jumped() {
        let dir = tempfile::tempdir().unwrap();
        assert!(begun(dir.path(), Some(1)).holds_at(0, 0));
        assert!(!begun(dir.path(), Some(10)).holds_at(0, 0));
    }

    #[test]
    fn a_mark_that_cannot_be_looked_for_counts_as_one_that_stands() {
        let dir = tempfile::tempdir().unwrap();
        let no_folder = dir.path().join("file");
        fs::write(&no_folder, "").unwrap();
        assert!(!begun(&no_folder, None).holds_at(0, 0));
    }

    #[test]
    fn a_jump_that_could_not_be_marked_is_not_confirmed_by_the_missing_mark() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        let watch = begun(&gone, None);
        assert!(!watch.holds_at(1_000, 10));
        assert!(!watch.holds_at(1_001, 11));
        fs::create_dir(&gone).unwrap();
        assert!(!watch.holds_at(1_002, 12));
        assert!(gone.join(JUMP_FILE).exists());
    }
}
