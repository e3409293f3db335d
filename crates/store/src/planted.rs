//! Bugs planted on purpose, to show that the tests find such bugs. They exist only with the feature `planted`, which no
//! build of a service has, and one is active only where the environment names it.

/// One bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// An answer goes out before its group is written.
    AnswerBeforeWrite,
    /// The journal is not synced.
    NoSync,
    /// A group is seen before it is written.
    PublishBeforeWrite,
    /// What a command changed is forgotten by the next one of its group.
    LostUpdate,
    /// The published snapshot stays the one before.
    StaleSnapshot,
    /// A repeated request is carried out again.
    DoubleApply,
    /// Another body under a used request identifier is given the first answer.
    ReusedIdentifier,
    /// A followed entry need not name the one before it.
    NoChainCheck,
    /// The last checkpoint need not be signed.
    NoSignatureCheck,
    /// Entries need not lead to the root of their group.
    NoRootCheck,
    /// Anything that does not hold is cut as an unfinished tail.
    CutDamage,
    /// Rows of the index need not give their digest.
    TrustedRows,
}

#[cfg(feature = "planted")]
pub(crate) fn is(bug: Bug) -> bool {
    static NAMED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let named = NAMED.get_or_init(|| std::env::var("CONCORD_PLANTED").unwrap_or_default());
    *named == format!("{bug:?}")
}

#[cfg(not(feature = "planted"))]
pub(crate) const fn is(_: Bug) -> bool {
    false
}
