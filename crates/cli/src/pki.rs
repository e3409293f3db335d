//! `concord pki`: certificates, keys and an accord for development. Real participants make their own.

use std::path::PathBuf;

use clap::Subcommand;
use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_domain::actor::{ParticipantKind, Role};
use concord_server::pki::{AccordSpec, ParticipantSpec, WITNESS_QUORUM, init, issue, show};

use crate::{Failure, say};

/// Flags of `concord pki`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes an accord of two parties, a third state, an observer, a notifier and an auditor, with all certificates.
    Init {
        /// Folder to fill.
        #[arg(long)]
        dir: PathBuf,
        /// Does nothing where the folder holds an accord already.
        #[arg(long)]
        keep_existing: bool,
        /// An exercise accord, whose clock can be set.
        #[arg(long)]
        exercise: bool,
    },
    /// Issues one more certificate.
    Issue {
        /// Folder made by `init`.
        #[arg(long)]
        dir: PathBuf,
        /// Participant, such as party-a.
        #[arg(long)]
        participant: String,
        /// Role, such as duty-officer.
        #[arg(long)]
        role: String,
        /// Name of the actor, such as watch-2.
        #[arg(long)]
        actor: String,
    },
    /// Shows whose certificate a file holds.
    Show {
        /// Certificate, PEM.
        file: PathBuf,
    },
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    match args.command {
        Command::Init { dir, keep_existing, exercise } => {
            if keep_existing && dir.join("accord.toml").exists() {
                return Ok(());
            }
            let mode = if exercise { Mode::Exercise } else { Mode::Operational };
            init(&dir, &development_accord(mode, HotlineDeadlines::default())).map_err(|e| failed(&e))?;
            say::aside(
                "For development only: made-up participants whose private keys lie beside each other.",
            );
            say::line(&dir.join("accord.toml").display().to_string());
            Ok(())
        }
        Command::Issue { dir, participant, role, actor } => {
            let role = Role::from_path(&role).ok_or_else(|| failed(&format!("no role {role:?}")))?;
            issue(&dir, &participant, role, &actor).map_err(|e| failed(&e))
        }
        Command::Show { file } => {
            let pem =
                std::fs::read_to_string(&file).map_err(|e| failed(&format!("{}: {e}", file.display())))?;
            say::line(&show(&pem).map_err(|e| failed(&e))?);
            Ok(())
        }
    }
}

/// The accord that `up`, `demo` and `pki init` make up.
pub(crate) fn development_accord(mode: Mode, hotline: HotlineDeadlines) -> AccordSpec {
    use ParticipantKind::{Auditor, BoundThirdState, HumanitarianNotifier, Observer, StateParty};
    let all = [Role::Proposer, Role::Approver, Role::Reviewer, Role::DutyOfficer, Role::Investigator];
    let some = [Role::Proposer, Role::DutyOfficer, Role::Investigator];
    let participant = |id: &str, name: &str, kind, roles: &[Role]| ParticipantSpec {
        id: id.to_owned(),
        name: name.to_owned(),
        kind,
        roles: roles.to_vec(),
        actors: vec!["actor-1".to_owned(), "actor-2".to_owned()],
    };
    let id = match mode {
        Mode::Operational => "development",
        Mode::Exercise => "exercise-development",
    };
    AccordSpec {
        id: id.to_owned(),
        title: "Development accord between made-up parties".to_owned(),
        mode,
        hotline,
        witness_quorum: WITNESS_QUORUM,
        participants: vec![
            participant("party-a", "State party A", StateParty, &all),
            participant("party-b", "State party B", StateParty, &all),
            participant("third-state", "Bound third state", BoundThirdState, &some),
            participant("observer", "Observer", Observer, &some),
            participant("notifier", "Humanitarian notifier", HumanitarianNotifier, &some),
            participant("auditor", "Auditor", Auditor, &[Role::Auditor]),
        ],
    }
}
