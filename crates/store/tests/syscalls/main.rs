//! What the kernel is asked to do between append and answer, as strace sees it.
//!
//! In a process of its own, because what is traced is this program again.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "the builders of tests may stop a test, and a skipped one says so"
)]

#[path = "../store/counter.rs"]
#[allow(dead_code, reason = "the machine serves the other tests as well")]
mod counter;

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Command as Process;

use concord_store::SubmitError;

use crate::counter::{Command, add, open, submit};

const CHILD: &str = "CONCORD_TEST_TRACED_CHILD";

/// Ten writes, each followed by a line that the trace shows.
#[test]
#[ignore = "run under strace by the test below"]
fn traced_child() {
    let folder = std::env::var_os(CHILD).unwrap();
    let (writer, _, _) = open(std::path::Path::new(&folder));
    let mut mark = std::fs::File::create(std::path::Path::new(&folder).join("answers")).unwrap();
    mark.write_all(b"ANSWER\n").unwrap();
    for number in 0..10 {
        add(&writer, "a", &format!("r-{number}"));
        mark.write_all(b"ANSWER\n").unwrap();
    }
}

/// Writes until the sync fails, which strace brings about.
#[test]
#[ignore = "run under strace by the test below"]
fn failing_child() {
    let folder = std::env::var_os(CHILD).unwrap();
    let (writer, ledger, _) = open(std::path::Path::new(&folder));
    let mut fault = writer.fault();
    let mut answered = 0;
    let refused = loop {
        match submit(&writer, Command::Add("a".into(), 1), &format!("r-{answered}")) {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
        assert!(answered < 50, "the sync never failed");
    };
    assert!(matches!(&refused, SubmitError::Fault(why) if why.contains("journal")), "{refused:?}");
    let later = submit(&writer, Command::Add("a".into(), 1), "later");
    assert!(matches!(later, Err(SubmitError::Fault(_))), "{later:?}");
    writer.close();
    assert!(fault.borrow_and_update().is_some());
    assert_eq!((ledger.head().size, ledger.published().state.totals["a"]), (answered + 1, answered));
    std::fs::write(std::path::Path::new(&folder).join("answered"), answered.to_string()).unwrap();
}

#[test]
fn after_a_failed_sync_nothing_more_is_acknowledged_and_nothing_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(trace) = traced("failing_child", folder.path(), &["-e", "inject=fdatasync:error=EIO:when=7+"])
    else {
        return;
    };
    let syncs = trace.lines().filter(|line| line.contains("fdatasync") && line.contains("EIO")).count();
    assert_eq!(syncs, 1, "{trace}");
    let answered: u64 = std::fs::read_to_string(folder.path().join("answered")).unwrap().parse().unwrap();
    assert!(answered >= 5, "{answered}");
    let (_, ledger, _) = open(folder.path());
    assert!(ledger.published().state.totals["a"] >= answered);
}

#[test]
fn exactly_one_fdatasync_stands_between_append_and_answer() {
    let folder = tempfile::tempdir().unwrap();
    let Some(trace) = traced("traced_child", folder.path(), &[]) else { return };
    let calls = whole_calls(&trace);
    let answers: Vec<usize> = (0..calls.len()).filter(|at| calls[*at].contains("ANSWER")).collect();
    assert_eq!(answers.len(), 11, "{trace}");
    for pair in answers.windows(2) {
        let between = &calls[pair[0] + 1..pair[1]];
        let on_journal = between.iter().filter(|call| call.contains(".seg>"));
        let names: Vec<&str> = on_journal.map(|call| call.split('(').next().unwrap()).collect();
        assert_eq!(names, ["pwrite64", "fdatasync"], "{between:#?}");
        assert!(!between.iter().any(|call| call.contains("sync") && call.contains("index/")), "{between:#?}");
    }
}

/// Opens a ledger in a folder that is made for it, and opens it again.
#[test]
#[ignore = "run under strace by the test below"]
fn opening_child() {
    let folder = std::path::PathBuf::from(std::env::var_os(CHILD).unwrap()).join("above/ledger");
    let (writer, _, _) = open(&folder);
    add(&writer, "a", "r-1");
    writer.close();
    drop(writer);
    let mut mark = std::fs::File::create(folder.join("answers")).unwrap();
    mark.write_all(b"ANSWER\n").unwrap();
    open(&folder).0.close();
}

#[test]
fn a_start_makes_every_name_durable_and_its_last_group_once_more_before_anybody_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let Some(trace) = traced("opening_child", folder.path(), &[]) else { return };
    let calls = whole_calls(&trace);
    let (first, again) = calls.split_at(calls.iter().position(|call| call.contains("ANSWER")).unwrap());
    let root = folder.path().canonicalize().unwrap().display().to_string();
    let at = |calls: &[String], name: &str, path: &str| {
        let named = format!("<{root}{path}>");
        calls.iter().position(|call| call.starts_with(name) && call.contains(&named))
    };
    let segment = "/above/ledger/journal/00000000.seg";
    let group = at(first, "fdatasync", segment).unwrap();
    for above in ["", "/above", "/above/ledger"] {
        assert!(at(first, "fsync", above).unwrap() < group, "{above}: {first:#?}");
        assert!(at(again, "fsync", above).is_some(), "{above}: {again:#?}");
    }
    assert!(at(again, "pwrite64", segment).unwrap() < at(again, "fsync", segment).unwrap(), "{again:#?}");
    assert!(at(again, "fsync", "/above/ledger/journal").is_some(), "{again:#?}");
}

/// Runs a test of this file under strace on `folder` and gives the trace; `None` where there is no strace.
fn traced(child: &str, folder: &Path, more: &[&str]) -> Option<String> {
    if Process::new("strace").arg("-V").output().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "strace is required in CI");
        println!("skipped: strace is not installed");
        return None;
    }
    let trace = folder.join("trace");
    let traced = Process::new("strace")
        .args(["-f", "-y", "-qq", "-e", "trace=pwrite64,fdatasync,fsync,write"])
        .args(more)
        .arg("-o")
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture"])
        .env(CHILD, folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&traced.stdout).into_owned();
    assert!(traced.status.success() && said.contains("1 passed"), "{said}");
    Some(std::fs::read_to_string(trace).unwrap())
}

/// The calls in the order in which they ended, without thread numbers; strace breaks one in two where another thread
/// comes between.
fn whole_calls(trace: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        if let Some(start) = call.strip_suffix("<unfinished ...>") {
            begun.insert(thread, start);
        } else if let Some((_, end)) = call.strip_prefix("<... ").and_then(|rest| rest.split_once("resumed>"))
        {
            calls.push(format!("{}{end}", begun.remove(thread).unwrap()));
        } else {
            calls.push(call.to_owned());
        }
    }
    calls
}
