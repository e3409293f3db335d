//! The shell around every service, once for all three: configuration, identity, authorisation, limits, health,
//! telemetry, drain, and the write path that handlers use.
//!
//! Deliberately absent: anything that a single service decides.

pub mod call;
pub mod clock;
pub mod config;
pub mod core;
pub mod folded;
pub mod follow;
pub mod health;
pub mod identity;
pub mod ledger_service;
pub mod limits;
pub mod open;
pub mod page;
pub mod past;
pub mod pki;
pub mod process;
pub mod receipt;
pub mod reflection;
pub mod rows;
pub mod serve;
pub mod status;
pub mod telemetry;
pub mod verifier;
pub mod witness;

mod layers;
