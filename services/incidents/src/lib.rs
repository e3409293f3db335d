//! Incidents as a process: it records reports, carries the hotline, and keeps the status of cooperation.
//!
//! It follows the registry for what is protected where, and rules for the triggers that were ratified. Neither keeps it
//! from taking a report, a message or a suspension, save in an exercise, where every answer rests on both.

mod app;
mod grpc;

use std::sync::Arc;
use std::time::Duration;

use concord_domain::incidents::{Command, Event, Followed as FollowedEntries, State};
use concord_server::config::Config;
use concord_server::core::{Core, Settle};
use concord_server::follow::Kept;
use concord_server::process::{Ended, Service, run as run_process};
use concord_server::verifier::dsse;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{App, BARRIER_MAX, escalation};

/// Full names of the services that incidents offers.
pub const SERVICES: &[&str] = &[
    "concord.incidents.v1.IncidentService",
    "concord.incidents.v1.HotlineService",
    "concord.incidents.v1.CooperationService",
    "concord.ledger.v1.LedgerService",
];

/// How long entries of rules may gather: nearly all are decisions, of which nothing is taken up here.
const RULES_REST: Duration = Duration::from_millis(100);

/// Runs incidents on `listener` until `stop` is cancelled or its ledger fails.
///
/// # Errors
/// Says what keeps it from being served.
pub async fn run(config: Config, listener: TcpListener, stop: CancellationToken) -> Result<Ended, String> {
    let initial = State::default().with_verifier(dsse());
    let service = Service { initial, opening: Event::AccordOpened, offers: SERVICES };
    run_process(config, listener, stop, service, async |routes, config, core, drain| {
        let app = following(config, core, drain).await?;
        Ok(grpc::add(routes, app))
    })
    .await
}

async fn following(config: &Config, core: Core<State>, drain: CancellationToken) -> Result<App, String> {
    // Neither keeps the line, a report or a suspension from being taken by what it made up.
    let registry = Kept::open("registry", config, &core, |events, _, _| {
        Command::Followed(FollowedEntries::Registry(events))
    });
    let rules =
        Kept::open("rules", config, &core, |events, _, _| Command::Followed(FollowedEntries::Rules(events)));
    let (registry, rules) = (registry.await?, rules.await?);
    let registry = Arc::new(registry.follow(None, Duration::ZERO, &drain)?);
    let rules = Arc::new(rules.follow(None, RULES_REST, &drain)?);
    if !core.accord().is_exercise() {
        tokio::spawn(escalation::in_time(core.clone(), drain.clone()));
    }
    let (clock, triggers) = (registry.settle(BARRIER_MAX), rules.settle(BARRIER_MAX));
    let settle: Settle = Arc::new(move || {
        let (clock, triggers) = (clock(), triggers());
        Box::pin(async move { tokio::try_join!(clock, triggers).map(|((), ())| ()) })
    });
    Ok(App { core: core.settling(settle), registry, rules, drain })
}
