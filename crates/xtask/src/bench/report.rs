//! What was measured, as a table with a dated file, or as one JSON object.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

use super::Args;
use super::machine::Neighbours;

/// One figure.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    id: String,
    what: String,
    value: f64,
    unit: &'static str,
    goal: Option<f64>,
}

impl Line {
    pub(crate) fn new(id: String, what: String, value: f64, unit: &'static str) -> Self {
        // Three digits are more than the noise of a shared machine leaves.
        Self { id, what, value: (value * 1_000.0).round() / 1_000.0, unit, goal: None }
    }

    pub(crate) fn goal(self, goal: f64) -> Self {
        Self { goal: Some(goal), ..self }
    }
}

pub(crate) fn tell(lines: &[Line], args: &Args, neighbours: &Neighbours) -> Result<(), String> {
    let mut out = std::io::stdout();
    if args.json {
        let text =
            serde_json::to_string(&serde_json::json!({ "lines": lines })).map_err(|e| e.to_string())?;
        return writeln!(out, "{text}").map_err(|e| e.to_string());
    }
    let table = table(lines, args, neighbours)?;
    writeln!(out, "{table}").map_err(|e| e.to_string())?;
    if args.quick {
        return Ok(());
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks");
    std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    std::fs::write(folder.join(format!("{}.md", first_line("date", &["-u", "+%F"]))), table)
        .map_err(|e| e.to_string())
}

fn table(lines: &[Line], args: &Args, neighbours: &Neighbours) -> Result<String, String> {
    let mut text = String::from("# Benchmark\n\n");
    let command = if args.quick { "cargo xtask bench --quick" } else { "cargo xtask bench" };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let (date, machine) = (first_line("date", &["-u", "+%F"]), first_line("uname", &["-srm"]));
    let profile = if cfg!(debug_assertions) { "development" } else { "release" };
    let head = format!(
        "`{command}`, {profile} build, {date}, {machine}, {cores} cores; server, client and controls share them. {}\n\n",
        neighbours.told()
    );
    text.push_str(&head);
    text.push_str("| what | value | unit | goal |\n| --- | ---: | --- | ---: |\n");
    for Line { id: _, what, value, unit, goal } in lines {
        let goal = goal.map(|goal| goal.to_string()).unwrap_or_default();
        writeln!(text, "| {what} | {value} | {unit} | {goal} |").map_err(|e| e.to_string())?;
    }
    Ok(text)
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}
