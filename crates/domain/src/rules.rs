//! The rules: agreed articles, what they find about a proposed operation, and what becomes of the decisions.
//!
//! Deliberately absent: the articles that read incidents (warnings, repeat engagement, cooperation), which need the
//! incidents' own nouns.

pub mod airspace;
pub mod articles;
pub mod coordination;
pub mod decision;
pub mod evaluate;
mod facts;
pub mod finding;
pub mod measured;
pub mod operation;
pub mod restriction;
pub mod review;
pub mod rule_set;
pub mod state;
mod voiding;

pub use state::{Command, Event, State};
