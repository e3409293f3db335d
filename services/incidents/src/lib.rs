//! concord-incidents
