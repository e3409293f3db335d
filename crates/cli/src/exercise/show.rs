//! The calls of a case as text: what `--show` prints, and what anybody can repeat with grpcurl.

use concord_domain::time::Timestamp;
use prost_reflect::{DescriptorPool, DynamicMessage};

use crate::session::Who;

/// One call that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    pub(super) at: Timestamp,
    pub(super) by: Who,
    pub(super) method: String,
    pub(super) request: Vec<u8>,
    /// `OK`, or the code of the refusal.
    pub(super) answer: String,
}

/// One line for each call: time, caller, method, request as JSON, answer.
///
/// # Errors
/// Where a request is none of the contract's, which no case can cause.
pub(super) fn lines(calls: &[Called]) -> Result<Vec<String>, String> {
    let pool = DescriptorPool::decode(concord_proto::DESCRIPTORS).map_err(|e| e.to_string())?;
    calls.iter().map(|called| line(&pool, called)).collect()
}

fn line(pool: &DescriptorPool, called: &Called) -> Result<String, String> {
    let Called { at, by, method, request, answer } = called;
    let (service, name) = method.split_once('/').unwrap_or((method, ""));
    let service = pool.get_service_by_name(service).ok_or_else(|| format!("no service {service}"))?;
    let found = service.methods().find(|found| found.name() == name);
    let input = found.ok_or_else(|| format!("no method {method}"))?.input();
    let message = DynamicMessage::decode(input, request.as_slice()).map_err(|e| e.to_string())?;
    let json = serde_json::to_string(&message).map_err(|e| e.to_string())?;
    Ok(format!("{at}  {by}  {method}  {json}  -> {answer}"))
}
