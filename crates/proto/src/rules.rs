//! Conversions of the contract of rules, one file for each noun.

pub mod airspace;
pub mod check;
pub mod coordination;
pub mod operation;
pub mod rule_set;
