//! The shape of a restriction's text before it is parsed: how deep it nests, and how many operators one statement has.
//!
//! Cedar parses by recursion, without a bound of its own: 200 parentheses overflow a stack of 2 MiB and so end the process
//! (measured with 4.14.1, optimised). It also gives up evaluating where little stack is left, which would make a verdict
//! depend on the thread that asks. Within these bounds neither can happen.

/// Brackets within brackets, those of the statement itself included.
pub(super) const NESTING_MAX: usize = 12;
/// Operators of one statement: each may add one level to its tree.
pub(super) const OPERATORS_MAX: usize = 100;

/// What is too much in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// Brackets nest deeper than [`NESTING_MAX`].
    Nesting,
    /// A statement has more operators than [`OPERATORS_MAX`].
    Operators,
    /// A string does not end.
    Unterminated,
}

const OPERATORS: &str = ".!-+*<>=&|";
const WORDS: [&str; 7] = ["if", "then", "else", "in", "has", "like", "is"];

/// What of a text is too much to be parsed.
pub(super) fn excess(text: &str) -> Option<Excess> {
    let (mut nesting, mut operators) = (0_usize, 0_usize);
    let mut word = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        operators += usize::from(WORDS.contains(&word.as_str()));
        word.clear();
        match c {
            '"' if !skip_string(&mut rest) => return Some(Excess::Unterminated),
            '/' if rest.peek() == Some(&'/') => skip_line(&mut rest),
            '(' | '[' | '{' => nesting += 1,
            ')' | ']' | '}' => nesting = nesting.saturating_sub(1),
            ';' => operators = 0,
            c => operators += usize::from(OPERATORS.contains(c)),
        }
        if nesting > NESTING_MAX {
            return Some(Excess::Nesting);
        }
        if operators > OPERATORS_MAX {
            return Some(Excess::Operators);
        }
    }
    None
}

/// Moves behind a string's end, and says whether it has one.
fn skip_string(rest: &mut impl Iterator<Item = char>) -> bool {
    while let Some(c) = rest.next() {
        match c {
            '"' => return true,
            '\\' => drop(rest.next()),
            _ => {}
        }
    }
    false
}

fn skip_line(rest: &mut impl Iterator<Item = char>) {
    let _ = rest.find(|c| *c == '\n');
}
