//! The contract as generated types, and the conversions between it and the domain.
//!
//! Messages stop here: nothing behind this crate knows them. Every conversion takes a message apart field by field,
//! so that a new field does not compile until it is given a meaning, and names every wrong field at once.

/// The generated types, by package.
#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    missing_docs,
    unreachable_pub,
    reason = "generated from the contract, whose comments are the documentation"
)]
pub mod pb {
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
    pub use concord::{incidents, ledger, registry, rules, r#type};
}

pub mod fields;
pub mod incidents;
pub mod registry;
pub mod rules;
pub mod shared;

/// A request that writes.
pub trait Mutation: prost::Message {
    /// Its request identifier; empty where the caller gave none.
    fn request_id(&self) -> &str;
    /// Whether it is to be checked only.
    fn validate_only(&self) -> bool;
}

include!(concat!(env!("OUT_DIR"), "/mutations.rs"));

/// The descriptors of the contract, for reflection and for tests over every method.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
