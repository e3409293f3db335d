//! concord-proto
