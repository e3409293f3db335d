//! Why a round with a ledger did not end in a cosignature, each with its exit code.

use concord_ledger::evidence::Evidence;
use tonic::Status;
use tonic_types::StatusExt as _;

use super::seen::SeenError;
use crate::Failure;

#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// The ledger's answer does not follow on what it signed; not yet exported.
    #[error("it contradicts what it signed")]
    Found(Box<Evidence>),
    /// Evidence was exported, and nobody has looked at it yet.
    #[error("{0}")]
    Stands(String),
    /// It gave no answer.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// It refused what it should take; 409 and 422 of C2SP tlog-witness are `CHECKPOINT_SIZE_UNKNOWN` and
    /// `CHECKPOINT_ROOT_DIFFERS`.
    #[error("refused: {reason}: {message}")]
    Refused { reason: String, message: String },
    /// Its answer does not verify, and proves nothing either.
    #[error("does not verify: {0}")]
    Unverified(String),
    /// A receipt that the ledger never gave.
    #[error("{0}")]
    Receipt(String),
    /// What was seen cannot be kept, and so nothing may leave.
    #[error(transparent)]
    Seen(#[from] SeenError),
    /// The copy cannot be kept.
    #[error("the copy: {0}")]
    Copy(String),
}

impl Trouble {
    /// What a status comes to: a refusal, where the ledger judged the call, or no answer.
    pub(super) fn of(status: &Status) -> Self {
        use tonic::Code::{Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, NotFound};
        use tonic::Code::{OutOfRange, PermissionDenied, Unauthenticated};
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
        let message = status.message().to_owned();
        match status.code() {
            Aborted | AlreadyExists | FailedPrecondition | InvalidArgument | NotFound | OutOfRange
            | PermissionDenied | Unauthenticated => Self::Refused { reason, message },
            code => Self::Unreachable(format!("{code:?}: {message}")),
        }
    }

    /// Exit code of the command.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Found(_) | Self::Stands(_) => Failure::FOUND,
            Self::Seen(SeenError::Refused(_)) | Self::Refused { .. } | Self::Unverified(_) => Failure::NO,
            Self::Seen(_) | Self::Copy(_) => Failure::STORE,
            Self::Receipt(_) => Failure::INPUT,
            Self::Unreachable(_) => Failure::UNREACHABLE,
        }
    }
}
