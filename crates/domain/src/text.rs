//! Text from outside: normalised to NFC, bounded in characters, free of characters that deceive a reader.

use unicode_normalization::UnicodeNormalization as _;

use crate::errors::{Refusal, Violation};
use crate::limits::TEXT_MAX_CHARS;

/// Control characters, and the bidirectional overrides that can make a name read as another (Unicode UAX #9).
fn deceives(c: char) -> bool {
    let bidi =
        matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}');
    (c.is_control() && c != '\n') || bidi || c == '\u{FEFF}'
}

/// `text` in NFC and without surrounding white space.
///
/// # Errors
/// The violation that names `field`: empty, longer than `max_chars`, or holding control or bidi-override characters.
pub fn checked(field: &str, text: &str, max_chars: usize) -> Result<String, Violation> {
    let normal: String = text.trim().nfc().collect();
    let chars = normal.chars().count();
    if chars == 0 {
        return Err(Violation::new(field, "not empty", text, "give a text"));
    }
    if chars > max_chars {
        let rule = format!("at most {max_chars} characters, this one has {chars}");
        return Err(Violation::new(field, rule, normal, "shorten it"));
    }
    if let Some(c) = normal.chars().find(|c| deceives(*c)) {
        let rule =
            format!("free of control and bidi-override characters, this one has U+{:04X}", u32::from(c));
        return Err(Violation::new(field, rule, normal.escape_default(), "remove that character"));
    }
    Ok(normal)
}

/// Like [`checked`], where an empty text is allowed and stays empty.
///
/// # Errors
/// As [`checked`], save for emptiness.
pub fn checked_or_empty(field: &str, text: &str, max_chars: usize) -> Result<String, Violation> {
    if text.trim().is_empty() { Ok(String::new()) } else { checked(field, text, max_chars) }
}

/// A reason that must be given.
///
/// # Errors
/// `INVALID_ARGUMENT` that names `field`.
pub fn reason_given(field: &str, text: &str) -> Result<String, Refusal> {
    checked(field, text, TEXT_MAX_CHARS).map_err(|violation| Refusal::invalid(vec![violation]))
}

/// A reason that may be left out.
///
/// # Errors
/// `INVALID_ARGUMENT` that names `field`.
pub fn reason_or_none(field: &str, text: &str) -> Result<String, Refusal> {
    checked_or_empty(field, text, TEXT_MAX_CHARS).map_err(|violation| Refusal::invalid(vec![violation]))
}

/// The form in which two names are compared: NFKC, lower case, runs of white space as one space.
#[must_use]
pub fn folded(name: &str) -> String {
    let lower: String = name.nfkc().flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}
