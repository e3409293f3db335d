//! A deployment as its participants see it: the accord, the addresses of the services, and their own certificates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use concord_client::connect::{ClientIdentity, connect};
use concord_client::secret::Secret;
use concord_domain::accord::Accord;
use concord_domain::signed::Subject;
use concord_domain::time::Timestamp;
use concord_server::config::{Config, File};
use tonic::transport::Channel;

use crate::Failure;
use crate::session::Who;
use crate::sign::Consent;

/// A deployment whose development certificates lie in a folder made by `concord pki init`.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// Folder of the certificates.
    pub pki: PathBuf,
    /// The accord.
    pub accord: Accord,
    /// Addresses, such as `https://127.0.0.1:7401`, by service.
    pub addresses: BTreeMap<&'static str, String>,
}

impl Deployment {
    /// The certificate of an actor.
    ///
    /// # Errors
    /// Names the file that cannot be read.
    pub fn identity(&self, who: &Who) -> Result<ClientIdentity, String> {
        let folder = self.pki.join(&who.participant).join(who.role.path());
        let chain = folder.join(format!("{}.pem", who.actor));
        Ok(ClientIdentity {
            chain_pem: std::fs::read_to_string(&chain).map_err(|e| format!("{}: {e}", chain.display()))?,
            key_pem: Secret::read(&folder.join(format!("{}.key", who.actor)))?,
        })
    }

    /// A party's consent to a thing as it stands, signed with the development key in the folder of certificates.
    ///
    /// # Errors
    /// Names the key that cannot be read or used.
    pub fn consent(&self, party: &str, subject: &Subject) -> Result<String, String> {
        let path = self.pki.join(party).join("signing.key");
        let key = Secret::read(&path)?;
        let expires_at = Timestamp::MAX.plus_seconds(-1);
        let consent = Consent { accord: &self.accord.id, subject, expires_at };
        consent.envelope(&format!("{party}-1"), &key)
    }

    /// A channel of an actor to a service.
    ///
    /// # Errors
    /// Says what keeps it from being prepared.
    pub fn connect(&self, who: &Who, service: &str) -> Result<Channel, String> {
        let address = self.addresses.get(service).ok_or_else(|| format!("{service} is not served here"))?;
        connect(address, &self.identity(who)?, &self.accord).map_err(|e| e.to_string())
    }

    /// A grpcurl call that works from a shell on this machine.
    #[must_use]
    pub fn grpcurl(&self, who: &Who, service: &str, what: &str) -> String {
        let address = self.addresses.get(service).map_or("", String::as_str);
        let port = address.rsplit(':').next().unwrap_or_default();
        let pki = self.pki.display();
        let leaf = format!("{pki}/{}/{}/{}", who.participant, who.role.path(), who.actor);
        format!(
            "grpcurl -cacert {pki}/operator/root.pem -cert {leaf}.pem -key {leaf}.key localhost:{port} {what}"
        )
    }
}

/// Reads the accord file of a folder, as every service does.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read_accord(path: &Path) -> Result<Accord, String> {
    let mut faults = Vec::new();
    let opened = concord_server::config::read_accord(path, &mut faults);
    opened.map(|opened| opened.accord).ok_or_else(|| faults.join("\n"))
}

/// Reads the configuration file of a service, with the environment over it, as the service itself does.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read_config(path: &Path) -> Result<Config, Failure> {
    let config = Config::load(Some(path), |key| std::env::var(key).ok(), File::default());
    config.map_err(|e| Failure::new(Failure::CONFIGURATION, e))
}
