//! The lists: the accord, a list of entities imported as proposals, one of them designated by all, and a group that one
//! party names as no acceptable target.

use std::time::Instant;

use concord_domain::actor::Role;
use concord_proto::pb::registry::v1 as pb;
use concord_proto::registry::designation::subject_of;
use tonic::Code;

use super::Step;
use super::stage::Stage;
use super::tell::Teller;
use crate::session::Who;

const GROUP: &str = "designations/qde-115";
/// The group against which the demo's operations are checked.
pub(super) const OTHER: &str = "designations/qde-137";
const NAME: &str = "AL-QAIDA IN IRAQ";

pub(super) async fn accord(stage: &Stage, teller: &Teller) -> Step {
    teller.part("Two parties, a third state, an observer, a notifier and an auditor work under one accord.");
    let by = Who::new("auditor", "actor-1", Role::Auditor);
    let began = Instant::now();
    let method = "concord.registry.v1.AccordService/GetAccord";
    let answer: pb::GetAccordResponse = stage.must(&by, method, pb::GetAccordRequest { as_of: None }).await?;
    let accord = answer.accord.ok_or("no accord in the answer")?;
    let told =
        format!("accord {:?}, {} participants, hash {}", accord.id, accord.participants.len(), accord.hash);
    teller.call(&by, "which accord is this?", &told, began);
    Ok(())
}

pub(super) async fn import_entities(stage: &Stage, teller: &Teller, file: Vec<u8>) -> Step {
    use pb::import_designations_request::Content;
    teller.part(
        "A list of entities is imported: groups become proposals, never designations; persons are left out.",
    );
    let by = Who::new("party-a", "actor-1", Role::Proposer);
    let began = Instant::now();
    let bytes = file.len();
    let options = pb::ImportDesignationsOptions {
        format: pb::DesignationListFormat::UnXml.into(),
        ..Default::default()
    };
    let chunks: Vec<_> = file.chunks(32 * 1024).map(|chunk| Content::Chunk(chunk.to_vec().into())).collect();
    let messages = std::iter::once(Content::Options(options)).chain(chunks);
    let messages: Vec<_> =
        messages.map(|content| pb::ImportDesignationsRequest { content: Some(content) }).collect();
    let channel = stage.sessions().channel(&by, "registry").map_err(|status| status.message().to_owned())?;
    let mut client = pb::designation_service_client::DesignationServiceClient::new(channel);
    let answer = client.import_designations(tokio_stream::iter(messages)).await;
    let mut rows = answer.map_err(|status| format!("import: {}", status.message()))?.into_inner();
    let mut summary = None;
    while let Some(message) = rows.message().await.map_err(|status| status.message().to_owned())? {
        if let Some(pb::import_designations_response::Content::Summary(totals)) = message.content {
            summary = Some(totals);
        }
    }
    let totals = summary.ok_or("the import gave no totals")?;
    let told = format!(
        "{} proposed, {} exist already, {} refused; {} persons left out",
        totals.accepted, totals.skipped, totals.rejected, totals.persons_left_out
    );
    teller.call(&by, &format!("import a UN list of {bytes} bytes"), &told, began);
    if totals.accepted == 0 || totals.persons_left_out == 0 {
        return Err(format!("the import came out wrong: {told}"));
    }
    stage.resolves(teller, NAME, pb::NameStanding::NotInForce).await
}

pub(super) async fn designate(stage: &Stage, teller: &Teller) -> Step {
    teller.part(
        "A group is designated only when every party has approved the same version, each by another actor.",
    );
    let own = Who::new("party-a", "actor-1", Role::Approver);
    let mut designation = stage.designation(&own, GROUP).await?;
    let refused = stage.decide(teller, &own, &designation).await?;
    expect(&refused, Code::PermissionDenied, "an approval of one's own proposal")?;
    for (number, party) in ["party-a", "party-b"].into_iter().enumerate() {
        let by = Who::new(party, "actor-2", Role::Approver);
        let approved = stage.decide(teller, &by, &designation).await?;
        let approved = approved.map_err(|status| status.message().to_owned())?;
        if number == 0 {
            let late = Who::new("party-b", "actor-1", Role::Approver);
            let stale = stage.decide(teller, &late, &designation).await?;
            expect(&stale, Code::Aborted, "an approval of a version that has changed")?;
            stage.resolves(teller, NAME, pb::NameStanding::NotInForce).await?;
        }
        designation = approved;
    }
    stage.resolves(teller, NAME, pb::NameStanding::Designated).await?;
    second_group(stage, teller).await
}

/// A second group, which stays designated.
async fn second_group(stage: &Stage, teller: &Teller) -> Step {
    let auditor = Who::new("auditor", "actor-1", Role::Auditor);
    let mut designation = stage.designation(&auditor, OTHER).await?;
    for party in ["party-a", "party-b"] {
        let by = Who::new(party, "actor-2", Role::Approver);
        let approved = stage.decide(teller, &by, &designation).await?;
        designation = approved.map_err(|status| status.message().to_owned())?;
    }
    Ok(())
}

pub(super) async fn name_non_target(stage: &Stage, teller: &Teller) -> Step {
    teller.part("One party names a group that is not an acceptable target: in force at once, and its designation falls.");
    let by = Who::new("party-b", "actor-1", Role::Proposer);
    let began = Instant::now();
    let request = pb::NameNonTargetGroupRequest {
        non_target_group: Some(pb::NonTargetGroup {
            primary_name: "Islamic State of Iraq".to_owned(),
            reason: "named to show what one party can do alone".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let method = "concord.registry.v1.NonTargetService/NameNonTargetGroup";
    let answer: pb::NameNonTargetGroupResponse = stage.must(&by, method, request).await?;
    let told =
        format!("in force; suspended in the same instant: {}", answer.suspended_designations.join(", "));
    teller.call(&by, "name \"Islamic State of Iraq\" as no acceptable target", &told, began);
    if answer.suspended_designations != [GROUP] {
        return Err(format!("the designation was not suspended: {told}"));
    }
    stage.resolves(teller, "Islamic State of Iraq", pb::NameStanding::NonTarget).await?;
    stage.resolves(teller, NAME, pb::NameStanding::NotInForce).await
}

impl Stage {
    /// Calls, and says which call failed.
    pub(super) async fn must<Q, R>(&self, by: &Who, method: &str, request: Q) -> Result<R, String>
    where
        Q: prost::Message + 'static,
        R: prost::Message + Default + 'static,
    {
        let answer = self.sessions().call(by, method, request).await;
        answer.map_err(|status| format!("{method}: {:?}: {}", status.code(), status.message()))
    }

    async fn resolves(&self, teller: &Teller, name: &str, standing: pb::NameStanding) -> Step {
        let by = Who::new("party-b", "actor-1", Role::DutyOfficer);
        let began = Instant::now();
        let request = pb::ResolveNameRequest { text: name.to_owned() };
        let method = "concord.registry.v1.NameService/ResolveName";
        let answer: pb::ResolveNameResponse = self.must(&by, method, request).await?;
        let told = format!("{} by {}", answer.standing().as_str_name(), answer.resource);
        teller.call(&by, &format!("what does {name:?} denote?"), &told, began);
        if answer.standing() == standing { Ok(()) } else { Err(format!("{name:?} came out as {told}")) }
    }

    async fn designation(&self, by: &Who, name: &str) -> Result<pb::Designation, String> {
        let request = pb::GetDesignationRequest { name: name.to_owned(), as_of: None };
        let method = "concord.registry.v1.DesignationService/GetDesignation";
        let answer: pb::GetDesignationResponse = self.must(by, method, request).await?;
        answer.designation.ok_or_else(|| "no designation in the answer".to_owned())
    }

    /// Approves a designation as it was read, signed with the key of the actor's party; the outer error is no answer.
    async fn decide(
        &self,
        teller: &Teller,
        by: &Who,
        read: &pb::Designation,
    ) -> Result<Result<pb::Designation, tonic::Status>, String> {
        let began = Instant::now();
        let subject = subject_of(read.clone()).map_err(|refusal| refusal.to_string())?;
        let request = pb::DecideDesignationRequest {
            name: read.name.clone(),
            etag: read.etag.clone(),
            decision: pb::ProposalDecision::Approve.into(),
            envelope: self.deployment().consent(&by.participant, &subject)?,
            ..Default::default()
        };
        let method = "concord.registry.v1.DesignationService/DecideDesignation";
        let answer: Result<pb::DecideDesignationResponse, _> =
            self.sessions().call(by, method, request).await;
        let told = match &answer {
            Ok(answer) => answer.designation.as_ref().map_or("", |d| d.state().as_str_name()).to_owned(),
            Err(status) => format!("refused, {:?}: {}", status.code(), status.message()),
        };
        teller.call(by, &format!("approve {} at version {}", read.name, read.etag), &told, began);
        Ok(answer.map(|answer| answer.designation.unwrap_or_default()))
    }
}

/// Ok where the call was refused with that code.
pub(super) fn expect<T>(answer: &Result<T, tonic::Status>, code: Code, what: &str) -> Step {
    match answer {
        Err(status) if status.code() == code => Ok(()),
        Err(status) => {
            Err(format!("{what} was refused as {:?}, not {code:?}: {}", status.code(), status.message()))
        }
        Ok(_) => Err(format!("{what} was accepted")),
    }
}
