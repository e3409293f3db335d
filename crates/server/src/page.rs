//! Pages of lists: sizes are clamped, tokens are opaque and bound to the other arguments of the list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_domain::digest::sha256_hex;
use concord_domain::errors::{Reason, Refusal, Violation};
use concord_domain::limits::{PAGE_DEFAULT, PAGE_MAX};
use concord_proto::fields::Faults;

/// The page that a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Most rows to give.
    pub size: usize,
    /// What stands for the last row of the page before; empty for the first page.
    pub after: String,
    arguments: String,
}

impl Page {
    /// Reads size and token; `arguments` is what else the list was asked with, in any fixed form. A negative size is kept
    /// among the faults.
    ///
    /// # Errors
    /// `PAGE_TOKEN_MISMATCH` for a token of another list.
    pub fn read(
        faults: &mut Faults,
        page_size: i32,
        page_token: &str,
        arguments: &str,
    ) -> Result<Self, Refusal> {
        let negative = |_| Violation::new("page_size", "0 or more", page_size, "leave it 0 for 50 rows");
        let size = faults.take(usize::try_from(page_size).map_err(negative), 0);
        let size = if size == 0 { PAGE_DEFAULT } else { size.min(PAGE_MAX) };
        let arguments: String = sha256_hex(arguments.as_bytes()).chars().take(16).collect();
        let after = match page_token {
            "" => String::new(),
            token => after_of(token, &arguments).ok_or_else(mismatch)?,
        };
        Ok(Self { size, after, arguments })
    }

    /// Takes a page out of rows that begin after [`Page::after`], with the token of the next page; stops at the first error.
    ///
    /// # Errors
    /// That of the first row that is one.
    pub fn take<T, E>(
        &self,
        rows: impl Iterator<Item = Result<T, E>>,
        after_of: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, String), E> {
        let mut taken: Vec<T> = rows.take(self.size + 1).collect::<Result<_, _>>()?;
        if taken.len() <= self.size {
            return Ok((taken, String::new()));
        }
        taken.truncate(self.size);
        let token = taken.last().map(|row| format!("{}/{}", self.arguments, after_of(row)));
        Ok((taken, token.map(|token| URL_SAFE_NO_PAD.encode(token)).unwrap_or_default()))
    }
}

fn after_of(token: &str, arguments: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (of, after) = text.split_once('/')?;
    (of == arguments).then(|| after.to_owned())
}

/// The refusal of a token that is none of this list.
pub(crate) fn mismatch() -> Refusal {
    let message = "page_token: must be the next_page_token of the same list with the same arguments; \
                   begin again without a token";
    Refusal::new(Reason::PageTokenMismatch, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page_size: i32, page_token: &str, arguments: &str) -> Result<Page, Refusal> {
        let mut faults = Faults::default();
        let page = Page::read(&mut faults, page_size, page_token, arguments)?;
        faults.only(page)
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let rows: Vec<String> = (0..7).map(|i| format!("row-{i}")).collect();
        let mut seen = Vec::new();
        let mut token = String::new();
        loop {
            let page = read(3, &token, "all").unwrap();
            let rest = rows.iter().filter(|row| row.as_str() > page.after.as_str());
            let (taken, next) = page.take(rest.map(Ok::<_, ()>), |row| (*row).clone()).unwrap();
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
        let page = read(1, "", "state=ACTIVE").unwrap();
        let (_, token) = page.take(["a", "b"].into_iter().map(Ok::<_, ()>), |row| (*row).to_owned()).unwrap();
        assert_eq!(read(1, &token, "state=HELD").unwrap_err().reason, Reason::PageTokenMismatch);
        assert_eq!(read(1, &token, "state=ACTIVE").unwrap().after, "a");
    }

    #[test]
    fn a_negative_size_is_refused_and_a_large_one_is_clamped() {
        assert_eq!(read(-1, "", "").unwrap_err().reason, Reason::InvalidArgument);
        assert_eq!(read(i32::MAX, "", "").unwrap().size, PAGE_MAX);
    }
}
