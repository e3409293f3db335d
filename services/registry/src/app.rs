//! What the registry does for each call, in the types of the domain: once for every noun, told apart by [`Noun`].

pub(crate) mod accord;
pub(crate) mod area;
pub(crate) mod designation;
pub(crate) mod import;
pub(crate) mod movement;
pub(crate) mod non_target;
pub(crate) mod presence;
pub(crate) mod protection;

use std::sync::Arc;

use concord_domain::errors::{Reason, Refusal};
use concord_domain::ids::name_of;
use concord_domain::registry::names::Resolution;
use concord_domain::registry::{Command, Event, State};
use concord_domain::table::{Resource, Table};
use concord_server::call::Call;
use concord_server::core::{Core, Outcome};
use concord_server::page::Page;

/// The registry's write path and state.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) core: Core<State>,
}

/// A noun of the registry: its commands, its rows, and where they stand in events and in the state.
pub(crate) trait Noun {
    /// What can be asked about it.
    type Command;
    /// Its resource.
    type Row: Resource + Clone;
    /// Collection in resource names.
    const COLLECTION: &'static str;
    /// Whether its writes use the queue's reserve, because they protect.
    const PROTECTS: bool;
    /// The command as one of the registry's.
    fn command(command: Self::Command) -> Command;
    /// The resource in an event of this noun.
    fn row(event: &Event) -> Option<&Self::Row>;
    /// Its table.
    fn table(state: &State) -> &Table<Self::Row>;
}

/// A resource as one request left it, and what that request came to.
pub(crate) struct Written<R> {
    /// The resource, also when the request is repeated after later changes.
    pub(crate) row: R,
    /// What the request came to.
    pub(crate) outcome: Outcome<State>,
}

impl App {
    /// Writes, and gives the resource as this request left it.
    pub(crate) async fn write<N: Noun>(
        &self,
        call: Call,
        command: N::Command,
    ) -> Result<Written<N::Row>, Refusal> {
        let command = N::command(command);
        let outcome = match N::PROTECTS {
            true => self.core.mutate_vital(call, command).await?,
            false => self.core.mutate(call, command).await?,
        };
        let row = outcome.events.first().and_then(N::row).cloned();
        let unexpected =
            || Refusal::new(Reason::Internal, "the record is not of the kind that was asked for");
        Ok(Written { row: row.ok_or_else(unexpected)?, outcome })
    }

    /// The resource of that identifier.
    pub(crate) async fn get<N: Noun>(&self, id: &str) -> Result<Arc<N::Row>, Refusal> {
        let snapshot = self.core.read().await?;
        let row = N::table(&snapshot.state.0).get(id).cloned();
        row.ok_or_else(|| Refusal::not_found(&name_of(N::COLLECTION, id)))
    }

    /// A page of the resources that are wanted, and the token of the next.
    pub(crate) async fn list<N: Noun>(
        &self,
        page: &Page,
        wanted: impl Fn(&N::Row) -> bool,
    ) -> Result<(Vec<Arc<N::Row>>, String), Refusal> {
        let snapshot = self.core.read().await?;
        let rows = N::table(&snapshot.state.0).after(&page.after).filter(|row| wanted(row)).cloned();
        Ok(page.take(rows, |row| row.id()))
    }

    /// What a name denotes now.
    pub(crate) async fn resolve(&self, text: &str) -> Result<Resolution, Refusal> {
        let snapshot = self.core.read().await?;
        Ok(snapshot.state.0.resolve(text, self.core.now()))
    }
}
