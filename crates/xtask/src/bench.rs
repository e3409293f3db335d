//! Durable writes and checks against their controls: a bare echo over the same mutual TLS, and a bare fdatasync on the
//! same disk, taken in turns in one run, so that a busy machine slows all of them alike.

mod controls;
mod ledger;
mod machine;
mod report;
mod timing;
mod voiding;
mod world;

use std::time::Duration;

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::protection_service_client::ProtectionServiceClient;
use concord_testkit::{Cluster, first, setting};
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use uuid::Uuid;

use controls::{Echo, Fdatasync};
use machine::Machine;
use report::Line;
use timing::{Times, measured};
use world::World;

/// Flags of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ends within two minutes.
    #[arg(long)]
    quick: bool,
    /// Prints one JSON object in place of the table, and writes no file.
    #[arg(long)]
    json: bool,
}

/// Calls in flight in the loaded case.
const LOADED: usize = 64;
/// Syncs in a round: they are alike, and many of them would take longer than what they are the control of.
const SYNCS_MAX: usize = 400;
/// How long the services are left alone after checks, which incidents still takes in when they are answered.
const CATCHING_UP: Duration = Duration::from_millis(250);
/// What a write, or a check, may take beyond its controls, in microseconds.
const BEYOND_US: f64 = 300.0;

pub(crate) async fn run(args: Args) -> Result<(), String> {
    let (rounds, calls, batches, records) =
        if args.quick { (3, 400, 5, 100_000) } else { (10, 2_000, 20, 1_000_000) };
    let machine = Machine::look().await?;
    let subjects = Subjects::start().await?;
    let mut lines = Vec::new();
    for in_flight in [1, LOADED] {
        let mut figures = Figures::new()?;
        for round in 0..=rounds {
            let taken = subjects.round(in_flight, calls).await?;
            tokio::time::sleep(CATCHING_UP).await;
            // The first round warms up and is left out.
            if round > 0 {
                figures.add(&taken);
            }
        }
        lines.extend(figures.lines(in_flight));
    }
    drop(subjects);
    lines.extend(voiding::lines(batches).await?);
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    lines.extend(ledger::lines(folder.path(), records).await?);
    let neighbours = machine.neighbours()?;
    let what = "share of the CPU that no other process took during the run".to_owned();
    lines.push(Line::new("undisturbed".to_owned(), what, neighbours.undisturbed(), "ratio"));
    report::tell(&lines, &args, &neighbours)
}

/// What is measured, all of it up and waiting.
struct Subjects {
    _cluster: Cluster,
    echoes: HealthClient<Channel>,
    writes: ProtectionServiceClient<Channel>,
    disk: Fdatasync,
    world: World,
    unmoved: String,
}

impl Subjects {
    async fn start() -> Result<Self, String> {
        // Writes go to a registry of their own: the entities of the checks stay a hundred.
        let cluster = Cluster::start(Mode::Operational).await;
        let echo = Echo::start(cluster.folder()).await?;
        let by = first("notifier", Role::Proposer);
        let channel = cluster.sessions().channel(&by, "registry").map_err(|e| e.message().to_owned())?;
        let world = World::start().await?;
        Ok(Self {
            echoes: HealthClient::new(echo.connect(&cluster)?),
            writes: ProtectionServiceClient::new(channel),
            disk: Fdatasync::on(cluster.folder())?,
            unmoved: world.denied().await?,
            world,
            _cluster: cluster,
        })
    }

    async fn round(&self, in_flight: usize, calls: usize) -> Result<Figures, String> {
        let synced = self.disk.measured(calls.min(SYNCS_MAX))?;
        let echoed = measured(in_flight, calls, || {
            let mut client = self.echoes.clone();
            async move { client.check(HealthCheckRequest { service: String::new() }).await.is_ok() }
        });
        let echoed = echoed.await?;
        let written = measured(in_flight, calls, || {
            let mut client = self.writes.clone();
            async move { client.notify_protected_entity(notification()).await.is_ok() }
        });
        let written = written.await?;
        let checked = self.world.checked(in_flight, calls).await?;
        let (tried, read) = if in_flight == 1 {
            let tried = self.world.tried(in_flight, calls).await?;
            (tried, self.world.read(&self.unmoved, in_flight, calls).await?)
        } else {
            (Times::new()?, Times::new()?)
        };
        Ok(Figures { echoed, written, checked, tried, read, synced })
    }
}

/// The times of one number of calls in flight.
struct Figures {
    echoed: Times,
    written: Times,
    checked: Times,
    tried: Times,
    read: Times,
    synced: Times,
}

impl Figures {
    fn new() -> Result<Self, String> {
        Ok(Self {
            echoed: Times::new()?,
            written: Times::new()?,
            checked: Times::new()?,
            tried: Times::new()?,
            read: Times::new()?,
            synced: Times::new()?,
        })
    }

    fn add(&mut self, other: &Self) {
        let Self { echoed, written, checked, tried, read, synced } = self;
        echoed.add(&other.echoed);
        written.add(&other.written);
        checked.add(&other.checked);
        tried.add(&other.tried);
        read.add(&other.read);
        synced.add(&other.synced);
    }

    fn lines(&self, in_flight: usize) -> Vec<Line> {
        let Self { echoed, written, checked, tried: _, read: _, synced } = self;
        let mut lines = Vec::new();
        lines.extend(lines_of("echo", "bare echo over mTLS", echoed, in_flight));
        let id = format!("fdatasync_p50_{in_flight}");
        let what = format!("bare fdatasync after a 512-byte append, beside {in_flight} in flight, p50");
        lines.push(Line::new(id, what, synced.quantile_us(0.5), "us"));
        lines.extend(lines_of("write", "durable NotifyProtectedEntity", written, in_flight));
        lines.extend(lines_of("check", "CheckOperation with receipt", checked, in_flight));
        if in_flight == 1 {
            lines.extend(self.alone());
        } else {
            let to_echo = |times: &Times| times.per_second() / echoed.per_second();
            let what = |what: &str| format!("{what} to echo throughput, {in_flight} in flight");
            let write =
                Line::new(format!("write_to_echo_{in_flight}"), what("write"), to_echo(written), "ratio");
            let check =
                Line::new(format!("check_to_echo_{in_flight}"), what("check"), to_echo(checked), "ratio");
            lines.extend([write.goal(0.6), check.goal(0.5)]);
        }
        lines
    }

    /// What one call takes beyond what it cannot do without, and the steps of a check.
    fn alone(&self) -> [Line; 4] {
        let p50 = |times: &Times| times.quantile_us(0.5);
        let beyond = |id: &str, name: &str, times: &Times, echoes: f64| {
            let controls_us = echoes * p50(&self.echoed) + p50(&self.synced);
            let what =
                format!("{name} p50 beyond {echoes} echo and fdatasync, which take {controls_us:.0} us");
            Line::new(id.to_owned(), what, p50(times) - controls_us, "us").goal(BEYOND_US)
        };
        let read = "GetDecision on heads confirmed for it, 1 in flight, p50";
        let tried = "CheckOperation evaluated and not recorded, 1 in flight, p50";
        [
            beyond("write_beyond_controls_1", "write", &self.written, 1.0),
            beyond("check_beyond_controls_1", "check", &self.checked, 2.0),
            Line::new("confirmed_read_p50_1".to_owned(), read.to_owned(), p50(&self.read), "us"),
            Line::new("unrecorded_check_p50_1".to_owned(), tried.to_owned(), p50(&self.tried), "us"),
        ]
    }
}

fn lines_of(id: &str, name: &str, times: &Times, in_flight: usize) -> [Line; 3] {
    let what = |what: &str| format!("{name}, {in_flight} in flight, {what}");
    let quantile = |name: &str, part| {
        Line::new(format!("{id}_{name}_{in_flight}"), what(name), times.quantile_us(part), "us")
    };
    let per_s = Line::new(format!("{id}_per_s_{in_flight}"), what("calls"), times.per_second(), "per_s");
    [per_s, quantile("p50", 0.5), quantile("p99", 0.99)]
}

fn notification() -> pb::NotifyProtectedEntityRequest {
    pb::NotifyProtectedEntityRequest {
        protected_entity: Some(pb::ProtectedEntity {
            display_name: "Hospital".to_owned(),
            category: pb::ProtectedCategory::Medical.into(),
            area: Some(setting::circle(0.5, 0.5, 80.0)),
            ..Default::default()
        }),
        request_id: Uuid::now_v7().to_string(),
        ..Default::default()
    }
}
