//! What a witness makes of a log's answer: that it follows on what was seen before, or evidence that it does not.

use crate::checkpoint::{Checkpoint, CheckpointError, LogVerifier};
use crate::evidence::{Evidence, Kind};
use crate::hash::Hash;
use crate::proof::verify_consistency;

/// What a log answers when it is shown what was seen of it.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The signed note of its newest head.
    pub checkpoint: String,
    /// Consistency proof from the size seen to the newest.
    pub consistency_proof: Vec<Hash>,
    /// The root that it claims to have had at the size seen, where it says that it had another.
    pub root: Option<Hash>,
}

/// How a verified answer stands to what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Nothing came since.
    Held(Checkpoint),
    /// It extends what was seen.
    Ahead(Checkpoint),
}

impl Judged {
    /// The newest checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        let (Self::Held(checkpoint) | Self::Ahead(checkpoint)) = self;
        checkpoint
    }
}

/// Why an answer is not to be cosigned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotJudged {
    /// The newest checkpoint is not signed by the log.
    #[error("its newest checkpoint: {0}")]
    Newest(CheckpointError),
    /// What was said to be seen is not signed by the log.
    #[error("the checkpoint seen before: {0}")]
    Seen(CheckpointError),
    /// The answer does not follow on what was seen.
    #[error("the answer does not follow on what was seen")]
    Found(Box<Evidence>),
}

/// Judges an answer against `seen`, the note of the largest checkpoint seen so far.
///
/// `kept` gives, from a copy of what was seen, the root at a smaller size and the consistency proof from there to the size
/// seen; nothing where there is no copy.
///
/// # Errors
/// Evidence, or that there is no signed answer.
pub fn judge(
    log: &LogVerifier,
    seen: Option<&str>,
    answer: &Answer,
    kept: impl FnOnce(u64) -> Option<(Hash, Vec<Hash>)>,
) -> Result<Judged, NotJudged> {
    let newest = log.verify(&answer.checkpoint).map_err(NotJudged::Newest)?;
    let Some(note) = seen else { return Ok(Judged::Ahead(newest)) };
    let old = log.verify(note).map_err(NotJudged::Seen)?;
    let between = |kind, smaller, larger| Evidence::of(kind, log.origin(), smaller, larger);
    let found = if newest.size < old.size {
        let back = between(Kind::Rollback, &answer.checkpoint, note);
        match kept(newest.size).filter(|(root, _)| root != &newest.root) {
            Some((root, proof)) => Evidence { kind: Kind::SplitView, ..back }.with_prefix(&root, &proof),
            None => back,
        }
    } else if newest.size == old.size {
        if newest.root == old.root {
            return Ok(Judged::Held(newest));
        }
        between(Kind::SplitView, note, &answer.checkpoint)
    } else {
        let leads = |root: &Hash| {
            verify_consistency(old.size, root, newest.size, &newest.root, &answer.consistency_proof).is_ok()
        };
        if leads(&old.root) {
            return Ok(Judged::Ahead(newest));
        }
        match answer.root.filter(|root| root != &old.root && leads(root)) {
            Some(root) => between(Kind::SplitView, note, &answer.checkpoint)
                .with_prefix(&root, &answer.consistency_proof),
            None => between(Kind::Unproven, note, &answer.checkpoint),
        }
    };
    Err(NotJudged::Found(Box::new(found)))
}
