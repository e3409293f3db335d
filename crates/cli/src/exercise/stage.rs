//! The three services of a fresh exercise accord, in this process, on loopback, with certificates and data of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_domain::actor::{ParticipantKind, Role};
use concord_server::config::{Config, File};
use concord_server::pki::{AccordSpec, ParticipantSpec, WITNESS_QUORUM};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::cast::{Cast, NOTIFIER, OBSERVER, THIRD_STATE, first_actor};
use crate::deployment::Deployment;
use crate::serve::{Service, run_service};
use crate::session::Sessions;

/// Longest that a service may take to answer after its start.
const START_MAX: Duration = Duration::from_secs(20);
const SERVICES: [(&str, Service); 3] =
    [("registry", Service::Registry), ("incidents", Service::Incidents), ("rules", Service::Rules)];

pub(super) struct Stage {
    // Removed when the stage goes.
    _folder: TempDir,
    pub(super) sessions: Sessions,
    stop: CancellationToken,
    running: JoinSet<()>,
}

impl Stage {
    pub(super) async fn set(cast: &Cast) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let accord = concord_server::pki::init(folder.path(), &spec(cast)).map_err(|e| e.to_string())?;
        let mut deployment = Deployment { pki: folder.path().to_owned(), accord, addresses: BTreeMap::new() };
        let (stop, mut running) = (CancellationToken::new(), JoinSet::new());
        // All listen before the first starts: they follow each other.
        let mut listeners = Vec::new();
        for (name, service) in SERVICES {
            let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
            let address = listener.local_addr().map_err(|e| e.to_string())?;
            deployment.addresses.insert(name, format!("https://{address}"));
            listeners.push((name, service, listener));
        }
        for (name, service, listener) in listeners {
            let peers =
                deployment.addresses.iter().map(|(peer, at)| ((*peer).to_owned(), at.clone())).collect();
            let path = folder.path().join(format!("{name}.toml"));
            let config = Config::load(Some(&path), |_| None, File { peers, ..File::default() });
            let served = run_service(service, config.map_err(|e| e.to_string())?, listener, stop.clone());
            running.spawn(async move {
                if let Err(error) = served.await {
                    tracing::error!(%error, "a service of the exercise ended");
                }
            });
        }
        let sessions = Sessions::new(Arc::new(deployment));
        let observer = first_actor(OBSERVER, Role::DutyOfficer);
        for (name, _) in SERVICES {
            sessions.wait_until_served(&observer, name, START_MAX).await?;
        }
        Ok(Self { _folder: folder, sessions, stop, running })
    }

    /// Ends the services; connections that are open are not waited for.
    pub(super) async fn strike(mut self) {
        self.stop.cancel();
        self.running.abort_all();
        while self.running.join_next().await.is_some() {}
    }
}

fn spec(cast: &Cast) -> AccordSpec {
    let roles = [Role::Proposer, Role::Approver, Role::DutyOfficer, Role::Investigator];
    let participant = |id: String, kind, roles: &[Role]| ParticipantSpec {
        name: id.clone(),
        id,
        kind,
        roles: roles.to_vec(),
        actors: vec!["actor-1".to_owned(), "actor-2".to_owned()],
    };
    let parties = cast.ids().map(|id| participant(id, ParticipantKind::StateParty, &roles));
    let others = [
        (NOTIFIER, ParticipantKind::HumanitarianNotifier),
        (OBSERVER, ParticipantKind::Observer),
        (THIRD_STATE, ParticipantKind::BoundThirdState),
    ];
    let others =
        others.map(|(id, kind)| participant(id.to_owned(), kind, &[Role::Proposer, Role::DutyOfficer]));
    AccordSpec {
        id: "exercise-case".to_owned(),
        title: "Exercise".to_owned(),
        mode: Mode::Exercise,
        hotline: HotlineDeadlines::default(),
        witness_quorum: WITNESS_QUORUM,
        participants: parties.chain(others).collect(),
    }
}
