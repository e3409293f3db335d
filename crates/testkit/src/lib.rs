//! For tests only: the real services, in this process or in processes of their own, on loopback, with certificates of
//! their own and real storage.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

pub mod past;
mod process;
pub mod setting;
pub mod wire;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use concord_cli::{Deployment, Sessions, Who};
use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_domain::actor::{ParticipantKind, Role};
use concord_server::config::{Config, File};
use concord_server::pki::{AccordSpec, ParticipantSpec, WITNESS_QUORUM};
use concord_server::process::Ended;
use process::Process;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Running services and the sessions of every participant with them.
pub struct Cluster {
    folder: TempDir,
    deployment: Arc<Deployment>,
    sessions: Sessions,
    host: Host,
    running: BTreeMap<&'static str, Running>,
}

/// Longest that a service may take to serve.
const START_MAX: Duration = Duration::from_secs(20);

/// Where services run.
enum Host {
    ThisProcess,
    ProcessesOf(PathBuf),
}

/// One running service.
enum Running {
    Task { stop: CancellationToken, task: JoinHandle<Result<Ended, String>> },
    Process(Box<Process>),
}

impl Cluster {
    /// Starts the registry of a fresh accord, alone.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub async fn start(mode: Mode) -> Self {
        Self::of(&spec(mode), &["registry"], Host::ThisProcess).await
    }

    /// Starts all services of a fresh accord.
    ///
    /// # Panics
    /// Where one cannot be started.
    pub async fn start_all(mode: Mode) -> Self {
        Self::start_of(&spec(mode)).await
    }

    /// Starts all services of a fresh accord as specified.
    ///
    /// # Panics
    /// Where one cannot be started.
    pub async fn start_of(spec: &AccordSpec) -> Self {
        Self::of(spec, &["registry", "incidents", "rules"], Host::ThisProcess).await
    }

    /// Starts services of a fresh accord, each as a process of the `concord` binary.
    ///
    /// # Panics
    /// Where one cannot be started.
    pub async fn start_processes(mode: Mode, services: &[&'static str], concord: impl Into<PathBuf>) -> Self {
        Self::start_processes_of(&spec(mode), services, concord).await
    }

    /// Starts services of a fresh accord as specified, each as a process of the `concord` binary.
    ///
    /// # Panics
    /// Where one cannot be started.
    pub async fn start_processes_of(
        spec: &AccordSpec,
        services: &[&'static str],
        concord: impl Into<PathBuf>,
    ) -> Self {
        Self::of(spec, services, Host::ProcessesOf(concord.into())).await
    }

    async fn of(spec: &AccordSpec, services: &[&'static str], host: Host) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let accord = concord_server::pki::init(folder.path(), spec).expect("certificates");
        let pki = folder.path().to_owned();
        // All listen before the first starts: they follow each other.
        let (mut addresses, mut listeners) = (BTreeMap::new(), Vec::new());
        for service in services {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            addresses.insert(*service, format!("https://{}", listener.local_addr().expect("its address")));
            listeners.push((*service, listener));
        }
        let deployment = Arc::new(Deployment { pki, accord, addresses });
        let sessions = Sessions::new(Arc::clone(&deployment));
        let mut cluster = Self { folder, deployment, sessions, host, running: BTreeMap::new() };
        for (service, listener) in listeners {
            cluster.run(service, listener).await;
        }
        cluster
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

    /// Folder of a service's journal and index.
    #[must_use]
    pub fn data_dir(&self, service: &str) -> PathBuf {
        self.folder.path().join("data").join(service)
    }

    /// Tells a service to stop, and waits until it has drained.
    ///
    /// # Panics
    /// Where it ends other than well.
    pub async fn stop(&mut self, service: &'static str) {
        match self.running.remove(service).expect("a running service") {
            Running::Task { stop, task } => {
                stop.cancel();
                assert_eq!(task.await.expect("the service's task").expect("the service"), Ended::Drained);
            }
            Running::Process(process) => process.terminate().await,
        }
    }

    /// Waits until a service ends by itself, and says how.
    ///
    /// # Panics
    /// Where it is a process, or does not end as a service does.
    pub async fn end(&mut self, service: &str) -> Ended {
        match self.running.remove(service) {
            Some(Running::Task { task, .. }) => task.await.expect("the service's task").expect("the service"),
            _ => panic!("{service} does not run in this process"),
        }
    }

    /// Ends the process of a service at once: it can save nothing.
    ///
    /// # Panics
    /// Where it is no process.
    pub async fn kill(&mut self, service: &'static str) {
        match self.running.remove(service) {
            Some(Running::Process(process)) => process.kill().await,
            _ => panic!("{service} is no process"),
        }
    }

    /// Stops the process of a service where it stands; its connections stay open and nothing is answered.
    ///
    /// # Panics
    /// Where it is no process.
    pub async fn pause(&self, service: &str) {
        self.process(service).pause().await;
    }

    /// Lets a paused process go on.
    ///
    /// # Panics
    /// Where it is no process.
    pub fn resume(&self, service: &str) {
        self.process(service).resume();
    }

    /// Waits until a launched process says that it serves, and gives how long that took.
    ///
    /// # Errors
    /// The end of its log, where it does not in time.
    ///
    /// # Panics
    /// Where it is no process.
    pub async fn served_within(&self, service: &str, within: Duration) -> Result<Duration, String> {
        self.process(service).served_within(&self.sessions, within).await
    }

    /// The system's number of a service's process.
    ///
    /// # Panics
    /// Where it is no process.
    #[must_use]
    pub fn id(&self, service: &str) -> Option<u32> {
        self.process(service).id()
    }

    /// Tells the process of a service to stop, and does not wait for it.
    ///
    /// # Panics
    /// Where it is no process.
    pub fn terminate(&self, service: &str) {
        self.process(service).signal("TERM");
    }

    /// How a process ended by itself; nothing where it has not in time, and it then runs on.
    ///
    /// # Panics
    /// Where it is no process.
    pub async fn ended_within(&mut self, service: &'static str, within: Duration) -> Option<ExitStatus> {
        let Some(Running::Process(process)) = self.running.get_mut(service) else {
            panic!("{service} is no process");
        };
        let ended = process.ended_within(within).await;
        if ended.is_some() {
            self.running.remove(service);
        }
        ended
    }

    fn process(&self, service: &str) -> &Process {
        match self.running.get(service) {
            Some(Running::Process(process)) => process,
            _ => panic!("{service} is no process"),
        }
    }

    /// Starts a service again on what is on disk, at its former address, and waits until it answers.
    ///
    /// # Panics
    /// Where it cannot be started.
    pub async fn restart(&mut self, service: &'static str) {
        let address = self.deployment.addresses.get(service).expect("a service that ran before");
        let listener = TcpListener::bind(address.trim_start_matches("https://")).await.expect("its port");
        self.sessions = Sessions::new(Arc::clone(&self.deployment));
        self.run(service, listener).await;
    }

    /// Starts the process of a service again, and does not wait for it.
    ///
    /// # Panics
    /// Where services run in this process.
    pub fn launch(&mut self, service: &'static str) {
        self.launch_under(service, &[]);
    }

    /// The same, with the process as what another command runs, such as `strace -D`, which leaves it the child of this one.
    ///
    /// # Panics
    /// Where services run in this process.
    pub fn launch_under(&mut self, service: &'static str, under: &[String]) {
        let Host::ProcessesOf(concord) = &self.host else { panic!("{service} is no process") };
        let process = Process::start(concord, service, self.folder.path(), &self.deployment.addresses, under);
        self.running.insert(service, Running::Process(Box::new(process)));
    }

    async fn run(&mut self, service: &'static str, listener: TcpListener) {
        if let Host::ProcessesOf(_) = &self.host {
            // The process listens there itself.
            drop(listener);
            self.launch(service);
            return self.process(service).served(&self.sessions).await;
        }
        let config = self.config(service);
        let stop = CancellationToken::new();
        let task = match service {
            "registry" => tokio::spawn(concord_registry::run(config, listener, stop.clone())),
            "rules" => tokio::spawn(concord_rules::run(config, listener, stop.clone())),
            _ => tokio::spawn(concord_incidents::run(config, listener, stop.clone())),
        };
        self.running.insert(service, Running::Task { stop, task });
        let auditor = first("auditor", Role::Auditor);
        let served = self.sessions.wait_until_served(&auditor, service, START_MAX).await;
        served.expect("a service that serves");
    }

    /// The configuration of a service, as it is started here.
    ///
    /// # Panics
    /// Where it cannot be read.
    #[must_use]
    pub fn config(&self, service: &str) -> Config {
        let peers = self.deployment.addresses.iter();
        let peers = peers.map(|(name, address)| ((*name).to_owned(), address.clone())).collect();
        let path = self.folder.path().join(format!("{service}.toml"));
        Config::load(Some(&path), |_| None, File { peers, ..File::default() }).expect("the configuration")
    }
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
        witness_quorum: WITNESS_QUORUM,
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
