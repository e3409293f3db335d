//! concord-formats
