//! The store through its public face, with a machine that only counts.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the builders of tests may stop a test, and a skipped one says so"
)]

mod copies;
mod counter;
mod faults;
mod groups;
mod index;
mod properties;
mod requests;
mod syscalls;
