//! Times of calls, with so many of them in flight.

use std::future::Future;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Times of many calls, and how long they took together.
pub(crate) struct Times {
    each: Histogram<u64>,
    together: Duration,
}

impl Times {
    pub(crate) fn new() -> Result<Self, String> {
        let each = Histogram::new(3).map_err(|e| e.to_string())?;
        Ok(Self { each, together: Duration::ZERO })
    }

    pub(crate) fn record(&mut self, took: Duration) {
        // The histogram grows with what it holds, which `saturating_record` would keep it from; a time that it cannot hold
        // is none that a clock gives.
        let _ = self.each.record(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn took(&mut self, together: Duration) {
        self.together += together;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        // Both have the same precision and resize by themselves.
        let _ = self.each.add(&other.each);
        self.together += other.together;
    }

    /// Calls in a second.
    pub(crate) fn per_second(&self) -> f64 {
        self.each.len() as f64 / self.together.as_secs_f64()
    }

    /// The time within which that part of the calls was answered, in microseconds.
    pub(crate) fn quantile_us(&self, part: f64) -> f64 {
        self.each.value_at_quantile(part) as f64 / 1_000.0
    }
}

/// Makes `calls` calls, `in_flight` at a time.
pub(crate) async fn measured<F, C>(in_flight: usize, calls: usize, call: F) -> Result<Times, String>
where
    F: Fn() -> C,
    C: Future<Output = bool> + Send + 'static,
{
    let began = Instant::now();
    let mut times = Times::new()?;
    let mut running = tokio::task::JoinSet::new();
    let timed = |call: C| async move {
        let began = Instant::now();
        let answered = call.await;
        (answered, began.elapsed())
    };
    let mut left = calls;
    while left > 0 || !running.is_empty() {
        while left > 0 && running.len() < in_flight {
            running.spawn(timed(call()));
            left -= 1;
        }
        if let Some(joined) = running.join_next().await {
            let (answered, took) = joined.map_err(|e| e.to_string())?;
            if !answered {
                return Err("a call failed, so its time means nothing".to_owned());
            }
            times.record(took);
        }
    }
    times.took(began.elapsed());
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_time_that_was_recorded_and_not_the_end_of_a_scale() {
        let mut times = Times::new().unwrap();
        (1..=100).for_each(|ms| times.record(Duration::from_millis(ms)));
        for (part, us) in [(0.5, 50_000.0), (0.99, 99_000.0)] {
            assert!((times.quantile_us(part) / us - 1.0).abs() < 0.01, "{part}: {}", times.quantile_us(part));
        }
    }
}
