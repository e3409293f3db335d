//! `concord exercise`: historic cases played as calls, through the public API, on a fresh exercise accord each.
//!
//! What makes the calls never sees what is expected. A key that is not known, or a part of a case that needs incidents,
//! makes the case "not run", never passed.

mod case;
mod cast;
mod deed;
mod operation;
mod play;
mod rule_set;
mod stage;
mod when;
mod world;

use std::path::PathBuf;

use concord_domain::time::Timestamp;
use concord_proto::pb::rules::v1::Finding;
use serde_json::{Value, json};

use crate::{Failure, say};

use case::{Case, Expected, Setting};
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
    /// `permit`, `refer` or `deny`.
    pub outcome: &'static str,
    /// Every finding.
    pub findings: Vec<Finding>,
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
            tell(&id, &expected, &outcome, args.json);
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
    if let Some(cause) = case.setting.needs_incidents() {
        return Outcome::NotRun(format!("{cause}: incidents are not served yet"));
    }
    match play_setting(&case.setting).await {
        Ok(played) if accepts(&case.expected, &played) => Outcome::Passed(played),
        Ok(played) => Outcome::Failed(played),
        Err(cause) => Outcome::NotRun(cause),
    }
}

async fn play_setting(setting: &Setting) -> Result<Played, String> {
    let operation = setting.proposed_operation.as_ref().ok_or("no operation")?;
    let cast = Cast::of(setting);
    let stage = Stage::set(&cast).await?;
    let start = when::instant(&operation.time_window.start)?;
    let frame = Frame { start, aim: operation.aim_point, radius_m: operation.radius_m.unwrap_or(0.0) };
    let mut play = Play::new(&stage, &cast, Timestamp::MIN);
    play.set_up(setting, operation, frame).await?;
    let answer = play.check(operation).await?;
    stage.strike().await;
    Ok(answer)
}

/// An outcome that is acceptable, not forbidden, with every code that must be there.
fn accepts(expected: &Expected, played: &Played) -> bool {
    let named = |names: &[String]| names.iter().any(|name| name == played.outcome);
    let acceptable = match expected.acceptable_outcomes.is_empty() {
        true => expected.outcome == played.outcome,
        false => named(&expected.acceptable_outcomes),
    };
    let given = |code: &String| played.findings.iter().any(|finding| &finding.code == code);
    acceptable && !named(&expected.must_never_be) && expected.must_include.iter().all(given)
}

fn tell(id: &str, expected: &Value, outcome: &Outcome, as_json: bool) {
    let (result, got, reasons) = match outcome {
        Outcome::Passed(played) => ("passed", played.outcome, codes(played)),
        Outcome::Failed(played) => ("FAILED", played.outcome, codes(played)),
        Outcome::NotRun(cause) => ("not run", "", vec![cause.clone()]),
    };
    if as_json {
        let line =
            json!({"case": id, "result": result, "got": got, "reasons": reasons, "expected": expected});
        return say::line(&line.to_string());
    }
    let wanted = expected.get("outcome").and_then(Value::as_str).unwrap_or_default();
    say::line(&format!("{result:8} {id}: expected {wanted}, got {got}: {}", reasons.join(", ")));
}

fn codes(played: &Played) -> Vec<String> {
    played.findings.iter().map(|finding| finding.code.clone()).collect()
}
