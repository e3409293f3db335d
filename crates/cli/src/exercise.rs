//! `concord exercise`: historic cases played as calls, through the public API, on a fresh exercise accord each.
//!
//! What makes the calls never sees what is expected. A key that is not known makes the case "not run", never passed.

mod beforehand;
mod case;
mod cast;
mod deed;
mod operation;
mod play;
mod report;
mod rule_set;
mod sequence;
mod show;
mod stage;
mod when;
mod world;

use std::collections::VecDeque;
use std::path::PathBuf;

use concord_domain::time::Timestamp;
use concord_proto::pb::rules::v1::Finding;
use serde_json::{Value, json};

use crate::{Failure, say};

use case::{Case, Expected, Point};
use cast::Cast;
use play::Play;
use stage::Stage;
use world::Frame;

/// Flags of `concord exercise`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files of cases.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Plays one case alone.
    #[arg(long)]
    case: Option<String>,
    /// Tells each case as a JSON line.
    #[arg(long)]
    json: bool,
    /// Shows the calls that were made, in order.
    #[arg(long)]
    show: bool,
}

/// What became of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was played, and came out as it may.
    Passed(Played),
    /// It was played, and came out otherwise.
    Failed(Played),
    /// It was not played, and why.
    NotRun(String),
}

/// What a case gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// `permit`, `refer`, `deny` or `not_applicable`.
    pub outcome: &'static str,
    /// Every finding.
    pub findings: Vec<Finding>,
    /// What is shown beside it and not compared.
    pub shown: Vec<String>,
    /// What came out otherwise than it must, in a case that compares more than its outcome.
    pub wrong: Vec<String>,
    /// The calls that were made.
    pub calls: Vec<show::Called>,
}

impl Played {
    fn new(outcome: &'static str) -> Self {
        Self { outcome, findings: Vec::new(), shown: Vec::new(), wrong: Vec::new(), calls: Vec::new() }
    }

    /// Adds a code that no check gave.
    fn conclude(&mut self, code: &str, message: &str) {
        let (code, message) = (code.to_owned(), message.to_owned());
        self.findings.push(Finding { code, message, ..Finding::default() });
    }
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let (mut passed, mut failed, mut not_run) = (0, 0, 0);
    for file in &args.files {
        let cases =
            read(file).map_err(|e| Failure::new(Failure::INPUT, format!("{}: {e}", file.display())))?;
        for value in cases {
            let id = value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            if args.case.as_ref().is_some_and(|wanted| wanted != &id) {
                continue;
            }
            let expected = value.get("expected").cloned().unwrap_or_default();
            let outcome = play(value).await;
            match &outcome {
                Outcome::Passed(_) => passed += 1,
                Outcome::Failed(_) => failed += 1,
                Outcome::NotRun(_) => not_run += 1,
            }
            tell(&id, &expected, &outcome, &args)?;
        }
    }
    say::line(&format!("{passed} passed, {failed} failed, {not_run} not run"));
    if failed == 0 && not_run == 0 { Ok(()) } else { Err(Failure::new(Failure::NO, "not every case passed")) }
}

/// The cases of a file: a list, or an object with a list under `cases`.
///
/// # Errors
/// Says why the file cannot be read.
pub fn read(file: &std::path::Path) -> Result<Vec<Value>, String> {
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let value: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    let cases = value.get("cases").unwrap_or(&value).as_array();
    cases.cloned().ok_or_else(|| "neither a list of cases nor an object with `cases`".to_owned())
}

/// Plays one case.
pub async fn play(value: Value) -> Outcome {
    let case = match Case::read(value) {
        Ok(case) => case,
        Err(cause) => return Outcome::NotRun(cause),
    };
    match play_case(&case).await {
        Ok(played) if accepts(&case.expected, &played) => Outcome::Passed(played),
        Ok(played) => Outcome::Failed(played),
        Err(cause) => Outcome::NotRun(cause),
    }
}

async fn play_case(case: &Case) -> Result<Played, String> {
    let cast = Cast::of(&case.setting);
    let stage = Stage::set(&cast).await?;
    let mut play = Play::new(&stage, &cast, Timestamp::MIN);
    let played = acts(&mut play, case).await;
    let calls = play.into_calls();
    stage.strike().await;
    played.map(|played| Played { calls, ..played })
}

async fn acts(play: &mut Play<'_>, case: &Case) -> Result<Played, String> {
    let setting = &case.setting;
    if !setting.sequence.is_empty() {
        return sequence::play(play, setting, &case.expectations).await;
    }
    let state = &setting.registry_state;
    if let Some(operation) = &setting.proposed_operation {
        let frame = Frame::of(operation)?;
        let mut deeds = VecDeque::from(world::deeds(play.cast, state, frame.clone())?);
        deeds.extend(beforehand::deeds(play.cast, operation, state)?);
        let required = operation.required_approvals.clone().unwrap_or_default();
        play.open(state, &required, &mut deeds, frame.start).await?;
        play.play(&mut deeds, frame.start).await?;
        return play.check(operation).await;
    }
    let incident = case.incident.as_ref().ok_or("neither an operation, nor a sequence, nor an incident")?;
    let (place, start) =
        (Point { lat: setting.place.lat, lon: setting.place.lon }, when::noon(&setting.date)?);
    let mut deeds = VecDeque::from(world::deeds(play.cast, state, Frame::at(place, start))?);
    play.open(state, &[], &mut deeds, start).await?;
    play.play(&mut deeds, start).await?;
    play.advance(start).await?;
    report::alone(play, incident, place, start).await
}

/// An outcome that is acceptable, not forbidden, with every code that must be there.
fn accepts(expected: &Expected, played: &Played) -> bool {
    let named = |names: &[String]| names.iter().any(|name| name == played.outcome);
    let acceptable = match expected.acceptable_outcomes.is_empty() {
        true => expected.outcome == played.outcome,
        false => named(&expected.acceptable_outcomes),
    };
    let given = |code: &String| played.findings.iter().any(|finding| &finding.code == code);
    let whole = played.wrong.is_empty() && expected.must_include.iter().all(given);
    acceptable && !named(&expected.must_never_be) && whole
}

fn tell(id: &str, expected: &Value, outcome: &Outcome, args: &Args) -> Result<(), Failure> {
    let none = Played::new("");
    let (result, played, cause) = match outcome {
        Outcome::Passed(played) => ("passed", played, ""),
        Outcome::Failed(played) => ("FAILED", played, ""),
        Outcome::NotRun(cause) => ("not run", &none, cause.as_str()),
    };
    let calls = if args.show { show::lines(&played.calls) } else { Ok(Vec::new()) };
    let calls = calls.map_err(|e| Failure::new(Failure::INPUT, e))?;
    let Played { outcome: got, shown, wrong, .. } = played;
    let reasons = codes(played);
    if args.json {
        let line = json!({
            "case": id, "result": result, "cause": cause, "got": got, "reasons": reasons,
            "findings": played.findings.iter().map(sentence).collect::<Vec<_>>(), "shown": shown,
            "wrong": wrong, "calls": calls, "expected": expected,
        });
        say::line(&line.to_string());
        return Ok(());
    }
    calls.iter().for_each(|call| say::line(&format!("  {call}")));
    let wanted = expected.get("outcome").and_then(Value::as_str).unwrap_or_default();
    say::line(&format!("{result:8} {id}: expected {wanted}, got {got}: {}{cause}", reasons.join(", ")));
    if args.show {
        played.findings.iter().for_each(|finding| say::line(&format!("         {}", sentence(finding))));
    }
    shown.iter().chain(wrong).for_each(|told| say::line(&format!("         {told}")));
    Ok(())
}

/// A finding with what was measured, as people read it.
fn sentence(finding: &Finding) -> String {
    let measured = finding.measured.zip(finding.limit);
    let measured =
        measured.map(|(value, limit)| format!(" (measured {value}, limit {limit} {})", finding.unit));
    format!("{}: {}{}", finding.code, finding.message, measured.unwrap_or_default())
}

fn codes(played: &Played) -> Vec<String> {
    played.findings.iter().map(|finding| finding.code.clone()).collect()
}
