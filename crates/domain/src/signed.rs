//! What a party signs itself: an act that exposes counts only over its own key, which no service holds.
//!
//! INVARIANT (CON-3): a consent that must be signed is one over exactly the thing as it stands, by the party that gives it.

use std::fmt::Debug;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::accord::{Accord, SigningKey};
use crate::consent::{Act, Approval, Approvals, require_party, suffices};
use crate::digest::{recorded_bytes, sha256_hex};
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::{Context, Fold};
use crate::ids::ParticipantId;
use crate::table::Resource;
use crate::time::Timestamp;

/// Verifies signatures. The shell brings it, so that this crate names no algorithm; the same bytes give the same answer.
pub trait Verifier: Debug + Send + Sync {
    /// The payload of an envelope of a type that one of the keys signed; nothing of it was read before.
    ///
    /// # Errors
    /// Says why it does not verify.
    fn payload(&self, envelope: &str, payload_type: &str, keys: &[SigningKey]) -> Result<Vec<u8>, String>;
}

/// How signatures are verified; without a verifier none is.
pub type Verifying = Option<Arc<dyn Verifier>>;

/// The payload type of what is signed for an act, such as `application/vnd.concord.designate.v1+json`.
#[must_use]
pub fn payload_type(act: Act) -> String {
    let name = serde_json::to_value(act).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    format!("application/vnd.concord.{}.v1+json", name.to_lowercase().replace('_', "-"))
}

/// What is consented to: one thing as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// What is done to it.
    pub act: Act,
    /// Its name, such as `designations/qde-115`.
    pub resource: String,
    /// SHA-256 of what it says, 64 hexadecimal digits.
    pub content_hash: String,
}

impl Subject {
    /// A thing whose content is what a value records as.
    #[must_use]
    pub fn recorded<T: Serialize>(act: Act, resource: String, content: &T) -> Self {
        Self::of(act, resource, &recorded_bytes(content).unwrap_or_default())
    }

    /// A thing whose content is these bytes.
    #[must_use]
    pub fn of(act: Act, resource: String, content: &[u8]) -> Self {
        Self { act, resource, content_hash: sha256_hex(content) }
    }
}

/// What is wrong with an envelope that is absent where an act exposes, or present where it does not.
#[must_use]
pub fn misplaced(exposes: bool, envelope: &str) -> Option<Violation> {
    match (exposes, envelope.is_empty()) {
        (true, true) => Some(Violation::new("envelope", "present", "", "sign it, and give the envelope")),
        (false, false) => {
            Some(Violation::new("envelope", "empty unless it consents", "an envelope", "leave it out"))
        }
        _ => None,
    }
}

/// What an envelope holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    accord: String,
    resource: String,
    content_hash: String,
    expire_time: Timestamp,
    // Signed so that an envelope is made for one request; the store recognises repetitions by the call's own.
    #[serde(rename = "request_id")]
    _request_id: String,
}

/// How what is signed is verified: over which accord, and by what.
pub type By<'a> = (&'a Accord, &'a Verifying);

/// The consent of an actor's party to a thing as it stands, where the envelope is that.
///
/// # Errors
/// `SIGNATURE_INVALID`.
pub fn approval(
    by: By<'_>,
    subject: &Subject,
    envelope: &str,
    context: &Context,
) -> Result<Approval, Refusal> {
    let Context { actor, at, .. } = context;
    let signed = verified(by, subject, envelope, &actor.participant, *at);
    signed.map_err(|cause| Refusal::new(Reason::SignatureInvalid, cause))?;
    Ok(Approval { by: actor.clone(), at: *at, envelope: envelope.to_owned(), reason: String::new() })
}

/// The consents to something after one more, with why it was given. Whoever asks for it first proposes it, and signs nothing
/// yet; each later one is of another actor, and signed.
///
/// # Errors
/// `INVALID_ARGUMENT` where the envelope is misplaced, and as [`approval`], [`Approvals::approve`] and [`require_party`].
pub fn opened_or_approved(
    by: By<'_>,
    existing: Option<&Approvals>,
    subject: &Subject,
    (reason, envelope): (String, &str),
    context: &Context,
) -> Result<Approvals, Refusal> {
    require_party(&context.actor)?;
    Refusal::unless_valid(misplaced(existing.is_some(), envelope).into_iter().collect())?;
    let Some(existing) = existing else {
        return Ok(Approvals { reason, ..Approvals::new(context.actor.clone(), context.at) });
    };
    let mut approvals = existing.clone();
    approvals.approve(approval(by, subject, envelope, context)?.because(reason))?;
    Ok(approvals)
}

/// An act that is done, and the consents that it rests on.
#[derive(Clone, Debug)]
pub struct Consented<'a> {
    /// What was consented to.
    pub subject: Subject,
    /// The one participant whose consent suffices; absent where the act needs what the accord's table says.
    pub alone: Option<&'a ParticipantId>,
    /// The consents.
    pub given: Vec<&'a Approval>,
}

impl<'a> Consented<'a> {
    /// An act over the consents that were gathered for it; none where nobody was asked.
    pub fn by_all(subject: Subject, given: impl IntoIterator<Item = &'a Approvals>) -> Self {
        Self {
            subject,
            alone: None,
            given: given.into_iter().flat_map(|approvals| approvals.given.values()).collect(),
        }
    }

    /// Whether the consents are all those that the act needs, each over its party's own signature. For whoever follows a
    /// ledger and does not trust the service that keeps it.
    pub(crate) fn vouched(&self, by: By<'_>) -> Result<(), String> {
        let Self { subject, alone, given } = self;
        let has_consented =
            |party: &ParticipantId| given.iter().any(|approval| &approval.by.participant == party);
        let complete = match alone {
            Some(participant) => has_consented(participant),
            None => suffices(by.0, subject.act, has_consented),
        };
        if !complete {
            return Err(format!("not all whose consent it needs have consented to {}", subject.resource));
        }
        given.iter().try_for_each(|approval| {
            verified(by, subject, &approval.envelope, &approval.by.participant, approval.at)
        })
    }
}

/// A row that restrains or exposes. It says what in it counts over signatures alone, so that whoever follows its ledger
/// need not believe the service that keeps it.
pub trait Vouched {
    /// What is exposed by this row coming after the one that stood before, each with the consents that it rests on.
    ///
    /// # Errors
    /// Says what has become less though no consent allows it.
    fn exposed<'a>(&'a self, before: Option<&'a Self>) -> Result<Vec<Consented<'a>>, String>;

    /// Whether all that is exposed rests on the signatures that it needs.
    ///
    /// # Errors
    /// Names the first thing that does not.
    fn vouched(&self, before: Option<&Self>, by: By<'_>) -> Result<(), String> {
        self.exposed(before)?.iter().try_for_each(|consented| consented.vouched(by))
    }
}

/// The row that stood before one that has ended.
///
/// # Errors
/// Where there was none.
pub fn ended<'a, T: Resource>(row: &T, before: Option<&'a T>) -> Result<&'a T, String> {
    before.ok_or_else(|| format!("{} ended before it began", row.name()))
}

/// Ok where what the rows say of a thing is the same.
///
/// # Errors
/// Says that it is not.
pub fn unchanged<T: PartialEq>(name: &str, before: &T, after: &T) -> Result<(), String> {
    if before == after { Ok(()) } else { Err(format!("{name} says something else than before")) }
}

/// A fold that others follow without trusting the service that records it.
pub trait Followable: Fold {
    /// Whether all that an event exposes rests on the signatures that it needs, over this state, which stood before.
    ///
    /// # Errors
    /// Names the first thing that does not.
    fn vouched(&self, event: &Self::Event, by: By<'_>) -> Result<(), String>;

    /// This state with events of the followed ledger folded in: all, or none where one is not vouched for.
    ///
    /// # Errors
    /// `SIGNATURE_INVALID`.
    fn followed_by(&self, events: &[Self::Event], by: By<'_>) -> Result<Self, Refusal> {
        let mut after = self.clone();
        for event in events {
            let vouched = after.vouched(event, by);
            vouched.map_err(|cause| Refusal::new(Reason::SignatureInvalid, cause))?;
            after.apply(event);
        }
        // Rows of a followed ledger are not rows of the one that follows.
        let _ = after.drain_rows();
        Ok(after)
    }
}

fn verified(
    (accord, verifying): By<'_>,
    subject: &Subject,
    envelope: &str,
    party: &ParticipantId,
    at: Timestamp,
) -> Result<(), String> {
    let Subject { act, resource, content_hash } = subject;
    let refused = |cause: String| format!("the envelope does not verify under a key of {party}: {cause}");
    let verifier =
        verifying.as_ref().ok_or_else(|| refused("this service verifies no signatures".to_owned()))?;
    let keys = accord.participant(party).map(|p| p.signing_keys.as_slice()).unwrap_or_default();
    let payload = verifier.payload(envelope, &payload_type(*act), keys).map_err(refused)?;
    let stated: Statement = serde_json::from_slice(&payload).map_err(|e| refused(e.to_string()))?;
    let covers =
        (&stated.accord, &stated.resource, &stated.content_hash) == (&accord.id, resource, content_hash);
    if !covers || stated.expire_time <= at {
        return Err(format!(
            "the signature is not over {resource} with hash {content_hash} in {}, or has expired",
            accord.id
        ));
    }
    Ok(())
}
