//! Historic cases played as calls against the three services; skipped where they are not at hand, save in CI.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::collections::BTreeMap;
use std::path::Path;

use concord_cli::exercise::{Outcome, Played, play, read};
use concord_domain::text::folded;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/scenarios/historic-cases.json");
/// Cases that are played at the same time, by all tests together: each is three services.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

fn cases() -> Option<Vec<Value>> {
    if !Path::new(CASES).exists() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the cases are required in CI");
        println!("skipped: the file of historic cases is not here");
        return None;
    }
    Some(read(Path::new(CASES)).unwrap())
}

fn case(id: &str) -> Option<Value> {
    cases()?.into_iter().find(|case| case["id"] == id)
}

async fn played(case: Value) -> Outcome {
    let _permit = AT_ONCE.acquire().await.unwrap();
    play(case).await
}

/// What became of each case, in the order of the cases.
async fn all_played(cases: Vec<Value>) -> Vec<Outcome> {
    let running: Vec<_> = cases.into_iter().map(|case| tokio::spawn(played(case))).collect();
    let mut outcomes = Vec::new();
    for outcome in running {
        outcomes.push(outcome.await.unwrap());
    }
    outcomes
}

/// The codes of a case that was played, in order.
fn codes(outcome: &Outcome) -> (String, Vec<String>) {
    let (Outcome::Passed(played) | Outcome::Failed(played)) = outcome else {
        panic!("the case was not played: {outcome:?}")
    };
    (played.outcome.to_owned(), played.findings.iter().map(|finding| finding.code.clone()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_historic_case_comes_out_as_it_may() {
    let Some(cases) = cases() else { return };
    let ids: Vec<String> = cases.iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 34);
    for (id, outcome) in ids.iter().zip(all_played(cases).await) {
        match outcome {
            Outcome::Passed(_) => {}
            Outcome::Failed(Played { outcome, findings, wrong, .. }) => {
                panic!("{id} came out as {outcome}: {findings:#?} {wrong:#?}")
            }
            Outcome::NotRun(cause) => panic!("{id} was not run: {cause}"),
        }
    }
}

/// Keys whose texts name something.
const NAMES: [&str; 6] = ["id", "name", "party", "alleged_party", "incident", "list_ref"];

/// A name for each text that names something, the same for texts that denote the same.
fn named(value: &Value, names: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let texts: Vec<&str> = match value {
                    Value::String(text) if NAMES.contains(&key.as_str()) => vec![text],
                    Value::Array(texts) if key == "aliases" => {
                        texts.iter().filter_map(Value::as_str).collect()
                    }
                    _ => Vec::new(),
                };
                for text in texts {
                    let next = format!("Renamed {}", names.len() + 1);
                    names.entry(folded(text)).or_insert(next);
                }
                named(value, names);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| named(value, names)),
        _ => {}
    }
}

fn renamed(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = names.get(&folded(text)) {
                name.clone_into(text);
            }
        }
        Value::Object(object) => object.values_mut().for_each(|value| renamed(value, names)),
        Value::Array(values) => values.iter_mut().for_each(|value| renamed(value, names)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_id_name_or_place_decides_what_comes_out() {
    let Some(cases) = cases() else { return };
    let others = cases.iter().cloned().map(|mut case| {
        let mut names = BTreeMap::new();
        named(&case, &mut names);
        renamed(&mut case, &names);
        case
    });
    let others: Vec<Value> = others.collect();
    let (before, after) = (all_played(cases.clone()).await, all_played(others).await);
    for ((case, before), after) in cases.iter().zip(&before).zip(&after) {
        let id = &case["id"];
        assert!(matches!(after, Outcome::Passed(_)), "{id} renamed: {after:?}");
        let sorted = |outcome: &Outcome| {
            let (outcome, mut codes) = codes(outcome);
            codes.sort_unstable();
            (outcome, codes)
        };
        assert_eq!(sorted(before), sorted(after), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_expects_something_else_fails_and_one_with_an_unknown_key_is_not_run() {
    let Some(permitted) = case("ctl-permit-remote") else { return };
    let mut expects_more = permitted.clone();
    expects_more["expected"]["must_include"] = json!(["CEASEFIRE_AREA"]);
    assert!(matches!(played(expects_more).await, Outcome::Failed(_)));
    let mut forbids = permitted.clone();
    forbids["expected"]["must_never_be"] = json!(["permit"]);
    assert!(matches!(played(forbids).await, Outcome::Failed(_)));
    let mut unknown = permitted;
    unknown["registry_state"]["minefields"] = json!([]);
    let outcome = played(unknown).await;
    assert!(matches!(&outcome, Outcome::NotRun(cause) if cause.contains("minefields")), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_that_expects_something_else_at_any_of_its_events_fails() {
    let Some(sequence) = case("march-2017-cluster") else { return };
    let places: Vec<usize> = (0..sequence["sequence"].as_array().unwrap().len())
        .filter(|place| !sequence["sequence"][place]["expect"].is_null())
        .collect();
    assert!(places.len() >= 8, "the sequence compares what it should");
    let otherwise = places.iter().map(|place| {
        let mut otherwise = sequence.clone();
        let expect = &mut otherwise["sequence"][place]["expect"];
        if !expect["outcome"].is_null() {
            expect["outcome"] = json!("refer");
        } else if !expect["history"].is_null() {
            expect["history"] = json!(["accepted"]);
        } else {
            expect["status"] = json!("restricted");
        }
        otherwise
    });
    for (place, outcome) in places.iter().zip(all_played(otherwise.collect()).await) {
        let Outcome::Failed(played) = outcome else { panic!("event {place}: {outcome:?}") };
        assert_eq!(played.wrong.len(), 1, "event {place} alone is wrong: {:?}", played.wrong);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_suspension_reaches_is_tried_and_goes_on_while_a_party_is_suspended() {
    let Some(mut sequence) = case("march-2017-cluster") else { return };
    let suspended = sequence["sequence"][5].clone();
    assert_eq!(suspended["expect"]["status"], "suspended");
    let events = sequence["sequence"].as_array_mut().unwrap();
    for (place, scope) in
        ["hotline", "airspace reservations", "medical evacuation flights"].iter().enumerate()
    {
        let mut goes_on = suspended.clone();
        goes_on["expect"]["scope"] = json!(scope);
        goes_on["expect"]["status"] = json!(if place == 2 { "suspended" } else { "normal" });
        events.insert(6 + place, goes_on);
    }
    let Outcome::Failed(played) = played(sequence).await else { panic!("it expects that no flight goes on") };
    assert_eq!(played.wrong.len(), 1, "{:?}", played.wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variants_that_the_cases_describe_come_out_as_they_say() {
    let Some(mut moved) = case("belgrade-embassy-1999") else { return };
    let entity = &mut moved["registry_state"]["protected_entities"][0];
    (entity["lat"], entity["lon"]) = (json!(44.8250), json!(20.4190));
    let (outcome, given) = codes(&played(moved).await);
    assert_eq!(outcome, "deny", "the entry had been moved to where the embassy was: {given:?}");
    assert!(given.contains(&"PROTECTED_ENTITY_OVERLAP".to_owned()));

    let mut submitted = case("khogyani-pine-nut-workers-2019").unwrap();
    submitted["registry_state"]["movements"][0]["status"] = json!("submitted_not_acknowledged");
    let (outcome, given) = codes(&played(submitted).await);
    assert_ne!(outcome, "permit");
    assert!(given.contains(&"UNACKNOWLEDGED_NOTIFICATION".to_owned()), "{given:?}");

    let mut stale = case("ctl-permit-remote").unwrap();
    let aim = stale["proposed_operation"]["aim_point"].clone();
    stale["registry_state"]["registry_max_age_days"] = json!(30);
    stale["registry_state"]["protected_entities"] = json!([{
        "id": "PE-quarter", "name": "A quarter", "category": "residential_dense", "status": "ratified", "rule": "refer",
        "lat": aim["lat"].as_f64().unwrap() + 0.05, "lon": aim["lon"], "buffer_m": 10, "last_verified": "2016-01-01"
    }]);
    let (outcome, given) = codes(&played(stale).await);
    assert_eq!((outcome.as_str(), given), ("refer", vec!["STALE_REGISTRY_ENTRY".to_owned()]));

    let mut renamed = case("jfs-rename-commingling-2016").unwrap();
    renamed["registry_state"]["alias_proposals"][0]["status"] = json!("ratified");
    let (outcome, given) = codes(&played(renamed).await);
    assert_ne!(outcome, "permit", "{given:?}");
    assert!(given.contains(&"ALIAS_NOT_RATIFIED".to_owned()), "one party only proposed it: {given:?}");

    let mut earlier = case("ctl-deny-delisted").unwrap();
    let window = &mut earlier["proposed_operation"]["time_window"];
    let day = |text: &Value| json!(format!("2030-02-27{}", &text.as_str().unwrap()[10..]));
    (window["start"], window["end"]) = (day(&window["start"]), day(&window["end"]));
    assert_eq!(codes(&played(earlier).await).0, "permit", "the day before it was delisted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strike_without_response_a_resolved_warning_and_a_lifted_hand_open_nothing_else() {
    let Some(mut ended) = case("khan-touman-triage-2016") else { return };
    ended["registry_state"]["recent_strikes"][0]["response_in_progress"] = json!(false);
    let (_, given) = codes(&played(ended).await);
    assert!(!given.contains(&"REPEAT_ENGAGEMENT_AT_INCIDENT_SITE".to_owned()), "{given:?}");
    let mut resolved = case("khiam-un-post-2006").unwrap();
    resolved["registry_state"]["open_hotline_warnings"][0]["resolved"] = json!(true);
    let (outcome, given) = codes(&played(resolved).await);
    assert!(!given.contains(&"OPEN_HOTLINE_WARNING".to_owned()), "{given:?}");
    assert_eq!(outcome, "deny", "the post itself stays protected");
    let mut suspended = case("ctl-permit-remote").unwrap();
    let party = suspended["proposed_operation"]["party"].clone();
    let suspension = json!({"party": party, "scope": "kinetic operations", "since": "2017-01-01"});
    suspended["registry_state"]["suspensions"] = json!([suspension]);
    let (outcome, given) = codes(&played(suspended).await);
    assert_eq!((outcome.as_str(), given), ("deny", vec!["PARTY_SUSPENDED".to_owned()]));
}
