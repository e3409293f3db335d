//! Rules over real mutual TLS, following a real registry.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod airspace;
mod checks;
mod cooperation;
mod custom;
mod document;
mod failure;
mod lying;
mod past;
mod rule_sets;
mod vouching;

use concord_testkit::setting;
