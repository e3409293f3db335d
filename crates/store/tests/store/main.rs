//! The store through its public face, with a machine that only counts.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the builders of tests may stop a test"
)]

mod copies;
mod counter;
mod faults;
mod golden;
mod groups;
mod index;
mod past;
mod properties;
mod requests;
mod restore;
mod space;
mod witnessed;
