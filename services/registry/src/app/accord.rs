//! The accord and the clock of an exercise.

use std::sync::Arc;

use concord_domain::accord::AccordOpened;
use concord_domain::errors::{Reason, Refusal};
use concord_domain::time::Timestamp;

use super::App;

impl App {
    /// The accord, and the time on which decisions rest now.
    pub(crate) async fn accord(&self) -> Result<(Arc<AccordOpened>, Timestamp), Refusal> {
        let opened = self.core.read().await?.state.0.opened.clone();
        let opened = opened.ok_or_else(|| Refusal::new(Reason::NotServing, "the accord is not open yet"))?;
        Ok((opened, self.core.now()))
    }
}
