//! `concord ledger status`: how the ledger of a running service stands.

use concord_ledger::hash::{Hash, to_hex};
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::shared::time;
use serde_json::{Value, json};

use super::Remote;
use super::remote::unreached;
use crate::{Failure, say};

/// Flags of `concord ledger status`.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    #[command(flatten)]
    remote: Remote,
    /// Says it as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &Status) -> Result<(), Failure> {
    let mut asked = args.remote.asked()?;
    let status = asked.client.get_ledger_status(pb::GetLedgerStatusRequest {}).await.map_err(unreached)?;
    let told = Told::of(status.into_inner()).ok_or_else(|| asked.unverified(&"an answer without a head"))?;
    if args.json {
        say::line(&told.as_json().to_string());
    } else {
        told.lines().iter().for_each(|line| say::line(line));
    }
    Ok(())
}

/// A status, its fields read.
struct Told {
    origin: String,
    size: u64,
    root: String,
    indexed: u64,
    synced: Option<String>,
    disk_left_bytes: u64,
    disk_short: bool,
    witnesses: Vec<pb::WitnessStatus>,
}

impl Told {
    fn of(status: pb::GetLedgerStatusResponse) -> Option<Self> {
        let pb::GetLedgerStatusResponse {
            head,
            indexed_size,
            last_sync_time,
            disk_left_bytes,
            witnesses,
            disk_short,
        } = status;
        let pb::Head { origin, size, root } = head?;
        Some(Self {
            origin,
            size,
            root: to_hex(&Hash::try_from(root.as_ref()).ok()?),
            indexed: indexed_size,
            synced: last_sync_time.and_then(|at| time::from_pb("", at).ok()).map(|at| at.to_string()),
            disk_left_bytes,
            disk_short,
            witnesses,
        })
    }

    fn as_json(&self) -> Value {
        let witness = |it: &pb::WitnessStatus| {
            json!({"witness": it.witness, "participant": it.participant, "cosigned_size": it.cosigned_size,
                   "lag": it.lag})
        };
        json!({
            "origin": self.origin, "size": self.size, "root": self.root, "indexed_size": self.indexed,
            "last_sync_time": self.synced, "disk_left_bytes": self.disk_left_bytes,
            "disk_short": self.disk_short,
            "witnesses": self.witnesses.iter().map(witness).collect::<Vec<_>>(),
        })
    }

    fn lines(&self) -> Vec<String> {
        let synced = self.synced.as_deref().unwrap_or("not since the start");
        let mut lines = vec![
            format!("{}: {} entries, root {}", self.origin, self.size, self.root),
            format!("  index over {} entries, last sync {synced}", self.indexed),
            format!("  {} MiB of disk left", self.disk_left_bytes >> 20),
        ];
        if self.disk_short {
            lines.push("  the disk is short: only what must get through is taken".to_owned());
        }
        for pb::WitnessStatus { witness, participant, cosigned_size, lag } in &self.witnesses {
            let lag = match (cosigned_size, lag) {
                (0, _) => "has cosigned nothing".to_owned(),
                (size, 0) => format!("cosigned over {size} entries"),
                (size, lag) => format!("cosigned over {size} entries, {lag} behind"),
            };
            lines.push(format!("  {witness} of {participant} {lag}"));
        }
        lines
    }
}
