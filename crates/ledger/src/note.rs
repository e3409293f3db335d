//! Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature over the text.
//!
//! What a signature is over and which key made it is decided elsewhere; nothing here verifies any.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::hash::sha256;
use crate::keys::{KeyError, PublicKey};

/// Longest note that is looked at, in bytes.
const NOTE_BYTES_MAX: usize = 16 * 1024;
/// What a signature line begins with.
const DASH: &str = "\u{2014} ";

/// The first bytes of a signature, by which a key finds its own among others.
pub(crate) type KeyId = [u8; 4];

/// One signature line.
pub(crate) struct Line<'a> {
    /// Name of the key.
    pub(crate) name: &'a str,
    /// Id of the key.
    pub(crate) key_id: KeyId,
    /// The signature, in the form of its algorithm.
    pub(crate) signature: Vec<u8>,
}

impl<'a> Line<'a> {
    /// Reads a line without its line feed; nothing where it is none.
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let (name, value) = line.strip_prefix(DASH)?.split_once(' ')?;
        let value = STANDARD.decode(value).ok()?;
        let (key_id, signature) = value.split_first_chunk::<4>()?;
        Some(Self { name, key_id: *key_id, signature: signature.to_vec() })
    }

    /// The line with its line feed.
    pub(crate) fn written(name: &str, key_id: KeyId, signature: &[u8]) -> String {
        format!("{DASH}{name} {}\n", STANDARD.encode([&key_id, signature].concat()))
    }
}

/// A note, read and not verified.
pub(crate) struct Note<'a> {
    /// The text, with its last line feed.
    pub(crate) text: &'a str,
    /// The signature lines, in order.
    pub(crate) lines: Vec<Line<'a>>,
}

impl<'a> Note<'a> {
    /// Reads a note; nothing where it is none, or too long.
    pub(crate) fn parse(note: &'a str) -> Option<Self> {
        if note.len() > NOTE_BYTES_MAX {
            return None;
        }
        let (text, signatures) = note.split_at_checked(note.rfind("\n\n")? + 1)?;
        let signatures = signatures.strip_prefix('\n')?.strip_suffix('\n')?;
        let lines = signatures.split('\n').map(Line::parse).collect::<Option<_>>()?;
        Some(Self { text, lines })
    }
}

/// Refuses a name that would break a note.
pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(KeyError::Name(name.to_owned()));
    }
    Ok(())
}

/// The id of a key of that name and algorithm.
pub(crate) fn key_id(name: &str, algorithm: u8, key: &PublicKey) -> KeyId {
    let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[algorithm], key.as_bytes()]);
    [a, b, c, d]
}

/// The key as C2SP writes it, `<name>+<key id>+<base64 of algorithm and key>`, for other tools.
pub(crate) fn vkey(name: &str, algorithm: u8, key: &PublicKey) -> String {
    let encoded = STANDARD.encode([&[algorithm], key.as_bytes().as_slice()].concat());
    format!("{name}+{}+{encoded}", hex::encode(key_id(name, algorithm, key)))
}
