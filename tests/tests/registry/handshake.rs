//! Who gets through the handshake: refused before one byte of HTTP is spoken, so before any handler.

use std::io;

use concord_cli::Deployment;
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::ledger::v1 as ledger;
use concord_testkit::wire::{Body, Shown, call as call_raw, client, dial, shake_hands};
use concord_testkit::{Cluster, first};
use prost::Message as _;
use rustls::AlertDescription::{
    self, AccessDenied, CertificateExpired, CertificateRequired, CertificateUnknown, DecryptError, UnknownCA,
    UnsupportedCertificate,
};
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::certificate::{Leaf, with_another_key};
use super::*;

const KNOWN: &str = "spiffe://party-a.example/proposer/actor-1";
const NOTIFY: &str = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";

/// The type of the first HTTP/2 frame that the registry sends, or the alert with which it refuses.
async fn heard(deployment: &Deployment, shown: Shown) -> Result<u8, AlertDescription> {
    let alert = |error: io::Error| match error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => *alert,
        _ => panic!("no alert: {error:?}"),
    };
    let mut stream = shake_hands(deployment, "registry", client(deployment, shown)).await.map_err(alert)?;
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.map_err(alert)?;
    Ok(frame[3])
}

/// A write pushed through as soon as the client's half of the handshake is over, which is before the server's is.
async fn push_write(deployment: &Deployment, shown: Shown) -> io::Result<()> {
    let message = hospital("pushed").encode_to_vec();
    let config = client(deployment, shown);
    call_raw(deployment, "registry", NOTIFY, config, None, Body::Message(message)).await.map(drop)
}

async fn entries(cluster: &Cluster) -> u64 {
    let channel = cluster.sessions().channel(&first("auditor", Role::Auditor), "registry").unwrap();
    let mut client = ledger::ledger_service_client::LedgerServiceClient::new(channel);
    client.get_head(ledger::GetHeadRequest {}).await.unwrap().into_inner().head.unwrap().size
}

/// What must be refused, and with which alert.
fn refused(cluster: &Cluster) -> Vec<(&'static str, Shown, AlertDescription)> {
    let pki = cluster.folder();
    let read = |name: &str| std::fs::read_to_string(pki.join("party-a/proposer").join(name)).unwrap();
    let (pem, key) = (read("actor-1.pem"), read("actor-1.key"));
    let by_a = |uris: &[&str]| Leaf::naming(uris).by_root_of(pki, "party-a");
    let own = |leaf: Leaf| leaf.by_root_of(pki, "party-a");
    let service = "spiffe://operator.example/service/registry";
    let two_roles = by_a(&[KNOWN, "spiffe://party-a.example/approver/actor-1"]);
    let mixed = by_a(&[KNOWN, "https://party-a.example"]);
    let nowhere = by_a(&["spiffe://party-c.example/proposer/actor-1"]);
    let spelled = by_a(&["spiffe://party-a.example/proposer/actor-1/"]);
    let auditor = Leaf::naming(&["spiffe://auditor.example/proposer/actor-1"]).by_root_of(pki, "auditor");
    vec![
        ("no certificate", Shown::nothing(), CertificateRequired),
        ("two identities", two_roles, AccessDenied),
        ("an identity and another URI", mixed, AccessDenied),
        ("an identity in the common name alone", own(Leaf::naming(&[]).called(KNOWN)), AccessDenied),
        ("another party's root", Leaf::naming(&[KNOWN]).by_root_of(pki, "party-b"), UnknownCA),
        ("a service, by a party's root", by_a(&[service]), UnknownCA),
        ("a domain of nobody", nowhere, AccessDenied),
        ("an unknown role", by_a(&["spiffe://party-a.example/admiral/actor-1"]), AccessDenied),
        ("a role that the accord does not give", auditor, AccessDenied),
        ("an identity spelled otherwise", spelled, AccessDenied),
        ("an expired certificate", own(Leaf::naming(&[KNOWN]).until(2020)), CertificateExpired),
        ("a certificate of tomorrow", own(Leaf::naming(&[KNOWN]).from(4000)), CertificateExpired),
        ("for servers alone", own(Leaf::naming(&[KNOWN]).for_servers_alone()), UnsupportedCertificate),
        ("signed by itself", Leaf::naming(&[KNOWN]).by_itself(), UnknownCA),
        ("minted with a leaf's key", Leaf::naming(&[KNOWN]).by_leaf(&pem, &key), CertificateUnknown),
        ("known, without its key", with_another_key(&pem), DecryptError),
    ]
}

#[tokio::test]
async fn whoever_is_not_in_order_is_refused_by_an_alert_before_any_handler_runs() {
    let cluster = Cluster::start(Mode::Operational).await;
    let deployment = cluster.deployment();
    let settings = 4;
    let good = Leaf::naming(&[KNOWN]).by_root_of(cluster.folder(), "party-a");
    assert_eq!(heard(deployment, good.clone()).await, Ok(settings), "what is in order is let in");
    push_write(deployment, good).await.unwrap();
    let before = entries(&cluster).await;
    for (told, shown, alert) in refused(&cluster) {
        assert_eq!(heard(deployment, shown.clone()).await, Err(alert), "{told}");
        push_write(deployment, shown).await.expect_err(told);
    }
    assert_eq!(entries(&cluster).await, before, "nothing was written");
}

/// A ClientHello of TLS 1.2 as RFC 5246 lays it out, with the extensions that are given.
fn hello(extensions: &[u8]) -> Vec<u8> {
    let with_length = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let suites = [0xc0, 0x2b, 0xc0, 0x2f, 0x13, 0x01];
    let body =
        [&[3, 3][..], &[7; 32], &[0], &with_length(&suites), &[1, 0], &with_length(extensions)].concat();
    let message = [&[1, 0][..], &with_length(&body)].concat();
    [&[22, 3, 1][..], &with_length(&message)].concat()
}

/// Supported groups and signature algorithms, which every hello needs.
const ORDINARY: [u8; 16] = [0, 10, 0, 4, 0, 2, 0, 29, 0, 13, 0, 4, 0, 2, 4, 3];
/// TLS 1.3 among the supported versions.
const TLS_13: [u8; 7] = [0, 43, 0, 3, 2, 3, 4];

/// The record type and the last byte of what the registry answers; of an alert, that byte is its description.
async fn answer_to(deployment: &Deployment, hello: &[u8]) -> (u8, u8) {
    let mut stream = dial(deployment, "registry").await;
    stream.write_all(hello).await.unwrap();
    let mut record = [0; 7];
    stream.read_exact(&mut record).await.unwrap();
    (record[0], record[6])
}

#[tokio::test]
async fn a_client_that_speaks_tls_1_2_alone_is_told_that_its_version_is_refused() {
    let cluster = Cluster::start(Mode::Operational).await;
    let (alert, protocol_version) = (21, 70);
    let old = answer_to(cluster.deployment(), &hello(&ORDINARY)).await;
    assert_eq!(old, (alert, protocol_version));
    let new = answer_to(cluster.deployment(), &hello(&[&ORDINARY[..], &TLS_13].concat())).await;
    assert_ne!(new, old, "the version is all that was wrong");
}

#[tokio::test]
async fn no_session_is_resumed_so_that_every_connection_shows_its_certificate() {
    let cluster = Cluster::start(Mode::Operational).await;
    let deployment = cluster.deployment();
    let config = client(deployment, Shown::of(deployment, &first("party-a", Role::Proposer)));
    for connection in ["first", "second"] {
        let mut stream = shake_hands(deployment, "registry", config.clone()).await.unwrap();
        stream.read_exact(&mut [0; 9]).await.unwrap();
        let tls = stream.get_ref().1;
        assert_eq!(tls.handshake_kind(), Some(HandshakeKind::Full), "{connection}");
        assert_eq!(tls.tls13_tickets_received(), 0, "{connection}");
    }
}
