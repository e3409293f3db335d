//! `concord healthcheck`: whether a service answers SERVING, asked with the service's own certificate.

use std::path::PathBuf;
use std::time::Duration;

use concord_client::connect::{ClientIdentity, connect};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::Failure;
use crate::deployment::read_config;

/// Flags of `concord healthcheck`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service's configuration file.
    #[arg(long)]
    config: PathBuf,
    /// Address of the service; by default where the configuration says that it listens.
    #[arg(long)]
    address: Option<String>,
}

const WITHIN: Duration = Duration::from_secs(4);

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let config = read_config(&args.config)?;
    let address = args.address.unwrap_or_else(|| format!("https://{}", config.listen));
    let identity = ClientIdentity { chain_pem: config.chain_pem.clone(), key_pem: config.key_pem.clone() };
    let channel = connect(&address, &identity, &config.opened.accord);
    let channel = channel.map_err(|e| Failure::new(Failure::CONFIGURATION, e))?;
    let mut client = HealthClient::new(channel);
    let asked = client.check(HealthCheckRequest { service: String::new() });
    let unreachable = |cause: String| Failure::new(Failure::NO, format!("{address}: {cause}"));
    let answer =
        tokio::time::timeout(WITHIN, asked).await.map_err(|_| unreachable("no answer in time".to_owned()))?;
    let status = answer.map_err(|status| unreachable(status.message().to_owned()))?.into_inner().status;
    match status == ServingStatus::Serving as i32 {
        true => Ok(()),
        false => Err(unreachable("NOT_SERVING".to_owned())),
    }
}
