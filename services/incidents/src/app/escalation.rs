//! The clock of the hotline: when a message is not acknowledged in time, the service escalates it.

use std::time::Duration;

use concord_domain::fold::Fold as _;
use concord_domain::incidents::State;
use concord_domain::incidents::hotline::Command;
use concord_server::call::Call;
use concord_server::clock;
use concord_server::core::Core;
use tokio_util::sync::CancellationToken;

/// Longest sleep, so that a real clock that was set forward is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long to wait after the writer has taken nothing.
const RETRY: Duration = Duration::from_millis(100);

/// Escalates every message when its time is over, until `drain` is cancelled.
pub(crate) async fn in_time(core: Core<State>, drain: CancellationToken) {
    let mut heads = core.ledger().watch_head();
    loop {
        heads.borrow_and_update();
        let due = core.snapshot().state.0.unacknowledged().next().map(|message| message.acknowledge_by);
        let left = due.map(|at| {
            Duration::from_nanos(at.nanos().saturating_sub(clock::real().nanos()).try_into().unwrap_or(0))
        });
        tokio::select! {
            () = drain.cancelled() => return,
            changed = heads.changed(), if left.is_none_or(|left| !left.is_zero()) => if changed.is_err() { return },
            () = tokio::time::sleep(left.unwrap_or(LOOK_EVERY).min(LOOK_EVERY)), if left.is_some() => {
                if left.is_some_and(|left| left <= LOOK_EVERY) && !escalate(&core).await {
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

async fn escalate(core: &Core<State>) -> bool {
    let operator = core.accord().operator().map_or_else(|| "operator".into(), |p| p.id.clone());
    let call = Call::of_service(&operator, State::SERVICE);
    match core.submit(call, Command::EscalateOverdue.into()).await {
        Ok(_) => true,
        Err(cause) => {
            tracing::error!(%cause, "overdue messages could not be escalated; tried again");
            false
        }
    }
}
