//! What a service's core is: state that is a fold over recorded events, and decisions that make events.
//!
//! The shell gives every service the same write path over this one trait, so a decision is taken, recorded,
//! replayed, exported and verified by the same code everywhere.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::actor::Actor;
use crate::errors::{Reason, Refusal, Violation};
use crate::table::{Resource, Row, Table};
use crate::time::Timestamp;

/// Who asks, when, and the identifier to use where the caller chose none.
#[derive(Clone, Debug)]
pub struct Context {
    /// The caller, from its certificate.
    pub actor: Actor,
    /// The one reading of the clock for this request: real time, or the set time of an exercise.
    pub at: Timestamp,
    /// A fresh identifier made by the shell, since this crate has no randomness.
    pub fresh_id: String,
}

/// A service's state, commands and events.
pub trait Fold: Clone + Send + Sync + 'static {
    /// What can be asked of it.
    type Command: Send + 'static;
    /// What it records: each event holds the whole resource after the change, so that folding is putting.
    type Event: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// Name of the service, as in the ledger's origin.
    const SERVICE: &'static str;

    /// The time that decisions rest on: `real`, or in an exercise accord the time that was set.
    fn now(&self, real: Timestamp) -> Timestamp;

    /// Whether a command must get through when the queue or the disk is all but full: what protects, suspends or reports.
    fn is_vital(command: &Self::Command) -> bool;

    /// Takes in what the command brings from followed ledgers, before deciding; nothing of it is an own event.
    ///
    /// # Errors
    /// Where what it brings is not believed; then nothing of it is taken in.
    fn absorb(&mut self, _command: &Self::Command) -> Result<(), Refusal> {
        Ok(())
    }

    /// Decides. A refusal changes nothing.
    ///
    /// # Errors
    /// The refusal, with its reason.
    fn decide(&self, command: &Self::Command, context: &Context) -> Result<Vec<Self::Event>, Refusal>;

    /// Folds one event. The rows that it changes are a function of the event alone, whatever the state: that is how what
    /// stood earlier is read from the entry that made it so.
    fn apply(&mut self, event: &Self::Event);

    /// The kind of an event as it stands in an entry's header, such as `designation.proposed`.
    fn kind(event: &Self::Event) -> &'static str;

    /// The rows that changed since the last call.
    ///
    /// # Errors
    /// Where a row cannot be written as JSON.
    fn drain_rows(&mut self) -> Result<Vec<Row>, serde_json::Error>;

    /// Loads a row written earlier.
    ///
    /// # Errors
    /// A sentence, where the table is unknown or the row does not parse.
    fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String>;
}

/// A kind of row that a service keeps: where it stands in its events and in its state.
pub trait Kept<F: Fold>: Resource + Clone + Send + Sync + 'static {
    /// The row in an event of its kind.
    fn in_event(event: &F::Event) -> Option<&Self>;
    /// Its table.
    fn table(state: &F) -> &Table<Self>;
}

/// Says for each row of a service in which event and in which table it stands.
macro_rules! kept {
    ($state:ident, $event:ident: $($row:ty, $pattern:pat => $found:expr, $table:ident;)*) => {
        $(impl $crate::fold::Kept<$state> for $row {
            fn in_event(event: &$event) -> Option<&Self> {
                match event {
                    $pattern => Some($found),
                    _ => None,
                }
            }

            fn table(state: &$state) -> &$crate::table::Table<Self> {
                &state.$table
            }
        })*
    };
}

/// Says how a noun's command becomes one of its service's.
macro_rules! commands {
    ($command:ident: $($noun:ty => $variant:ident,)*) => {
        $(impl From<$noun> for $command {
            fn from(command: $noun) -> Self {
                Self::$variant(command)
            }
        })*
    };
}

pub(crate) use {commands, kept};

/// The etag of a resource: it changes with any change of the resource, and with nothing else.
///
/// # Errors
/// Where the resource cannot be written as JSON.
pub fn etag<T: Serialize>(resource: &T) -> Result<String, serde_json::Error> {
    let bytes = serde_json::to_vec(resource)?;
    let digest: String = crate::digest::sha256_hex(&bytes).chars().take(16).collect();
    Ok(format!("\"{digest}\""))
}

/// Whether a text has the form of an etag: 16 lower-case hexadecimal digits in quotation marks.
#[must_use]
pub fn is_etag(text: &str) -> bool {
    let digits = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(hex))
}

/// Ok where `read` is the etag of the resource as it stands.
///
/// # Errors
/// `INVALID_ARGUMENT` where none was given, `ETAG_STALE` with the current one.
pub fn require_fresh<T: Serialize>(resource: &T, name: &str, read: &str) -> Result<(), Refusal> {
    if read.is_empty() {
        let remedy = "read the resource, and give the etag that it has";
        return Refusal::unless_valid(vec![Violation::new("etag", "the etag that was read", "", remedy)]);
    }
    let current = etag(resource).map_err(|e| Refusal::new(Reason::Internal, e.to_string()))?;
    if read == current { Ok(()) } else { Err(Refusal::stale(name, &current)) }
}
