//! `concord up`: the services in the foreground on a data folder that stays, with development certificates.

use std::collections::BTreeMap;
use std::path::PathBuf;

use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_domain::actor::Role;
use concord_server::config::{Config, File};
use concord_server::telemetry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::deployment::{Deployment, read_accord};
use crate::pki::development_accord;
use crate::serve::stop_on_signal;
use crate::session::Who;
use crate::{Failure, say};

/// Flags of `concord up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of certificates and data; by default `concord` in the user's data folder.
    #[arg(long)]
    data: Option<PathBuf>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let configuration = |e: &dyn std::fmt::Display| Failure::new(Failure::CONFIGURATION, e);
    let dir =
        args.data.or_else(default_folder).ok_or_else(|| configuration(&"no data folder; give --data"))?;
    if !dir.join("accord.toml").exists() {
        let accord = development_accord(Mode::Operational, HotlineDeadlines::default());
        concord_server::pki::init(&dir, &accord).map_err(|e| configuration(&e))?;
        say::aside(&format!("made development certificates in {}", dir.display()));
    }
    let accord = read_accord(&dir.join("accord.toml")).map_err(|e| configuration(&e))?;
    let config =
        Config::load(Some(&dir.join("registry.toml")), |key| std::env::var(key).ok(), File::default());
    let config = config.map_err(|e| configuration(&e))?;
    telemetry::start(config.log_format);
    let listener = TcpListener::bind(config.listen).await;
    let listener =
        listener.map_err(|e| Failure::new(Failure::UNREACHABLE, format!("{}: {e}", config.listen)))?;
    let address = format!("https://{}", config.listen);
    let deployment =
        Deployment { pki: dir, accord, addresses: BTreeMap::from([("registry", address.clone())]) };
    let who = Who::new("party-a", "actor-1", Role::Proposer);
    say::line(&format!("registry  {address}"));
    say::line(&format!(
        "  {}",
        deployment.grpcurl(&who, "registry", "concord.registry.v1.AccordService/GetAccord")
    ));
    say::line("Ctrl-C stops.");
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    match concord_registry::run(config, listener, stop).await {
        Ok(concord_registry::Ended::Drained) => Ok(()),
        Ok(concord_registry::Ended::LedgerFault) => Err(Failure::new(Failure::STORE, "the ledger failed")),
        Err(message) => Err(configuration(&message)),
    }
}

fn default_folder() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    data.or_else(home).map(|folder| folder.join("concord"))
}
