//! `concord demo`: the story, played on real processes over mutual TLS, told in plain sentences.
//!
//! It ends well only if every step came out as it must, and leaves nothing behind unless asked to.

mod airspace;
mod checks;
mod harm;
mod hotline;
mod lists;
mod proof;
mod protection;
mod stage;
mod tell;

use std::path::PathBuf;

use concord_domain::actor::Role;

use crate::session::Who;
use crate::{Failure, say};

use stage::Stage;
use tell::Teller;

/// Flags of `concord demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A list in the UN's consolidated XML format, in place of the small one of the project.
    #[arg(long)]
    un_list: Option<PathBuf>,
    /// Health sites as GeoJSON points, in place of the small ones of the project.
    #[arg(long)]
    sites: Option<PathBuf>,
    /// Leaves the service running and its folder in place, and prints calls to go on with.
    #[arg(long)]
    keep: bool,
    /// Tells the steps as JSON lines.
    #[arg(long)]
    json: bool,
}

const UN_LIST: &[u8] = include_bytes!("../assets/designated-entities.xml");
const SITES: &[u8] = include_bytes!("../assets/health-sites.geojson");

/// A step that did not come out as it must.
type Step = Result<(), String>;

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let file = |path: &Option<PathBuf>, own: &[u8]| match path {
        None => Ok(own.to_vec()),
        Some(path) => std::fs::read(path).map_err(|e| input(&format!("{}: {e}", path.display()))),
    };
    let (un_list, sites) = (file(&args.un_list, UN_LIST)?, file(&args.sites, SITES)?);
    let teller = Teller::new(args.json);
    let mut stage = Stage::set().await.map_err(|e| input(&e))?;
    let played = play(&mut stage, &teller, un_list, sites).await;
    if let Err(cause) = &played {
        teller.failed(cause);
        say::aside(&stage.log_tail());
    }
    if args.keep {
        let auditor = Who::new("auditor", "actor-1", Role::Auditor);
        teller.plain("Left running; end them by their process identifiers, and remove the folder.");
        teller.plain(&format!("processes {:?}, folder {}", stage.process_ids(), stage.folder().display()));
        for (service, calls) in [
            (
                "registry",
                [
                    "list",
                    "describe concord.registry.v1.ProtectionService",
                    "concord.registry.v1.MovementService/ListMovements",
                ],
            ),
            (
                "rules",
                [
                    "list",
                    "describe concord.rules.v1.CheckService",
                    "concord.rules.v1.CheckService/ListDecisions",
                ],
            ),
            (
                "incidents",
                [
                    "list",
                    "describe concord.incidents.v1.HotlineService",
                    "concord.incidents.v1.IncidentService/ListIncidents",
                ],
            ),
        ] {
            for what in calls {
                teller.plain(&stage.deployment().grpcurl(&auditor, service, what));
            }
        }
        stage.leave();
    } else {
        stage.strike().await;
    }
    played.map_err(|cause| Failure::new(Failure::NO, cause))
}

async fn play(stage: &mut Stage, teller: &Teller, un_list: Vec<u8>, sites: Vec<u8>) -> Step {
    lists::accord(stage, teller).await?;
    lists::import_entities(stage, teller, un_list).await?;
    lists::designate(stage, teller).await?;
    lists::name_non_target(stage, teller).await?;
    protection::import_sites(stage, teller, sites).await?;
    protection::convoy(stage, teller).await?;
    protection::wrong_fields(stage, teller).await?;
    protection::forbidden(stage, teller).await?;
    proof::receipt(stage, teller).await?;
    proof::survives_a_kill(stage, teller).await?;
    checks::adopt_rules(stage, teller).await?;
    checks::beside_the_convoy(stage, teller).await?;
    checks::too_little_known(stage, teller).await?;
    checks::permit_and_void(stage, teller).await?;
    airspace::reservations(stage, teller).await?;
    hotline::flash_messages(stage, teller).await?;
    harm::suspended(stage, teller).await?;
    checks::survives_a_kill(stage, teller).await?;
    proof::export(stage, teller).await?;
    teller.plain("");
    teller.plain("Every step came out as it must.");
    Ok(())
}
