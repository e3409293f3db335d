//! A table of resources: an immutable map that is cheap to copy, and remembers which rows changed.
//!
//! State is a handful of these. A published snapshot shares all unchanged rows with the one before it,
//! and the rows that a fold changed are what the queryable store writes.

use std::sync::Arc;

use imbl::OrdMap;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::errors::{Reason, Refusal};
use crate::ids::name_of;

/// What can stand in a table.
pub trait Resource: Serialize + DeserializeOwned {
    /// The collection in resource names, which is also the name of its table.
    const COLLECTION: &'static str;

    /// The identifier, unique in its table.
    fn id(&self) -> &str;

    /// The name of the resource, such as `movements/mv-1`.
    #[must_use]
    fn name(&self) -> String {
        name_of(Self::COLLECTION, self.id())
    }
}

/// One changed row: the table, the identifier, and the row's recorded bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Name of the table.
    pub table: &'static str,
    /// Identifier in the table.
    pub id: String,
    /// The JSON of the row.
    pub bytes: Vec<u8>,
}

/// Resources by identifier, in order of identifier.
#[derive(Debug)]
pub struct Table<T> {
    rows: OrdMap<String, Arc<T>>,
    changed: Vec<String>,
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), changed: self.changed.clone() }
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: OrdMap::new(), changed: Vec::new() }
    }
}

impl<T: Resource> Table<T> {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The row of `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.rows.get(id)
    }

    /// The row of `id`, which must be there.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub fn find(&self, id: &str) -> Result<&Arc<T>, Refusal> {
        self.get(id).ok_or_else(|| Refusal::not_found(&name_of(T::COLLECTION, id)))
    }

    /// Ok where no row has the identifier yet.
    ///
    /// # Errors
    /// `ALREADY_EXISTS`.
    pub fn require_free(&self, id: &str) -> Result<(), Refusal> {
        if self.get(id).is_none() {
            return Ok(());
        }
        let name = name_of(T::COLLECTION, id);
        Err(Refusal::new(Reason::AlreadyExists, format!("{name} exists")).with("resource", name))
    }

    /// Puts a row in place of the one of the same identifier.
    pub fn put(&mut self, row: T) {
        let id = row.id().to_owned();
        self.rows.insert(id.clone(), Arc::new(row));
        self.changed.push(id);
    }

    /// All rows in order of identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.rows.values()
    }

    /// The rows whose identifier is greater than `after`, in order; all rows where it is empty.
    pub fn after<'a>(&'a self, after: &str) -> impl Iterator<Item = &'a Arc<T>> {
        let from = (std::ops::Bound::Excluded(after.to_owned()), std::ops::Bound::Unbounded);
        self.rows.range(from).map(|(_, row)| row)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Loads a row that was written earlier, where `table` is the name of this table; it does not count as changed.
    ///
    /// # Errors
    /// Where the row does not parse.
    pub fn load(&mut self, table: &str, bytes: &[u8]) -> Result<bool, String> {
        if table != T::COLLECTION {
            return Ok(false);
        }
        let row: T = serde_json::from_slice(bytes).map_err(|e| format!("row of {table}: {e}"))?;
        self.rows.insert(row.id().to_owned(), Arc::new(row));
        Ok(true)
    }

    /// Moves the rows that changed since the last call into `into`.
    ///
    /// # Errors
    /// Where a row cannot be written as JSON, which no recorded type can cause.
    pub fn drain_changes(&mut self, into: &mut Vec<Row>) -> Result<(), serde_json::Error> {
        for id in std::mem::take(&mut self.changed) {
            if let Some(row) = self.rows.get(&id) {
                into.push(Row { table: T::COLLECTION, bytes: serde_json::to_vec(row.as_ref())?, id });
            }
        }
        Ok(())
    }
}
