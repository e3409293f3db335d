//! What the registry does beyond writing and reading rows, in the types of the domain.

pub(crate) mod accord;
pub(crate) mod import;

use concord_domain::errors::Refusal;
use concord_domain::registry::State;
use concord_domain::registry::names::Resolution;
use concord_server::core::Core;

/// The registry's write path and state.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) core: Core<State>,
}

impl App {
    /// What a name denotes now.
    pub(crate) async fn resolve(&self, text: &str) -> Result<Resolution, Refusal> {
        let snapshot = self.core.read().await?;
        Ok(snapshot.state.0.resolve(text, self.core.now()))
    }
}
