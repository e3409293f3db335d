//! concord-server
