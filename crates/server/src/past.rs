//! What stood at a time: rows as they are, or as the entries that were recorded by then had made them.
//!
//! The index says which entry made a row what it was; the row itself is folded out of that entry, since every event holds
//! the whole resource after it. So no answer about the past rests on anything but the journal, and names what in it.

use std::collections::HashMap;
use std::sync::Arc;

use concord_domain::errors::{Refusal, Violation};
use concord_domain::fold::{Fold, Kept};
use concord_domain::ids::name_of;
use concord_domain::time::Timestamp;
use concord_proto::fields::Faults;
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::shared::time;
pub use concord_proto::shared::time::Pb as Time;

use crate::core::{Core, Snapshot, event_of, internal};
use crate::page::{Page, mismatch};
use crate::receipt::receipt_to_pb;

/// A row, as it is or as it was.
#[derive(Debug)]
pub struct Found<R> {
    /// The row.
    pub row: Arc<R>,
    /// Now, or the time that was asked about.
    pub now: Timestamp,
    /// What an answer about the past rests on.
    pub as_of: Option<pb::AsOf>,
}

/// A page of rows, as they are or as they were.
#[derive(Debug)]
pub struct Listed<R> {
    /// The rows.
    pub rows: Vec<Arc<R>>,
    /// Token of the next page; empty at the end.
    pub next_page_token: String,
    /// Now, or the time that was asked about.
    pub now: Timestamp,
    /// What an answer about the past rests on.
    pub as_of: Option<pb::AsOf>,
}

/// A row, with the index of the entry that made it what it was where it is one of the past.
pub type Row<R> = (Arc<R>, Option<u64>);

/// A state of which one kind of rows is as it was, and the entries that made them that; the whole newest state where it is
/// about now.
pub struct Table<D> {
    /// The state.
    pub state: D,
    size: Option<u64>,
    made_by: HashMap<String, u64>,
}

/// A service's state now, or at an earlier time.
pub struct View<D: Fold> {
    core: Core<D>,
    newest: Snapshot<D>,
    now: Timestamp,
    /// Number of entries by the time that was asked about.
    size: Option<u64>,
}

impl<D: Fold> Core<D> {
    /// The state at a time, or the newest. What is found wrong in the time joins `faults`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every fault, and as [`Core::read`].
    pub async fn view(&self, mut faults: Faults, as_of: Option<Time>) -> Result<View<D>, Refusal> {
        let at = time::optional(&mut faults, "as_of", as_of);
        faults.extend(at.and_then(|at| self.no_past(at)).into_iter().collect());
        faults.only(())?;
        let newest = self.read().await?;
        let view = |now, size| View { core: self.clone(), newest, now, size };
        let Some(at) = at else {
            let now = self.now();
            return Ok(view(now, None));
        };
        let size = self.look_back(move |core| core.ledger().size_at(at.nanos()).map_err(|e| internal(&e)));
        Ok(view(at, Some(size.await?)))
    }

    /// Why nothing can be said about a time.
    fn no_past(&self, at: Timestamp) -> Option<Violation> {
        if self.accord().is_exercise() {
            let remedy = "leave it out; the entries of the ledger show what stood when";
            return Some(Violation::new(
                "as_of",
                "absent in an exercise accord, whose time is set",
                at,
                remedy,
            ));
        }
        let later = at > self.now();
        later.then(|| Violation::new("as_of", "not later than now", at, "leave it out to ask about now"))
    }

    /// Reads the past outside the threads that serve, one reader at a time.
    async fn look_back<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Self) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let turn = self.looking_back().acquire_owned().await.map_err(|e| internal(&e))?;
        let core = self.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let found = look(&core);
            drop(turn);
            found
        });
        looked.await.map_err(|e| internal(&e))?
    }

    /// A row as it was when there were `size` entries, and the entry that had made it that.
    ///
    /// INVARIANT (STO-5): what is said of the past is folded out of entries of the journal, and they are named.
    fn row_at<R: Kept<D>>(&self, id: &str, size: u64) -> Result<Option<(Arc<R>, u64)>, Refusal> {
        let version = self.ledger().version(R::COLLECTION, id, size);
        let Some(index) = version.map_err(|e| internal(&e))? else { return Ok(None) };
        let mut state = self.first().clone();
        self.fold_one(&mut state, index)?;
        let row = R::table(&state).get(id).cloned();
        let lost = || internal(&format!("entry {index} does not hold {}", name_of(R::COLLECTION, id)));
        Ok(Some((row.ok_or_else(lost)?, index)))
    }

    fn fold_one(&self, state: &mut D, index: u64) -> Result<(), Refusal> {
        let entries = self.ledger().entries(index, 1).map_err(|e| internal(&e))?;
        let entry =
            entries.first().ok_or_else(|| internal(&format!("entry {index} is not in the ledger")))?;
        state.apply(&event_of(entry)?);
        Ok(())
    }
}

impl<D: Fold> View<D> {
    /// Now, or the time that was asked about.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The newest published state.
    #[must_use]
    pub fn newest(&self) -> &Snapshot<D> {
        &self.newest
    }

    /// Whether it is of a time at which nothing was recorded yet, not even the accord.
    #[must_use]
    pub fn is_before_everything(&self) -> bool {
        self.size == Some(0)
    }

    /// The row of an identifier.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn row<R: Kept<D>>(&self, id: &str) -> Result<Row<R>, Refusal> {
        let Some(size) = self.size else {
            return Ok((R::table(&self.newest.state.0).find(id).cloned()?, None));
        };
        let asked = id.to_owned();
        let found = self.core.look_back(move |core| core.row_at(&asked, size)).await?;
        let (row, index) = found.ok_or_else(|| Refusal::not_found(&name_of(R::COLLECTION, id)))?;
        Ok((row, Some(index)))
    }

    /// The one row that was asked for, with the receipt of what it rests on.
    ///
    /// # Errors
    /// `INTERNAL` where the journal cannot be read.
    pub async fn one<R: Kept<D>>(&self, (row, index): Row<R>) -> Result<Found<R>, Refusal> {
        Ok(Found { row, now: self.now, as_of: self.proven(index).await? })
    }

    /// A page of the rows of a kind that are wanted at the time of the view, and the token of the next.
    ///
    /// # Errors
    /// `PAGE_TOKEN_MISMATCH` for a token that no list of the past gave.
    pub async fn page<R: Kept<D>>(
        &self,
        page: Page,
        wanted: impl Fn(&R, Timestamp) -> bool + Send + 'static,
    ) -> Result<Listed<R>, Refusal> {
        let (now, newest) = (self.now, Arc::clone(&self.newest));
        let Some(size) = self.size else {
            let rows = R::table(&newest.state.0).after(&page.after).filter(|row| wanted(row, now));
            let rows = rows.cloned().map(Ok::<_, Refusal>);
            let (rows, next_page_token) = page.take(rows, |row| row.id().to_owned())?;
            return Ok(Listed { rows, next_page_token, now, as_of: None });
        };
        // Every page shows as many entries as the first, also where more were recorded meanwhile.
        let (size, after) = match page.after.split_once('/') {
            None if page.after.is_empty() => (size, String::new()),
            Some((first, id)) => match first.parse() {
                Ok(first) if first <= self.core.ledger().head().size => (first, id.to_owned()),
                _ => return Err(mismatch()),
            },
            None => return Err(mismatch()),
        };
        let taken = self.core.look_back(move |core| {
            let ids = R::table(&newest.state.0).after(&after).map(|row| row.id());
            let rows = ids.filter_map(|id| core.row_at::<R>(id, size).transpose());
            let rows = rows.filter(|row| row.as_ref().map_or(true, |(row, _)| wanted(row, now)));
            page.take(rows, |(row, _)| format!("{size}/{}", row.id()))
        });
        let (taken, next_page_token) = taken.await?;
        let (rows, entries) = taken.into_iter().unzip();
        Ok(Listed { rows, next_page_token, now, as_of: Some(self.rests_on(size, entries)?) })
    }

    /// The state with all rows of one kind, and whatever is derived from them.
    ///
    /// # Errors
    /// `INTERNAL` where the journal cannot be read.
    pub async fn table<R: Kept<D>>(&self) -> Result<Table<D>, Refusal> {
        let newest = Arc::clone(&self.newest);
        let Some(size) = self.size else {
            return Ok(Table { state: newest.state.0.clone(), size: None, made_by: HashMap::new() });
        };
        self.core
            .look_back(move |core| {
                let mut made_by = HashMap::new();
                for id in R::table(&newest.state.0).iter().map(|row| row.id()) {
                    let version = core.ledger().version(R::COLLECTION, id, size);
                    made_by.extend(version.map_err(|e| internal(&e))?.map(|index| (id.to_owned(), index)));
                }
                let mut entries: Vec<u64> = made_by.values().copied().collect();
                // In the order in which they were recorded, which what is derived may keep.
                entries.sort_unstable();
                let mut state = core.first().clone();
                entries.into_iter().try_for_each(|index| core.fold_one(&mut state, index))?;
                Ok(Table { state, size: Some(size), made_by })
            })
            .await
    }

    /// What an answer out of a table rests on, where it gives the rows of these identifiers.
    ///
    /// # Errors
    /// `INTERNAL` where the journal cannot be read.
    pub fn given<'a>(
        &self,
        table: &Table<D>,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<Option<pb::AsOf>, Refusal> {
        let entries = ids.filter_map(|id| table.made_by.get(id).copied()).collect();
        table.size.map(|size| self.rests_on(size, entries)).transpose()
    }

    /// What an answer rests on that these entries prove, with their receipts; `None` where it is about now.
    ///
    /// # Errors
    /// `INTERNAL` where the journal cannot be read.
    pub async fn proven(&self, entries: impl IntoIterator<Item = u64>) -> Result<Option<pb::AsOf>, Refusal> {
        let Some(size) = self.size else { return Ok(None) };
        let entries: Vec<u64> = entries.into_iter().collect();
        let asked = entries.clone();
        let receipts = self.core.look_back(move |core| {
            asked.into_iter().map(|index| receipt_to_pb(&core.receipt(index)?)).collect()
        });
        Ok(Some(pb::AsOf { receipts: receipts.await?, ..self.rests_on(size, entries)? }))
    }

    fn rests_on(&self, size: u64, entries: Vec<u64>) -> Result<pb::AsOf, Refusal> {
        let (time, checkpoint) = (Some(time::to_pb(self.now)), self.checkpoint(size)?);
        Ok(pb::AsOf { time, size, checkpoint, entries, receipts: Vec::new() })
    }

    fn checkpoint(&self, size: u64) -> Result<String, Refusal> {
        Ok(self.core.ledger().checkpoint_over(size).map_err(|e| internal(&e))?.unwrap_or_default())
    }
}
