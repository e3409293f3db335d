//! The wire side: decode, call, encode. One file for each noun, nothing decided here.

mod airspace;
mod check;
mod coordination;
mod rule_set;

use std::sync::Arc;

use concord_domain::rules::State;
use concord_proto::pb::ledger::v1::ledger_service_server::LedgerServiceServer;
use concord_proto::pb::rules::v1 as pb;
use concord_server::core::Core;
use concord_server::ledger_service::LedgerReader;
use concord_server::limits::REQUEST_MAX_BYTES;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::app::App;
use crate::follow::Following;

/// Rules' services on `routes`; streams end when `drain` is cancelled.
pub(crate) fn add(
    routes: Routes,
    core: Core<State>,
    followed: Arc<Following>,
    drain: &CancellationToken,
) -> Routes {
    let ledger = LedgerReader::new(core.clone(), drain.clone());
    let app = App::new(core, followed, drain.clone());
    macro_rules! bounded {
        ($server:path, $service:expr) => {
            <$server>::new($service).max_decoding_message_size(REQUEST_MAX_BYTES)
        };
    }
    routes
        .add_service(bounded!(pb::rule_set_service_server::RuleSetServiceServer<_>, app.clone()))
        .add_service(bounded!(pb::check_service_server::CheckServiceServer<_>, app.clone()))
        .add_service(bounded!(pb::coordination_service_server::CoordinationServiceServer<_>, app.clone()))
        .add_service(bounded!(pb::airspace_service_server::AirspaceServiceServer<_>, app))
        .add_service(bounded!(LedgerServiceServer<_>, ledger))
}
