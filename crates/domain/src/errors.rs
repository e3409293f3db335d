//! Refusals: one closed list of reasons, each with the kind that alone decides the gRPC code.
//!
//! A refusal writes nothing. It names every wrong field at once, so that a caller mends a request in
//! one round. A verdict of DENY or REFER is not a refusal; it is an answer.

use std::collections::BTreeMap;
use std::fmt;

/// Longest excerpt of an offending value that is echoed, in characters.
const VALUE_MAX_CHARS: usize = 64;

/// What kind of refusal it is; `crates/server` maps each kind to one gRPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// The request is malformed whatever the state is.
    Invalid,
    /// The caller has no identity that the accord knows.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// The named resource does not exist.
    Missing,
    /// The resource or the request identifier exists already.
    Exists,
    /// The caller acted on an older version; read again and retry.
    Conflict,
    /// The resource is in a state in which this cannot be done.
    Precondition,
    /// A queue or a disk is full; retry later.
    Exhausted,
    /// The service cannot answer now; retry.
    Unavailable,
    /// The deadline passed before there was an answer.
    Deadline,
    /// A fault of the service.
    Internal,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $text:literal => $kind:ident,)*) => {
        /// Why a request was refused. Stable once released; never reused for another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $variant,)* }

        impl Reason {
            /// Every reason, for the catalogue and for tests.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];

            /// The reason as it stands in `ErrorInfo.reason`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Reason::$variant => $text,)* }
            }

            /// The kind, which decides the gRPC code.
            #[must_use]
            pub fn kind(self) -> ErrorKind {
                match self { $(Reason::$variant => ErrorKind::$kind,)* }
            }
        }
    };
}

reasons! {
    /// One or more fields are wrong; each is named.
    InvalidArgument = "INVALID_ARGUMENT" => Invalid,
    /// The page token is not one that this list gave, or other arguments changed.
    PageTokenMismatch = "PAGE_TOKEN_MISMATCH" => Invalid,
    /// The file is not of the stated format, or is cut short.
    FileUnreadable = "FILE_UNREADABLE" => Invalid,
    /// A signature does not verify, or covers something else.
    SignatureInvalid = "SIGNATURE_INVALID" => Invalid,
    /// A rule set weakens an article that cannot be ratified away, or does not parse.
    RuleSetInvalid = "RULE_SET_INVALID" => Invalid,
    /// No certificate, or one that the accord does not know.
    IdentityUnknown = "IDENTITY_UNKNOWN" => Unauthenticated,
    /// The caller's role or kind may not call this method.
    RoleForbidden = "ROLE_FORBIDDEN" => Forbidden,
    /// The same actor proposed it.
    SelfApproval = "SELF_APPROVAL" => Forbidden,
    /// Only the author, holder or addressee may do this.
    NotYours = "NOT_YOURS" => Forbidden,
    /// No such resource, or none that the caller may see.
    NotFound = "NOT_FOUND" => Missing,
    /// The chosen identifier is taken.
    AlreadyExists = "ALREADY_EXISTS" => Exists,
    /// The request identifier was used for another body.
    RequestIdReused = "REQUEST_ID_REUSED" => Exists,
    /// The etag is not that of the current version.
    EtagStale = "ETAG_STALE" => Conflict,
    /// The volume conflicts with reservations that the caller has not read.
    KnowledgeIncomplete = "KNOWLEDGE_INCOMPLETE" => Conflict,
    /// The ledger has signed no checkpoint over that many entries.
    CheckpointSizeUnknown = "CHECKPOINT_SIZE_UNKNOWN" => Conflict,
    /// The ledger has another root at that size.
    CheckpointRootDiffers = "CHECKPOINT_ROOT_DIFFERS" => Precondition,
    /// Fewer witnesses than the accord asks for have cosigned a checkpoint that covers the entry.
    QuorumMissing = "QUORUM_MISSING" => Precondition,
    /// The resource is in a state in which this cannot be done.
    StateForbids = "STATE_FORBIDS" => Precondition,
    /// The caller's party has decided this already.
    AlreadyDecided = "ALREADY_DECIDED" => Precondition,
    /// Only an exercise accord has a clock that can be set.
    NotAnExercise = "NOT_AN_EXERCISE" => Precondition,
    /// The clock of an exercise moves forward only.
    ClockBackwards = "CLOCK_BACKWARDS" => Precondition,
    /// The volume conflicts with a reservation whose holder has not consented.
    AirspaceConflict = "AIRSPACE_CONFLICT" => Precondition,
    /// The evaluation that a release rests on denies.
    ReleaseDenied = "RELEASE_DENIED" => Precondition,
    /// The queue of the writer is full.
    QueueFull = "QUEUE_FULL" => Exhausted,
    /// The disk is short, and what is left is kept for what must get through.
    DiskFull = "DISK_FULL" => Exhausted,
    /// More streams or callers than the limit.
    LimitReached = "LIMIT_REACHED" => Exhausted,
    /// The service is replaying its journal or draining.
    NotServing = "NOT_SERVING" => Unavailable,
    /// A ledger that this answer must rest on cannot be read.
    LedgerUnavailable = "LEDGER_UNAVAILABLE" => Unavailable,
    /// The deadline passed before there was an answer.
    DeadlineExceeded = "DEADLINE_EXCEEDED" => Deadline,
    /// A fault of the service; the request identifier finds it in the log.
    Internal = "INTERNAL" => Internal,
}

/// One wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, as in `area.circle.radius_m`.
    pub field: String,
    /// The rule that it breaks, with the limit.
    pub rule: String,
    /// The value as given, shortened.
    pub value: String,
    /// What to do.
    pub remedy: String,
}

impl Violation {
    /// A violation of `rule` at `field`; `value` is shortened to 64 characters.
    pub fn new(
        field: impl Into<String>,
        rule: impl Into<String>,
        value: impl fmt::Display,
        remedy: impl Into<String>,
    ) -> Self {
        let whole = value.to_string();
        let mut shown: String = whole.chars().take(VALUE_MAX_CHARS).collect();
        if shown.len() < whole.len() {
            shown.push('…');
        }
        Self { field: field.into(), rule: rule.into(), value: shown, remedy: remedy.into() }
    }

    /// The same violation with `prefix.` before its field path.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.field =
            if self.field.is_empty() { prefix.to_owned() } else { format!("{prefix}.{}", self.field) };
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: must be {}; got {:?}; {}", self.field, self.rule, self.value, self.remedy)
    }
}

/// A refused request: nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, which decides the gRPC code.
    pub reason: Reason,
    /// One sentence for people.
    pub message: String,
    /// The variable parts, for programs.
    pub metadata: BTreeMap<String, String>,
    /// Every wrong field; only for reasons of kind `Invalid`.
    pub violations: Vec<Violation>,
}

impl Refusal {
    /// A refusal with a sentence.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), metadata: BTreeMap::new(), violations: Vec::new() }
    }

    /// A refusal that names every wrong field; the sentence holds them all, since not every client shows details.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let parts: Vec<String> = violations.iter().map(ToString::to_string).collect();
        Self {
            reason: Reason::InvalidArgument,
            message: parts.join(" | "),
            metadata: BTreeMap::new(),
            violations,
        }
    }

    /// The same refusal, which names more wrong fields.
    #[must_use]
    pub fn besides(self, found: impl IntoIterator<Item = Violation>) -> Self {
        let violations = self.violations.into_iter().chain(found).collect();
        Self { reason: self.reason, metadata: self.metadata, ..Self::invalid(violations) }
    }

    /// No resource of that name.
    #[must_use]
    pub fn not_found(name: &str) -> Self {
        Self::new(Reason::NotFound, format!("{name} does not exist")).with("resource", name)
    }

    /// The caller acted on an older version.
    #[must_use]
    pub fn stale(name: &str, current: &str) -> Self {
        Self::new(Reason::EtagStale, format!("{name} has changed; read it again, its etag is {current}"))
            .with("resource", name)
            .with("current_etag", current)
    }

    /// The same refusal with one more variable part.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    /// Ok where `violations` is empty, else the refusal that names them all.
    ///
    /// # Errors
    /// [`Reason::InvalidArgument`] with every violation.
    pub fn unless_valid(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self::invalid(violations)) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str(), self.message)
    }
}

impl std::error::Error for Refusal {}
