//! The accord and the clock of an exercise.

use std::sync::Arc;

use concord_domain::accord::AccordOpened;
use concord_domain::errors::{Reason, Refusal};
use concord_domain::time::Timestamp;
use concord_proto::fields::Faults;
use concord_proto::pb::ledger::v1::AsOf;
use concord_server::past::Time;

use super::App;

impl App {
    /// The accord, which is entry 0 for ever, with the time on which decisions rest now or at the time that is asked about.
    pub(crate) async fn accord(
        &self,
        as_of: Option<Time>,
    ) -> Result<(Arc<AccordOpened>, Timestamp, Option<AsOf>), Refusal> {
        let view = self.core.view(Faults::default(), as_of).await?;
        let opened = view.newest().state.0.opened.clone();
        let opened = opened.ok_or_else(|| Refusal::new(Reason::NotServing, "the accord is not open yet"))?;
        if view.is_before_everything() {
            return Err(Refusal::new(Reason::NotFound, "there was no accord yet"));
        }
        Ok((opened, view.now(), view.proven([0]).await?))
    }
}
