//! The one table from a refusal's kind to a gRPC code, with details that programs read.

use std::collections::HashMap;
use std::time::Duration;

use concord_domain::errors::{ErrorKind, Refusal};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// `ErrorInfo.domain` of every refusal.
pub const DOMAIN: &str = "concord";
/// When a caller may try again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The code of a kind.
#[must_use]
pub fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Invalid => Code::InvalidArgument,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::Forbidden => Code::PermissionDenied,
        ErrorKind::Missing => Code::NotFound,
        ErrorKind::Exists => Code::AlreadyExists,
        ErrorKind::Conflict => Code::Aborted,
        ErrorKind::Precondition => Code::FailedPrecondition,
        ErrorKind::Exhausted => Code::ResourceExhausted,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Deadline => Code::DeadlineExceeded,
        ErrorKind::Internal => Code::Internal,
    }
}

/// The status of a refusal: `ErrorInfo` always, `BadRequest` with every wrong field, `RetryInfo` where a retry helps.
#[must_use]
pub fn status(refusal: Refusal) -> Status {
    let Refusal { reason, message, metadata, violations } = refusal;
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    let mut details = ErrorDetails::new();
    details.set_error_info(reason.as_str(), DOMAIN, metadata);
    for violation in violations {
        let description =
            format!("must be {}; got {:?}; {}", violation.rule, violation.value, violation.remedy);
        details.add_bad_request_violation(violation.field, description);
    }
    if matches!(reason.kind(), ErrorKind::Exhausted | ErrorKind::Unavailable) {
        details.set_retry_info(Some(RETRY_AFTER));
    }
    Status::with_error_details(code(reason.kind()), message, details)
}

#[cfg(test)]
mod tests {
    use concord_domain::errors::{Reason, Violation};

    use super::*;

    #[test]
    fn every_reason_is_told_with_its_own_name_and_no_internal_code_but_its_own() {
        for reason in Reason::ALL {
            let status = status(Refusal::new(*reason, "told"));
            assert_eq!(status.get_error_details().error_info().unwrap().reason, reason.as_str());
            assert_eq!(status.code() == Code::Internal, *reason == Reason::Internal, "{reason:?}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_in_the_details_and_in_the_message() {
        let violations = vec![
            Violation::new("a.b", "small", 9, "shrink it"),
            Violation::new("c", "present", "", "give it"),
        ];
        let status = status(Refusal::invalid(violations));
        let details = status.get_error_details();
        let fields: Vec<_> =
            details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect();
        assert_eq!(fields, ["a.b", "c"]);
        assert!(
            status.message().contains("a.b: must be small")
                && status.message().contains("c: must be present")
        );
    }
}
