//! `concord up`: the services in the foreground on a data folder that stays, with development certificates.

use std::collections::BTreeMap;
use std::path::PathBuf;

use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_domain::actor::Role;
use concord_server::telemetry;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::deployment::{Deployment, read_accord, read_config};
use crate::pki::development_accord;
use crate::serve::{Service, run_service, stop_on_signal, told};
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
    let stop = CancellationToken::new();
    let mut deployment = Deployment { pki: dir, accord, addresses: BTreeMap::new() };
    let mut running = JoinSet::new();
    let services =
        [("registry", Service::Registry), ("incidents", Service::Incidents), ("rules", Service::Rules)];
    for (name, service) in services {
        let path = deployment.pki.join(format!("{name}.toml"));
        let config = read_config(&path)?;
        telemetry::start(config.log_format);
        let listener = TcpListener::bind(config.listen).await;
        let taken = |e| Failure::new(Failure::UNREACHABLE, format!("{}: {e}", config.listen));
        let listener = listener.map_err(taken)?;
        deployment.addresses.insert(name, format!("https://{}", config.listen));
        running.spawn(run_service(service, config, listener, stop.clone()));
    }
    tell(&deployment);
    tokio::spawn(stop_on_signal(stop.clone()));
    let mut ended = Ok(());
    while let Some(joined) = running.join_next().await {
        // When one ends, the others cannot do their work.
        stop.cancel();
        ended = ended.and(told(joined.map_err(|e| e.to_string()).and_then(|ended| ended)));
    }
    ended
}

fn tell(deployment: &Deployment) {
    let by = Who::new("party-a", "actor-1", Role::DutyOfficer);
    let calls = [
        ("registry", "concord.registry.v1.AccordService/GetAccord"),
        ("rules", "concord.rules.v1.RuleSetService/ListRuleSets"),
        ("incidents", "concord.incidents.v1.IncidentService/ListIncidents"),
    ];
    for (service, call) in calls {
        say::line(&format!("{service}  {}", deployment.addresses.get(service).map_or("", String::as_str)));
        say::line(&format!("  {}", deployment.grpcurl(&by, service, call)));
    }
    say::line("Ctrl-C stops.");
}

fn default_folder() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    data.or_else(home).map(|folder| folder.join("concord"))
}
