//! The write path against its controls: a bare echo over the same mutual TLS, and a bare fdatasync on the same disk, taken
//! in turns in one run, so that a busy machine slows all of them alike.

mod controls;
mod report;
mod timing;

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::pb::registry::v1::protection_service_client::ProtectionServiceClient;
use concord_proto::pb::r#type::v1 as shared;
use concord_testkit::{Cluster, first};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use controls::{Echo, Fdatasync};
use report::Line;
use timing::{Times, measured};

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

pub(crate) async fn run(args: Args) -> Result<(), String> {
    let (rounds, calls) = if args.quick { (3, 400) } else { (10, 2_000) };
    let cluster = Cluster::start(Mode::Operational).await;
    let echo = Echo::start(cluster.folder()).await?;
    let disk = Fdatasync::on(cluster.folder())?;
    let by = first("notifier", Role::Proposer);
    let channel = cluster.sessions().channel(&by, "registry").map_err(|e| e.message().to_owned())?;
    let writes = ProtectionServiceClient::new(channel);
    let echoes = HealthClient::new(echo.connect(&cluster)?);

    let mut lines = Vec::new();
    for in_flight in [1, LOADED] {
        let (mut echoed, mut written, mut synced) = (Times::new()?, Times::new()?, Times::new()?);
        for round in 0..=rounds {
            let echo_round = measured(in_flight, calls, || {
                let mut client = echoes.clone();
                async move { client.check(HealthCheckRequest { service: String::new() }).await.is_ok() }
            });
            let echo_round = echo_round.await?;
            let write_round = measured(in_flight, calls, || {
                let mut client = writes.clone();
                async move { client.notify_protected_entity(notification()).await.is_ok() }
            });
            let write_round = write_round.await?;
            let sync_round = disk.measured(calls.min(400))?;
            // The first round warms up and is left out.
            if round > 0 {
                echoed.add(&echo_round);
                written.add(&write_round);
                synced.add(&sync_round);
            }
        }
        lines.extend(lines_of(in_flight, &echoed, &written, &synced));
    }
    report::tell(&lines, &args)
}

fn lines_of(in_flight: usize, echoed: &Times, written: &Times, synced: &Times) -> Vec<Line> {
    let id = |what: &str| format!("{what}_{in_flight}");
    let ratio = written.per_second() / echoed.per_second();
    let mut lines = vec![
        Line::new(
            id("echo_per_s"),
            format!("bare echo over mTLS, {in_flight} in flight"),
            echoed.per_second(),
            "per_s",
        ),
        Line::new(
            id("echo_p50"),
            format!("bare echo, {in_flight} in flight, p50"),
            echoed.quantile_us(0.5),
            "us",
        ),
        Line::new(
            id("echo_p99"),
            format!("bare echo, {in_flight} in flight, p99"),
            echoed.quantile_us(0.99),
            "us",
        ),
        Line::new(
            id("fdatasync_p50"),
            "bare fdatasync after a 512-byte append, p50".to_owned(),
            synced.quantile_us(0.5),
            "us",
        ),
        Line::new(
            id("write_per_s"),
            format!("durable NotifyProtectedEntity, {in_flight} in flight"),
            written.per_second(),
            "per_s",
        ),
        Line::new(
            id("write_p50"),
            format!("durable write, {in_flight} in flight, p50"),
            written.quantile_us(0.5),
            "us",
        ),
        Line::new(
            id("write_p99"),
            format!("durable write, {in_flight} in flight, p99"),
            written.quantile_us(0.99),
            "us",
        ),
    ];
    if in_flight == 1 {
        let allowed = echoed.quantile_us(0.5) + synced.quantile_us(0.5) + 300.0;
        let over = written.quantile_us(0.5) - echoed.quantile_us(0.5) - synced.quantile_us(0.5);
        let what = format!("write p50 beyond echo and fdatasync; the whole may take {allowed:.0} us");
        lines.push(Line::new("write_beyond_controls_1".to_owned(), what, over, "us").goal(300.0));
    } else {
        let what = format!("durable write to echo throughput, {in_flight} in flight");
        lines.push(Line::new(id("write_to_echo"), what, ratio, "ratio").goal(0.6));
    }
    lines
}

fn notification() -> pb::NotifyProtectedEntityRequest {
    let center = Some(LatLng { latitude: 0.5, longitude: 0.5 });
    let circle = shared::area::Form::Circle(shared::Circle { center, radius_m: 80.0 });
    pb::NotifyProtectedEntityRequest {
        protected_entity: Some(pb::ProtectedEntity {
            display_name: "Hospital".to_owned(),
            category: pb::ProtectedCategory::Medical.into(),
            area: Some(shared::Area { form: Some(circle) }),
            ..Default::default()
        }),
        ..Default::default()
    }
}
