//! Names and values in the index, as `docs/formats/journal.md` writes them down.

use concord_ledger::hash::Hash;

use crate::machine::Machine;

/// Key of the position.
pub(crate) const POSITION: &[u8] = b"position";
/// What keys of rows begin with.
pub(crate) const ROWS: &[u8] = b"rows/";
/// What keys of the versions of rows begin with.
const VERSIONS: &[u8] = b"versions/";
/// What keys of times begin with.
pub(crate) const TIMES: &[u8] = b"times/";
/// What keys of request ids begin with.
pub(crate) const REQUESTS: &[u8] = b"requests/";

/// Key of a row.
pub(crate) fn row(table: &str, id: &str) -> Vec<u8> {
    [ROWS, table.as_bytes(), b"/", id.as_bytes()].concat()
}

/// Table and id of a row's key.
pub(crate) fn split_row(key: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(key.strip_prefix(ROWS)?).ok()?.split_once('/')
}

/// What keys of all versions of a row begin with: neither table nor identifier holds a NUL, so no two can be confused.
pub(crate) fn versions(table: &str, id: &str) -> Vec<u8> {
    [VERSIONS, table.as_bytes(), b"\0", id.as_bytes(), b"\0"].concat()
}

/// Key of the version of a row that an entry made.
pub(crate) fn version(table: &str, id: &str, index: u64) -> Vec<u8> {
    [&versions(table, id)[..], &index.to_be_bytes()].concat()
}

/// The part of a request's key after [`REQUESTS`]: an actor holds no NUL, so the two cannot be confused.
pub(crate) fn request_name(actor: &str, request_id: &str) -> Vec<u8> {
    [actor.as_bytes(), b"\0", request_id.as_bytes()].concat()
}

/// Key of a request.
pub(crate) fn request(name: &[u8]) -> Vec<u8> {
    [REQUESTS, name].concat()
}

/// What is remembered of a request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Index of its first entry.
    pub(crate) first: u64,
    /// Number of its entries.
    pub(crate) count: u32,
    /// Digest of its body, in hexadecimal.
    pub(crate) digest: String,
}

impl Request {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [&self.first.to_be_bytes()[..], &self.count.to_be_bytes(), self.digest.as_bytes()].concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (first, rest) = bytes.split_first_chunk()?;
        let (count, digest) = rest.split_first_chunk()?;
        Some(Self {
            first: u64::from_be_bytes(*first),
            count: u32::from_be_bytes(*count),
            digest: String::from_utf8(digest.to_vec()).ok()?,
        })
    }
}

/// Whether the digest over the rows was written to the journal too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// It stands in the trailer of the group at the position.
    Trailer,
    /// The rows were folded by another version of the code than the one that wrote the trailer, and differ from it.
    OwnOnly,
}

/// Version of what the index holds beside the rows; raise it when that changes, and the next start builds it anew.
const INDEX_VERSION: u32 = 2;

/// Form of the whole index: of what it holds, and of the machine's rows.
pub(crate) fn form<M: Machine>() -> u32 {
    INDEX_VERSION << 16 | M::ROWS_VERSION
}

/// Up to where the index reflects the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// Form of the index.
    pub(crate) version: u32,
    /// Whether the digest is in the journal.
    pub(crate) anchor: Anchor,
    /// Number of entries.
    pub(crate) size: u64,
    /// Root over them.
    pub(crate) root: Hash,
    /// Digest over the rows.
    pub(crate) rows_digest: Hash,
    /// Signed note at that size.
    pub(crate) checkpoint: String,
}

impl Position {
    pub(crate) fn encode(&self) -> Vec<u8> {
        [
            &self.version.to_be_bytes()[..],
            &[u8::from(self.anchor == Anchor::OwnOnly)],
            &self.size.to_be_bytes(),
            &self.root,
            &self.rows_digest,
            self.checkpoint.as_bytes(),
        ]
        .concat()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first_chunk()?;
        let (anchor, rest) = rest.split_first()?;
        let (size, rest) = rest.split_first_chunk()?;
        let (root, rest) = rest.split_first_chunk()?;
        let (rows_digest, rest) = rest.split_first_chunk()?;
        Some(Self {
            version: u32::from_be_bytes(*version),
            anchor: match anchor {
                0 => Anchor::Trailer,
                1 => Anchor::OwnOnly,
                _ => return None,
            },
            size: u64::from_be_bytes(*size),
            root: *root,
            rows_digest: *rows_digest,
            checkpoint: String::from_utf8(rest.to_vec()).ok()?,
        })
    }
}
