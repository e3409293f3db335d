//! The client side: connections that prove who is at either end, and followed ledgers.

pub mod connect;
pub mod follow;
pub mod outcome;
pub mod page;
mod tls;
