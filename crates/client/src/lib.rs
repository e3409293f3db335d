//! The client side: connections that prove who is at either end, followed ledgers, and what a holder makes of a permit.

pub mod connect;
pub mod follow;
pub mod outcome;
pub mod page;
pub mod permit;
pub mod secret;
mod tls;
