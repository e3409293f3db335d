//! The wire side: decode, call, encode. One file for each noun, nothing decided here.

mod accord;
mod area;
mod designation;
mod import;
mod movement;
mod name;
mod non_target;
mod presence;
mod protection;

use concord_domain::registry::State;
use concord_proto::pb::ledger::v1::ledger_service_server::LedgerServiceServer;
use concord_proto::pb::registry::v1 as pb;
use concord_server::core::Core;
use concord_server::ledger_service::LedgerReader;
use concord_server::limits::{IMPORT_MESSAGE_MAX_BYTES, REQUEST_MAX_BYTES};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::app::App;

/// The registry's services on `routes`; streams end when `drain` is cancelled.
pub(crate) fn add(routes: Routes, core: &Core<State>, drain: &CancellationToken) -> Routes {
    let app = App { core: core.clone() };
    let ledger = LedgerReader::new(core.clone(), drain.clone());
    macro_rules! bounded {
        ($server:path, $service:expr, $bytes:expr) => {
            <$server>::new($service).max_decoding_message_size($bytes)
        };
    }
    routes
        .add_service(bounded!(
            pb::accord_service_server::AccordServiceServer<_>,
            app.clone(),
            REQUEST_MAX_BYTES
        ))
        .add_service(bounded!(
            pb::designation_service_server::DesignationServiceServer<_>,
            app.clone(),
            IMPORT_MESSAGE_MAX_BYTES
        ))
        .add_service(bounded!(
            pb::non_target_service_server::NonTargetServiceServer<_>,
            app.clone(),
            REQUEST_MAX_BYTES
        ))
        .add_service(bounded!(
            pb::protection_service_server::ProtectionServiceServer<_>,
            app.clone(),
            IMPORT_MESSAGE_MAX_BYTES
        ))
        .add_service(bounded!(
            pb::movement_service_server::MovementServiceServer<_>,
            app.clone(),
            REQUEST_MAX_BYTES
        ))
        .add_service(bounded!(pb::area_service_server::AreaServiceServer<_>, app.clone(), REQUEST_MAX_BYTES))
        .add_service(bounded!(
            pb::presence_service_server::PresenceServiceServer<_>,
            app.clone(),
            REQUEST_MAX_BYTES
        ))
        .add_service(bounded!(pb::name_service_server::NameServiceServer<_>, app, REQUEST_MAX_BYTES))
        .add_service(bounded!(LedgerServiceServer<_>, ledger, REQUEST_MAX_BYTES))
}
