//! The house rules: which crate may depend on which, what the pure ones may never name, and that documents tell the truth.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Normal dependencies of every package of the workspace, by package.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let of = |package: &serde_json::Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let normal = dependencies.filter(|dependency| dependency["kind"].is_null());
        normal.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
    };
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), of(package))).collect()
}

/// What every service may depend on, never another service; the registry alone reads outside files.
const SERVICE: &[&str] = &[
    "concord-domain",
    "concord-policy",
    "concord-ledger",
    "concord-store",
    "concord-proto",
    "concord-server",
    "concord-client",
];

/// The arrows that are allowed; a crate that is not here may depend on anything (tests, testkit, xtask).
const ALLOWED: &[(&str, &[&str])] = &[
    ("concord-domain", &[]),
    ("concord-ledger", &[]),
    ("concord-policy", &["concord-domain"]),
    ("concord-formats", &["concord-domain"]),
    ("concord-store", &["concord-ledger"]),
    ("concord-proto", &["concord-domain"]),
    ("concord-client", &["concord-proto", "concord-ledger", "concord-domain"]),
    (
        "concord-server",
        &[
            "concord-proto",
            "concord-policy",
            "concord-ledger",
            "concord-store",
            "concord-client",
            "concord-domain",
        ],
    ),
    ("concord-incidents", SERVICE),
    ("concord-registry", SERVICE),
    ("concord-rules", SERVICE),
];

#[test]
fn only_the_allowed_arrows_exist() {
    let dependencies = dependencies();
    for (package, allowed) in ALLOWED {
        let ours = dependencies[*package].iter().filter(|name| name.starts_with("concord-"));
        let reads_files = |name: &str| *package == "concord-registry" && name == "concord-formats";
        let forbidden: Vec<_> =
            ours.filter(|name| !allowed.contains(&name.as_str()) && !reads_files(name)).collect();
        assert!(forbidden.is_empty(), "{package} may not depend on {forbidden:?}");
    }
}

#[test]
fn the_pure_crates_have_no_runtime_transport_or_randomness() {
    let dependencies = dependencies();
    let shell =
        ["tokio", "tonic", "hyper", "rustls", "getrandom", "rand", "uuid", "sled", "tracing", "tempfile"];
    for package in ["concord-domain", "concord-policy", "concord-ledger", "concord-formats"] {
        let named: Vec<_> = shell.iter().filter(|name| dependencies[package].contains(**name)).collect();
        assert!(named.is_empty(), "{package} is pure and names {named:?}");
    }
}

#[test]
fn only_their_own_crates_name_sled_and_cedar() {
    for (package, names) in dependencies() {
        assert!(!names.contains("sled") || package == "concord-store", "{package} names sled");
        assert!(
            !names.contains("cedar-policy") || package == "concord-policy",
            "{package} names cedar-policy"
        );
    }
}

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
}

fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["crates", "services", "tests"] {
        files(&root().join(folder), "rs", &mut found);
    }
    found
}

#[test]
fn the_pure_crates_read_no_clock_file_or_environment() {
    for path in sources() {
        let inside = |name: &str| path.starts_with(root().join("crates").join(name).join("src"));
        if !["domain", "policy", "ledger", "formats"].into_iter().any(inside) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for name in ["SystemTime", "Instant::now", "std::fs", "std::env", "std::net", "std::thread"] {
            assert!(!text.contains(name), "{} names {name}", path.display());
        }
    }
}

#[test]
fn every_file_says_first_what_it_is_and_is_short() {
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with //!", path.display());
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines; is there a second concept in it?", path.display());
    }
}

/// Every document: those beside the workspace's manifest, and those in its folders.
fn documents() -> Vec<PathBuf> {
    let beside = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        beside.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect();
    for folder in ["docs", "crates", "services", "tests", "proto", "deploy"] {
        files(&root().join(folder), "md", &mut found);
    }
    for known in ["README.md", "docs/threats.md", "docs/formats/entry.md", "docs/torture/README.md"] {
        assert!(found.contains(&root().join(known)), "{known} was not found");
    }
    found
}

#[test]
fn every_path_that_the_documents_name_exists() {
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for quoted in text.split('`').skip(1).step_by(2) {
            let path = quoted.split(':').next().unwrap();
            let looks_like_path =
                path.contains('/') && !path.contains(['<', '*', ' ', '{', '$']) && !path.starts_with("http");
            let ours = ["crates/", "services/", "proto/", "tests/", "docs/", "deploy/", ".ci/"];
            if looks_like_path && ours.iter().any(|start| path.starts_with(start)) {
                assert!(
                    root().join(path).exists(),
                    "{} names {path}, which does not exist",
                    document.display()
                );
            }
        }
    }
}

/// The rows of the table of invariants: identifier, path of the code, name of the test.
fn invariants(text: &str) -> Vec<(String, String, String)> {
    let table = text.split("## Invariants").nth(1).expect("the table of invariants");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [id, _, code, test] = cells.as_slice() else { panic!("a row with four cells: {row}") };
        let quoted = |cell: &str| cell.split('`').nth(1).expect("something quoted").to_owned();
        (id.trim_start_matches("| ").to_owned(), quoted(code), quoted(test))
    })
    .collect()
}

#[test]
fn every_invariant_is_marked_where_the_architecture_says_and_has_its_test() {
    let everything: String =
        sources().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<Vec<_>>().join("\n");
    let listed = invariants(&std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap());
    assert!(listed.len() > 10, "{listed:?}");
    for (id, code, test) in &listed {
        let text = std::fs::read_to_string(root().join(code)).unwrap();
        assert!(text.contains(&format!("INVARIANT ({id})")), "{code} does not mark {id}");
        assert!(
            everything.contains(&format!("fn {test}(")),
            "{id} names the test {test}, which does not exist"
        );
    }
    for marked in everything.split("INVARIANT (").skip(1).filter_map(|rest| rest.split(')').next()) {
        let is_id = marked.split_once('-').is_some_and(|(_, number)| number.parse::<u32>().is_ok());
        assert!(!is_id || listed.iter().any(|(id, ..)| id == marked), "{marked} is marked and not listed");
    }
}
