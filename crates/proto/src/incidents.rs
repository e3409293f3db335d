//! Conversions of the contract of incidents, one file for each noun.

pub mod cooperation;
pub mod engagement;
pub mod hotline;
pub mod incident;
