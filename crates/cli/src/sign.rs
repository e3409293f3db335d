//! `concord sign`: a party's consent to one thing as it stands, made with a key that no service holds.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use concord_client::secret::Secret;
use concord_domain::consent::Act;
use concord_domain::signed::{Subject, payload_type};
use concord_domain::time::Timestamp;
use concord_ledger::dsse;
use concord_ledger::keys::PrivateKey;
use concord_proto::incidents::cooperation::lift_subject_of;
use concord_proto::registry::area::end_subject_of;
use concord_proto::registry::designation::{alias_subject_of, subject_of};
use concord_proto::registry::non_target;
use concord_proto::registry::protection::{former_places_subject_of, removal_subject_of};
use concord_proto::rules::check::release_subject_of;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};

use crate::{Failure, say};

/// Flags of `concord sign`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What is consented to; - reads it from standard input. A rule set's text exactly as it was proposed; of everything else
    /// what its Get method gives, or of a suspension ListSuspensions, in the JSON of grpcurl. Read it before you sign it.
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
    /// Name of the thing: ruleSets/{id} (ratify), designations/{id} (approve), designations/{id}/aliases/{alias id} (ratify),
    /// protectedEntities/{id} (remove), protectedEntities/{id}/formerAreas (give up), nonTargetGroups/{id} (remove),
    /// areas/{id} (end), decisions/{id} (release), or suspensions/{id} (lift).
    #[arg(long)]
    resource: String,
    /// Until when the signature may be used, RFC 3339.
    #[arg(long)]
    expire_time: String,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let expires_at = Timestamp::parse(&args.expire_time).map_err(|e| input(&e))?;
    let content = read(&args.file).map_err(|e| input(&format!("{}: {e}", args.file.display())))?;
    let subject = subject(&args.resource, &content).map_err(|e| input(&e))?;
    let key = Secret::read(&args.key).map_err(|e| input(&format!("key: {e}")))?;
    let consent = Consent { accord: &args.accord, subject: &subject, expires_at };
    say::line(&consent.envelope(&args.key_id, &key).map_err(|e| input(&e))?);
    Ok(())
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut content = String::new();
    std::io::stdin().lock().read_to_string(&mut content)?;
    Ok(content)
}

/// What is consented to under a name: a text, or the thing of that name in protobuf's JSON, alone or in an answer.
///
/// # Errors
/// Says why nothing of that name can be signed.
pub fn subject(resource: &str, content: &str) -> Result<Subject, String> {
    let parts: Vec<&str> = resource.split('/').collect();
    let subject = match parts.as_slice() {
        ["ruleSets", _] => Ok(Subject::of(Act::RatifyRuleSet, resource.to_owned(), content.as_bytes())),
        ["designations", _] => subject_of(message("registry.v1.Designation", resource, content)?),
        ["designations", id, "aliases", alias] => {
            let name = format!("designations/{id}");
            alias_subject_of(message("registry.v1.Designation", &name, content)?, alias)
        }
        ["protectedEntities", _] => {
            removal_subject_of(message("registry.v1.ProtectedEntity", resource, content)?)
        }
        ["protectedEntities", id, "formerAreas"] => {
            let name = format!("protectedEntities/{id}");
            former_places_subject_of(message("registry.v1.ProtectedEntity", &name, content)?)
        }
        ["nonTargetGroups", _] => {
            non_target::removal_subject_of(&message("registry.v1.NonTargetGroup", resource, content)?)
        }
        ["areas", _] => end_subject_of(message("registry.v1.RestrictedArea", resource, content)?),
        ["decisions", _] => release_subject_of(message("rules.v1.Decision", resource, content)?),
        ["suspensions", _] => lift_subject_of(message("incidents.v1.Suspension", resource, content)?),
        _ => return Err(format!("{resource}: nothing of that kind is signed")),
    };
    subject.map_err(|refusal| refusal.to_string())
}

/// The message of a kind and name in protobuf's JSON, alone or as an answer holds it.
fn message<M: Message + Default>(kind: &str, name: &str, content: &str) -> Result<M, String> {
    let json: Value = serde_json::from_str(content).map_err(|e| e.to_string())?;
    let json = of_name(json, name).ok_or_else(|| format!("the file holds nothing named {name}"))?;
    let pool = DescriptorPool::decode(concord_proto::DESCRIPTORS).map_err(|e| e.to_string())?;
    let kind = format!("concord.{kind}");
    let kind = pool.get_message_by_name(&kind).ok_or_else(|| format!("no description of {kind}"))?;
    let message = DynamicMessage::deserialize(kind, json).map_err(|e| e.to_string())?;
    M::decode(message.encode_to_vec().as_slice()).map_err(|e| e.to_string())
}

/// The object of a name: this one, one in it, or one in a list in it.
fn of_name(json: Value, name: &str) -> Option<Value> {
    if json.get("name").and_then(Value::as_str) == Some(name) {
        return Some(json);
    }
    let Value::Object(fields) = json else { return None };
    let inner = fields.into_iter().flat_map(|(_, value)| match value {
        Value::Array(values) => values,
        value => vec![value],
    });
    inner.into_iter().find(|value| value.get("name").and_then(Value::as_str) == Some(name))
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
        "name": "designations/group-1", "version": 2, "holds": 1, "etag": "e", "kind": "DESIGNATION_KIND_GROUP",
        "primaryName": "Group one", "aliases": [{"name": "First group", "quality": "ALIAS_QUALITY_STRONG"}],
        "aliasProposals": [{"id": "alias-1", "alias": {"name": "Second group", "quality": "ALIAS_QUALITY_STRONG"}}],
        "listReference": "QDe.115", "effectiveTime": "2030-03-01T06:00:00Z", "expireTime": "2030-03-02T06:00:00Z",
        "state": "DESIGNATION_STATE_PROPOSED"
    }}"#;

    const AREA: &str = r#"{"circle": {"center": {"latitude": 0.5, "longitude": 0.5}, "radiusM": 80}}"#;

    /// The same of everything else that is signed.
    fn answers() -> [(&'static str, Act, String); 5] {
        let entity = format!(
            r#"{{"protectedEntity": {{"name": "protectedEntities/clinic-1", "version": 2, "displayName": "Clinic",
            "category": "PROTECTED_CATEGORY_MEDICAL", "area": {AREA}, "accuracyM": 10, "denyDistanceM": 500,
            "referDistanceM": 1000, "state": "PROTECTION_STATE_ACTIVE", "formerAreas": [{}, {}]}}}}"#,
            AREA.replacen("0.5", "0.4", 1),
            AREA.replacen("0.5", "0.3", 1),
        );
        let group = r#"{"nonTargetGroup": {"name": "nonTargetGroups/group-1", "primaryName": "Group one",
            "aliases": ["First group"], "version": 1, "state": "NON_TARGET_STATE_ACTIVE"}}"#;
        let area = format!(
            r#"{{"area": {{"name": "areas/area-1", "displayName": "Area", "kind": "RESTRICTED_AREA_KIND_CEASEFIRE",
            "area": {AREA}, "declaredBy": {{"participant": "party-b", "name": "one"}}}}}}"#
        );
        let suspensions = r#"{"suspensions": [{"name": "suspensions/other"}, {"name": "suspensions/suspension-1",
            "party": "party-a", "domain": "COOPERATION_DOMAIN_OPERATIONS", "scope": "SUSPENSION_SCOPE_KINETIC",
            "effect": "COOPERATION_STATUS_SUSPENDED", "cause": "SUSPENSION_CAUSE_TRIGGER", "article": 7,
            "incidents": ["incidents/incident-1"], "suspendTime": "2030-03-01T06:00:00Z"}]}"#;
        [
            ("protectedEntities/clinic-1", Act::RemoveProtection, entity.clone()),
            ("protectedEntities/clinic-1/formerAreas", Act::GiveUpFormerPlace, entity),
            ("nonTargetGroups/group-1", Act::RemoveNonTargetGroup, group.to_owned()),
            ("areas/area-1", Act::EndArea, area),
            ("suspensions/suspension-1", Act::LiftSuspension, suspensions.to_owned()),
        ]
    }

    #[test]
    fn what_grpcurl_prints_is_signed_as_the_format_document_says() {
        let document = include_str!("../../../docs/formats/entry.md");
        let designations = [
            ("designations/group-1", Act::Designate, READ.to_owned()),
            ("designations/group-1/aliases/alias-1", Act::RatifyAlias, READ.to_owned()),
        ];
        for (resource, act, read) in designations.into_iter().chain(answers()) {
            let subject = subject(resource, &read).unwrap_or_else(|e| panic!("{resource}: {e}"));
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
        for (resource, _, read) in answers() {
            subject(&resource.replace("-1", "-2"), &read).unwrap_err();
        }
    }
}
