//! Certificates of every kind, in order or not, made with the very roots that the accord names.

use std::path::Path;

use concord_testkit::wire::Shown;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A leaf certificate in the making: by default all is in order for the URIs that it names.
pub(crate) struct Leaf {
    params: CertificateParams,
}

impl Leaf {
    pub(crate) fn naming(uris: &[&str]) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        for uri in uris {
            params.subject_alt_names.push(SanType::URI((*uri).try_into().unwrap()));
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Self { params }
    }

    /// The name goes where people look for it, and into no URI.
    pub(crate) fn called(mut self, name: &str) -> Self {
        self.params.distinguished_name.push(DnType::CommonName, name);
        self
    }

    pub(crate) fn until(mut self, year: i32) -> Self {
        self.params.not_after = date_time_ymd(year, 1, 1);
        self
    }

    pub(crate) fn from(mut self, year: i32) -> Self {
        self.params.not_before = date_time_ymd(year, 1, 1);
        self
    }

    pub(crate) fn for_servers_alone(mut self) -> Self {
        self.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self
    }

    /// Signed by the root of a participant.
    pub(crate) fn by_root_of(self, pki: &Path, participant: &str) -> Shown {
        let pem = std::fs::read_to_string(pki.join(participant).join("root.key")).unwrap();
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        root.distinguished_name.push(DnType::CommonName, format!("{participant} development root"));
        self.signed(&Issuer::new(root, KeyPair::from_pem(&pem).unwrap()), Vec::new())
    }

    /// Signed by nobody but itself.
    pub(crate) fn by_itself(self) -> Shown {
        let key = KeyPair::generate().unwrap();
        let leaf = self.params.self_signed(&key).unwrap();
        Shown::chain(vec![leaf.der().clone()], private(&key))
    }

    /// Signed with the key of another leaf, which is shown as if it could sign.
    pub(crate) fn by_leaf(self, leaf_pem: &str, key_pem: &str) -> Shown {
        let leaf = CertificateDer::from_pem_slice(leaf_pem.as_bytes()).unwrap();
        let mut issuer = CertificateParams::new(Vec::new()).unwrap();
        issuer.distinguished_name.push(DnType::CommonName, "spiffe://party-a.example/proposer/actor-1");
        self.signed(&Issuer::new(issuer, KeyPair::from_pem(key_pem).unwrap()), vec![leaf])
    }

    fn signed(self, issuer: &Issuer<'_, KeyPair>, above: Vec<CertificateDer<'static>>) -> Shown {
        let key = KeyPair::generate().unwrap();
        let leaf = self.params.signed_by(&key, issuer).unwrap();
        let chain = std::iter::once(leaf.der().clone()).chain(above).collect();
        Shown::chain(chain, private(&key))
    }
}

/// A certificate of somebody else, whose key is not known, shown with a key of our own.
pub(crate) fn with_another_key(leaf_pem: &str) -> Shown {
    let leaf = CertificateDer::from_pem_slice(leaf_pem.as_bytes()).unwrap();
    Shown::chain(vec![leaf], private(&KeyPair::generate().unwrap()))
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap()
}
