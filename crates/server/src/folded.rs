//! A domain fold as the machine that the store's writer drives: events to records and back.

use concord_domain::actor::Actor;
use concord_domain::errors::{Reason, Refusal};
use concord_domain::fold::{Context, Fold};
use concord_domain::time::Timestamp;
use concord_ledger::entry::Entry;
use concord_store::{self as store, Draft, Machine, Row};

/// A command with who gave it and the identifier to use where the caller chose none.
#[derive(Debug)]
pub struct Submitted<C> {
    /// The caller, from its certificate.
    pub actor: Actor,
    /// A fresh identifier.
    pub fresh_id: String,
    /// What is asked.
    pub command: C,
}

/// A service's state in the store's writer.
#[derive(Clone, Debug)]
pub struct Folded<D>(pub D);

impl<D: Fold> Machine for Folded<D> {
    type Command = Submitted<D::Command>;
    type Refusal = Refusal;

    fn execute(
        &mut self,
        submitted: Self::Command,
        context: &store::Context,
    ) -> Result<Vec<Draft>, Self::Refusal> {
        let Submitted { actor, fresh_id, command } = submitted;
        self.0.absorb(&command)?;
        let at = self.0.now(Timestamp::from_nanos(context.at_ns));
        let events = self.0.decide(&command, &Context { actor, at, fresh_id })?;
        let mut drafts = Vec::with_capacity(events.len());
        for event in &events {
            let body =
                serde_json::to_vec(event).map_err(|e| Refusal::new(Reason::Internal, e.to_string()))?;
            self.0.apply(event);
            let rows = self.changed_rows().map_err(|e| Refusal::new(Reason::Internal, e))?;
            drafts.push(Draft { kind: D::kind(event).to_owned(), body, rows });
        }
        Ok(drafts)
    }

    fn replay(&mut self, entry: &Entry) -> Result<Vec<Row>, String> {
        let body = entry.body().ok_or("the body of an own entry is withheld")?;
        let event: D::Event =
            serde_json::from_slice(body).map_err(|e| format!("entry {}: {e}", entry.index()))?;
        self.0.apply(&event);
        self.changed_rows()
    }

    fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String> {
        self.0.load_row(table, id, bytes)
    }
}

impl<D: Fold> Folded<D> {
    /// The rows that changed since the last call.
    fn changed_rows(&mut self) -> Result<Vec<Row>, String> {
        let rows = self.0.drain_rows().map_err(|e| format!("a row cannot be written as JSON: {e}"))?;
        let row = |row: concord_domain::table::Row| Row {
            table: row.table.to_owned(),
            id: row.id,
            bytes: row.bytes,
        };
        Ok(rows.into_iter().map(row).collect())
    }
}
