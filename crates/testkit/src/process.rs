//! A service as a process of its own, so that it can be ended and stopped as an operating system does it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command as Shell, ExitStatus, Stdio};
use std::time::Duration;

use concord_cli::{Sessions, Who};
use concord_domain::actor::Role;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// Longest that a process may take to do what it was told.
const WAIT_MAX: Duration = Duration::from_secs(20);
/// How often the outside of a process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A running process, which ends with this value.
pub(crate) struct Process {
    child: Child,
    service: &'static str,
    log: PathBuf,
}

impl Process {
    /// Starts `concord serve` at the service's address, by itself or as what another command runs.
    pub(crate) fn start(
        concord: &Path,
        service: &'static str,
        folder: &Path,
        addresses: &BTreeMap<&'static str, String>,
        under: &[String],
    ) -> Self {
        let log = folder.join(format!("{service}.log"));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
        let listen = addresses.get(service).expect("an address").trim_start_matches("https://");
        let peers = addresses.iter().filter(|(peer, _)| **peer != service);
        let mut command = match under {
            [] => Command::new(concord),
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments).arg(concord);
                command
            }
        };
        let child = command
            .args(["serve", service, "--listen", listen, "--config"])
            .arg(folder.join(format!("{service}.toml")))
            .args(peers.flat_map(|(peer, address)| ["--peer".to_owned(), format!("{peer}={address}")]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .kill_on_drop(true)
            .spawn();
        Self { child: child.expect("the concord binary"), service, log }
    }

    /// Waits until the service says that it serves.
    pub(crate) async fn served(&self, sessions: &Sessions) {
        if let Err(why) = self.served_within(sessions, WAIT_MAX).await {
            panic!("{why}");
        }
    }

    /// Waits until the service says that it serves, and gives how long that took; an error where it does not in time.
    pub(crate) async fn served_within(
        &self,
        sessions: &Sessions,
        within: Duration,
    ) -> Result<Duration, String> {
        let auditor = Who::new("auditor", "actor-1", Role::Auditor);
        let channel = sessions.channel(&auditor, self.service).expect("a channel");
        let mut health = HealthClient::new(channel);
        let begun = Instant::now();
        loop {
            let answer = health.check(HealthCheckRequest { service: String::new() }).await;
            if answer.is_ok_and(|answer| answer.get_ref().status == ServingStatus::Serving as i32) {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > within {
                return Err(format!("{} does not serve:\n{}", self.service, self.told()));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// How it ended by itself; nothing where it has not in time.
    pub(crate) async fn ended_within(&mut self, within: Duration) -> Option<ExitStatus> {
        let ended = tokio::time::timeout(within, self.child.wait()).await;
        ended.ok().map(|status| status.expect("an exit status"))
    }

    /// SIGKILL.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("a process that can be killed");
    }

    /// SIGTERM, and a good end.
    pub(crate) async fn terminate(mut self) {
        self.signal("TERM");
        let ended = tokio::time::timeout(WAIT_MAX, self.child.wait()).await.expect("an end in time");
        assert!(ended.expect("an exit status").success(), "{}:\n{}", self.service, self.told());
    }

    /// SIGSTOP, until the system says that it stands still.
    pub(crate) async fn pause(&self) {
        self.signal("STOP");
        let begun = Instant::now();
        while self.state() != Some('T') {
            assert!(begun.elapsed() < WAIT_MAX, "{} does not stand still", self.service);
            sleep(LOOK_EVERY).await;
        }
    }

    /// SIGCONT.
    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    /// Its number, as long as it runs.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().expect("a running process");
        let sent = Shell::new("sh").args(["-c", &format!("kill -{name} {id}")]).status();
        assert!(sent.expect("a shell").success(), "SIG{name} to {}", self.service);
    }

    /// The state letter of proc(5), which follows the name in brackets.
    fn state(&self) -> Option<char> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()?)).ok()?;
        text.rsplit_once(") ")?.1.chars().next()
    }

    /// The last lines of its log.
    fn told(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(10).collect();
        last.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}
