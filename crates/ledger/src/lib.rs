//! concord-ledger
