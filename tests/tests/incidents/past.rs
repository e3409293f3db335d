//! The status of cooperation, incidents and messages, as they stood at an earlier time.

use concord_domain::actor::Role;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::ledger::v1::AsOf;
use concord_testkit::past::{bodies, recorded};
use concord_testkit::setting::in_order;
use concord_testkit::{Cluster, first};
use prost_types::Timestamp;

use super::*;

async fn status(cluster: &Cluster, as_of: Option<Timestamp>) -> pb::GetCooperationStatusResponse {
    let request =
        pb::GetCooperationStatusRequest { party: "party-a".to_owned(), as_of, ..Default::default() };
    let by = first("auditor", Role::Auditor);
    call(cluster, &by, "incidents.v1.CooperationService/GetCooperationStatus", request).await.unwrap()
}

async fn send(cluster: &Cluster) -> (Timestamp, pb::HotlineMessage) {
    let message = pb::HotlineMessage {
        body: "Is the road open?".to_owned(),
        addressees: vec!["party-b".to_owned()],
        precedence: pb::Precedence::Routine.into(),
        ..Default::default()
    };
    let request = pb::SendMessageRequest { message: Some(message), ..Default::default() };
    let answer: pb::SendMessageResponse =
        call(cluster, &officer("party-a"), "incidents.v1.HotlineService/SendMessage", request).await.unwrap();
    (recorded(cluster, "incidents", answer.receipt.as_ref()), answer.message.unwrap())
}

#[tokio::test]
async fn cooperation_stood_at_a_time_as_the_suspensions_recorded_by_then_say() {
    let cluster = in_order().await;
    let (before, sent) = send(&cluster).await;
    let suspension = pb::Suspension {
        party: "party-a".to_owned(),
        domain: pb::CooperationDomain::Operations.into(),
        reason: "as agreed".to_owned(),
        ..Default::default()
    };
    let request = pb::SuspendCooperationRequest { suspension: Some(suspension), ..Default::default() };
    let method = "incidents.v1.CooperationService/SuspendCooperation";
    let answer: pb::SuspendCooperationResponse =
        call(&cluster, &officer("party-b"), method, request).await.unwrap();
    let suspended = answer.suspension.unwrap();

    let then = status(&cluster, Some(before)).await;
    assert_eq!((then.status(), then.suspensions.len()), (pb::CooperationStatus::Normal, 0));
    let AsOf { size, entries, .. } = then.as_of.unwrap();
    assert!(entries.is_empty() && size > 0);
    let after = status(&cluster, suspended.suspend_time).await;
    assert_eq!(
        (after.status(), &after.suspensions[..]),
        (pb::CooperationStatus::Suspended, &[suspended][..])
    );
    assert_eq!(after.as_of.unwrap().entries.len(), 1);
    let now = status(&cluster, None).await;
    assert_eq!((now.status(), now.as_of), (pb::CooperationStatus::Suspended, None));

    let request = pb::GetMessageRequest { name: sent.name.clone(), as_of: Some(before) };
    let got: pb::GetMessageResponse =
        call(&cluster, &officer("party-b"), "incidents.v1.HotlineService/GetMessage", request).await.unwrap();
    assert_eq!(got.message, Some(sent));
    assert!(bodies(&cluster, "incidents", got.as_of.as_ref())[0].contains("Is the road open?"));
}

#[tokio::test]
async fn a_party_that_is_unknown_and_a_time_to_come_are_named_at_once() {
    let cluster = in_order().await;
    let later = Some(Timestamp { seconds: 4_102_444_800, nanos: 0 });
    let request =
        pb::GetCooperationStatusRequest { party: "party-z".to_owned(), as_of: later, ..Default::default() };
    let by = first("auditor", Role::Auditor);
    let method = "incidents.v1.CooperationService/GetCooperationStatus";
    let answer: Result<pb::GetCooperationStatusResponse, _> = call(&cluster, &by, method, request).await;
    let details = answer.unwrap_err().get_error_details();
    let named: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|v| &v.field[..]).collect();
    assert_eq!(named, ["party", "as_of"]);
}
