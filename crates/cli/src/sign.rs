//! `concord sign`: a party's consent to one thing as it stands, made with a key that no service holds.

use std::path::PathBuf;

use concord_client::secret::Secret;
use concord_domain::consent::Act;
use concord_domain::signed::{Subject, payload_type};
use concord_domain::time::Timestamp;
use concord_ledger::dsse;
use concord_ledger::keys::PrivateKey;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::registry::designation::{alias_subject_of, subject_of};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::json;

use crate::{Failure, say};

/// Flags of `concord sign`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What is consented to: a rule set's text exactly as it was proposed; or a designation as GetDesignation gives it,
    /// in the JSON of grpcurl. Read it before you sign it.
    file: PathBuf,
    /// The party's private key, PEM; a file that its owner alone may read.
    #[arg(long)]
    key: PathBuf,
    /// Identifier of the key in the accord, such as party-a-1.
    #[arg(long)]
    key_id: String,
    /// Identifier of the accord.
    #[arg(long)]
    accord: String,
    /// Name of the thing: ruleSets/{id}, designations/{id}, or designations/{id}/aliases/{alias id}.
    #[arg(long)]
    resource: String,
    /// Until when the signature may be used, RFC 3339.
    #[arg(long)]
    expire_time: String,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let expires_at = Timestamp::parse(&args.expire_time).map_err(|e| input(&e))?;
    let content = std::fs::read_to_string(&args.file);
    let content = content.map_err(|e| input(&format!("{}: {e}", args.file.display())))?;
    let subject = subject(&args.resource, &content).map_err(|e| input(&e))?;
    let key = Secret::read(&args.key).map_err(|e| input(&format!("key: {e}")))?;
    let consent = Consent { accord: &args.accord, subject: &subject, expires_at };
    say::line(&consent.envelope(&args.key_id, &key).map_err(|e| input(&e))?);
    Ok(())
}

/// What a file says of the thing of that name.
fn subject(resource: &str, content: &str) -> Result<Subject, String> {
    let parts: Vec<&str> = resource.split('/').collect();
    match parts.as_slice() {
        ["ruleSets", _] => Ok(Subject::of(Act::RatifyRuleSet, resource.to_owned(), content.as_bytes())),
        ["designations", _] => named(resource, subject_of(designation(content)?).map_err(|e| e.to_string())?),
        ["designations", _, "aliases", alias] => {
            let subject = alias_subject_of(designation(content)?, alias).map_err(|e| e.to_string())?;
            named(resource, subject)
        }
        _ => Err(format!("{resource}: nothing of that kind is signed")),
    }
}

fn named(resource: &str, subject: Subject) -> Result<Subject, String> {
    if subject.resource == resource {
        return Ok(subject);
    }
    Err(format!("the file holds {}, not {resource}", subject.resource))
}

/// A designation in protobuf's JSON, alone or as the answer of GetDesignation holds it.
fn designation(content: &str) -> Result<registry::Designation, String> {
    let mut json: serde_json::Value = serde_json::from_str(content).map_err(|e| e.to_string())?;
    if let Some(inner) = json.get_mut("designation") {
        json = inner.take();
    }
    let pool = DescriptorPool::decode(concord_proto::DESCRIPTORS).map_err(|e| e.to_string())?;
    let name = "concord.registry.v1.Designation";
    let kind = pool.get_message_by_name(name).ok_or_else(|| format!("no description of {name}"))?;
    let message = DynamicMessage::deserialize(kind, json).map_err(|e| e.to_string())?;
    registry::Designation::decode(message.encode_to_vec().as_slice()).map_err(|e| e.to_string())
}

/// A party's consent to a thing as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// Identifier of the accord.
    pub accord: &'a str,
    /// What is consented to.
    pub subject: &'a Subject,
    /// Until when the signature may be used.
    pub expires_at: Timestamp,
}

impl Consent<'_> {
    /// The signed envelope, DSSE as JSON.
    ///
    /// # Errors
    /// Where the key cannot be used.
    pub fn envelope(&self, key_id: &str, key: &Secret) -> Result<String, String> {
        let key = PrivateKey::from_pkcs8_pem(key.expose()).map_err(|e| e.to_string())?;
        let payload = json!({
            "accord": self.accord,
            "resource": self.subject.resource,
            "content_hash": self.subject.content_hash,
            "expire_time": self.expires_at,
            "request_id": uuid::Uuid::new_v4().to_string(),
        });
        let payload = payload.to_string();
        let envelope = dsse::sign(&payload_type(self.subject.act), payload.as_bytes(), key_id, &key);
        envelope.to_json().map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What grpcurl prints of GetDesignation.
    const READ: &str = r#"{"designation": {
        "name": "designations/group-1", "version": 2, "etag": "e", "kind": "DESIGNATION_KIND_GROUP",
        "primaryName": "Group one", "aliases": [{"name": "First group", "quality": "ALIAS_QUALITY_STRONG"}],
        "aliasProposals": [{"id": "alias-1", "alias": {"name": "Second group", "quality": "ALIAS_QUALITY_STRONG"}}],
        "listReference": "QDe.115", "effectiveTime": "2030-03-01T06:00:00Z", "expireTime": "2030-03-02T06:00:00Z",
        "state": "DESIGNATION_STATE_PROPOSED"
    }}"#;

    #[test]
    fn what_grpcurl_prints_is_signed_as_the_format_document_says() {
        let document = include_str!("../../../docs/formats/entry.md");
        for (resource, act) in [
            ("designations/group-1", Act::Designate),
            ("designations/group-1/aliases/alias-1", Act::RatifyAlias),
        ] {
            let subject = subject(resource, READ).unwrap();
            assert_eq!((subject.act, subject.resource.as_str()), (act, resource));
            assert!(document.contains(&format!("SHA-256  {}\n", subject.content_hash)), "{subject:?}");
        }
    }

    #[test]
    fn nothing_is_signed_under_the_name_of_another() {
        for resource in
            ["designations/group-2", "designations/group-1/aliases/alias-2", "movements/mv-1", "designations"]
        {
            subject(resource, READ).unwrap_err();
        }
    }
}
