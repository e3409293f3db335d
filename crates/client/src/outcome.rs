//! What a call came to, told by the code that the contract gives it.
//!
//! The channel tells a refused handshake as UNKNOWN and its own expired deadline as CANCELLED; callers decide on the code,
//! so both are put right here.

use std::error::Error;

use tonic::{Code, Status, TimeoutExpired};

/// The status with the code that it should have had.
#[must_use]
pub fn cleared(status: Status) -> Status {
    if status.code() == Code::Cancelled && has_cause::<TimeoutExpired>(&status) {
        return Status::deadline_exceeded("no answer within the deadline; what was asked may yet happen");
    }
    if status.code() == Code::Unknown && has_cause::<tonic::transport::Error>(&status) {
        let message =
            format!("no connection; the other side may have refused our certificate: {}", causes(&status));
        return Status::unavailable(message);
    }
    status
}

fn chain<'a>(status: &'a Status) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = status.source();
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn has_cause<E: Error + 'static>(status: &Status) -> bool {
    chain(status).any(|error| error.is::<E>())
}

fn causes(status: &Status) -> String {
    chain(status).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
