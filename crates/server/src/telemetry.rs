//! Logs: one line for each event on standard error, as JSON or text; never the body of a request.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// Form of the log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Begins to log; the level is that of `CONCORD_LOG`, else `info`. A second call changes nothing.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("CONCORD_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Lines(io::stderr()));
    // Only the first subscriber of a process counts; in tests there may be many services in one.
    let _ = match format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}

/// Where lines go. One that cannot be written is dropped: telling of it would go where it could not be written, and what
/// keeps a log from growing, a full disk, must not end a service.
struct Lines<W>(W);

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(match self.0.write(bytes) {
            // Nothing taken would be an error to whoever writes all.
            Err(_) | Ok(0) => bytes.len(),
            Ok(written) => written,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        // As above.
        let _ = self.0.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_written_is_dropped() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut lines = Lines(full);
        assert!(lines.write_all(b"a line\n").is_ok() && lines.flush().is_ok());
        let mut lines = Lines(Vec::new());
        lines.write_all(b"a line\n").unwrap();
        assert_eq!(lines.0, b"a line\n");
    }
}
