//! The controls: an echo with nothing of Concord but its TLS configuration, and a sync with nothing but the disk.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use concord_client::connect::connect;
use concord_domain::actor::Role;
use concord_server::config::{Config, File as ConfigFile};
use concord_server::identity::server_config;
use concord_testkit::{Cluster, first};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tonic::service::Routes;
use tonic::transport::Channel;

use super::timing::Times;

/// A health service alone, without layers: the smallest gRPC answer over the same mutual TLS.
pub(crate) struct Echo {
    address: String,
}

impl Echo {
    pub(crate) async fn start(pki: &Path) -> Result<Self, String> {
        let config = Config::load(Some(&pki.join("registry.toml")), |_| None, ConfigFile::default());
        let config = config.map_err(|e| e.to_string())?;
        let accord = Arc::new(config.opened.accord.clone());
        let tls =
            TlsAcceptor::from(Arc::new(server_config(accord, &config.chain_pem, config.key_pem.expose())?));
        let (_, health) = tonic_health::server::health_reporter();
        let router = Routes::new(health).into_axum_router();
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
        let address = format!("https://{}", listener.local_addr().map_err(|e| e.to_string())?);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, router) = (tls.clone(), router.clone());
                tokio::spawn(async move {
                    if stream.set_nodelay(true).is_err() {
                        return;
                    }
                    let Ok(stream) = tls.accept(stream).await else { return };
                    let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    // A peer that goes away ends the connection, which is all there is to know.
                    let _ =
                        http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
                });
            }
        });
        Ok(Self { address })
    }

    pub(crate) fn connect(&self, cluster: &Cluster) -> Result<Channel, String> {
        let identity = cluster.deployment().identity(&first("notifier", Role::Proposer))?;
        connect(&self.address, &identity, &cluster.deployment().accord).map_err(|e| e.to_string())
    }
}

/// Appends and syncs on the disk on which the ledgers lie.
pub(crate) struct Fdatasync {
    file: File,
}

impl Fdatasync {
    pub(crate) fn on(folder: &Path) -> Result<Self, String> {
        let path = folder.join("fdatasync");
        // Filled ahead as the journal is, so that a sync writes data and no metadata.
        std::fs::write(&path, vec![0_u8; 8 * 1024 * 1024]).map_err(|e| e.to_string())?;
        let file = File::options().write(true).open(&path).map_err(|e| e.to_string())?;
        file.sync_all().map_err(|e| e.to_string())?;
        Ok(Self { file })
    }

    pub(crate) fn measured(&self, calls: usize) -> Result<Times, String> {
        let mut times = Times::new()?;
        let mut file = &self.file;
        std::io::Seek::rewind(&mut file).map_err(|e| e.to_string())?;
        let began = Instant::now();
        for _ in 0..calls {
            let one = Instant::now();
            file.write_all(&[7_u8; 512]).map_err(|e| e.to_string())?;
            file.sync_data().map_err(|e| e.to_string())?;
            times.record(one.elapsed());
        }
        times.took(began.elapsed());
        Ok(times)
    }
}
