//! `concord sign`: a party's signature over a rule set's text hash, made with a key that no service holds.

use std::path::PathBuf;

use concord_domain::digest::sha256_hex;
use concord_domain::time::Timestamp;
use concord_ledger::dsse;
use concord_ledger::keys::PrivateKey;
use serde_json::json;

use crate::{Failure, say};

/// Payload type of a ratification.
const PAYLOAD_TYPE: &str = "application/vnd.concord.ratification.v1+json";

/// Flags of `concord sign`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The rule set's text, exactly as it was proposed.
    text: PathBuf,
    /// The party's private key, PEM.
    #[arg(long)]
    key: PathBuf,
    /// Identifier of the key in the accord, such as party-a-1.
    #[arg(long)]
    key_id: String,
    /// Identifier of the accord.
    #[arg(long)]
    accord: String,
    /// Name of the rule set, such as ruleSets/first.
    #[arg(long)]
    resource: String,
    /// Until when the signature may be used, RFC 3339.
    #[arg(long)]
    expire_time: String,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let input = |e: &dyn std::fmt::Display| Failure::new(Failure::INPUT, e);
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|e| input(&format!("{}: {e}", path.display())))
    };
    let expires_at = Timestamp::parse(&args.expire_time).map_err(|e| input(&e))?;
    let (text, key) = (read(&args.text)?, read(&args.key)?);
    let signed = Ratified { accord: &args.accord, resource: &args.resource, text: &text, expires_at };
    say::line(&signed.envelope(&args.key_id, &key).map_err(|e| input(&e))?);
    Ok(())
}

/// What a party ratifies.
#[derive(Clone, Copy, Debug)]
pub struct Ratified<'a> {
    /// Identifier of the accord.
    pub accord: &'a str,
    /// Name of the rule set.
    pub resource: &'a str,
    /// The text.
    pub text: &'a str,
    /// Until when the signature may be used.
    pub expires_at: Timestamp,
}

impl Ratified<'_> {
    /// The signed envelope, DSSE as JSON.
    ///
    /// # Errors
    /// Where the key cannot be used.
    pub fn envelope(&self, key_id: &str, key_pem: &str) -> Result<String, String> {
        let key = PrivateKey::from_pkcs8_pem(key_pem).map_err(|e| e.to_string())?;
        let payload = json!({
            "accord": self.accord,
            "resource": self.resource,
            "content_hash": sha256_hex(self.text.as_bytes()),
            "expire_time": self.expires_at,
            "request_id": uuid::Uuid::new_v4().to_string(),
        });
        let envelope = dsse::sign(PAYLOAD_TYPE, payload.to_string().as_bytes(), key_id, &key);
        envelope.to_json().map_err(|e| e.to_string())
    }
}
