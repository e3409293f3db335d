//! What a signature stands in: an envelope, a checkpoint, a cosignature, a receipt. Each is put together by hand here, so
//! that every part of it can be forged alone.

use std::cell::Cell;
use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use concord_ledger::checkpoint::{Checkpoint, LogKey, LogVerifier};
use concord_ledger::cosignature::{WitnessKey, WitnessVerifier};
use concord_ledger::dsse::{self, Envelope, TrustedKey, pre_authentication_encoding};
use concord_ledger::entry::{Entry, Header, Part};
use concord_ledger::hash::{ZERO, to_hex};
use concord_ledger::keys::PrivateKey;
use concord_ledger::receipt::Receipt;

use super::super::require;
use super::forgery::{self, Forgery};

const TYPE: &str = "application/vnd.concord.ratification.v1+json";
const KEY_ID: &str = "party-a-1";
const ORIGIN: &str = "accord-1/rules";
const WITNESS: &str = "party-a.example/witness";

/// Whether something was accepted, and how often its payload was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) verified: bool,
    pub(super) read: u32,
}

/// Type, payload, and signatures by key id.
type Said = (String, Vec<u8>, Vec<(String, Vec<u8>)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Envelope,
    Checkpoint,
    Cosignature,
    Receipt,
}

/// One signed thing, with the key that signed it.
pub(super) struct Subject {
    kind: Kind,
    seed: [u8; 32],
    /// The payload of the envelope, or the text of the checkpoint.
    content: Vec<u8>,
    /// What in a note stands before the signature: key id, and the time of a cosignature.
    prefix: Vec<u8>,
    /// The receipt, to be put under a checkpoint.
    receipt: Option<Receipt>,
    keys: Vec<TrustedKey>,
    log: LogVerifier,
    witness: WitnessVerifier,
}

impl Subject {
    /// One of each kind.
    pub(super) fn all(dice: &mut fastrand::Rng) -> Result<Vec<Self>, String> {
        [Kind::Envelope, Kind::Checkpoint, Kind::Cosignature, Kind::Receipt]
            .into_iter()
            .map(|kind| Self::new(kind, dice))
            .collect()
    }

    fn new(kind: Kind, dice: &mut fastrand::Rng) -> Result<Self, String> {
        let mut seed = [0; 32];
        dice.fill(&mut seed);
        let fault = |e: &dyn std::fmt::Display| e.to_string();
        let key = PrivateKey::from_seed(&seed);
        let log = LogKey::new(ORIGIN, key.clone()).map_err(|e| fault(&e))?;
        let witness = WitnessKey::new(WITNESS, key.clone()).map_err(|e| fault(&e))?;
        let entry = entry()?;
        let root = entry.leaf_hash();
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size: 1, root };
        let note = log.sign(1, &root);
        let line = match kind {
            Kind::Cosignature => witness.cosign(&checkpoint, 1_767_225_600),
            _ => note.lines().next_back().map(|line| format!("{line}\n")).unwrap_or_default(),
        };
        let value = line.trim_end().rsplit(' ').next().unwrap_or_default();
        let bytes = STANDARD.decode(value).map_err(|e| fault(&e))?;
        let prefix = bytes.get(..bytes.len().saturating_sub(64)).unwrap_or_default().to_vec();
        let payload = br#"{"accord":"accord-1","resource":"ruleSets/first","request_id":"1"}"#;
        let content = if kind == Kind::Envelope { payload.to_vec() } else { checkpoint.text().into_bytes() };
        let receipt = (kind == Kind::Receipt).then(|| Receipt::new(&entry, &[], note.clone()));
        let keys = vec![TrustedKey { key_id: KEY_ID.to_owned(), key: key.public() }];
        let (log, witness) = (log.verifier().clone(), witness.verifier().clone());
        Ok(Self { kind, seed, content, prefix, receipt, keys, log, witness })
    }

    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Envelope => "envelope",
            Kind::Checkpoint => "checkpoint",
            Kind::Cosignature => "cosignature",
            Kind::Receipt => "receipt",
        }
    }

    /// How often the payload of a genuine one is read.
    pub(super) fn reads(&self) -> u32 {
        u32::from(self.kind == Kind::Envelope)
    }

    /// As its signer made it.
    pub(super) fn genuine(&self) -> String {
        self.with(&self.content, TYPE, &self.key().sign(&self.message()))
    }

    /// One forgery of that kind; nothing where the dice gave what was signed.
    pub(super) fn forged(&self, kind: Forgery, dice: &mut fastrand::Rng) -> Result<Option<String>, String> {
        let (message, genuine) = (self.message(), self.key().sign(&self.message()));
        let forged = match kind {
            Forgery::Mutated => self.mutated(dice),
            Forgery::Reencoded => self.reencoded(&genuine, dice),
            Forgery::Confused => {
                let other = self.signed_otherwise(dice);
                self.with(&self.content, TYPE, &self.key().sign(&other))
            }
            Forgery::SmallOrder | Forgery::HighScalar => {
                let signature = match kind {
                    Forgery::HighScalar => forgery::with_high_scalar(&genuine, dice.u8(1..=14)),
                    _ => forgery::with_small_order(&self.seed, &message, dice),
                };
                let public = *self.key().public().as_bytes();
                let taken = forgery::convinces_the_lenient(&public, &message, &signature);
                require(taken, || format!("{} would convince nobody", kind.text()))?;
                self.with(&self.content, TYPE, &signature)
            }
        };
        Ok((!self.says_the_same(&forged)).then_some(forged))
    }

    /// Verifies it as its receivers do, and counts how often a payload is read.
    pub(super) fn judged(&self, text: &str) -> Result<Verdict, String> {
        let read = Cell::new(0);
        let verified = match self.kind {
            Kind::Envelope => {
                let reader = |_: &[u8]| {
                    read.set(read.get() + 1);
                    Ok::<_, Infallible>(())
                };
                dsse::verify(text.as_bytes(), TYPE, &self.keys, reader).is_ok()
            }
            Kind::Checkpoint => self.log.verify(text).is_ok(),
            Kind::Cosignature => matches!(self.witness.find(text), Ok(Some(_))),
            Kind::Receipt => {
                Receipt::from_json(text.as_bytes()).is_ok_and(|receipt| receipt.verify(&self.log).is_ok())
            }
        };
        Ok(Verdict { verified, read: read.get() })
    }

    fn key(&self) -> PrivateKey {
        PrivateKey::from_seed(&self.seed)
    }

    /// What its key signs.
    fn message(&self) -> Vec<u8> {
        match self.kind {
            Kind::Envelope => pre_authentication_encoding(TYPE, &self.content),
            Kind::Cosignature => [b"cosignature/v1\ntime 1767225600\n", self.content.as_slice()].concat(),
            Kind::Checkpoint | Kind::Receipt => self.content.clone(),
        }
    }

    /// Puts content, its type and a signature together.
    fn with(&self, content: &[u8], kind: &str, signature: &[u8]) -> String {
        if self.kind == Kind::Envelope {
            let (payload, sig) = (STANDARD.encode(content), STANDARD.encode(signature));
            let signatures = serde_json::json!([{ "keyid": KEY_ID, "sig": sig }]);
            return serde_json::json!({ "payloadType": kind, "payload": payload, "signatures": signatures })
                .to_string();
        }
        let name = if self.kind == Kind::Cosignature { WITNESS } else { ORIGIN };
        let value = STANDARD.encode([self.prefix.as_slice(), signature].concat());
        let note = format!("{}\n\u{2014} {name} {value}\n", String::from_utf8_lossy(content));
        match &self.receipt {
            Some(receipt) => {
                let receipt = Receipt { checkpoint: note, ..receipt.clone() };
                receipt.to_json().unwrap_or_default()
            }
            None => note,
        }
    }

    /// Some bits of the text, or some of its bytes, are not as they were.
    fn mutated(&self, dice: &mut fastrand::Rng) -> String {
        let mut bytes = self.genuine().into_bytes();
        for _ in 0..dice.u8(1..4) {
            let at = dice.usize(..bytes.len());
            match dice.u8(..4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, dice.u8(b' '..=b'~')),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << dice.u8(..8);
                    }
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The same meaning in other bytes, or the same bytes of the signature in another form, under the old signature.
    fn reencoded(&self, genuine: &[u8; 64], dice: &mut fastrand::Rng) -> String {
        let choice = dice.u8(..6);
        let spaces = " ".repeat(dice.usize(1..9));
        if self.kind == Kind::Envelope {
            let text = String::from_utf8_lossy(&self.content).into_owned();
            return match choice {
                0 => self.with(text.replacen(':', &format!(":{spaces}"), 1).as_bytes(), TYPE, genuine),
                1 => self.with(format!("{text}{spaces}").as_bytes(), TYPE, genuine),
                2 => self.with(text.replace("accord-1", "accord\\u002d1").as_bytes(), TYPE, genuine),
                3 => self.with(&self.content, TYPE, hex::encode(genuine).as_bytes()),
                4 => self.with(&self.content, &format!("{TYPE};charset=utf-8"), genuine),
                _ => self.with(&[text.as_bytes(), b"\0"].concat(), TYPE, genuine),
            };
        }
        let text = String::from_utf8_lossy(&self.content).into_owned();
        match choice {
            0 => self.with(text.replacen("\n1\n", "\n01\n", 1).as_bytes(), TYPE, genuine),
            1 => self.with(text.replacen("\n1\n", &format!("\n{spaces}1\n"), 1).as_bytes(), TYPE, genuine),
            2 => self.with(text.replace('\n', "\r\n").as_bytes(), TYPE, genuine),
            3 => self.with(&self.content, TYPE, hex::encode(genuine).as_bytes()),
            4 => self.with(format!("{text}extension{spaces}\n").as_bytes(), TYPE, genuine),
            _ => self.with(&self.content, TYPE, &[genuine.as_slice(), spaces.as_bytes()].concat()),
        }
    }

    /// Something else that the same key might be made to sign.
    fn signed_otherwise(&self, dice: &mut fastrand::Rng) -> Vec<u8> {
        let checkpoint =
            Checkpoint { origin: ORIGIN.to_owned(), size: dice.u64(2..), root: [dice.u8(..); 32] };
        let text = checkpoint.text().into_bytes();
        let content = self.content.as_slice();
        let candidates = [
            text.clone(),
            [b"cosignature/v1\ntime 1767225601\n", content].concat(),
            [b"cosignature/v1\ntime 1767225600\n", text.as_slice()].concat(),
            pre_authentication_encoding("application/vnd.concord.approval.v1+json", content),
            pre_authentication_encoding("", content),
            [b"DSSEv1 ", content].concat(),
            // One length less in the type and one more in the payload.
            format!("DSSEv1 {} {TYPE} {} ", TYPE.len() - 1, content.len() + 1).into_bytes(),
            pre_authentication_encoding(TYPE, &text),
        ];
        dice.choice(candidates).unwrap_or_default()
    }

    /// Whether a text says what the genuine one says, spelled otherwise.
    fn says_the_same(&self, text: &str) -> bool {
        let decoded = |text: &str| -> Option<Said> {
            let envelope: Envelope = serde_json::from_str(text).ok()?;
            let bytes = |text: &str| {
                STANDARD
                    .decode(text)
                    .ok()
                    .or_else(|| base64::engine::general_purpose::URL_SAFE.decode(text).ok())
            };
            let signatures = envelope.signatures.iter();
            let signatures = signatures.map(|one| Some((one.keyid.clone(), bytes(&one.sig)?)));
            Some((
                envelope.payload_type.clone(),
                bytes(&envelope.payload)?,
                signatures.collect::<Option<_>>()?,
            ))
        };
        let genuine = self.genuine();
        match self.kind {
            Kind::Envelope => decoded(text).is_some_and(|said| Some(said) == decoded(&genuine)),
            Kind::Receipt => {
                let (one, other) =
                    (Receipt::from_json(text.as_bytes()), Receipt::from_json(genuine.as_bytes()));
                one.is_ok() && one == other
            }
            Kind::Checkpoint | Kind::Cosignature => text == genuine,
        }
    }
}

/// The only entry of the ledger that checkpoint and receipt are of.
fn entry() -> Result<Entry, String> {
    let header = Header {
        accord: "accord-1".to_owned(),
        service: "rules".to_owned(),
        sequence: 0,
        kind: "accord.opened".to_owned(),
        actor: "service/rules".to_owned(),
        participant: "operator".to_owned(),
        request_id: String::new(),
        request_digest: String::new(),
        time: "2026-01-01T00:00:00Z".to_owned(),
        previous: to_hex(&ZERO),
        parts: Vec::new(),
    };
    let body = Part { name: "body".to_owned(), salt: [7; 16], bytes: b"the accord".to_vec() };
    Entry::compose(header, vec![(body, Vec::new())]).map_err(|e| e.to_string())
}
