//! concord-cli
