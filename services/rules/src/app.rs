//! What rules does for each call, in the types of the domain.

mod check;
mod rule_set;

use std::sync::Arc;

use concord_domain::errors::{Reason, Refusal};
use concord_domain::rules::airspace::{self, Reservation};
use concord_domain::rules::coordination::{self, Coordination};
use concord_domain::rules::{Command, Event, State};
use concord_domain::table::{Resource, Table};
use concord_server::call::Call;
use concord_server::core::{Core, Outcome};
use concord_server::page::Page;
use tokio_util::sync::CancellationToken;

use crate::follow::Followed;

pub(crate) use check::Stand;

/// Rules' write path and state, and what it follows.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) core: Core<State>,
    pub(crate) followed: Arc<Followed>,
    pub(crate) drain: CancellationToken,
}

/// A row as one request left it, and what that request came to.
pub(crate) struct Written<R> {
    pub(crate) row: R,
    pub(crate) outcome: Outcome<State>,
}

fn unexpected() -> Refusal {
    Refusal::new(Reason::Internal, "the record is not of the kind that was asked for")
}

impl App {
    async fn write<R: Clone>(
        &self,
        call: Call,
        command: Command,
        row: fn(&Event) -> Option<&R>,
    ) -> Result<Written<R>, Refusal> {
        let outcome = self.core.mutate(call, command).await?;
        let row = outcome.events.first().and_then(row).cloned();
        Ok(Written { row: row.ok_or_else(unexpected)?, outcome })
    }

    /// Says something about an operation.
    pub(crate) async fn say(
        &self,
        call: Call,
        command: coordination::Command,
    ) -> Result<Written<Coordination>, Refusal> {
        self.write(call, Command::Coordination(command), |event| match event {
            Event::Coordination(row) => Some(row.as_ref()),
            _ => None,
        })
        .await
    }

    /// What was said about the operation of a digest.
    pub(crate) async fn said(&self, digest: &str) -> Result<Vec<Arc<Coordination>>, Refusal> {
        Ok(self.core.read().await?.state.0.said_about(digest))
    }

    /// Reserves, amends or ends.
    pub(crate) async fn airspace(
        &self,
        call: Call,
        command: airspace::Command,
    ) -> Result<Written<Reservation>, Refusal> {
        self.write(call, Command::Airspace(command), |event| match event {
            Event::Reservation(_, row) => Some(row.as_ref()),
            _ => None,
        })
        .await
    }

    /// The row of that identifier.
    pub(crate) async fn get<R: Resource>(
        &self,
        table: fn(&State) -> &Table<R>,
        name: &str,
        id: &str,
    ) -> Result<Arc<R>, Refusal> {
        let snapshot = self.core.read().await?;
        table(&snapshot.state.0).get(id).cloned().ok_or_else(|| Refusal::not_found(&format!("{name}/{id}")))
    }

    /// A page of rows and the token of the next.
    pub(crate) async fn list<R: Resource>(
        &self,
        table: fn(&State) -> &Table<R>,
        page: &Page,
    ) -> Result<(Vec<Arc<R>>, String), Refusal> {
        let snapshot = self.core.read().await?;
        Ok(page.take(table(&snapshot.state.0).after(&page.after).cloned(), |row| row.id()))
    }
}
