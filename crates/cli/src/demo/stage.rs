//! The stage of the demo: a folder with certificates and data, and the registry as a process of this same binary.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_domain::actor::Role;
use concord_proto::pb::registry::v1 as pb;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::deployment::Deployment;
use crate::pki::development_accord;
use crate::session::{Sessions, Who};

/// Longest that the service may take to answer after its start.
const START_MAX: Duration = Duration::from_secs(20);
const LOG: &str = "registry.log";

pub(super) struct Stage {
    folder: TempDir,
    sessions: Sessions,
    listen: String,
    registry: Child,
}

impl Stage {
    /// Makes certificates, starts the service, and waits until it answers.
    pub(super) async fn set() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("concord-demo-").tempdir().map_err(|e| e.to_string())?;
        let hotline = HotlineDeadlines { flash_s: 3, ..HotlineDeadlines::default() };
        let spec = development_accord(Mode::Operational, hotline);
        let accord = concord_server::pki::init(folder.path(), &spec).map_err(|e| e.to_string())?;
        let port = free_port().await.map_err(|e| e.to_string())?;
        let listen = format!("127.0.0.1:{port}");
        let addresses = BTreeMap::from([("registry", format!("https://{listen}"))]);
        let deployment = Deployment { pki: folder.path().to_owned(), accord, addresses };
        let registry = start(folder.path(), &listen)?;
        let stage = Self { sessions: Sessions::new(Arc::new(deployment)), folder, listen, registry };
        stage.wait_until_served().await?;
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

    pub(super) fn process_id(&self) -> u32 {
        self.registry.id().unwrap_or_default()
    }

    /// Ends the service with SIGKILL: it can save nothing.
    pub(super) async fn kill(&mut self) -> Result<(), String> {
        self.registry.kill().await.map_err(|e| e.to_string())
    }

    /// Starts the service again on what is on disk.
    pub(super) async fn restart(&mut self) -> Result<(), String> {
        self.registry = start(self.folder.path(), &self.listen)?;
        self.wait_until_served().await
    }

    async fn wait_until_served(&self) -> Result<(), String> {
        let asked_until = tokio::time::Instant::now() + START_MAX;
        let auditor = Who::new("auditor", "actor-1", Role::Auditor);
        loop {
            let method = "concord.registry.v1.AccordService/GetAccord";
            let answer = self
                .sessions
                .call::<_, pb::GetAccordResponse>(&auditor, method, pb::GetAccordRequest {})
                .await;
            match answer {
                Ok(_) => return Ok(()),
                Err(status) if tokio::time::Instant::now() > asked_until => {
                    return Err(format!(
                        "the registry does not answer: {}\n{}",
                        status.message(),
                        self.log_tail()
                    ));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(25)).await,
            }
        }
    }

    /// The last lines that the service logged.
    pub(super) fn log_tail(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join(LOG)).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(10).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Leaves service and folder as they are.
    pub(super) fn leave(self) {
        let Self { folder, registry, .. } = self;
        let _: PathBuf = folder.keep();
        // The handle alone would end the process when it goes.
        std::mem::forget(registry);
    }

    /// Ends the service and removes the folder.
    pub(super) async fn strike(mut self) {
        // Whatever cannot be removed lies in the folder for temporary files.
        let _ = self.registry.kill().await;
        let _ = self.folder.close();
    }
}

fn start(folder: &Path, listen: &str) -> Result<Child, String> {
    let binary = std::env::current_exe().map_err(|e| e.to_string())?;
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(LOG))
        .map_err(|e| e.to_string())?;
    Command::new(binary)
        .args(["serve", "registry", "--listen", listen, "--config"])
        .arg(folder.join("registry.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| e.to_string())
}

/// A port that was free a moment ago.
async fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}
