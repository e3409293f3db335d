//! The wire side: decode, call, encode. One file for each family of resources, nothing decided here.

mod cooperation;
mod hotline;
mod incident;

use concord_domain::incidents::{Event, State};
use concord_domain::table::Resource as _;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::ledger::v1::ledger_service_server::LedgerServiceServer;
use concord_server::core::Outcome;
use concord_server::ledger_service::LedgerReader;
use concord_server::limits::REQUEST_MAX_BYTES;
use tonic::service::Routes;

use crate::app::App;

/// Incidents' services on `routes`; streams end when the app drains.
pub(crate) fn add(routes: Routes, app: App) -> Routes {
    let ledger = LedgerReader::new(app.core.clone(), app.drain.clone());
    macro_rules! bounded {
        ($server:path, $service:expr) => {
            <$server>::new($service).max_decoding_message_size(REQUEST_MAX_BYTES)
        };
    }
    routes
        .add_service(bounded!(pb::incident_service_server::IncidentServiceServer<_>, app.clone()))
        .add_service(bounded!(pb::hotline_service_server::HotlineServiceServer<_>, app.clone()))
        .add_service(bounded!(pb::cooperation_service_server::CooperationServiceServer<_>, app))
        .add_service(bounded!(LedgerServiceServer<_>, ledger))
}

/// Names of the suspensions that a request completed.
fn suspensions_of(outcome: &Outcome<State>) -> Vec<String> {
    let suspensions = outcome.events.iter().filter_map(|event| match event {
        Event::Suspension(_, row) => Some(row.name()),
        _ => None,
    });
    suspensions.collect()
}
