//! Configuration of a service: a TOML file, then the environment, then flags. Unknown keys are refused, and all faults
//! are told at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_client::secret::Secret;
use concord_domain::accord::{Accord, AccordOpened};
use concord_domain::digest::sha256_hex;
use concord_store::{DISK_RESERVE_BYTES, SEGMENT_BYTES};
use serde::{Deserialize, Serialize};

use crate::telemetry::LogFormat;

/// Smallest reserve of disk: its half for the journal must do for a segment.
const DISK_RESERVE_MIN_BYTES: u64 = 2 * SEGMENT_BYTES;

/// The keys of the file; each can be set by `CONCORD_<KEY>` too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// Address to listen on, such as `127.0.0.1:7401`.
    pub listen: Option<String>,
    /// Folder of the journal and the index.
    pub data_dir: Option<PathBuf>,
    /// The accord file.
    pub accord: Option<PathBuf>,
    /// The service's certificate chain, PEM.
    pub certificate: Option<PathBuf>,
    /// The private key of the certificate, PEM, readable by its owner alone.
    pub private_key: Option<PathBuf>,
    /// The log's signing key, PEM, readable by its owner alone.
    pub log_key: Option<PathBuf>,
    /// Addresses of the other services, such as `registry = "https://127.0.0.1:7401"`.
    pub peers: BTreeMap<String, String>,
    /// Form of the log lines.
    pub log_format: Option<LogFormat>,
    /// Bytes of disk that are kept for what must get through, half for the journal and half for the index; at least twice
    /// the length of a segment.
    pub disk_reserve_bytes: Option<u64>,
}

/// A checked configuration, with the files that it names read.
#[derive(Clone)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Folder of the journal and the index.
    pub data_dir: PathBuf,
    /// The accord and the hash of its file.
    pub opened: Arc<AccordOpened>,
    /// Certificate chain, PEM.
    pub chain_pem: String,
    /// Private key, PEM.
    pub key_pem: Secret,
    /// Log key, PEM.
    pub log_key_pem: Secret,
    /// Addresses of the other services.
    pub peers: BTreeMap<String, String>,
    /// Form of the log lines.
    pub log_format: LogFormat,
    /// Bytes of disk that are kept for what must get through.
    pub disk_reserve_bytes: u64,
}

impl std::fmt::Debug for Config {
    /// Leaves the keys out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { listen, data_dir, opened, peers, .. } = self;
        write!(f, "Config({listen}, {}, accord {}, peers {peers:?})", data_dir.display(), opened.accord.id)
    }
}

/// Everything that is wrong with a configuration, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads `path`, then the environment, then `flags`. Relative paths are relative to the file's folder.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn load(
        path: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
        flags: File,
    ) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let file = path.map(|path| read_file(path, &mut faults)).unwrap_or_default();
        let base = path.and_then(Path::parent).unwrap_or(Path::new("")).to_owned();
        let merged = merge(anchored(file, &base), from_environment(environment, &mut faults), flags);
        let config = check(merged, &mut faults);
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(ConfigError(faults)),
        }
    }
}

fn read_file(path: &Path, faults: &mut Vec<String>) -> File {
    let read = std::fs::read_to_string(path).map_err(|e| e.to_string());
    let parsed = read.and_then(|text| toml::from_str(&text).map_err(|e| e.to_string()));
    parsed.unwrap_or_else(|e| {
        faults.push(format!("{}: {e}", path.display()));
        File::default()
    })
}

fn anchored(file: File, base: &Path) -> File {
    let anchor = |path: Option<PathBuf>| path.map(|path| base.join(path));
    File {
        data_dir: anchor(file.data_dir),
        accord: anchor(file.accord),
        certificate: anchor(file.certificate),
        private_key: anchor(file.private_key),
        log_key: anchor(file.log_key),
        ..file
    }
}

fn from_environment(environment: impl Fn(&str) -> Option<String>, faults: &mut Vec<String>) -> File {
    let text = |key: &str| environment(&format!("CONCORD_{key}"));
    let path = |key: &str| text(key).map(PathBuf::from);
    let log_format = text("LOG_FORMAT").and_then(|value| match value.as_str() {
        "json" => Some(LogFormat::Json),
        "text" => Some(LogFormat::Text),
        _ => {
            faults.push(format!("CONCORD_LOG_FORMAT: must be json or text; got {value:?}"));
            None
        }
    });
    let disk_reserve_bytes = text("DISK_RESERVE_BYTES").and_then(|value| {
        let fault = |_| faults.push(format!("CONCORD_DISK_RESERVE_BYTES: must be a number; got {value:?}"));
        value.parse().map_err(fault).ok()
    });
    File {
        listen: text("LISTEN"),
        data_dir: path("DATA_DIR"),
        accord: path("ACCORD"),
        certificate: path("CERTIFICATE"),
        private_key: path("PRIVATE_KEY"),
        log_key: path("LOG_KEY"),
        peers: BTreeMap::new(),
        log_format,
        disk_reserve_bytes,
    }
}

fn merge(file: File, environment: File, flags: File) -> File {
    let mut peers = file.peers;
    peers.extend(flags.peers);
    File {
        listen: flags.listen.or(environment.listen).or(file.listen),
        data_dir: flags.data_dir.or(environment.data_dir).or(file.data_dir),
        accord: flags.accord.or(environment.accord).or(file.accord),
        certificate: flags.certificate.or(environment.certificate).or(file.certificate),
        private_key: flags.private_key.or(environment.private_key).or(file.private_key),
        log_key: flags.log_key.or(environment.log_key).or(file.log_key),
        peers,
        log_format: flags.log_format.or(environment.log_format).or(file.log_format),
        disk_reserve_bytes: flags
            .disk_reserve_bytes
            .or(environment.disk_reserve_bytes)
            .or(file.disk_reserve_bytes),
    }
}

fn check(merged: File, faults: &mut Vec<String>) -> Option<Config> {
    let File {
        listen,
        data_dir,
        accord,
        certificate,
        private_key,
        log_key,
        peers,
        log_format,
        disk_reserve_bytes,
    } = merged;
    let listen = required("listen", listen, faults).and_then(|text| {
        let parsed = text.parse::<SocketAddr>();
        parsed
            .map_err(|_| {
                faults
                    .push(format!("listen: must be an address and port such as 127.0.0.1:7401; got {text:?}"))
            })
            .ok()
    });
    let data_dir = required("data_dir", data_dir, faults);
    let opened = required("accord", accord, faults).and_then(|path| read_accord(&path, faults));
    let chain_pem =
        required("certificate", certificate, faults).and_then(|path| read("certificate", &path, faults));
    let key_pem = required("private_key", private_key, faults)
        .and_then(|path| read_secret("private_key", &path, faults));
    let log_key_pem =
        required("log_key", log_key, faults).and_then(|path| read_secret("log_key", &path, faults));
    for (service, address) in &peers {
        let known = ["registry", "rules", "incidents"].contains(&service.as_str());
        if !known || !address.starts_with("https://") {
            faults.push(format!("peers.{service}: must be registry, rules or incidents with https://host:port; got {address:?}"));
        }
    }
    let disk_reserve_bytes = disk_reserve_bytes.unwrap_or(DISK_RESERVE_BYTES);
    if disk_reserve_bytes < DISK_RESERVE_MIN_BYTES {
        faults.push(format!(
            "disk_reserve_bytes: must be at least {DISK_RESERVE_MIN_BYTES}; got {disk_reserve_bytes}"
        ));
    }
    Some(Config {
        listen: listen?,
        data_dir: data_dir?,
        opened: Arc::new(opened?),
        chain_pem: chain_pem?,
        key_pem: key_pem?,
        log_key_pem: log_key_pem?,
        peers,
        log_format: log_format.unwrap_or_default(),
        disk_reserve_bytes,
    })
}

fn required<T>(key: &str, value: Option<T>, faults: &mut Vec<String>) -> Option<T> {
    if value.is_none() {
        faults
            .push(format!("{key}: must be set in the file, by CONCORD_{} or by a flag", key.to_uppercase()));
    }
    value
}

fn read(key: &str, path: &Path, faults: &mut Vec<String>) -> Option<String> {
    let text = std::fs::read_to_string(path);
    text.map_err(|e| faults.push(format!("{key}: {}: {e}", path.display()))).ok()
}

/// Reads a key file, which only its owner may read.
pub fn read_secret(key: &str, path: &Path, faults: &mut Vec<String>) -> Option<Secret> {
    Secret::read(path).map_err(|e| faults.push(format!("{key}: {e}"))).ok()
}

/// Reads an accord file and everything that is wrong with it.
pub fn read_accord(path: &Path, faults: &mut Vec<String>) -> Option<AccordOpened> {
    let text = read("accord", path, faults)?;
    let parsed =
        toml::from_str::<Accord>(&text).map_err(|e| faults.push(format!("accord: {}: {e}", path.display())));
    let accord = parsed.ok()?;
    let found = accord.violations();
    faults.extend(found.iter().map(|violation| format!("accord: {violation}")));
    found.is_empty().then(|| AccordOpened { hash: sha256_hex(text.as_bytes()), accord })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.toml");
        std::fs::write(
            &path,
            "listen = \"nowhere\"\naccord = \"missing.toml\"\ndisk_reserve_bytes = 1\n[peers]\nmoon = \"http://x\"\n",
        )
        .unwrap();
        let told = Config::load(Some(&path), |_| None, File::default()).unwrap_err().to_string();
        for key in [
            "listen:",
            "data_dir:",
            "accord:",
            "certificate:",
            "private_key:",
            "log_key:",
            "peers.moon:",
            "disk_reserve_bytes:",
        ] {
            assert!(told.contains(key), "{key} is missing in:\n{told}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.toml");
        std::fs::write(&path, "lisen = \"127.0.0.1:1\"\n").unwrap();
        assert!(
            Config::load(Some(&path), |_| None, File::default()).unwrap_err().to_string().contains("lisen")
        );
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_under_its_name() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, "secret").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let mut faults = Vec::new();
        assert_eq!(read_secret("private_key", &path, &mut faults), None);
        assert!(faults[0].starts_with("private_key: ") && faults[0].contains("mode 0600"));
    }
}
