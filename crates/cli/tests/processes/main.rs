//! The services as processes of the real binary, killed and stopped at random moments while clients go on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints the seed with which it can be repeated"
)]

mod clock;
mod demo;
mod fault;
mod kill;
mod pause;
mod restore;
mod witness;

/// The binary under test.
const CONCORD: &str = env!("CARGO_BIN_EXE_concord");

/// Randomness that can be repeated: the seed is printed, and `CONCORD_TEST_SEED` sets it.
fn dice() -> fastrand::Rng {
    let given = std::env::var("CONCORD_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(|| fastrand::u64(..));
    println!("CONCORD_TEST_SEED={seed}");
    fastrand::Rng::with_seed(seed)
}
