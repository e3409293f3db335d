//! Incidents as a process: so far its ledger, which holds the accord alone, so that rules can follow it.

use concord_domain::incidents::{Event, State};
use concord_proto::pb::ledger::v1::ledger_service_server::LedgerServiceServer;
use concord_server::config::Config;
use concord_server::ledger_service::LedgerReader;
use concord_server::limits::REQUEST_MAX_BYTES;
use concord_server::process::{Ended, Service, run as run_process};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Full names of the services that incidents offers.
pub const SERVICES: &[&str] = &["concord.ledger.v1.LedgerService"];

/// Runs incidents on `listener` until `stop` is cancelled or its ledger fails.
///
/// # Errors
/// Says what keeps it from being served.
pub async fn run(config: Config, listener: TcpListener, stop: CancellationToken) -> Result<Ended, String> {
    let service = Service { initial: State::default(), opening: Event::AccordOpened, offers: SERVICES };
    run_process(config, listener, stop, service, async |routes, _, core, drain| {
        let ledger = LedgerServiceServer::new(LedgerReader::new(core.ledger().clone(), drain));
        Ok(routes.add_service(ledger.max_decoding_message_size(REQUEST_MAX_BYTES)))
    })
    .await
}
