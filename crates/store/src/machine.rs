//! The seam between the store and a domain: what a service must give so that the writer can run it.
//!
//! A machine is pure. It gets its time in the context and must come to the same state from the same entries.

use concord_ledger::Entry;

/// A state that decides commands and folds entries.
pub trait Machine: Clone + Send + Sync + 'static {
    /// What it is asked to do.
    type Command: Send + 'static;
    /// Why it will not.
    type Refusal: Send + 'static;

    /// Version of the rows; raise it when their form changes, and the next start builds them anew.
    const ROWS_VERSION: u32 = 1;

    /// Decides a command against this state, the newest, and folds what it decides; each draft becomes one entry, and
    /// holds the rows that the entry changes.
    ///
    /// INVARIANT: rows are a function of the own ledger alone. What was folded from another ledger is no row, for it
    /// could not be rebuilt from here.
    ///
    /// No draft at all writes nothing, but what was folded (such as another service's entries) is still published.
    ///
    /// # Errors
    /// Where the command is refused; the writer then drops this clone, whatever was done to it.
    fn execute(&mut self, command: Self::Command, context: &Context) -> Result<Vec<Draft>, Self::Refusal>;

    /// Folds one entry of the own ledger, from index 1 on, and gives the rows that it changes: the state before is the
    /// one given for entry 0, which has no rows.
    ///
    /// # Errors
    /// Where it cannot be folded, which stops the start.
    fn replay(&mut self, entry: &Entry) -> Result<Vec<Row>, String>;

    /// Loads one row that an entry gave earlier; rows come in no particular order of tables.
    ///
    /// # Errors
    /// Where the row cannot be read; the index is then rebuilt from the journal.
    fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String>;
}

/// What a machine may know about the moment in which it decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Time of the request, as RFC 3339 text.
    pub at: String,
    /// The same in nanoseconds since 1970-01-01T00:00:00Z.
    pub at_ns: i64,
    /// Index that the first entry of this command will have.
    pub next_index: u64,
}

/// An entry that a machine wants written, with one part named `body`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What happened, such as `designation.proposed`.
    pub kind: String,
    /// What the entry says.
    pub body: Vec<u8>,
    /// The rows that it changes, as they are after it.
    pub rows: Vec<Row>,
}

/// One row of queryable state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Table; must hold neither `/` nor NUL.
    pub table: String,
    /// Identifier, unique in the table; must not hold NUL.
    pub id: String,
    /// The row as the machine writes it.
    pub bytes: Vec<u8>,
}
