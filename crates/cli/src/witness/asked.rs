//! What is asked of a ledger: its account of a checkpoint, proofs, entries; and the cosignature that it is given.

use std::future::Future;
use std::time::Duration;

use concord_client::connect::{ClientIdentity, connect};
use concord_client::outcome::cleared;
use concord_client::page::{Group, groups_from_pb};
use concord_domain::accord::Accord;
use concord_ledger::Checkpoint;
use concord_ledger::hash::{Hash, from_hex};
use concord_ledger::judge::Answer;
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use tonic::transport::Channel;
use tonic::{Response, Status};
use tonic_types::StatusExt as _;

use super::trouble::Trouble;

/// Longest that an answer is waited for.
const CALL_MAX: Duration = Duration::from_secs(10);
/// Largest message taken from a ledger: a page of the largest entries.
const MESSAGE_MAX_BYTES: usize = 64 * 1024 * 1024;

/// A connection to a ledger.
#[derive(Clone)]
pub(super) struct Asked {
    client: LedgerServiceClient<Channel>,
}

impl Asked {
    pub(super) fn at(address: &str, identity: &ClientIdentity, accord: &Accord) -> Result<Self, String> {
        let channel = connect(address, identity, accord).map_err(|e| e.to_string())?;
        let client = LedgerServiceClient::new(channel).max_decoding_message_size(MESSAGE_MAX_BYTES);
        Ok(Self { client })
    }

    /// Shows the ledger a note of its own, an empty one where there is none, and gives its account of it.
    pub(super) async fn show(&self, note: &str) -> Result<Answer, Trouble> {
        let request = pb::ShowCheckpointRequest { checkpoint: note.to_owned() };
        match answered(self.client.clone().show_checkpoint(request)).await {
            Ok(pb::ShowCheckpointResponse { checkpoint, consistency_proof }) => {
                Ok(Answer { checkpoint, consistency_proof: hashes(&consistency_proof)?, root: None })
            }
            Err(status) => no_account(&status).ok_or_else(|| Trouble::of(&status)),
        }
    }

    /// The newest note that a witness has cosigned, as the ledger keeps it; empty before the first.
    pub(super) async fn cosigned(&self) -> Result<String, Trouble> {
        let asked = answered(self.client.clone().get_checkpoint(pb::GetCheckpointRequest {})).await;
        Ok(asked.map_err(|status| Trouble::of(&status))?.cosigned_checkpoint)
    }

    /// Proof that the tree of `new` entries extends that of `old`; none where the ledger has none.
    pub(super) async fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, Trouble> {
        let request = pb::GetConsistencyProofRequest { old_size: old, new_size: new };
        match answered(self.client.clone().get_consistency_proof(request)).await.map_err(|e| Trouble::of(&e))
        {
            Ok(answer) => hashes(&answer.proof),
            Err(Trouble::Refused { .. }) => Ok(Vec::new()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Groups from an index on; `max` 0 asks for as many as the ledger likes to give.
    pub(super) async fn entries(&self, first_index: u64, max: u32) -> Result<Vec<Group>, Trouble> {
        let request = pb::ListEntriesRequest { first_index, page_size: max };
        let page = answered(self.client.clone().list_entries(request)).await;
        groups_from_pb(page.map_err(|e| Trouble::of(&e))?).map_err(Trouble::Unverified)
    }

    /// Hands over a cosignature, which must be durable here by then.
    pub(super) async fn cosign(&self, checkpoint: &Checkpoint, line: &str) -> Result<(), Trouble> {
        let Checkpoint { origin: _, size, root } = checkpoint;
        let (size, root, cosignature) = (*size, root.to_vec().into(), line.to_owned());
        let request = pb::AddCosignatureRequest { size, root, cosignature };
        let added = answered(self.client.clone().add_cosignature(request)).await;
        added.map(drop).map_err(|status| Trouble::of(&status))
    }
}

async fn answered<T>(call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Status> {
    match tokio::time::timeout(CALL_MAX, call).await {
        Ok(answer) => answer.map(Response::into_inner).map_err(cleared),
        Err(_) => Err(Status::deadline_exceeded("no answer in time")),
    }
}

/// What a ledger says that cannot account for the note: its newest, and its own root at that size where it has one.
fn no_account(status: &Status) -> Option<Answer> {
    let details = status.get_error_details();
    let metadata = &details.error_info()?.metadata;
    let checkpoint = metadata.get("checkpoint")?.clone();
    let proof = metadata.get("consistency_proof").filter(|proof| !proof.is_empty());
    let proof = proof.map_or(Some(Vec::new()), |proof| proof.split(',').map(from_hex).collect());
    let root = metadata.get("root").and_then(|root| from_hex(root));
    Some(Answer { checkpoint, consistency_proof: proof.unwrap_or_default(), root })
}

fn hashes(proof: &[prost::bytes::Bytes]) -> Result<Vec<Hash>, Trouble> {
    let hash = |bytes: &prost::bytes::Bytes| Hash::try_from(bytes.as_ref());
    let hashes: Result<_, _> = proof.iter().map(hash).collect();
    hashes.map_err(|_| Trouble::Unverified("a proof that is no list of hashes".to_owned()))
}
