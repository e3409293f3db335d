//! `concord ledger export`: the whole ledger of a running service as JSON lines, verified while it is fetched.

use std::path::PathBuf;

use concord_client::page::Group;
use concord_ledger::chain::Chain;
use concord_ledger::export::{group_line, head_line};

use super::Remote;
use crate::replace::replace;
use crate::{Failure, say};

/// Flags of `concord ledger export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) remote: Remote,
    /// File to write.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

pub(super) async fn run(args: &Export) -> Result<(), Failure> {
    let entries = export(args).await?;
    say::line(&format!("{}: {entries} entries", args.out.display()));
    Ok(())
}

/// Writes the ledger and gives the number of its entries; the file appears only when it is whole.
pub(crate) async fn export(args: &Export) -> Result<u64, Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let mut asked = args.remote.asked()?;
    let origin = asked.log.origin().to_owned();
    let mut lines = vec![head_line(&origin).map_err(|e| input(&e))?];
    let mut chain = Chain::new(&origin);
    loop {
        let groups = asked.groups(chain.size()).await?;
        if groups.is_empty() {
            break;
        }
        for Group { entries, checkpoint } in &groups {
            entries.iter().try_for_each(|entry| chain.append(entry)).map_err(|e| asked.unverified(&e))?;
            let signed = asked.log.verify(checkpoint).map_err(|e| asked.unverified(&e))?;
            if (signed.size, signed.root) != (chain.size(), chain.root()) {
                return Err(asked.unverified(&"a checkpoint is not that of its entries"));
            }
            lines.push(group_line(entries, signed.size, &signed.root, checkpoint).map_err(|e| input(&e))?);
        }
    }
    lines.push(String::new());
    replace(&args.out, &lines.join("\n")).map_err(|e| input(&format!("{}: {e}", args.out.display())))?;
    Ok(chain.size())
}
