//! Records of engagements.

use concord_domain::incidents::engagement::{Account, Command, Engagement, Response};
use concord_domain::table::Resource as _;

use super::incident::named;
use crate::fields::{Converted, Faults};
use crate::pb::incidents::v1 as pb;
use crate::shared::participant::actor_to_pb;
use crate::shared::{area, time};

/// The message of an engagement.
#[must_use]
pub fn engagement_to_pb(row: &Engagement) -> pb::Engagement {
    let name = row.name();
    let Engagement { id: _, account, filed_by, filed_at } = row;
    let Account { occurred_at, location, party, decision, response } = account;
    let response = match response {
        Response::InProgress => pb::ResponseState::InProgress,
        Response::Ended => pb::ResponseState::Ended,
    };
    pb::Engagement {
        name,
        occur_time: Some(time::to_pb(*occurred_at)),
        location: Some(area::lat_lng_to_pb(*location)),
        party: party.as_ref().map(|party| party.0.clone()).unwrap_or_default(),
        decision: decision.clone(),
        response: response.into(),
        filed_by: Some(actor_to_pb(filed_by)),
        file_time: Some(time::to_pb(*filed_at)),
    }
}

/// The command to file an engagement.
#[must_use]
pub fn file_from_pb(pb: pb::FileEngagementRequest) -> Converted<Command> {
    let pb::FileEngagementRequest { engagement_id, engagement, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let engagement = faults.required("engagement", engagement);
    let account = account(&mut faults, engagement);
    faults.finish(Command::File { id: engagement_id, account })
}

fn account(faults: &mut Faults, pb: pb::Engagement) -> Account {
    let pb::Engagement {
        name: _,
        occur_time,
        location,
        party,
        decision,
        response,
        filed_by: _,
        file_time: _,
    } = pb;
    let occurred = time::required(faults, "engagement.occur_time", occur_time);
    let location = faults.required("engagement.location", location);
    let response =
        faults.stated("engagement.response", response, Response::InProgress, |response| match response {
            // Left open, a response is taken to go on: that protects.
            pb::ResponseState::Unspecified | pb::ResponseState::InProgress => Some(Response::InProgress),
            pb::ResponseState::Ended => Some(Response::Ended),
        });
    Account {
        occurred_at: occurred,
        location: area::lat_lng_from_pb(location),
        party: named(party),
        decision,
        response,
    }
}

/// The command to end the response at the place of an engagement.
#[must_use]
pub fn end_response_from_pb(pb: pb::EndEngagementResponseRequest) -> Converted<Command> {
    let pb::EndEngagementResponseRequest { name, request_id: _, validate_only: _ } = pb;
    let mut faults = Faults::default();
    let id = faults.id("name", Engagement::COLLECTION, &name);
    faults.finish(Command::EndResponse { id })
}
