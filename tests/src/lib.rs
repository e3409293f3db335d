//! concord-tests
