//! The stage of the demo: a folder with certificates and data, and the three services as processes of this same binary.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_domain::actor::Role;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::deployment::Deployment;
use crate::pki::development_accord;
use crate::session::{Sessions, Who};

/// Longest that the service may take to answer after its start.
const START_MAX: Duration = Duration::from_secs(20);
const SERVICES: [&str; 3] = ["registry", "incidents", "rules"];

pub(super) struct Stage {
    folder: TempDir,
    sessions: Sessions,
    running: BTreeMap<&'static str, Child>,
}

impl Stage {
    /// Makes certificates, starts the service, and waits until it answers.
    pub(super) async fn set() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("concord-demo-").tempdir().map_err(|e| e.to_string())?;
        let hotline = HotlineDeadlines { flash_s: 3, ..HotlineDeadlines::default() };
        let spec = development_accord(Mode::Operational, hotline);
        let accord = concord_server::pki::init(folder.path(), &spec).map_err(|e| e.to_string())?;
        let mut addresses = BTreeMap::new();
        for service in SERVICES {
            let port = free_port().await.map_err(|e| e.to_string())?;
            addresses.insert(service, format!("https://127.0.0.1:{port}"));
        }
        let deployment = Deployment { pki: folder.path().to_owned(), accord, addresses };
        let mut stage =
            Self { sessions: Sessions::new(Arc::new(deployment)), folder, running: BTreeMap::new() };
        for service in SERVICES {
            stage.restart(service).await?;
        }
        Ok(stage)
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    pub(super) fn deployment(&self) -> &Deployment {
        self.sessions.deployment()
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process identifiers of the services.
    pub(super) fn process_ids(&self) -> Vec<u32> {
        self.running.values().filter_map(Child::id).collect()
    }

    /// Ends a service with SIGKILL: it can save nothing.
    pub(super) async fn kill(&mut self, service: &'static str) -> Result<(), String> {
        match self.running.get_mut(service) {
            Some(child) => child.kill().await.map_err(|e| e.to_string()),
            None => Ok(()),
        }
    }

    /// Starts a service on what is on disk, and waits until it answers.
    pub(super) async fn restart(&mut self, service: &'static str) -> Result<(), String> {
        let child = start(service, self.folder.path(), &self.deployment().addresses)?;
        self.running.insert(service, child);
        let auditor = Who::new("auditor", "actor-1", Role::Auditor);
        let served = self.sessions.wait_until_served(&auditor, service, START_MAX).await;
        served.map_err(|cause| format!("{cause}\n{}", self.log_tail()))
    }

    /// The last lines that the services logged.
    pub(super) fn log_tail(&self) -> String {
        let tail = |service: &str| {
            let log = std::fs::read_to_string(log_of(self.folder.path(), service)).unwrap_or_default();
            let lines: Vec<&str> = log.lines().rev().take(5).collect();
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        SERVICES.map(tail).join("\n")
    }

    /// Leaves services and folder as they are.
    pub(super) fn leave(self) {
        let Self { folder, running, .. } = self;
        let _: PathBuf = folder.keep();
        // The handles alone would end the processes when they go.
        running.into_values().for_each(std::mem::forget);
    }

    /// Ends the services and removes the folder.
    pub(super) async fn strike(mut self) {
        for child in self.running.values_mut() {
            // Whatever cannot be ended or removed ends with this process, or lies in the folder for temporary files.
            let _ = child.kill().await;
        }
        let _ = self.folder.close();
    }
}

fn log_of(folder: &Path, service: &str) -> PathBuf {
    folder.join(format!("{service}.log"))
}

fn start(service: &str, folder: &Path, addresses: &BTreeMap<&'static str, String>) -> Result<Child, String> {
    let binary = std::env::current_exe().map_err(|e| e.to_string())?;
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log_of(folder, service));
    let listen = addresses.get(service).map_or("", |address| address.trim_start_matches("https://"));
    let peers = addresses.iter().filter(|(peer, _)| **peer != service);
    Command::new(binary)
        .args(["serve", service, "--listen", listen, "--config"])
        .arg(folder.join(format!("{service}.toml")))
        .args(peers.flat_map(|(peer, address)| ["--peer".to_owned(), format!("{peer}={address}")]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.map_err(|e| e.to_string())?)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| e.to_string())
}

/// A port that was free a moment ago.
async fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}
