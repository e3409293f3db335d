//! Opens a service's ledger: journal replayed, index compared, accord the same as in entry 0.

use std::sync::Arc;

use concord_domain::accord::AccordOpened;
use concord_domain::fold::Fold;
use concord_ledger::checkpoint::LogKey;
use concord_ledger::keys::PrivateKey;
use concord_store::{Genesis, SledPlace, Writer, WriterConfig};

use crate::clock;
use crate::config::Config;
use crate::core::{Core, Known};
use crate::folded::Folded;
use crate::witness::witnesses;

/// Opens the ledger of a service in its data folder; `initial` is its state before entry 0, `opening` its entry 0.
///
/// # Errors
/// Says why the ledger cannot be served.
pub fn open<D: Fold>(
    config: &Config,
    mut initial: D,
    opening: impl FnOnce(Box<AccordOpened>) -> D::Event,
) -> Result<Core<D>, String> {
    let accord = &config.opened.accord;
    let origin = accord.origin(D::SERVICE);
    let key = PrivateKey::from_pkcs8_pem(config.log_key_pem.expose()).map_err(|e| format!("log_key: {e}"))?;
    if accord.log_keys.get(D::SERVICE) != Some(&key.public().to_hex()) {
        return Err(format!("log_key: is not the key that the accord names for {origin}"));
    }
    let key = LogKey::new(&origin, key).map_err(|e| format!("log_key: {e}"))?;
    let event = opening(Box::new(config.opened.as_ref().clone()));
    let genesis = Genesis {
        kind: D::kind(&event).to_owned(),
        actor: format!("service/{}", D::SERVICE),
        participant: accord.operator().map(|operator| operator.id.0.clone()).unwrap_or_default(),
        at: clock::real().to_string(),
        body: serde_json::to_vec(&event).map_err(|e| e.to_string())?,
    };
    initial.apply(&event);
    let first = initial.clone();
    let witnesses = witnesses(accord)?;
    let names = witnesses.iter().map(|witness| witness.verifier.name().to_owned()).collect();
    let writer_config = WriterConfig {
        witnesses: names,
        disk_reserve_bytes: config.disk_reserve_bytes,
        ..WriterConfig::new(&config.data_dir, &accord.id, D::SERVICE)
    };
    let index = SledPlace::new(&config.data_dir.join("index"));
    let opened = Writer::open(writer_config, Folded(initial), key.clone(), &index, genesis);
    let (writer, ledger, report) = opened.map_err(|e| format!("{origin}: {e}"))?;
    tracing::info!(%origin, entries = report.entries, rebuilds = report.rebuilds(), "ledger open");
    let log = key.verifier().clone();
    Ok(Core::new(Arc::new(accord.clone()), first, writer, ledger, Known { log, witnesses }))
}
