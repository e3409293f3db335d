//! A follower of a ledger that hands out its entries slowly: its rounds have an end, and what they took stays taken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use concord_client::follow::{Batch, Beginning, FollowError, Follower, Sink};
use concord_ledger::chain::Chain;
use concord_ledger::entry::{BODY, Entry, Header, Part};
use concord_ledger::hash::to_hex;
use concord_ledger::{LogKey, PrivateKey};
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::pb::ledger::v1::ledger_service_server::{LedgerService, LedgerServiceServer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};

const ORIGIN: &str = "accord-1/registry";
/// How long the ledger takes over a page, which is one entry: well below what an answer may take.
const DRIP: Duration = Duration::from_millis(300);
/// Longer than any round may take.
const LONG: Duration = Duration::from_secs(60);

/// A ledger of so many entries that hands out one at a time, after a while.
struct Dripping {
    key: LogKey,
    entries: Vec<Entry>,
}

fn log_key() -> LogKey {
    LogKey::new(ORIGIN, PrivateKey::from_seed(&[7; 32])).unwrap()
}

impl Dripping {
    fn of(count: u64) -> Self {
        let mut chain = Chain::new(ORIGIN);
        let mut entries: Vec<Entry> = Vec::new();
        for sequence in 0..count {
            let header = Header {
                accord: "accord-1".into(),
                service: "registry".into(),
                sequence,
                kind: "protection.notified".into(),
                actor: "spiffe://party-a.example/proposer/actor-1".into(),
                participant: "party-a".into(),
                request_id: String::new(),
                request_digest: String::new(),
                time: "2026-01-02T03:04:05Z".into(),
                previous: entries.last().map_or_else(|| "0".repeat(64), |entry| to_hex(&entry.leaf_hash())),
                parts: Vec::new(),
            };
            let body = Part { name: BODY.into(), salt: [3; 16], bytes: b"{}".to_vec() };
            let entry = Entry::compose(header, vec![(body, Vec::new())]).unwrap();
            chain.append(&entry).unwrap();
            entries.push(entry);
        }
        Self { key: log_key(), entries }
    }

    fn chain(&self, size: usize) -> Chain {
        let mut chain = Chain::new(ORIGIN);
        for entry in &self.entries[..size] {
            chain.append(entry).unwrap();
        }
        chain
    }

    fn note(&self, size: usize) -> String {
        self.key.sign(size as u64, &self.chain(size).root())
    }
}

#[tonic::async_trait]
impl LedgerService for Dripping {
    type WatchHeadStream = tokio_stream::Empty<Result<pb::WatchHeadResponse, Status>>;
    type WatchEntriesStream = tokio_stream::Empty<Result<pb::WatchEntriesResponse, Status>>;

    async fn get_head(
        &self,
        _: Request<pb::GetHeadRequest>,
    ) -> Result<Response<pb::GetHeadResponse>, Status> {
        let root = self.chain(self.entries.len()).root().to_vec().into();
        let head = pb::Head { size: self.entries.len() as u64, root, ..Default::default() };
        Ok(Response::new(pb::GetHeadResponse { head: Some(head) }))
    }

    async fn list_entries(
        &self,
        request: Request<pb::ListEntriesRequest>,
    ) -> Result<Response<pb::ListEntriesResponse>, Status> {
        tokio::time::sleep(DRIP).await;
        let index = usize::try_from(request.into_inner().first_index).unwrap();
        let entry = &self.entries[index];
        let part = |part: &Part| pb::EntryPart {
            name: part.name.clone(),
            salt: part.salt.to_vec().into(),
            content: part.bytes.clone().into(),
        };
        let parts = entry.parts().iter().map(part).collect();
        let header = entry.header_bytes().to_vec().into();
        let entries = vec![pb::Entry { index: entry.index(), header, parts }];
        let checkpoint = self.note(index + 1);
        Ok(Response::new(pb::ListEntriesResponse { entries, checkpoint, earlier_checkpoints: Vec::new() }))
    }

    async fn watch_head(
        &self,
        _: Request<pb::WatchHeadRequest>,
    ) -> Result<Response<Self::WatchHeadStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }

    async fn get_checkpoint(
        &self,
        _: Request<pb::GetCheckpointRequest>,
    ) -> Result<Response<pb::GetCheckpointResponse>, Status> {
        Err(never_asked())
    }

    async fn show_checkpoint(
        &self,
        _: Request<pb::ShowCheckpointRequest>,
    ) -> Result<Response<pb::ShowCheckpointResponse>, Status> {
        Err(never_asked())
    }

    async fn add_cosignature(
        &self,
        _: Request<pb::AddCosignatureRequest>,
    ) -> Result<Response<pb::AddCosignatureResponse>, Status> {
        Err(never_asked())
    }

    async fn complete_receipt(
        &self,
        _: Request<pb::CompleteReceiptRequest>,
    ) -> Result<Response<pb::CompleteReceiptResponse>, Status> {
        Err(never_asked())
    }

    async fn get_ledger_status(
        &self,
        _: Request<pb::GetLedgerStatusRequest>,
    ) -> Result<Response<pb::GetLedgerStatusResponse>, Status> {
        Err(never_asked())
    }

    async fn get_inclusion_proof(
        &self,
        _: Request<pb::GetInclusionProofRequest>,
    ) -> Result<Response<pb::GetInclusionProofResponse>, Status> {
        Err(never_asked())
    }

    async fn get_consistency_proof(
        &self,
        _: Request<pb::GetConsistencyProofRequest>,
    ) -> Result<Response<pb::GetConsistencyProofResponse>, Status> {
        Err(never_asked())
    }

    async fn watch_entries(
        &self,
        _: Request<pb::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        Err(never_asked())
    }

    async fn get_tile(
        &self,
        _: Request<pb::GetTileRequest>,
    ) -> Result<Response<pb::GetTileResponse>, Status> {
        Err(never_asked())
    }
}

fn never_asked() -> Status {
    Status::unimplemented("a follower asks for no such thing")
}

/// Tells the index of every entry that it takes.
struct Telling(mpsc::UnboundedSender<u64>);

impl Sink for Telling {
    async fn take(&mut self, batch: Batch) -> Result<(), String> {
        for entry in &batch.entries {
            self.0.send(entry.index()).map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}

/// A follower of a ledger of so many entries, and the indices of the entries that it has taken.
async fn following(
    count: u64,
    stop: &CancellationToken,
) -> (Follower, JoinHandle<()>, mpsc::UnboundedReceiver<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let service = LedgerServiceServer::new(Dripping::of(count));
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener)));
    let channel = Endpoint::from_shared(address).unwrap().connect_lazy();
    let verifier = log_key().verifier().clone();
    let from = Beginning { verifier, chain: Chain::new(ORIGIN), floor: None, rest: Duration::ZERO };
    let (tells, taken) = mpsc::unbounded_channel();
    let (follower, task) = Follower::start(channel, from, Telling(tells), stop.clone());
    (follower, task, taken)
}

#[tokio::test]
async fn a_round_with_a_ledger_that_drips_ends_and_the_next_goes_on_where_it_ended() {
    const ENTRIES: u64 = 10;
    let stop = CancellationToken::new();
    let (follower, _task, mut taken) = following(ENTRIES, &stop).await;
    let mut failed = 0;
    let head = loop {
        match follower.barrier(LONG).await {
            Ok(head) => break head,
            Err(FollowError::Unreachable { .. }) => failed += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(failed < 100, "no round comes to an end of it");
    };
    assert!(failed > 0, "one round went on for longer than a round may take");
    assert_eq!((head.size, head.root), (ENTRIES, Dripping::of(ENTRIES).chain(10).root()));
    let mut indices = Vec::new();
    while let Ok(index) = taken.try_recv() {
        indices.push(index);
    }
    assert_eq!(indices, (0..ENTRIES).collect::<Vec<_>>(), "every entry is taken once");
    stop.cancel();
}

#[tokio::test]
async fn a_follower_that_is_stopped_within_a_round_ends_without_the_rest_of_it() {
    const ENTRIES: u64 = 30;
    let stop = CancellationToken::new();
    let (follower, task, mut taken) = following(ENTRIES, &stop).await;
    let waits = tokio::spawn(async move { follower.barrier(LONG).await });
    assert_eq!(taken.recv().await, Some(0));
    stop.cancel();
    task.await.unwrap();
    assert!(matches!(waits.await.unwrap(), Err(FollowError::Unreachable { .. })));
    let mut more = 0;
    while taken.try_recv().is_ok() {
        more += 1;
    }
    assert!(more <= 1, "{more} further entries were taken after it was stopped");
}
