//! What every handler does with rows: write one and give it as the request left it, get one, list a page of them.

use std::sync::Arc;

use concord_domain::errors::{Reason, Refusal};
use concord_domain::fold::{Fold, Kept};
use concord_proto::Mutation;
use concord_proto::fields::Converted;
use concord_proto::pb::ledger::v1::Receipt;
use tonic::{Request, Status};

use crate::call::{Call, method_of, peer_of};
use crate::core::{Core, Outcome};
use crate::page::Page;
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

    /// The row of an identifier.
    ///
    /// # Errors
    /// `NOT_FOUND`, and as [`Core::read`].
    pub async fn get<R: Kept<D>>(&self, id: &str) -> Result<Arc<R>, Status> {
        let snapshot = self.read().await.map_err(status)?;
        R::table(&snapshot.state.0).find(id).cloned().map_err(status)
    }

    /// A page of all rows of a kind, and the token of the next.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `PAGE_TOKEN_MISMATCH`, and as [`Core::read`].
    pub async fn list<R: Kept<D>>(
        &self,
        page_size: i32,
        page_token: &str,
    ) -> Result<(Vec<Arc<R>>, String), Status> {
        self.list_where(page_size, page_token, "", |_| true).await
    }

    /// A page of the rows that are wanted; `arguments` says which, in any fixed form.
    ///
    /// # Errors
    /// As [`Core::list`].
    pub async fn list_where<R: Kept<D>>(
        &self,
        page_size: i32,
        page_token: &str,
        arguments: &str,
        wanted: impl Fn(&R) -> bool + Send,
    ) -> Result<(Vec<Arc<R>>, String), Status> {
        let arguments = format!("{}/{arguments}", R::COLLECTION);
        let page = Page::read(page_size, page_token, &arguments).map_err(status)?;
        let snapshot = self.read().await.map_err(status)?;
        let rows = R::table(&snapshot.state.0).after(&page.after).filter(|row| wanted(row)).cloned();
        Ok(page.take(rows, |row| row.id()))
    }
}
