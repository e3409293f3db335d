//! The stream of messages: from the journal by cursor, so that a slow or returning receiver loses nothing.

use std::collections::VecDeque;

use concord_domain::errors::Refusal;
use concord_domain::ids::ParticipantId;
use concord_domain::incidents::Event;
use concord_domain::incidents::hotline::Message;
use concord_server::core::{event_of, internal};
use concord_store::Head;
use futures_util::Stream;
use tokio::sync::watch;

use super::App;

/// Entries read at a time.
const PAGE: usize = 500;

/// A message as it stood after a change, and the index of the entry that says so.
pub(crate) type Told = (u64, Box<Message>);

struct Reading {
    app: App,
    participant: ParticipantId,
    heads: watch::Receiver<Head>,
    next: u64,
    pending: VecDeque<Told>,
}

impl App {
    /// Every change of a message that concerns a participant, after the entry of index `cursor`, and each later one.
    pub(crate) fn messages(
        &self,
        participant: ParticipantId,
        cursor: u64,
    ) -> impl Stream<Item = Result<Told, Refusal>> + Send + use<> {
        let heads = self.core.ledger().watch_head();
        let next = cursor.saturating_add(1);
        let reading = Reading { app: self.clone(), participant, heads, next, pending: VecDeque::new() };
        futures_util::stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.told().await?.map(|told| (told, reading)))
        })
    }
}

impl Reading {
    async fn told(&mut self) -> Result<Option<Told>, Refusal> {
        loop {
            if let Some(told) = self.pending.pop_front() {
                return Ok(Some(told));
            }
            let size = self.heads.borrow_and_update().size;
            if self.next < size {
                self.read_page().await?;
            } else if self.heads.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    async fn read_page(&mut self) -> Result<(), Refusal> {
        let (ledger, next) = (self.app.core.ledger().clone(), self.next);
        let page = tokio::task::spawn_blocking(move || ledger.entries(next, PAGE)).await;
        let page = page.map_err(|e| internal(&e))?.map_err(|e| internal(&e))?;
        for entry in &page {
            if let Event::Message(_, message) = event_of(entry)?
                && message.concerns(&self.participant)
            {
                self.pending.push_back((entry.index(), message));
            }
        }
        self.next = self.next.saturating_add(page.len() as u64);
        Ok(())
    }
}
