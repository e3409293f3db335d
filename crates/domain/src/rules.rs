//! The rules: agreed articles, and what they find about a proposed operation. Pure evaluation; nothing serves it yet.
//!
//! Deliberately absent: the articles that read incidents (warnings, repeat engagement, cooperation), which need the
//! incidents' own nouns.

pub mod airspace;
pub mod articles;
pub mod coordination;
pub mod evaluate;
mod facts;
pub mod finding;
pub mod operation;
pub mod rule_set;
