//! Development certificates, keys and accord files. For development and exercises only: real participants make their
//! own roots and keys, and never show the private ones to anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use concord_domain::accord::{Accord, HotlineDeadlines, Mode, Participant, SigningKey, Witness};
use concord_domain::actor::{ParticipantKind, Role, SpiffeId};
use concord_domain::consent::ConsentTable;
use concord_domain::ids::ParticipantId;
use concord_ledger::keys::PrivateKey;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};

/// The services of a deployment, with their development ports.
pub const SERVICES: [(&str, u16); 3] = [("registry", 7401), ("rules", 7402), ("incidents", 7403)];
/// The operator in development accords.
pub const OPERATOR: &str = "operator";
/// Cosignatures that a completed receipt of a development accord needs.
pub const WITNESS_QUORUM: u32 = 1;

/// A participant to be made up.
#[derive(Clone, Debug)]
pub struct ParticipantSpec {
    /// Identifier; its trust domain is `<id>.example`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// What it is.
    pub kind: ParticipantKind,
    /// Roles of its actors.
    pub roles: Vec<Role>,
    /// Its actors; each has one certificate for each role.
    pub actors: Vec<String>,
}

/// An accord to be made up.
#[derive(Clone, Debug)]
pub struct AccordSpec {
    /// Identifier.
    pub id: String,
    /// Title.
    pub title: String,
    /// Whether the clock may be set.
    pub mode: Mode,
    /// Acknowledgement times of the hotline.
    pub hotline: HotlineDeadlines,
    /// Cosignatures that a completed receipt needs.
    pub witness_quorum: u32,
    /// Participants, without the operator.
    pub participants: Vec<ParticipantSpec>,
}

/// Why nothing could be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// A file or folder.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// A certificate.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A key.
    #[error("key: {0}")]
    Key(String),
    /// The accord file.
    #[error("accord: {0}")]
    Accord(String),
}

/// Makes, under `dir`: `accord.toml`; for each participant a root, certificates `<participant>/<role>/<actor>.pem` with
/// their keys, and for each state party `signing.key` and `witness.key`, which no service reads, and `witness.toml`; for each
/// service a certificate, a log key and `<service>.toml`.
///
/// # Errors
/// Says what could not be made.
pub fn init(dir: &Path, spec: &AccordSpec) -> Result<Accord, PkiError> {
    fs::create_dir_all(dir)?;
    let (mut participants, mut witnesses) = (Vec::new(), Vec::new());
    for participant in &spec.participants {
        participants.push(make_participant(dir, participant)?);
        if participant.kind == ParticipantKind::StateParty {
            witnesses.push(make_witness(dir, participant)?);
        }
    }
    let (operator, log_keys) = make_operator(dir)?;
    participants.push(operator);
    let accord = Accord {
        id: spec.id.clone(),
        title: spec.title.clone(),
        mode: spec.mode,
        witness_quorum: spec.witness_quorum,
        log_keys,
        consent: ConsentTable::default(),
        hotline: spec.hotline,
        participants,
        witnesses,
    };
    if let Some(violation) = accord.violations().first() {
        return Err(PkiError::Accord(violation.to_string()));
    }
    let text = toml::to_string(&accord).map_err(|e| PkiError::Accord(e.to_string()))?;
    fs::write(dir.join("accord.toml"), text)?;
    for (service, port) in SERVICES {
        fs::write(dir.join(format!("{service}.toml")), service_config(service, port))?;
    }
    fs::write(
        dir.join("README"),
        "Made by `concord pki init` for development and exercises. Never use it for real cooperation.\n",
    )?;
    Ok(accord)
}

fn service_config(service: &str, port: u16) -> String {
    let peers = SERVICES.iter().filter(|(peer, _)| *peer != service);
    let peers: String =
        peers.map(|(peer, port)| format!("{peer} = \"https://127.0.0.1:{port}\"\n")).collect();
    format!(
        "listen = \"127.0.0.1:{port}\"\ndata_dir = \"data/{service}\"\naccord = \"accord.toml\"\n\
         certificate = \"{OPERATOR}/service/{service}.pem\"\nprivate_key = \"{OPERATOR}/service/{service}.key\"\n\
         log_key = \"{OPERATOR}/{service}-log.key\"\n\n[peers]\n{peers}"
    )
}

/// Issues one more certificate of a participant whose root lies under `dir`.
///
/// # Errors
/// Says what could not be made.
pub fn issue(dir: &Path, participant: &str, role: Role, actor: &str) -> Result<(), PkiError> {
    let folder = dir.join(participant);
    let key = KeyPair::from_pem(&fs::read_to_string(folder.join("root.key"))?)?;
    let root = CertifiedIssuer::self_signed(root_params(participant)?, key)?;
    issue_leaf(&folder, &root, &trust_domain(participant), role, actor)
}

type Root = CertifiedIssuer<'static, KeyPair>;

fn make_participant(dir: &Path, spec: &ParticipantSpec) -> Result<Participant, PkiError> {
    let folder = dir.join(&spec.id);
    let root = make_root(&folder, &spec.id)?;
    let trust_domain = trust_domain(&spec.id);
    for role in &spec.roles {
        for actor in &spec.actors {
            issue_leaf(&folder, &root, &trust_domain, *role, actor)?;
        }
    }
    let mut signing_keys = Vec::new();
    if spec.kind == ParticipantKind::StateParty {
        let key = make_signing_key(&folder.join("signing.key"))?;
        signing_keys.push(SigningKey { key_id: format!("{}-1", spec.id), public_key: key.public().to_hex() });
    }
    Ok(Participant {
        id: ParticipantId(spec.id.clone()),
        name: spec.name.clone(),
        kind: spec.kind,
        trust_domain,
        roots: vec![root.pem()],
        signing_keys,
        roles: spec.roles.iter().copied().collect(),
    })
}

fn make_witness(dir: &Path, spec: &ParticipantSpec) -> Result<Witness, PkiError> {
    let folder = dir.join(&spec.id);
    let key = make_signing_key(&folder.join("witness.key"))?;
    if let (Some(role), Some(actor)) = (spec.roles.first(), spec.actors.first()) {
        fs::write(folder.join("witness.toml"), witness_config(*role, actor))?;
    }
    Ok(Witness {
        name: format!("{}/witness", trust_domain(&spec.id)),
        participant: spec.id.as_str().into(),
        public_key: key.public().to_hex(),
    })
}

/// A cosignature is accepted under any certificate of the witness's participant.
fn witness_config(role: Role, actor: &str) -> String {
    let leaf = format!("{}/{actor}", role.path());
    let peers: String =
        SERVICES.iter().map(|(peer, port)| format!("{peer} = \"https://127.0.0.1:{port}\"\n")).collect();
    format!(
        "accord = \"../accord.toml\"\ncertificate = \"{leaf}.pem\"\nprivate_key = \"{leaf}.key\"\n\
         witness_key = \"witness.key\"\ndata_dir = \"witness\"\n\n[peers]\n{peers}"
    )
}

fn make_operator(dir: &Path) -> Result<(Participant, BTreeMap<String, String>), PkiError> {
    let folder = dir.join(OPERATOR);
    let root = make_root(&folder, OPERATOR)?;
    let trust_domain = trust_domain(OPERATOR);
    let mut log_keys = BTreeMap::new();
    for (service, _) in SERVICES {
        issue_leaf(&folder, &root, &trust_domain, Role::Service, service)?;
        let key = make_signing_key(&folder.join(format!("{service}-log.key")))?;
        log_keys.insert(service.to_owned(), key.public().to_hex());
    }
    let operator = Participant {
        id: OPERATOR.into(),
        name: "Operator of the services".to_owned(),
        kind: ParticipantKind::Operator,
        trust_domain,
        roots: vec![root.pem()],
        signing_keys: Vec::new(),
        roles: BTreeSet::from([Role::Service]),
    };
    Ok((operator, log_keys))
}

fn trust_domain(participant: &str) -> String {
    format!("{participant}.example")
}

fn root_params(participant: &str) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.distinguished_name.push(DnType::CommonName, format!("{participant} development root"));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn make_root(folder: &Path, participant: &str) -> Result<Root, PkiError> {
    fs::create_dir_all(folder)?;
    let root = CertifiedIssuer::self_signed(root_params(participant)?, KeyPair::generate()?)?;
    fs::write(folder.join("root.pem"), root.pem())?;
    write_secret(&folder.join("root.key"), &root.key().serialize_pem())?;
    Ok(root)
}

fn issue_leaf(
    folder: &Path,
    root: &Root,
    trust_domain: &str,
    role: Role,
    actor: &str,
) -> Result<(), PkiError> {
    let id = SpiffeId { trust_domain: trust_domain.to_owned(), role, name: actor.to_owned() };
    let mut names = Vec::new();
    if role == Role::Service {
        // Names for clients that ask for a host name, as grpcurl does; Concord's own clients look at the URI alone.
        names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), actor.to_owned()];
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, id.to_string());
    params.subject_alt_names.push(SanType::URI(id.to_string().try_into()?));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let leaf = params.signed_by(&key, root)?;
    let folder = folder.join(role.path());
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{actor}.pem")), leaf.pem())?;
    write_secret(&folder.join(format!("{actor}.key")), &key.serialize_pem())?;
    Ok(())
}

fn make_signing_key(path: &Path) -> Result<PrivateKey, PkiError> {
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed).map_err(|e| PkiError::Key(e.to_string()))?;
    let key = PrivateKey::from_seed(&seed);
    let pem = key.to_pkcs8_pem().map_err(|e| PkiError::Key(e.to_string()))?;
    write_secret(path, &pem)?;
    Ok(key)
}

fn write_secret(path: &Path, text: &str) -> Result<(), std::io::Error> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// Whose certificate a PEM holds: its one identity, or what is wrong with it.
///
/// # Errors
/// Where the PEM holds no certificate.
pub fn show(pem: &str) -> Result<String, PkiError> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let certificate =
        CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| PkiError::Key(e.to_string()))?;
    let id = crate::identity::spiffe_id(&certificate);
    Ok(id.map_or_else(
        || "no identity: it must hold exactly one spiffe:// URI".to_owned(),
        |id| id.to_string(),
    ))
}
