//! concord-policy
