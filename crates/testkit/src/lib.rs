//! For tests only: the real services in this process, on loopback, with certificates of their own and real storage.

#![expect(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_cli::{Deployment, Sessions, Who};
use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_domain::actor::{ParticipantKind, Role};
use concord_registry::Ended;
use concord_server::config::{Config, File};
use concord_server::pki::{AccordSpec, ParticipantSpec};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running registry and the sessions of every participant with it.
pub struct Cluster {
    folder: TempDir,
    deployment: Arc<Deployment>,
    sessions: Sessions,
    stop: CancellationToken,
    registry: JoinHandle<Result<Ended, String>>,
}

impl Cluster {
    /// Starts the registry of a fresh accord.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub async fn start(mode: Mode) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let accord = concord_server::pki::init(folder.path(), &spec(mode)).expect("certificates");
        let (listener, address) = listen().await;
        let deployment = Arc::new(Deployment {
            pki: folder.path().to_owned(),
            accord,
            addresses: BTreeMap::from([("registry", address)]),
        });
        let stop = CancellationToken::new();
        let registry = tokio::spawn(concord_registry::run(config(folder.path()), listener, stop.clone()));
        Self { sessions: Sessions::new(Arc::clone(&deployment)), folder, deployment, stop, registry }
    }

    /// Calls of every participant.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The deployment.
    #[must_use]
    pub fn deployment(&self) -> &Arc<Deployment> {
        &self.deployment
    }

    /// Folder of certificates and data.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Folder of the registry's journal and index.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data/registry")
    }

    /// Tells the registry to stop, and waits until it has drained.
    ///
    /// # Panics
    /// Where it ends other than well.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        let ended = (&mut self.registry).await.expect("the registry's task").expect("the registry");
        assert_eq!(ended, Ended::Drained);
    }

    /// Starts the registry again on what is on disk; the sessions are new.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub async fn restart(&mut self) {
        let (listener, address) = listen().await;
        let mut deployment = self.deployment.as_ref().clone();
        deployment.addresses.insert("registry", address);
        self.deployment = Arc::new(deployment);
        self.sessions = Sessions::new(Arc::clone(&self.deployment));
        self.stop = CancellationToken::new();
        self.registry =
            tokio::spawn(concord_registry::run(config(self.folder.path()), listener, self.stop.clone()));
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("https://{}", listener.local_addr().expect("its address"));
    (listener, address)
}

fn config(folder: &Path) -> Config {
    Config::load(Some(&folder.join("registry.toml")), |_| None, File::default()).expect("the configuration")
}

/// The accord of tests: two parties, a third state, an observer, a notifier and an auditor, with two actors each.
#[must_use]
pub fn spec(mode: Mode) -> AccordSpec {
    use ParticipantKind::{Auditor, BoundThirdState, HumanitarianNotifier, Observer, StateParty};
    let all = [Role::Proposer, Role::Approver, Role::Reviewer, Role::DutyOfficer, Role::Investigator];
    let participant = |id: &str, kind, roles: &[Role]| ParticipantSpec {
        id: id.to_owned(),
        name: id.to_owned(),
        kind,
        roles: roles.to_vec(),
        actors: vec!["actor-1".to_owned(), "actor-2".to_owned()],
    };
    let id = match mode {
        Mode::Operational => "accord-1",
        Mode::Exercise => "exercise-1",
    };
    AccordSpec {
        id: id.to_owned(),
        title: "An accord of tests".to_owned(),
        mode,
        hotline: HotlineDeadlines::default(),
        participants: vec![
            participant("party-a", StateParty, &all),
            participant("party-b", StateParty, &all),
            participant("third-state", BoundThirdState, &[Role::Proposer, Role::DutyOfficer]),
            participant("observer", Observer, &[Role::Proposer, Role::DutyOfficer]),
            participant("notifier", HumanitarianNotifier, &[Role::Proposer, Role::DutyOfficer]),
            participant("auditor", Auditor, &[Role::Auditor]),
        ],
    }
}

/// The first actor of a participant in a role.
#[must_use]
pub fn first(participant: &str, role: Role) -> Who {
    Who::new(participant, "actor-1", role)
}

/// The second actor of a participant, who may approve what the first proposed.
#[must_use]
pub fn second(participant: &str, role: Role) -> Who {
    Who::new(participant, "actor-2", role)
}
