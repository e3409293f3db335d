//! What a ledger of Concord is made of, and how anyone verifies it without asking anyone.
//!
//! Entries with salted part commitments, the RFC 6962 Merkle tree over them, C2SP checkpoints and cosignatures, receipts, DSSE
//! envelopes and the exported text form. Pure on purpose: no clock, no I/O, no randomness (salts and times are
//! passed in), so that the same code runs in services, in the `concord` command and in an auditor's own program.
//!
//! The exact bytes are written down in `docs/formats/entry.md`.

pub mod chain;
pub mod checkpoint;
pub mod cosignature;
pub mod dsse;
pub mod entry;
pub mod evidence;
pub mod export;
pub mod hash;
pub mod judge;
pub mod keys;
pub mod proof;
pub mod receipt;
pub mod tree;

mod note;

pub use chain::{Chain, ChainError};
pub use checkpoint::{Checkpoint, CheckpointError, LogKey, LogVerifier};
pub use cosignature::{Cosignature, CosignatureError, WitnessKey, WitnessVerifier};
pub use entry::{Entry, EntryError, Header, Part, PartHeader};
pub use export::{ExportError, VerifiedExport, verify_export};
pub use hash::Hash;
pub use keys::{KeyError, PrivateKey, PublicKey};
pub use proof::{ProofError, verify_consistency, verify_inclusion};
pub use receipt::{Receipt, VerifyError};
pub use tree::{Edge, Tree};
