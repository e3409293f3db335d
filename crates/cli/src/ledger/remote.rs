//! The ledger of a running service: who asks for it, and its groups page by page.

use std::path::PathBuf;

use concord_client::connect::{ClientIdentity, connect};
use concord_client::outcome::cleared;
use concord_client::page::{Group, groups_from_pb};
use concord_client::secret::Secret;
use concord_ledger::checkpoint::LogVerifier;
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use tonic::Status;
use tonic::transport::Channel;

use crate::Failure;
use crate::deployment::read_accord;
use crate::verify::log;

/// Largest message taken from a ledger: a page of the largest entries.
const MESSAGE_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Where a ledger is, and as whom it is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Remote {
    /// Address of the service, such as https://127.0.0.1:7401.
    #[arg(long)]
    pub(crate) address: String,
    /// Name of the service, such as registry.
    #[arg(long)]
    pub(crate) service: String,
    /// The accord file.
    #[arg(long)]
    pub(crate) accord: PathBuf,
    /// The caller's certificate chain, PEM.
    #[arg(long)]
    pub(crate) certificate: PathBuf,
    /// The caller's private key, PEM; a file that its owner alone may read.
    #[arg(long)]
    pub(crate) private_key: PathBuf,
}

/// A ledger that can be asked.
pub(super) struct Asked {
    pub(super) log: LogVerifier,
    pub(super) client: LedgerServiceClient<Channel>,
}

impl Remote {
    /// Prepares the connection.
    pub(super) fn asked(&self) -> Result<Asked, Failure> {
        let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
        let accord = read_accord(&self.accord).map_err(|e| input(&e))?;
        let chain_pem = std::fs::read_to_string(&self.certificate);
        let chain_pem =
            chain_pem.map_err(|e| input(&format!("certificate: {}: {e}", self.certificate.display())))?;
        let key_pem = Secret::read(&self.private_key).map_err(|e| input(&format!("private_key: {e}")))?;
        let identity = ClientIdentity { chain_pem, key_pem };
        let log = log(&accord, &accord.origin(&self.service)).map_err(|e| input(&e))?;
        let channel = connect(&self.address, &identity, &accord).map_err(|e| input(&e))?;
        let client = LedgerServiceClient::new(channel).max_decoding_message_size(MESSAGE_MAX_BYTES);
        Ok(Asked { log, client })
    }
}

impl Asked {
    /// The groups from an index on, as many as a page holds; none at the end of the ledger. Nothing is verified yet.
    pub(super) async fn groups(&mut self, first_index: u64) -> Result<Vec<Group>, Failure> {
        let request = pb::ListEntriesRequest { first_index, page_size: 0 };
        let page = self.client.list_entries(request).await.map_err(unreached)?.into_inner();
        groups_from_pb(page).map_err(|e| self.unverified(&e))
    }

    /// What the ledger gave does not hold.
    pub(super) fn unverified(&self, error: &dyn std::fmt::Display) -> Failure {
        Failure::new(Failure::NO, format!("{} does not verify: {error}", self.log.origin()))
    }
}

/// A call that failed.
pub(super) fn unreached(status: Status) -> Failure {
    let status = cleared(status);
    Failure::new(Failure::UNREACHABLE, format!("{:?}: {}", status.code(), status.message()))
}
