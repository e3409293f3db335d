//! `concord ledger backup`: a verified copy of a running service's ledger, group by group as it was committed. It is of the
//! same form as a witness's copy, and goes on where it ended.
//!
//! It is consistent without stopping anything, for a ledger only grows: each page ends where a signed checkpoint does.

use std::path::PathBuf;

use concord_client::page::Group;
use concord_proto::pb::ledger::v1 as pb;
use concord_store::{CopyError, FollowedCopy, Head, JournalError, Offered, SEGMENT_BYTES, Standing};

use super::Remote;
use super::remote::{Asked, unreached};
use crate::{Failure, say};

/// Flags of `concord ledger backup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    remote: Remote,
    /// Folder of the backup; each service has a folder of its name in it.
    #[arg(long)]
    out: PathBuf,
}

pub(super) async fn run(args: &Backup) -> Result<(), Failure> {
    let mut asked = args.remote.asked()?;
    let folder = args.out.join(&args.remote.service);
    let opened =
        tokio::task::block_in_place(|| FollowedCopy::open(&folder, asked.log.clone(), SEGMENT_BYTES));
    let (mut copy, torn) = opened.map_err(|e| unopened(&e))?;
    if let Some(torn) = torn {
        say::aside(&format!("{}: {} unfinished bytes were cut", folder.display(), torn.bytes));
    }
    let from = copy.size();
    let due = newest(&mut asked, &copy).await?;
    while copy.size() < due {
        let groups = asked.groups(copy.size()).await?;
        if groups.is_empty() {
            return Err(asked.unverified(&format!("entry {} is withheld", copy.size())));
        }
        let offered = groups.iter().map(|Group { entries, checkpoint }| Offered::new(entries, checkpoint));
        let taken = tokio::task::block_in_place(|| copy.append_all(offered));
        let Head { size, root: _ } = taken.map_err(|e| refused(&asked, &e))?;
        say::aside(&format!("{}: {size} of {} entries", args.remote.service, due.max(size)));
    }
    let new = copy.size() - from;
    say::line(&format!("{}: {} entries, {new} of them new", folder.display(), copy.size()));
    Ok(())
}

/// Number of entries of the newest checkpoint, which must be of the history that is held.
async fn newest(asked: &mut Asked, copy: &FollowedCopy) -> Result<u64, Failure> {
    let answer = asked.client.get_checkpoint(pb::GetCheckpointRequest {}).await.map_err(unreached)?;
    let note = answer.into_inner().checkpoint;
    match copy.standing(&note).map_err(|e| refused(asked, &e))? {
        Standing::Ahead(checkpoint) => Ok(checkpoint.size),
        Standing::Held(checkpoint) if checkpoint.size == copy.size() => Ok(checkpoint.size),
        Standing::Held(checkpoint) => {
            let (origin, shown, held) = (asked.log.origin(), checkpoint.size, copy.size());
            let message = format!("{origin} shows {shown} entries, fewer than the {held} in the backup");
            Err(Failure::new(Failure::FOUND, message))
        }
    }
}

fn unopened(error: &JournalError) -> Failure {
    Failure::new(Failure::STORE, error)
}

fn refused(asked: &Asked, error: &CopyError) -> Failure {
    match error {
        CopyError::Io(_) | CopyError::Spent => Failure::new(Failure::STORE, error),
        CopyError::Forked { .. } | CopyError::Chain(_) => {
            let origin = asked.log.origin();
            Failure::new(Failure::FOUND, format!("{origin} is not the history in the backup: {error}"))
        }
        _ => asked.unverified(error),
    }
}
