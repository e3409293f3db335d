//! `concord serve`: one service until SIGTERM or Ctrl-C, then a drain of at most ten seconds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;
use concord_server::config::{Config, File};
use concord_server::process::Ended;
use concord_server::telemetry::{self, LogFormat};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Failure;

/// Flags of `concord serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which service.
    service: Service,
    /// Configuration file (TOML); `CONCORD_<KEY>` and flags override its keys.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Address to listen on, such as 127.0.0.1:7401.
    #[arg(long)]
    listen: Option<String>,
    /// Folder of the journal and the index.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Address of another service, such as registry=https://127.0.0.1:7401; may be repeated.
    #[arg(long, value_parser = peer)]
    peer: Vec<(String, String)>,
    /// Form of the log lines.
    #[arg(long)]
    log_format: Option<Format>,
}

pub(crate) fn peer(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').ok_or("must be service=https://host:port")?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

/// The services of Concord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    /// Target-list registration.
    Registry,
    /// Rules checking.
    Rules,
    /// Incident reporting, the hotline and the status of cooperation.
    Incidents,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let Args { service, config, listen, data_dir, peer, log_format } = args;
    let log_format = log_format.map(|format| match format {
        Format::Text => LogFormat::Text,
        Format::Json => LogFormat::Json,
    });
    let flags = File { listen, data_dir, log_format, peers: BTreeMap::from_iter(peer), ..File::default() };
    let config = Config::load(config.as_deref(), |key| std::env::var(key).ok(), flags);
    let config = config.map_err(|e| Failure::new(Failure::CONFIGURATION, e))?;
    telemetry::start(config.log_format);
    let listener = TcpListener::bind(config.listen).await;
    let listener =
        listener.map_err(|e| Failure::new(Failure::UNREACHABLE, format!("{}: {e}", config.listen)))?;
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    told(run_service(service, config, listener, stop).await)
}

/// Runs one of the services.
pub(crate) async fn run_service(
    service: Service,
    config: Config,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<Ended, String> {
    match service {
        Service::Registry => concord_registry::run(config, listener, stop).await,
        Service::Rules => concord_rules::run(config, listener, stop).await,
        Service::Incidents => concord_incidents::run(config, listener, stop).await,
    }
}

/// How a service's end is told.
pub(crate) fn told(ended: Result<Ended, String>) -> Result<(), Failure> {
    match ended {
        Ok(Ended::Drained) => Ok(()),
        Ok(Ended::LedgerFault) => {
            Err(Failure::new(Failure::STORE, "the ledger failed; start again to recover"))
        }
        Err(message) => Err(Failure::new(Failure::CONFIGURATION, message)),
    }
}

/// Cancels `stop` on SIGTERM or Ctrl-C.
pub(crate) async fn stop_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => drop(signals.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    stop.cancel();
}
