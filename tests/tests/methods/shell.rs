//! What the shell gives for every method alike, driven for each of them.

use concord_cli::Who;
use concord_server::clock::real;
use concord_testkit::wire::{self, Body, Shown};
use prost_reflect::MethodDescriptor;
use serde_json::{Value, json};

use crate::call::{begun, encoded, reason};
use crate::play::{Play, who};
use crate::promises::methods;

/// Reads nothing but what every participant may read.
const OPERATOR: &str = "operator/service/registry";

/// Drives, for every method that promises them, the reasons that need nothing but a caller: `ROLE_FORBIDDEN`,
/// `INVALID_ARGUMENT`, `PAGE_TOKEN_MISMATCH` and `DEADLINE_EXCEEDED`; and asks every read about the past that has just been.
pub(crate) async fn drive(play: &mut Play) {
    look_back(play).await;
    for method in play.seen.missing(play.package, "ROLE_FORBIDDEN") {
        refused(play, &who(OPERATOR), &method, &empty(&method)).await;
    }
    for method in play.seen.missing(play.package, "INVALID_ARGUMENT") {
        let dated = method.input().get_field_by_name("as_of").is_some();
        let wrong = if dated { json!({"as_of": "1969-12-31T23:59:59Z"}) } else { empty(&method) };
        let (by, _) = play.seen.good(&method);
        refused(play, &by, &method, &wrong).await;
    }
    for method in play.seen.missing(play.package, "PAGE_TOKEN_MISMATCH") {
        let (by, _) = play.seen.good(&method);
        refused(play, &by, &method, &json!({"page_token": "of another list"})).await;
    }
    for method in play.seen.missing(play.package, "DEADLINE_EXCEEDED") {
        let (by, _) = play.seen.good(&method);
        unfinished(play, &by, &method).await;
    }
}

/// What every read gives out of the entries of the ledger is what it gives out of the state that has followed them.
async fn look_back(play: &Play) {
    for method in methods(play.package) {
        if method.input().get_field_by_name("as_of").is_none() {
            continue;
        }
        let (by, request) = play.seen.good(&method);
        let mut asked = request.clone();
        let told = async |request: &Value| {
            let mut answer = play.call(&by, &method, request).await.unwrap();
            let fields = answer.as_object_mut().unwrap();
            let as_of = fields.remove("asOf");
            // What is told of now alone: whether a decision is confirmed, and the time.
            fields.remove("status");
            fields.get_mut("accord").and_then(|accord| accord.as_object_mut()?.remove("currentTime"));
            (answer, as_of)
        };
        let mut same = false;
        for _ in 0..10 {
            let (before, none) = told(&request).await;
            asked["as_of"] = json!(real().to_string());
            let (then, some) = told(&asked).await;
            assert!(none.is_none() && some.is_some(), "{}", method.full_name());
            same = then == before;
            // What time alone brings about may have come between.
            if told(&request).await.0 == before {
                break;
            }
        }
        assert!(same, "{}", method.full_name());
    }
}

fn empty(method: &MethodDescriptor) -> Value {
    if method.is_client_streaming() { json!([{}]) } else { json!({}) }
}

async fn refused(play: &mut Play, by: &Who, method: &MethodDescriptor, request: &Value) {
    let refused = play.call(by, method, request).await;
    let status = refused.expect_err(&format!("{} with {request}", method.full_name()));
    play.seen.note(method, &reason(&status));
}

/// A call whose message never comes, so that its deadline passes in the service.
async fn unfinished(play: &mut Play, by: &Who, method: &MethodDescriptor) {
    let deployment = play.cluster.deployment();
    let client = wire::client(deployment, Shown::of(deployment, by));
    let path = format!("{}/{}", method.parent_service().full_name(), method.name());
    let headers =
        wire::call(deployment, play.service, &path, client, Some("20m"), Body::Withheld).await.unwrap();
    play.seen.note(method, &reason(&wire::refusal(&headers)));
}

/// Opens every stream that promises to say when the service stops, stops it, and hears them out.
pub(crate) async fn stop_under_streams(play: &mut Play) {
    let mut open = Vec::new();
    for method in play.seen.missing(play.package, "NOT_SERVING") {
        if method.is_client_streaming() || !method.is_server_streaming() {
            continue;
        }
        let (by, request) = play.seen.good(&method);
        let channel = play.cluster.sessions().channel(&by, play.service).unwrap();
        let mut stream = begun(channel, &method, encoded(&method, &request)).await.unwrap();
        stream.message().await.unwrap().expect("a first message");
        open.push((method, stream));
    }
    play.cluster.stop(play.service).await;
    for (method, mut stream) in open {
        let ended = loop {
            match stream.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("{} ended without a word", method.full_name()),
                Err(status) => break status,
            }
        };
        play.seen.note(&method, &reason(&ended));
    }
    play.cluster.restart(play.service).await;
}
