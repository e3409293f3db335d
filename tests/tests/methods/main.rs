//! Coverage of the contract: every reason that the comments promise for a method is given by the real service, every
//! method succeeds, and nothing is given that is not promised. One file for each package; each drives its methods by a
//! table, and what all methods have in common is driven for each of them by `shell` and `overload`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it covered"
)]

mod call;
mod fields;
mod impatient;
mod incidents;
mod ledger;
mod overload;
mod play;
mod promises;
mod registry;
mod rules;
mod shell;
