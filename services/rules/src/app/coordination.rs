//! What others say about an operation.

use std::sync::Arc;

use concord_domain::errors::Refusal;
use concord_domain::rules::coordination::Coordination;
use concord_domain::table::Resource as _;
use concord_proto::fields::Faults;
use concord_proto::pb::ledger::v1::AsOf;
use concord_server::past::Time;

use super::App;

impl App {
    /// What was said about the operation of a digest, in the order in which it was.
    pub(crate) async fn said(
        &self,
        digest: &str,
        faults: Faults,
        as_of: Option<Time>,
    ) -> Result<(Vec<Arc<Coordination>>, Option<AsOf>), Refusal> {
        let view = self.core.view(faults, as_of).await?;
        let then = view.table::<Coordination>().await?;
        let said = then.state.said_about(digest);
        let as_of = view.given(&then, said.iter().map(|row| row.id()))?;
        Ok((said, as_of))
    }
}
