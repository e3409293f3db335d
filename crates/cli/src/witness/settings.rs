//! What a witness is told: a TOML file, then flags. Unknown keys are refused, and all faults are told at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use concord_client::connect::ClientIdentity;
use concord_domain::accord::Accord;
use concord_ledger::{LogVerifier, PrivateKey, WitnessKey};
use concord_server::config::{read_accord, read_secret};
use serde::{Deserialize, Deserializer};

use crate::serve::peer;

/// The keys of the file; each can be set by a flag too, and must be in one of them unless it says otherwise.
#[derive(Clone, Debug, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Given {
    /// The accord file.
    #[arg(long)]
    accord: Option<PathBuf>,
    /// A certificate chain of the witness's participant, PEM.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// The private key of the certificate, PEM, readable by its owner alone.
    #[arg(long)]
    private_key: Option<PathBuf>,
    /// The key that cosigns, PEM, readable by its owner alone; its public half is in the accord.
    #[arg(long)]
    witness_key: Option<PathBuf>,
    /// Folder of what the witness has seen and of the evidence that it finds.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Keeps a whole verified copy of every ledger in this folder; none where it is not given.
    #[arg(long)]
    copy: Option<PathBuf>,
    /// Receipts, a file or a folder of them, whose entries must be in the ledgers; none where it is not given.
    #[arg(long)]
    receipts: Option<PathBuf>,
    /// Seconds between two rounds; 5 where it is not given.
    #[arg(long)]
    interval_s: Option<u64>,
    /// Seconds after which a round with one ledger is cut off, to be told of and gone on with; 60 where it is not given. The
    /// first copy of a large ledger, or very many receipts, may need more.
    #[arg(long)]
    round_max_s: Option<u64>,
    /// Address of a service, such as registry=https://registry.example:7401; one for each ledger of the accord.
    #[arg(long = "peer", value_parser = peer)]
    #[serde(deserialize_with = "pairs")]
    peers: Vec<(String, String)>,
}

fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    BTreeMap::deserialize(deserializer).map(|peers| peers.into_iter().collect())
}

/// A ledger that is witnessed, and where it is.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) service: String,
    pub(super) address: String,
    pub(super) log: LogVerifier,
}

/// Checked settings, with the files that they name read.
pub(super) struct Settings {
    pub(super) accord: Accord,
    pub(super) identity: ClientIdentity,
    pub(super) key: WitnessKey,
    pub(super) data_dir: PathBuf,
    pub(super) copy: Option<PathBuf>,
    pub(super) receipts: Option<PathBuf>,
    pub(super) interval_s: u64,
    pub(super) round_max_s: u64,
    pub(super) peers: Vec<Peer>,
}

const INTERVAL_S: u64 = 5;
const ROUND_MAX_S: u64 = 60;

impl Settings {
    /// Reads `path`, then `flags`. Relative paths in the file are relative to its folder.
    ///
    /// # Errors
    /// Every fault at once, one line each.
    pub(super) fn load(path: Option<&Path>, flags: Given) -> Result<Self, String> {
        let mut faults = Vec::new();
        let file = path.map(|path| read_file(path, &mut faults)).unwrap_or_default();
        let base = path.and_then(Path::parent).unwrap_or(Path::new(""));
        match check(merge(anchored(file, base), flags), &mut faults) {
            Some(settings) if faults.is_empty() => Ok(settings),
            _ => Err(faults.join("\n")),
        }
    }
}

fn read_file(path: &Path, faults: &mut Vec<String>) -> Given {
    let read = std::fs::read_to_string(path).map_err(|e| e.to_string());
    let parsed = read.and_then(|text| toml::from_str(&text).map_err(|e| e.to_string()));
    parsed.unwrap_or_else(|e| {
        faults.push(format!("{}: {e}", path.display()));
        Given::default()
    })
}

fn anchored(file: Given, base: &Path) -> Given {
    let anchor = |path: Option<PathBuf>| path.map(|path| base.join(path));
    Given {
        accord: anchor(file.accord),
        certificate: anchor(file.certificate),
        private_key: anchor(file.private_key),
        witness_key: anchor(file.witness_key),
        data_dir: anchor(file.data_dir),
        copy: anchor(file.copy),
        receipts: anchor(file.receipts),
        ..file
    }
}

fn merge(file: Given, flags: Given) -> Given {
    let mut peers = BTreeMap::from_iter(file.peers);
    peers.extend(flags.peers);
    Given {
        accord: flags.accord.or(file.accord),
        certificate: flags.certificate.or(file.certificate),
        private_key: flags.private_key.or(file.private_key),
        witness_key: flags.witness_key.or(file.witness_key),
        data_dir: flags.data_dir.or(file.data_dir),
        copy: flags.copy.or(file.copy),
        receipts: flags.receipts.or(file.receipts),
        interval_s: flags.interval_s.or(file.interval_s),
        round_max_s: flags.round_max_s.or(file.round_max_s),
        peers: peers.into_iter().collect(),
    }
}

fn check(given: Given, faults: &mut Vec<String>) -> Option<Settings> {
    let Given {
        accord,
        certificate,
        private_key,
        witness_key,
        data_dir,
        copy,
        receipts,
        interval_s,
        round_max_s,
        peers,
    } = given;
    let mut required = |key: &str, path: Option<PathBuf>| {
        if path.is_none() {
            faults.push(format!("{key}: must be set in the file or by a flag"));
        }
        path
    };
    let (accord, certificate) = (required("accord", accord), required("certificate", certificate));
    let (private_key, witness_key) =
        (required("private_key", private_key), required("witness_key", witness_key));
    let data_dir = required("data_dir", data_dir);
    let chain_pem = certificate.and_then(|path| {
        let read = std::fs::read_to_string(&path);
        read.map_err(|e| faults.push(format!("certificate: {}: {e}", path.display()))).ok()
    });
    let key_pem = private_key.and_then(|path| read_secret("private_key", &path, faults));
    let witness_pem = witness_key.and_then(|path| read_secret("witness_key", &path, faults));
    let accord = accord.and_then(|path| read_accord(&path, faults)).map(|opened| opened.accord)?;
    for (key, seconds) in [("interval_s", interval_s), ("round_max_s", round_max_s)] {
        if seconds == Some(0) {
            faults.push(format!("{key}: must be at least 1"));
        }
    }
    let peers = peers_of(&accord, peers, faults);
    let key = witness_pem.and_then(|pem| {
        own_key(&accord, pem.expose()).map_err(|e| faults.push(format!("witness_key: {e}"))).ok()
    });
    Some(Settings {
        identity: ClientIdentity { chain_pem: chain_pem?, key_pem: key_pem? },
        key: key?,
        data_dir: data_dir?,
        copy,
        receipts,
        interval_s: interval_s.unwrap_or(INTERVAL_S),
        round_max_s: round_max_s.unwrap_or(ROUND_MAX_S),
        peers,
        accord,
    })
}

/// A ledger without an address would go unwitnessed, so each must have one.
fn peers_of(accord: &Accord, given: Vec<(String, String)>, faults: &mut Vec<String>) -> Vec<Peer> {
    let mut given = BTreeMap::from_iter(given);
    let mut peers = Vec::new();
    for (service, key) in &accord.log_keys {
        let Some(address) = given.remove(service) else {
            faults.push(format!("peers.{service}: must have an address, since the accord has its ledger"));
            continue;
        };
        match LogVerifier::from_hex(&accord.origin(service), key) {
            Ok(log) => peers.push(Peer { service: service.clone(), address, log }),
            Err(error) => faults.push(format!("accord: log key of {service}: {error}")),
        }
    }
    faults.extend(given.keys().map(|service| format!("peers.{service}: is no service of the accord")));
    peers
}

/// The key under the name that the accord gives it.
fn own_key(accord: &Accord, pem: &str) -> Result<WitnessKey, String> {
    let key = PrivateKey::from_pkcs8_pem(pem).map_err(|e| e.to_string())?;
    let public = key.public().to_hex();
    let own = accord.witnesses.iter().find(|witness| witness.public_key == public);
    let own = own.ok_or("it is the key of no witness of the accord")?;
    WitnessKey::new(&own.name, key).map_err(|e| e.to_string())
}
