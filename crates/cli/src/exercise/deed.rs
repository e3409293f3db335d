//! What has to be done to set up a case's world, at which time and by whom; data, so that it can be shown.

use concord_domain::time::Timestamp;
use concord_proto::pb::incidents::v1 as incidents;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as rules;
use prost::Message;

use crate::session::Who;

/// One thing to be done.
#[derive(Clone, Debug)]
pub(super) struct Deed {
    /// When, on the exercise's clock.
    pub(super) at: Timestamp,
    /// Who begins it.
    pub(super) by: Who,
    /// What.
    pub(super) act: Act,
}

/// What is done.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// One call whose answer nothing depends on.
    Call {
        /// The matched method, `package.Service/Method`.
        method: &'static str,
        /// The encoded request.
        request: Vec<u8>,
    },
    /// Proposed by one, approved by a second actor of every party.
    Designate(Box<registry::ProposeDesignationRequest>),
    /// Warned on the hotline; resolved again where the case says so.
    Warn {
        /// The message.
        request: Box<incidents::SendMessageRequest>,
        /// Whether its sender resolves the warning.
        resolved: bool,
    },
    /// Reserved; where it conflicts with what stands already, declared as a standing zone so that both stand.
    Reserve(Box<rules::ReserveAirspaceRequest>),
}

impl Deed {
    /// One call at a time by somebody.
    pub(super) fn call(at: Timestamp, by: Who, method: &'static str, request: &impl Message) -> Self {
        Self { at, by, act: Act::Call { method, request: request.encode_to_vec() } }
    }
}
