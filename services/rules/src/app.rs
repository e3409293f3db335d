//! What rules does for each call, in the types of the domain.

mod check;
mod coordination;
mod rule_set;

use std::sync::Arc;

use concord_domain::rules::State;
use concord_server::core::Core;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::follow::Following;

pub(crate) use check::Stand;

/// Rules' write path and state, and what it follows.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) core: Core<State>,
    pub(crate) followed: Arc<Following>,
    pub(crate) drain: CancellationToken,
    /// Turns to evaluate outside the writer, as many as there are processors.
    evaluating: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(core: Core<State>, followed: Arc<Following>, drain: CancellationToken) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { core, followed, drain, evaluating: Arc::new(Semaphore::new(processors)) }
    }
}
