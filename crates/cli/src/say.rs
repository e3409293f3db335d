//! Standard output for results, standard error for everything else.

use std::io::Write as _;

/// A line of the result. A reader that has gone away needs no more lines.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A line beside the result.
pub(crate) fn aside(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
