//! concord-registry
