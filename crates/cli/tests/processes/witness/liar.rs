//! A registry between the witness and the real one: it has the registry's certificate and log key, hands most calls on, and
//! lies as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use concord_ledger::hash::Hash;
use concord_ledger::{LogKey, PrivateKey};
use concord_policy::Authorizer;
use concord_proto::pb::ledger::v1::ledger_service_server::{LedgerService, LedgerServiceServer};
use concord_server::identity::server_config;
use concord_server::serve::{Serving, serve};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use super::*;

/// How it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Not at all.
    None,
    /// Signs another root over as many entries.
    OtherRoot,
    /// Signs another root over more entries, and proves nothing.
    NoProof,
    /// Hands out no entries from that index on.
    Withholds(u64),
    /// Hands out other bytes for the entry at that index.
    Swaps(u64),
    /// Hands out one group at a time, and takes so long over it.
    Drips(Duration),
}

/// A root of nothing.
const OTHER: Hash = [7; 32];

#[derive(Clone)]
struct Shared {
    lie: Arc<Mutex<Lie>>,
    cosignatures: Arc<AtomicUsize>,
}

/// A running liar; it ends with this value.
pub(super) struct Liar {
    pub(super) address: String,
    shared: Shared,
    _drain: DropGuard,
}

impl Liar {
    /// Begins to serve in front of the registry of a cluster.
    pub(super) async fn start(cluster: &Cluster) -> Self {
        let (folder, accord) = (cluster.folder(), Arc::new(cluster.deployment().accord.clone()));
        let read = |name: &str| std::fs::read_to_string(folder.join("operator").join(name)).unwrap();
        let (chain, key) = (read("service/registry.pem"), read("service/registry.key"));
        let tls = server_config(Arc::clone(&accord), &chain, &key).unwrap();
        let log = PrivateKey::from_pkcs8_pem(&read("registry-log.key")).unwrap();
        let shared = Shared { lie: Arc::new(Mutex::new(Lie::None)), cosignatures: Arc::default() };
        let channel = cluster.sessions().channel(&first("party-a", Role::Proposer), "registry").unwrap();
        let between = Between {
            real: LedgerServiceClient::new(channel),
            log: LogKey::new(ORIGIN, log).unwrap(),
            shared: shared.clone(),
        };
        let services = Arc::new(OnceLock::new());
        services.get_or_init(|| Routes::new(LedgerServiceServer::new(between)).into_axum_router());
        let authorizer = Arc::new(Authorizer::new().unwrap());
        let serving = Serving { accord, tls: Arc::new(tls), always: Routes::default(), services, authorizer };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap());
        let drain = CancellationToken::new();
        tokio::spawn(serve(listener, serving, drain.clone()));
        Self { address, shared, _drain: drain.drop_guard() }
    }

    /// Lies so from now on.
    pub(super) fn lies(&self, lie: Lie) {
        *self.shared.lie.lock().unwrap() = lie;
    }

    /// How many cosignatures it was given.
    pub(super) fn cosignatures(&self) -> usize {
        self.shared.cosignatures.load(Ordering::SeqCst)
    }
}

struct Between {
    real: LedgerServiceClient<Channel>,
    log: LogKey,
    shared: Shared,
}

impl Between {
    fn lie(&self) -> Lie {
        *self.shared.lie.lock().unwrap()
    }
}

#[tonic::async_trait]
impl LedgerService for Between {
    type WatchHeadStream = tokio_stream::Empty<Result<ledger::WatchHeadResponse, Status>>;
    type WatchEntriesStream = tokio_stream::Empty<Result<ledger::WatchEntriesResponse, Status>>;

    async fn get_head(
        &self,
        request: Request<ledger::GetHeadRequest>,
    ) -> Result<Response<ledger::GetHeadResponse>, Status> {
        self.real.clone().get_head(request.into_inner()).await
    }

    async fn watch_head(
        &self,
        _: Request<ledger::WatchHeadRequest>,
    ) -> Result<Response<Self::WatchHeadStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }

    async fn get_checkpoint(
        &self,
        request: Request<ledger::GetCheckpointRequest>,
    ) -> Result<Response<ledger::GetCheckpointResponse>, Status> {
        self.real.clone().get_checkpoint(request.into_inner()).await
    }

    async fn show_checkpoint(
        &self,
        request: Request<ledger::ShowCheckpointRequest>,
    ) -> Result<Response<ledger::ShowCheckpointResponse>, Status> {
        let mut answer = self.real.clone().show_checkpoint(request.into_inner()).await?.into_inner();
        let size = self.log.verifier().verify(&answer.checkpoint).unwrap().size;
        match self.lie() {
            Lie::OtherRoot => answer.checkpoint = self.log.sign(size, &OTHER),
            Lie::NoProof => answer.checkpoint = self.log.sign(size + 1, &OTHER),
            Lie::None | Lie::Withholds(_) | Lie::Swaps(_) | Lie::Drips(_) => {}
        }
        Ok(Response::new(answer))
    }

    async fn add_cosignature(
        &self,
        request: Request<ledger::AddCosignatureRequest>,
    ) -> Result<Response<ledger::AddCosignatureResponse>, Status> {
        self.shared.cosignatures.fetch_add(1, Ordering::SeqCst);
        self.real.clone().add_cosignature(request.into_inner()).await
    }

    async fn complete_receipt(
        &self,
        request: Request<ledger::CompleteReceiptRequest>,
    ) -> Result<Response<ledger::CompleteReceiptResponse>, Status> {
        self.real.clone().complete_receipt(request.into_inner()).await
    }

    async fn list_entries(
        &self,
        request: Request<ledger::ListEntriesRequest>,
    ) -> Result<Response<ledger::ListEntriesResponse>, Status> {
        let mut request = request.into_inner();
        if let Lie::Drips(time) = self.lie() {
            tokio::time::sleep(time).await;
            request.page_size = 1;
        }
        let mut answer = self.real.clone().list_entries(request).await?.into_inner();
        match self.lie() {
            Lie::Withholds(index) => answer.entries.retain(|entry| entry.index < index),
            Lie::Swaps(index) => {
                for entry in answer.entries.iter_mut().filter(|entry| entry.index == index) {
                    let mut header: serde_json::Value = serde_json::from_slice(&entry.header).unwrap();
                    header["participant"] = "party-b".into();
                    entry.header = header.to_string().into_bytes().into();
                }
            }
            Lie::None | Lie::OtherRoot | Lie::NoProof | Lie::Drips(_) => {}
        }
        Ok(Response::new(answer))
    }

    async fn get_ledger_status(
        &self,
        request: Request<ledger::GetLedgerStatusRequest>,
    ) -> Result<Response<ledger::GetLedgerStatusResponse>, Status> {
        self.real.clone().get_ledger_status(request.into_inner()).await
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<ledger::GetInclusionProofRequest>,
    ) -> Result<Response<ledger::GetInclusionProofResponse>, Status> {
        self.real.clone().get_inclusion_proof(request.into_inner()).await
    }

    async fn get_consistency_proof(
        &self,
        request: Request<ledger::GetConsistencyProofRequest>,
    ) -> Result<Response<ledger::GetConsistencyProofResponse>, Status> {
        self.real.clone().get_consistency_proof(request.into_inner()).await
    }

    async fn watch_entries(
        &self,
        _: Request<ledger::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }

    async fn get_tile(
        &self,
        request: Request<ledger::GetTileRequest>,
    ) -> Result<Response<ledger::GetTileResponse>, Status> {
        self.real.clone().get_tile(request.into_inner()).await
    }
}
