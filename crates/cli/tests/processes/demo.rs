//! `concord demo` as it is told, and what the README shows of it.

use std::path::Path;

use tokio::process::Command;

use super::CONCORD;

/// A line without what differs from run to run: its indent, its time, and made identifiers.
fn plain(line: &str) -> String {
    let line = line.trim();
    let untimed = line.rsplit_once("  (").filter(|(_, time)| time.ends_with(" ms)"));
    let line = untimed.map_or(line, |(told, _)| told);
    match line.split_once("suspensions/") {
        Some((told, _)) => format!("{told}suspensions/"),
        None => line.to_owned(),
    }
}

#[tokio::test]
async fn the_demo_comes_out_well_numbers_its_parts_and_prints_what_the_readme_shows() {
    let output = Command::new(CONCORD).arg("demo").kill_on_drop(true).output().await.unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let heading = |line: &str| line.split_once(". ").and_then(|(number, _)| number.parse::<usize>().ok());
    let numbers: Vec<_> = told.lines().filter_map(heading).collect();
    assert!(numbers.len() > 10, "{numbers:?}");
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
    for participant in ["party-a", "party-b", "third-state", "notifier", "auditor"] {
        assert!(told.contains(&format!("   {participant}/actor-1 as ")), "{participant} does nothing");
    }

    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut lines = told.lines().map(plain);
    for line in shown.lines().map(plain).filter(|line| !line.is_empty()) {
        assert!(lines.any(|told| told == line), "the demo does not print, or not in this order: {line}");
    }
}
