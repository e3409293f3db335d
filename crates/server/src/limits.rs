//! Every bound of the shell, each with its reason.

use std::time::Duration;

/// Bytes of a request: the largest ring of 1000 positions takes 20 KiB.
pub const REQUEST_MAX_BYTES: usize = 64 * 1024;
/// Bytes of one message of an import.
pub const IMPORT_MESSAGE_MAX_BYTES: usize = 1024 * 1024;
/// Bytes of a whole imported file: the UN list of 2026 has 2 MB.
pub const IMPORT_FILE_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Streams of one connection at a time.
pub const STREAMS_MAX: u32 = 100;
/// Bytes of a header list.
pub const HEADER_LIST_MAX_BYTES: u32 = 16 * 1024;
/// Resets that a peer may leave pending (rapid reset).
pub const PENDING_RESETS_MAX: usize = 20;
/// Longest TLS handshake.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// Handshakes at a time.
pub const HANDSHAKES_MAX: usize = 256;
/// Connections at a time.
pub const CONNECTIONS_MAX: usize = 512;
/// Pause after a connection that could not be accepted.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// A peer that answers no ping for this long is gone.
pub const KEEPALIVE: Duration = Duration::from_secs(20);
/// How long a ping may take.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest drain.
pub const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Longest drain of a process whose ledger failed: what waits is answered at once, and nobody else is waited for.
pub const FAULT_DRAIN_MAX: Duration = Duration::from_millis(500);
/// Characters of a request identifier in a header.
pub const REQUEST_ID_MAX_CHARS: usize = 64;
