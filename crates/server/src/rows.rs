//! What every handler does with rows: write one and give it as the request left it, get one, list a page of them, as
//! they are or as they were.

use concord_domain::errors::{Reason, Refusal};
use concord_domain::fold::{Fold, Kept};
use concord_domain::time::Timestamp;
use concord_proto::Mutation;
use concord_proto::fields::{Converted, Faults};
use concord_proto::pb::ledger::v1::Receipt;
use tonic::{Request, Status};

use crate::call::{Call, method_of, peer_of};
use crate::core::{Core, Outcome};
use crate::page::Page;
use crate::past::{Found, Listed, Time};
use crate::receipt::receipt_to_pb;
use crate::status::status;

/// A row as one request left it, also when the request is repeated after later changes, and what it came to.
pub struct Written<D: Fold, R> {
    /// The row.
    pub row: R,
    /// What the request came to.
    pub outcome: Outcome<D>,
}

impl<D: Fold, R: Kept<D>> Written<D, R> {
    /// The row that a request wrote first.
    ///
    /// # Errors
    /// `INTERNAL` where it wrote something else, which no request can cause.
    pub fn of(outcome: Outcome<D>) -> Result<Self, Refusal> {
        let row = outcome.events.first().and_then(R::in_event).cloned();
        let unexpected =
            || Refusal::new(Reason::Internal, "the record is not of the kind that was asked for");
        Ok(Self { row: row.ok_or_else(unexpected)?, outcome })
    }

    /// Proof of what was written; absent where nothing was.
    ///
    /// # Errors
    /// `INTERNAL` where the receipt cannot be written as JSON.
    pub fn receipt(&self) -> Result<Option<Receipt>, Status> {
        self.outcome.receipt.as_ref().map(receipt_to_pb).transpose().map_err(status)
    }
}

impl<D: Fold> Core<D> {
    /// Writes what a message asks for.
    ///
    /// # Errors
    /// As [`Core::asked`] and [`Core::mutate`].
    pub async fn write<R: Kept<D>, M: Mutation, C: Into<D::Command> + Send + 'static>(
        &self,
        request: Request<M>,
        convert: fn(M) -> Converted<C>,
    ) -> Result<Written<D, R>, Status> {
        let (call, command) = self.asked(request, convert).await?;
        self.write_as(call, command).await.map_err(status)
    }

    /// The call of a message that writes, and what it asks for.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` that names all that the conversion and the decision find wrong, and as [`peer_of`].
    pub async fn asked<M: Mutation, C: Into<D::Command> + Send + 'static>(
        &self,
        request: Request<M>,
        convert: fn(M) -> Converted<C>,
    ) -> Result<(Call, C), Status> {
        let peer = peer_of(&request).map_err(status)?;
        let method = method_of(&request);
        match Call::of((&peer, &method), request.into_inner(), convert) {
            Ok(asked) => Ok(asked),
            Err(faulty) => Err(status(self.judged(faulty, peer.actor.clone()).await)),
        }
    }

    /// Writes what a call asks for.
    ///
    /// # Errors
    /// As [`Core::mutate`].
    pub async fn write_as<R: Kept<D>>(
        &self,
        call: Call,
        command: impl Into<D::Command>,
    ) -> Result<Written<D, R>, Refusal> {
        Written::of(self.mutate(call, command.into()).await?)
    }

    /// The row of a name.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `NOT_FOUND`, and as [`Core::read`].
    pub async fn get<R: Kept<D>>(&self, name: &str, as_of: Option<Time>) -> Result<Found<R>, Status> {
        let mut faults = Faults::default();
        let id = faults.id("name", R::COLLECTION, name);
        let view = self.view(faults, as_of).await.map_err(status)?;
        let row = view.row(&id).await.map_err(status)?;
        view.one(row).await.map_err(status)
    }

    /// A page of all rows of a kind, and the token of the next.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `PAGE_TOKEN_MISMATCH`, and as [`Core::read`].
    pub async fn list<R: Kept<D>>(
        &self,
        page_size: i32,
        page_token: &str,
        as_of: Option<Time>,
    ) -> Result<Listed<R>, Status> {
        self.list_where((page_size, page_token), as_of, "", |_, _| true).await
    }

    /// A page, of a size and after a token, of the rows that are wanted at the time that is looked at; `arguments` says
    /// which, in any fixed form.
    ///
    /// # Errors
    /// As [`Core::list`].
    pub async fn list_where<R: Kept<D>>(
        &self,
        (page_size, page_token): (i32, &str),
        as_of: Option<Time>,
        arguments: &str,
        wanted: impl Fn(&R, Timestamp) -> bool + Send + 'static,
    ) -> Result<Listed<R>, Status> {
        let time = as_of.map(|at| format!("{}.{}", at.seconds, at.nanos)).unwrap_or_default();
        let arguments = format!("{}/{arguments}/{time}", R::COLLECTION);
        let mut faults = Faults::default();
        let page = Page::read(&mut faults, page_size, page_token, &arguments).map_err(status)?;
        let view = self.view(faults, as_of).await.map_err(status)?;
        view.page(page, wanted).await.map_err(status)
    }
}
