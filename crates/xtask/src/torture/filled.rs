//! A registry's ledger that is filled in this process, by the same write path that the service runs.

use std::path::Path;

use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_domain::ids::ParticipantId;
use concord_domain::registry::{Command, Event, State};
use concord_proto::pb::registry::v1 as pb;
use concord_proto::registry::protection::notify_from_pb;
use concord_server::call::Call;
use concord_server::config::{Config, File};
use concord_server::core::Core;
use concord_server::open::open;
use concord_testkit::setting::circle;
use futures_util::StreamExt as _;

/// Submissions in flight.
const IN_FLIGHT: usize = 512;

/// The registry's configuration in a deployment whose files lie in `pki`.
pub(crate) fn config(pki: &Path) -> Result<Config, String> {
    Config::load(Some(&pki.join("registry.toml")), |_| None, File::default()).map_err(|e| e.to_string())
}

/// The registry's ledger of such a deployment; it blocks.
pub(crate) fn opened(pki: &Path) -> Result<Core<State>, String> {
    open(&config(pki)?, State::new(), Event::AccordOpened)
}

/// Notifies so many clinics, at most 512 of them in one group.
pub(crate) async fn fill(core: &Core<State>, count: u64) -> Result<(), String> {
    let from = core.ledger().head().size;
    let written = (from..from + count).map(|number| async move {
        let command = notify_from_pb(clinic(number)).sound().map_err(|faulty| faulty.alone().to_string())?;
        let submitted = core.submit(call(number), Command::Protection(command)).await;
        submitted.map(drop).map_err(|refusal| format!("{refusal:?}"))
    });
    let mut written = futures_util::stream::iter(written).buffer_unordered(IN_FLIGHT);
    while let Some(one) = written.next().await {
        one?;
    }
    Ok(())
}

fn call(number: u64) -> Call {
    let actor = Actor {
        participant: ParticipantId("notifier".to_owned()),
        kind: ParticipantKind::HumanitarianNotifier,
        role: Role::Proposer,
        name: "actor-1".to_owned(),
    };
    Call {
        actor,
        spiffe_id: "spiffe://notifier.example/proposer/actor-1".to_owned(),
        request_id: uuid::Uuid::from_u128(u128::from(number)).to_string(),
        request_digest: format!("{number:064x}"),
        validate_only: false,
    }
}

fn clinic(number: u64) -> pb::NotifyProtectedEntityRequest {
    let degrees = |range: u64| (number % range) as f64 / 100.0;
    pb::NotifyProtectedEntityRequest {
        protected_entity: Some(pb::ProtectedEntity {
            display_name: format!("Clinic {number}"),
            category: pb::ProtectedCategory::Medical.into(),
            area: Some(circle(-degrees(6_000), degrees(9_000), 80.0)),
            ..Default::default()
        }),
        ..Default::default()
    }
}
