//! Pages of lists: sizes are clamped, tokens are opaque and bound to the other arguments of the list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_domain::digest::sha256_hex;
use concord_domain::errors::{Reason, Refusal, Violation};
use concord_domain::limits::{PAGE_DEFAULT, PAGE_MAX};

/// The page that a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Most rows to give.
    pub size: usize,
    /// Identifier of the last row of the page before; empty for the first page.
    pub after: String,
    arguments: String,
}

impl Page {
    /// Reads size and token; `arguments` is what else the list was asked with, in any fixed form.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a negative size, `PAGE_TOKEN_MISMATCH` for a token of another list.
    pub fn read(page_size: i32, page_token: &str, arguments: &str) -> Result<Self, Refusal> {
        let Ok(size) = usize::try_from(page_size) else {
            let violation = Violation::new("page_size", "0 or more", page_size, "leave it 0 for 50 rows");
            return Err(Refusal::invalid(vec![violation]));
        };
        let size = if size == 0 { PAGE_DEFAULT } else { size.min(PAGE_MAX) };
        let arguments: String = sha256_hex(arguments.as_bytes()).chars().take(16).collect();
        let after = match page_token {
            "" => String::new(),
            token => after_of(token, &arguments).ok_or_else(mismatch)?,
        };
        Ok(Self { size, after, arguments })
    }

    /// Takes a page out of rows that begin after [`Page::after`], with the token of the next page.
    pub fn take<T>(&self, rows: impl Iterator<Item = T>, id_of: impl Fn(&T) -> &str) -> (Vec<T>, String) {
        let mut taken: Vec<T> = rows.take(self.size + 1).collect();
        if taken.len() <= self.size {
            return (taken, String::new());
        }
        taken.truncate(self.size);
        let token = taken.last().map(|row| format!("{}/{}", self.arguments, id_of(row)));
        (taken, token.map(|token| URL_SAFE_NO_PAD.encode(token)).unwrap_or_default())
    }
}

fn after_of(token: &str, arguments: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (of, after) = text.split_once('/')?;
    (of == arguments).then(|| after.to_owned())
}

fn mismatch() -> Refusal {
    let message = "page_token: must be the next_page_token of the same list with the same arguments; \
                   begin again without a token";
    Refusal::new(Reason::PageTokenMismatch, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let rows: Vec<String> = (0..7).map(|i| format!("row-{i}")).collect();
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = Page::read(3, &token, "all").unwrap();
            let rest = rows.iter().filter(|row| row.as_str() > page.after.as_str());
            let (taken, next) = page.take(rest, |row| row.as_str());
            seen.extend(taken.into_iter().cloned());
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn a_token_of_other_arguments_is_refused() {
        let page = Page::read(1, "", "state=ACTIVE").unwrap();
        let (_, token) = page.take(["a", "b"].iter(), |row| row);
        assert_eq!(Page::read(1, &token, "state=HELD").unwrap_err().reason, Reason::PageTokenMismatch);
        assert_eq!(Page::read(1, &token, "state=ACTIVE").unwrap().after, "a");
    }

    #[test]
    fn a_negative_size_is_refused_and_a_large_one_is_clamped() {
        assert_eq!(Page::read(-1, "", "").unwrap_err().reason, Reason::InvalidArgument);
        assert_eq!(Page::read(i32::MAX, "", "").unwrap().size, PAGE_MAX);
    }
}
