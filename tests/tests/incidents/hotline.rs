//! The line: numbered, delivered by cursor, acknowledged or escalated, and alive whatever else is down.

use concord_domain::accord::{HotlineDeadlines, Mode};
use concord_proto::pb::incidents::v1 as pb;
use concord_proto::pb::incidents::v1::hotline_service_client::HotlineServiceClient;
use concord_testkit::{Cluster, spec};
use tonic::Streaming;

use super::{call, officer, reason, set_clock};

fn flash(body: &str) -> pb::SendMessageRequest {
    let message = pb::HotlineMessage {
        precedence: pb::Precedence::Flash.into(),
        body: body.to_owned(),
        ..Default::default()
    };
    pb::SendMessageRequest {
        message: Some(message),
        request_id: uuid::Uuid::new_v4().to_string(),
        validate_only: false,
    }
}

async fn send(cluster: &Cluster, by: &str, request: pb::SendMessageRequest) -> pb::SendMessageResponse {
    call(cluster, &officer(by), "incidents.v1.HotlineService/SendMessage", request).await.unwrap()
}

async fn get(cluster: &Cluster, name: &str) -> pb::HotlineMessage {
    let request = pb::GetMessageRequest { name: name.to_owned(), as_of: None };
    let method = "incidents.v1.HotlineService/GetMessage";
    let answer: pb::GetMessageResponse = call(cluster, &officer("observer"), method, request).await.unwrap();
    answer.message.unwrap()
}

async fn stream(cluster: &Cluster, by: &str, cursor: u64) -> Streaming<pb::StreamMessagesResponse> {
    let channel = cluster.sessions().channel(&officer(by), "incidents").unwrap();
    let request = pb::StreamMessagesRequest { cursor };
    HotlineServiceClient::new(channel).stream_messages(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_receiver_that_returns_with_its_cursor_misses_nothing_and_gets_nothing_twice() {
    let mut cluster = Cluster::start_all(Mode::Operational).await;
    let bodies: Vec<String> = (1..=6).map(|number| format!("message {number}")).collect();
    let mut told = Vec::new();
    let mut cursor = 0;
    for (i, body) in bodies.iter().enumerate() {
        send(&cluster, "party-a", flash(body)).await;
        if i == 3 {
            cluster.stop("incidents").await;
            cluster.restart("incidents").await;
        }
        if i % 2 == 1 {
            let mut stream = stream(&cluster, "party-b", cursor).await;
            for _ in 0..2 {
                let answer = stream.message().await.unwrap().unwrap();
                cursor = answer.cursor;
                told.push(answer.message.unwrap());
            }
        }
    }
    assert_eq!(told.iter().map(|message| message.body.clone()).collect::<Vec<_>>(), bodies);
    assert_eq!(told.iter().map(|message| message.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    let channel = cluster.sessions().channel(&officer("party-b"), "incidents").unwrap();
    let request = pb::StreamMessagesRequest { cursor: 1_000 };
    let refused = HotlineServiceClient::new(channel).stream_messages(request).await;
    assert_eq!(reason(refused), "INVALID_ARGUMENT", "a cursor that this line never gave");
}

#[tokio::test]
async fn a_message_to_one_is_not_delivered_to_another_and_a_repeated_request_is_sent_once() {
    let cluster = Cluster::start_all(Mode::Operational).await;
    let mut private = flash("to party B alone");
    private.message.as_mut().unwrap().addressees = vec!["party-b".to_owned()];
    let first = send(&cluster, "party-a", private.clone()).await;
    assert_eq!(send(&cluster, "party-a", private).await, first, "the same answer, byte for byte");
    let to_all = send(&cluster, "party-a", flash("to all")).await.message.unwrap();
    assert_eq!(to_all.sequence, 2);
    for (by, bodies) in [("party-b", vec!["to party B alone", "to all"]), ("third-state", vec!["to all"])] {
        let mut stream = stream(&cluster, by, 0).await;
        for body in bodies {
            assert_eq!(stream.message().await.unwrap().unwrap().message.unwrap().body, body, "{by}");
        }
    }
}

#[tokio::test]
async fn the_line_lives_while_registry_and_rules_are_down() {
    let mut cluster = Cluster::start_all(Mode::Operational).await;
    cluster.stop("registry").await;
    cluster.stop("rules").await;
    let sent = send(&cluster, "party-a", flash("are you there")).await.message.unwrap();
    let request = pb::AcknowledgeMessageRequest {
        name: sent.name.clone(),
        duty_role: "duty officer".to_owned(),
        ..Default::default()
    };
    let method = "incidents.v1.HotlineService/AcknowledgeMessage";
    let answer: pb::AcknowledgeMessageResponse =
        call(&cluster, &officer("party-b"), method, request).await.unwrap();
    let message = answer.message.unwrap();
    assert_eq!(message.state(), pb::MessageState::Acknowledged);
    assert!(message.acknowledgements[0].elapsed_s > 0.0);
}

#[tokio::test]
async fn in_an_exercise_a_message_escalates_when_the_clock_is_set_past_its_time() {
    let cluster = Cluster::start_all(Mode::Exercise).await;
    set_clock(&cluster, 1_000_000).await;
    let sent = send(&cluster, "party-a", flash("hold")).await.message.unwrap();
    set_clock(&cluster, 1_000_119).await;
    assert_eq!(get(&cluster, &sent.name).await.state(), pb::MessageState::Sent);
    set_clock(&cluster, 1_000_120).await;
    let escalated = get(&cluster, &sent.name).await;
    assert_eq!(escalated.state(), pb::MessageState::Escalated);
    assert_eq!(escalated.escalate_time.unwrap().seconds, 1_000_120);
}

#[tokio::test]
async fn what_fell_due_while_the_service_was_down_escalates_when_it_is_back() {
    let deadlines = HotlineDeadlines { flash_s: 1, ..HotlineDeadlines::default() };
    let mut accord = spec(Mode::Operational);
    accord.hotline = deadlines;
    let mut cluster = Cluster::start_of(&accord).await;
    let sent = send(&cluster, "party-a", flash("hold")).await.message.unwrap();
    cluster.stop("incidents").await;
    cluster.restart("incidents").await;
    let mut stream = stream(&cluster, "party-b", 0).await;
    assert_eq!(stream.message().await.unwrap().unwrap().message.unwrap(), sent);
    let escalated = stream.message().await.unwrap().unwrap().message.unwrap();
    assert_eq!((escalated.name, escalated.state), (sent.name, pb::MessageState::Escalated.into()));
}
