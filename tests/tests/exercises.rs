//! Historic cases played as calls against the three services; skipped where they are not at hand, save in CI.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::path::Path;

use concord_cli::exercise::{Outcome, play, read};
use serde_json::{Value, json};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/scenarios/historic-cases.json");

/// What cannot be played before incidents are served.
const NEED_INCIDENTS: [&str; 5] = [
    "nayrab-camp-2019",
    "mq9-su27-black-sea-2023",
    "khiam-un-post-2006",
    "khan-touman-triage-2016",
    "march-2017-cluster",
];

fn cases() -> Option<Vec<Value>> {
    if !Path::new(CASES).exists() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the cases are required in CI");
        println!("skipped: the file of historic cases is not here");
        return None;
    }
    Some(read(Path::new(CASES)).unwrap())
}

fn id(case: &Value) -> &str {
    case["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_historic_case_that_needs_no_incident_comes_out_as_it_may() {
    let Some(cases) = cases() else { return };
    for case in cases {
        let id = id(&case).to_owned();
        match play(case).await {
            Outcome::Passed(_) => assert!(!NEED_INCIDENTS.contains(&id.as_str()), "{id} can be played now"),
            Outcome::Failed(played) => panic!("{id} failed: {played:#?}"),
            Outcome::NotRun(cause) => assert!(NEED_INCIDENTS.contains(&id.as_str()), "{id}: {cause}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_expects_something_else_fails_and_one_with_an_unknown_key_is_not_run() {
    let Some(cases) = cases() else { return };
    let permitted = cases.into_iter().find(|case| id(case) == "ctl-permit-remote").unwrap();
    let mut expects_more = permitted.clone();
    expects_more["expected"]["must_include"] = json!(["CEASEFIRE_AREA"]);
    assert!(matches!(play(expects_more).await, Outcome::Failed(_)));
    let mut forbids = permitted.clone();
    forbids["expected"]["must_never_be"] = json!(["permit"]);
    assert!(matches!(play(forbids).await, Outcome::Failed(_)));
    let mut unknown = permitted;
    unknown["registry_state"]["minefields"] = json!([]);
    let outcome = play(unknown).await;
    assert!(matches!(&outcome, Outcome::NotRun(cause) if cause.contains("minefields")), "{outcome:?}");
}
