//! `concord ledger restore`: a damaged journal, put together again from what is left of it and a backup or a witness's copy.

use std::path::PathBuf;

use concord_ledger::hash::to_hex;
use concord_server::witness::witnesses;
use concord_store::{Restored, Survey, restore};

use crate::deployment::read_accord;
use crate::verify::log;
use crate::{Failure, say};

/// Flags of `concord ledger restore`.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// Name of the service, such as registry.
    #[arg(long)]
    service: String,
    /// The accord file.
    #[arg(long)]
    accord: PathBuf,
    /// A backup, the copy that a party's witness keeps, or another data folder.
    #[arg(long)]
    from: PathBuf,
    /// Folder of the journal and the index; the service must be stopped.
    #[arg(long)]
    data: PathBuf,
}

pub(super) fn run(args: &Restore) -> Result<(), Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let accord = read_accord(&args.accord).map_err(|e| input(&e))?;
    let log = log(&accord, &accord.origin(&args.service)).map_err(|e| input(&e))?;
    let witnesses = witnesses(&accord).map_err(|e| input(&e))?;
    let names: Vec<String> = witnesses.iter().map(|witness| witness.verifier.name().to_owned()).collect();
    let source = Survey::place(&args.from, &args.service)
        .ok_or_else(|| input(&format!("{} holds no journal of {}", args.from.display(), args.service)))?;
    let mut told = |entries| say::aside(&format!("{}: {entries} entries restored", args.service));
    let restored = restore(&args.data, &source, &log, &names, &mut told);
    let restored = restored.map_err(|e| Failure::new(Failure::NO, format!("nothing was restored: {e}")))?;
    let Restored { entries, root, kept, taken, set_aside } = restored;
    let root = to_hex(&root);
    say::line(&format!(
        "{}: {entries} entries with root {root}: {kept} out of the journal, {taken} out of {}",
        args.data.display(),
        source.display()
    ));
    if let Some(path) = set_aside {
        say::line(&format!("the damaged journal lies in {}", path.display()));
    }
    Ok(())
}
