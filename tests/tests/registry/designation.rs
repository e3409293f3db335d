//! Designations and groups that are no targets: what one party can do alone, and what takes all.

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::registry::designation::alias_subject_of;
use concord_proto::registry::non_target::removal_subject_of;
use concord_testkit::setting::approval;
use concord_testkit::{Cluster, first, second};

use super::*;

async fn proposed(cluster: &Cluster, id: &str, name: &str) -> pb::Designation {
    let request = pb::ProposeDesignationRequest {
        designation_id: id.to_owned(),
        designation: Some(pb::Designation {
            kind: pb::DesignationKind::Group.into(),
            primary_name: name.to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("party-a", Role::Proposer);
    let answer: pb::ProposeDesignationResponse =
        call(cluster, &by, "DesignationService/ProposeDesignation", request).await.unwrap();
    answer.designation.unwrap()
}

async fn decide(
    cluster: &Cluster,
    by: Who,
    designation: &pb::Designation,
    decision: pb::ProposalDecision,
) -> Result<pb::Designation, Status> {
    let envelope = match decision {
        Approve => approval(cluster, &by.participant, designation),
        _ => String::new(),
    };
    let request = pb::DecideDesignationRequest {
        name: designation.name.clone(),
        etag: designation.etag.clone(),
        decision: decision.into(),
        reason: "as decided".to_owned(),
        envelope,
        ..Default::default()
    };
    let answer: pb::DecideDesignationResponse =
        call(cluster, &by, "DesignationService/DecideDesignation", request).await?;
    Ok(answer.designation.unwrap())
}

async fn standing(cluster: &Cluster, name: &str) -> pb::NameStanding {
    let request = pb::ResolveNameRequest { text: name.to_owned() };
    let by = first("observer", Role::DutyOfficer);
    let answer: pb::ResolveNameResponse =
        call(cluster, &by, "NameService/ResolveName", request).await.unwrap();
    answer.standing()
}

use pb::ProposalDecision::{Approve, Hold, Reject};

#[tokio::test]
async fn a_group_is_designated_only_when_every_party_has_approved_the_same_version() {
    let cluster = Cluster::start(Mode::Operational).await;
    let designation = proposed(&cluster, "group-1", "Group one").await;
    let own = decide(&cluster, first("party-a", Role::Approver), &designation, Approve).await;
    assert_eq!(reason(own), "SELF_APPROVAL");
    let once = decide(&cluster, second("party-a", Role::Approver), &designation, Approve).await.unwrap();
    assert_eq!(standing(&cluster, "group ONE").await, pb::NameStanding::NotInForce);
    let stale = decide(&cluster, second("party-b", Role::Approver), &designation, Approve).await;
    assert_eq!(reason(stale), "ETAG_STALE");
    let again = decide(&cluster, second("party-a", Role::Approver), &once, Approve).await;
    assert_eq!(reason(again), "ALREADY_DECIDED");
    let active = decide(&cluster, second("party-b", Role::Approver), &once, Approve).await.unwrap();
    assert_eq!(active.state(), pb::DesignationState::Active);
    assert_eq!(standing(&cluster, "group ONE").await, pb::NameStanding::Designated);
    let late = decide(&cluster, first("party-b", Role::Approver), &active, Approve).await;
    assert_eq!(reason(late), "STATE_FORBIDS");
}

#[tokio::test]
async fn a_hold_drops_every_approval_given_before_it_and_what_was_signed_then_serves_no_more() {
    let cluster = Cluster::start(Mode::Operational).await;
    let designation = proposed(&cluster, "group-1", "Group one").await;
    let signed = approval(&cluster, "party-a", &designation);
    let approved = decide(&cluster, second("party-a", Role::Approver), &designation, Approve).await.unwrap();
    let held = decide(&cluster, second("party-b", Role::Approver), &approved, Hold).await.unwrap();
    assert_eq!((held.state(), held.holds), (pb::DesignationState::Held, 1));
    assert!(held.approvals.as_ref().unwrap().given.is_empty(), "those of others fall too");
    let request = pb::DecideDesignationRequest {
        name: held.name.clone(),
        etag: held.etag.clone(),
        decision: Approve.into(),
        envelope: signed,
        ..Default::default()
    };
    let by = second("party-a", Role::Approver);
    let used_again: Result<pb::DecideDesignationResponse, _> =
        call(&cluster, &by, "DesignationService/DecideDesignation", request).await;
    assert_eq!(reason(used_again), "SIGNATURE_INVALID");
    let other = decide(&cluster, first("party-b", Role::Approver), &held, Approve).await.unwrap();
    assert_eq!(other.state(), pb::DesignationState::Proposed, "who approved before the hold has not since");
    let rejected = decide(&cluster, first("party-a", Role::Approver), &other, Reject).await.unwrap();
    assert_eq!(rejected.state(), pb::DesignationState::Rejected);
    let anew = proposed(&cluster, "group-1", "Group one").await;
    assert_eq!(anew.version, 2);
    assert!(anew.approvals.unwrap().given.is_empty(), "no consent is carried to another version");
}

/// Every party consents to removing a group; it stays until the last one has.
async fn remove_by_all(cluster: &Cluster, mut group: pb::NonTargetGroup) {
    let removing = [
        first("party-a", Role::Approver),
        second("party-a", Role::Approver),
        second("party-b", Role::Approver),
    ];
    for (number, by) in removing.into_iter().enumerate() {
        let signed = || {
            let subject = removal_subject_of(&group).unwrap();
            cluster.deployment().consent(&by.participant, &subject).unwrap()
        };
        let request = pb::ConsentToNonTargetRemovalRequest {
            name: group.name.clone(),
            etag: group.etag.clone(),
            envelope: if number == 0 { String::new() } else { signed() },
            ..Default::default()
        };
        let answer: pb::ConsentToNonTargetRemovalResponse =
            call(cluster, &by, "NonTargetService/ConsentToNonTargetRemoval", request).await.unwrap();
        group = answer.non_target_group.unwrap();
        let removed = group.state() == pb::NonTargetState::Removed;
        assert_eq!(removed, number == 2, "removed only by the last party's consent");
    }
}

#[tokio::test]
async fn one_party_suspends_ends_and_names_alone() {
    let cluster = Cluster::start(Mode::Operational).await;
    for (id, name) in [("group-1", "Group one"), ("group-2", "Group two")] {
        let designation = proposed(&cluster, id, name).await;
        let once = decide(&cluster, second("party-a", Role::Approver), &designation, Approve).await.unwrap();
        decide(&cluster, second("party-b", Role::Approver), &once, Approve).await.unwrap();
    }
    let officer = first("party-b", Role::DutyOfficer);
    let request = pb::SuspendDesignationRequest {
        name: "designations/group-1".to_owned(),
        reason: "doubt".to_owned(),
        ..Default::default()
    };
    let answer: pb::SuspendDesignationResponse =
        call(&cluster, &officer, "DesignationService/SuspendDesignation", request.clone()).await.unwrap();
    assert_eq!(answer.designation.unwrap().state(), pb::DesignationState::Suspended);
    let twice = call::<_, pb::SuspendDesignationResponse>(
        &cluster,
        &officer,
        "DesignationService/SuspendDesignation",
        request,
    );
    assert_eq!(reason(twice.await), "STATE_FORBIDS");

    let named = pb::NameNonTargetGroupRequest {
        non_target_group_id: "ngo".to_owned(),
        non_target_group: Some(pb::NonTargetGroup {
            primary_name: "GROUP  two".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("party-a", Role::Proposer);
    let answer: pb::NameNonTargetGroupResponse =
        call(&cluster, &by, "NonTargetService/NameNonTargetGroup", named.clone()).await.unwrap();
    assert_eq!(answer.suspended_designations, ["designations/group-2"]);
    assert_eq!(standing(&cluster, "Group two").await, pb::NameStanding::NonTarget);
    let again = call::<_, pb::NameNonTargetGroupResponse>(
        &cluster,
        &by,
        "NonTargetService/NameNonTargetGroup",
        named,
    );
    assert_eq!(reason(again.await), "ALREADY_EXISTS");

    remove_by_all(&cluster, answer.non_target_group.unwrap()).await;
    let request = pb::ExpireDesignationRequest {
        name: "designations/group-1".to_owned(),
        reason: "over".to_owned(),
        ..Default::default()
    };
    let answer: pb::ExpireDesignationResponse =
        call(&cluster, &officer, "DesignationService/ExpireDesignation", request).await.unwrap();
    assert_eq!(answer.designation.unwrap().state(), pb::DesignationState::Expired);
}

#[tokio::test]
async fn a_name_refers_until_every_party_has_ratified_it() {
    let cluster = Cluster::start(Mode::Operational).await;
    let designation = proposed(&cluster, "group-1", "Group one").await;
    let once = decide(&cluster, second("party-a", Role::Approver), &designation, Approve).await.unwrap();
    decide(&cluster, second("party-b", Role::Approver), &once, Approve).await.unwrap();
    let request = pb::ProposeAliasRequest {
        name: "designations/group-1".to_owned(),
        alias: Some(pb::Alias { name: "New name".to_owned(), quality: pb::AliasQuality::Strong.into() }),
        ..Default::default()
    };
    let by = first("party-a", Role::Proposer);
    let answer: pb::ProposeAliasResponse =
        call(&cluster, &by, "DesignationService/ProposeAlias", request).await.unwrap();
    let mut designation = answer.designation.unwrap();
    for party in ["party-a", "party-b"] {
        let alias = designation.alias_proposals.last().unwrap().clone();
        let subject = alias_subject_of(designation.clone(), &alias.id).unwrap();
        assert_eq!(standing(&cluster, "new name").await, pb::NameStanding::UnratifiedAlias);
        let request = pb::DecideAliasRequest {
            name: "designations/group-1".to_owned(),
            alias_id: alias.id.clone(),
            etag: alias.etag.clone(),
            decision: Approve.into(),
            envelope: cluster.deployment().consent(party, &subject).unwrap(),
            ..Default::default()
        };
        let by = second(party, Role::Approver);
        let answer: pb::DecideAliasResponse =
            call(&cluster, &by, "DesignationService/DecideAlias", request).await.unwrap();
        designation = answer.designation.unwrap();
    }
    assert_eq!(standing(&cluster, "new name").await, pb::NameStanding::Designated);
}

#[tokio::test]
async fn a_person_offered_as_a_designation_is_refused() {
    let cluster = Cluster::start(Mode::Operational).await;
    let request = pb::ProposeDesignationRequest {
        designation: Some(pb::Designation {
            kind: pb::DesignationKind::Group.into(),
            primary_name: "A name".to_owned(),
            list_reference: "QDi.001".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let by = first("party-a", Role::Proposer);
    let answer: Result<pb::ProposeDesignationResponse, _> =
        call(&cluster, &by, "DesignationService/ProposeDesignation", request).await;
    assert!(answer.as_ref().unwrap_err().message().contains("a natural person cannot be designated"));
    assert_eq!(reason(answer), "INVALID_ARGUMENT");
}
