//! Incidents: reports of harm with every account of them, the hotline, and the status of cooperation.
//!
//! Nothing is ever overwritten: corrections, acknowledgements and findings append. Suspending takes one, lifting takes
//! all; hotline and airspace have no status that could be suspended.

pub mod cooperation;
pub mod engagement;
pub mod hotline;
pub mod incident;
pub mod state;
pub mod triggers;

pub use state::{Command, Event, Followed, State};

#[cfg(test)]
mod tests;
