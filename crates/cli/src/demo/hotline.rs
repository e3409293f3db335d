//! The hotline: a FLASH message acknowledged by a named duty role, and one that nobody acknowledges and that escalates.

use std::time::{Duration, Instant};

use concord_domain::actor::Role;
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::incidents::v1::hotline_service_client::HotlineServiceClient;

use super::Step;
use super::stage::Stage;
use super::tell::Teller;
use crate::session::Who;

/// Longest wait for the escalation of a message that has three seconds.
const ESCALATION_MAX: Duration = Duration::from_secs(10);

fn officer(party: &str) -> Who {
    Who::new(party, "actor-1", Role::DutyOfficer)
}

/// Sends a FLASH message.
pub(super) async fn flash(stage: &Stage, by: &Who, body: &str) -> Result<pb::HotlineMessage, String> {
    let message = pb::HotlineMessage {
        precedence: pb::Precedence::Flash.into(),
        body: body.to_owned(),
        language_code: "en".to_owned(),
        ..Default::default()
    };
    let request = pb::SendMessageRequest { message: Some(message), ..Default::default() };
    let method = "concord.incidents.v1.HotlineService/SendMessage";
    let answer: pb::SendMessageResponse = stage.must(by, method, request).await?;
    answer.message.ok_or_else(|| "no message in the answer".to_owned())
}

pub(super) async fn flash_messages(stage: &Stage, teller: &Teller) -> Step {
    teller.part("A FLASH message is acknowledged by a named duty role; another is not, and escalates after its three seconds.");
    let failed = |status: tonic::Status| status.message().to_owned();
    let channel = stage.sessions().channel(&officer("party-b"), "incidents").map_err(failed)?;
    let request = pb::StreamMessagesRequest { cursor: 0 };
    let stream = HotlineServiceClient::new(channel).stream_messages(request).await.map_err(failed)?;
    let mut stream = stream.into_inner();
    let mut next = async || match tokio::time::timeout(ESCALATION_MAX, stream.message()).await {
        Ok(Ok(Some(told))) => told.message.ok_or_else(|| "an empty message".to_owned()),
        Ok(Ok(None)) => Err("the stream ended".to_owned()),
        Ok(Err(status)) => Err(status.message().to_owned()),
        Err(_) => Err("nothing came on the stream in time".to_owned()),
    };

    let began = Instant::now();
    let sent = flash(stage, &officer("party-a"), "Hold all activity: the convoy is rerouted").await?;
    let received = next().await?;
    let told = format!("number {} of its sender, on the other side's stream", received.sequence);
    teller.call(&officer("party-a"), "send FLASH: hold all activity", &told, began);
    if received != sent {
        return Err("the stream told another message than was sent".to_owned());
    }
    acknowledge(stage, teller, &received).await?;
    if next().await?.state() != pb::MessageState::Acknowledged {
        return Err("the stream did not tell the acknowledgement".to_owned());
    }

    let began = Instant::now();
    flash(stage, &officer("party-a"), "Confirm that you hold").await?;
    next().await?;
    let escalated = next().await?;
    let told = format!("{}: nobody acknowledged it", escalated.state().as_str_name());
    teller.call(&officer("party-a"), "send FLASH: confirm that you hold", &told, began);
    if escalated.state() == pb::MessageState::Escalated { Ok(()) } else { Err(told) }
}

async fn acknowledge(stage: &Stage, teller: &Teller, message: &pb::HotlineMessage) -> Step {
    let began = Instant::now();
    let request = pb::AcknowledgeMessageRequest {
        name: message.name.clone(),
        duty_role: "air operations duty officer".to_owned(),
        ..Default::default()
    };
    let method = "concord.incidents.v1.HotlineService/AcknowledgeMessage";
    let answer: pb::AcknowledgeMessageResponse = stage.must(&officer("party-b"), method, request).await?;
    let message = answer.message.ok_or("no message in the answer")?;
    let given = message.acknowledgements.first().ok_or("no acknowledgement in the answer")?;
    let told =
        format!("{} by {:?} after {:.3} s", message.state().as_str_name(), given.duty_role, given.elapsed_s);
    teller.call(&officer("party-b"), "acknowledge", &told, began);
    if message.state() == pb::MessageState::Acknowledged { Ok(()) } else { Err(told) }
}
