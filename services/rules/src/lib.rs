//! concord-rules
