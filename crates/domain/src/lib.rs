//! What may and may not happen in Concord, as pure functions of state, command and time.
//!
//! This crate decides; it never acts. It holds no clock, no I/O, no randomness and no transport
//! type, so that any party can run the same decision over the same ledger and get the same bytes.
//! Deliberately absent: natural persons, weapon data, and any ranking or search of targets.

pub mod accord;
pub mod actor;
pub mod consent;
pub mod digest;
pub mod errors;
pub mod fold;
pub mod follow;
pub mod geo;
pub mod ids;
pub mod limits;
pub mod signed;
pub mod table;
pub mod text;
pub mod time;

#[cfg(test)]
extern crate self as concord_domain;
#[cfg(test)]
#[path = "../tests/signing/mod.rs"]
mod signing;

pub mod incidents;
pub mod registry;
pub mod rules;
