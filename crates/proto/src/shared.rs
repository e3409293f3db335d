//! Conversions that all services share.

pub mod area;
pub mod participant;
pub mod time;
