//! `concord ledger export`: the whole ledger of a running service as JSON lines, verified while it is fetched.

use std::path::PathBuf;

use clap::Subcommand;
use concord_client::connect::{ClientIdentity, connect};
use concord_client::follow::entry_from_pb;
use concord_ledger::chain::Chain;
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::export::{group_line, head_line};
use concord_proto::pb::ledger::v1 as pb;
use concord_proto::pb::ledger::v1::ledger_service_client::LedgerServiceClient;

use crate::Failure;
use crate::deployment::read_accord;
use crate::replace::replace;

/// Flags of `concord ledger`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the ledger of a service to a file that `concord verify` reads.
    Export(Export),
}

/// Flags of `concord ledger export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
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
    /// The caller's private key, PEM.
    #[arg(long)]
    pub(crate) private_key: PathBuf,
    /// File to write.
    #[arg(long)]
    pub(crate) out: PathBuf,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let Command::Export(args) = args.command;
    let entries = export(&args).await?;
    crate::say::line(&format!("{}: {entries} entries", args.out.display()));
    Ok(())
}

/// Writes the ledger and gives the number of its entries; the file appears only when it is whole.
pub(crate) async fn export(args: &Export) -> Result<u64, Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let accord = read_accord(&args.accord).map_err(|e| input(&e))?;
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|e| input(&format!("{}: {e}", path.display())))
    };
    let identity = ClientIdentity { chain_pem: read(&args.certificate)?, key_pem: read(&args.private_key)? };
    let origin = accord.origin(&args.service);
    let key =
        accord.log_keys.get(&args.service).ok_or_else(|| input(&format!("no service {:?}", args.service)))?;
    let log = LogVerifier::from_hex(&origin, key).map_err(|e| input(&e))?;
    let channel = connect(&args.address, &identity, &accord).map_err(|e| input(&e))?;
    let mut client = LedgerServiceClient::new(channel).max_decoding_message_size(64 * 1024 * 1024);
    let mut lines = vec![head_line(&origin).map_err(|e| input(&e))?];
    let mut chain = Chain::new(&origin);
    loop {
        let request = pb::ListEntriesRequest { first_index: chain.size(), page_size: 0 };
        let page = client.list_entries(request).await;
        let page = page.map_err(|status| Failure::new(Failure::UNREACHABLE, status.message()))?.into_inner();
        if page.entries.is_empty() {
            break;
        }
        let unverified =
            |e: &dyn std::fmt::Display| Failure::new(Failure::NO, format!("{origin} does not verify: {e}"));
        let mut entries = Vec::with_capacity(page.entries.len());
        for pb in page.entries {
            let entry = entry_from_pb(pb).map_err(|e| unverified(&e))?;
            chain.append(&entry).map_err(|e| unverified(&e))?;
            entries.push(entry);
        }
        let signed = log.verify(&page.checkpoint).map_err(|e| unverified(&e))?;
        if (signed.size, signed.root) != (chain.size(), chain.root()) {
            return Err(unverified(&"its checkpoint is not that of its entries"));
        }
        lines.push(group_line(&entries, signed.size, &signed.root, &page.checkpoint).map_err(|e| input(&e))?);
    }
    lines.push(String::new());
    replace(&args.out, &lines.join("\n")).map_err(|e| input(&format!("{}: {e}", args.out.display())))?;
    Ok(chain.size())
}
