//! The `concord` binary of this build: made first, then run as an operator runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use concord_ledger::checkpoint::LogVerifier;
use concord_testkit::Cluster;

/// Builds the binary with the profile of this program, and says where it lies.
pub(crate) fn built() -> Result<PathBuf, String> {
    let mut build = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    build.args(["build", "--quiet", "--locked", "--package", "concord-cli"]);
    build.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let status = build.status().map_err(|e| format!("cargo: {e}"))?;
    let this = std::env::current_exe().map_err(|e| e.to_string())?;
    if status.success() {
        Ok(this.with_file_name("concord"))
    } else {
        Err("concord does not build".to_owned())
    }
}

/// Runs it; gives what it told, or what it refused.
pub(crate) fn run(concord: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(concord).args(arguments).output().map_err(|e| e.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Exports the ledger of a running service to a file beside its data, verifies the file, and says where it lies.
pub(crate) fn exported(concord: &Path, cluster: &Cluster, service: &'static str) -> Result<PathBuf, String> {
    let pki = cluster.folder();
    let out = pki.join(format!("{service}.jsonl"));
    let leaf = pki.join("auditor/auditor/actor-1");
    let (certificate, key) = (leaf.with_extension("pem"), leaf.with_extension("key"));
    let accord = pki.join("accord.toml");
    let address = cluster.deployment().addresses.get(service).ok_or("no such service")?;
    let text = |path: &Path| path.display().to_string();
    let (certificate, key, accord, file) = (text(&certificate), text(&key), text(&accord), text(&out));
    run(
        concord,
        &[
            "ledger",
            "export",
            "--service",
            service,
            "--address",
            address,
            "--certificate",
            &certificate,
            "--private-key",
            &key,
            "--accord",
            &accord,
            "--out",
            &file,
        ],
    )?;
    run(concord, &["verify", &file, "--accord", &accord])?;
    Ok(out)
}

/// What verifies the ledger of a service.
pub(crate) fn log_of(cluster: &Cluster, service: &str) -> Result<LogVerifier, String> {
    let accord = &cluster.deployment().accord;
    let key = accord.log_keys.get(service).ok_or("no such service")?;
    LogVerifier::from_hex(&accord.origin(service), key).map_err(|e| e.to_string())
}
