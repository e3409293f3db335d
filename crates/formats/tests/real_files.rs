//! The readers on files that a user would really import; skipped where they are not at hand, save in CI.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::path::Path;

use concord_formats::{geojson, un_xml};

fn file(path: &str) -> Option<Vec<u8>> {
    let at = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    match std::fs::read(&at) {
        Ok(bytes) => Some(bytes),
        Err(_) if std::env::var_os("CI").is_none() => {
            println!("skipped: the data file {path} is not here");
            None
        }
        Err(error) => panic!("{path}: {error}"),
    }
}

#[test]
fn the_un_lists_have_the_entities_and_persons_that_they_are_known_to_have() {
    for (path, entities, persons) in [
        ("sanctions/un-consolidated-2015-03-27.xml", 424, 622),
        ("sanctions/un-consolidated-2026-02-27.xml", 273, 730),
    ] {
        let Some(bytes) = file(path) else { return };
        let list = un_xml::read(&bytes).unwrap();
        let whole = list.entities.iter().filter(|entity| entity.is_ok()).count();
        assert_eq!(
            (list.entities.len(), whole, list.individuals_left_out),
            (entities, entities, persons),
            "{path}"
        );
    }
}

#[test]
fn a_rename_is_in_the_later_list_and_not_in_the_earlier() {
    let names = |path: &str| {
        let list = un_xml::read(&file(path)?).unwrap();
        let entity =
            list.entities.into_iter().flatten().find(|entity| entity.reference_number == "QDe.137").unwrap();
        Some(entity.aliases.into_iter().map(|alias| alias.name).collect::<Vec<_>>())
    };
    let Some(earlier) = names("sanctions/un-consolidated-2015-03-27.xml") else { return };
    let later = names("sanctions/un-consolidated-2026-02-27.xml").unwrap();
    let renamed = |names: &[String]| {
        names.iter().any(|name| name.contains("Fath al Sham") || name.contains("Fateh al-Sham"))
    };
    assert!(!renamed(&earlier) && renamed(&later), "{later:?}");
}

#[test]
fn the_health_sites_are_read_and_the_error_page_is_refused() {
    let Some(bytes) = file("protected/osm-gambia-north-bank-health.geojson") else { return };
    assert_eq!(geojson::read(&bytes).unwrap().iter().filter(|site| site.is_ok()).count(), 36);
    let page = file("protected/osm-overpass-failed-download.json").unwrap();
    assert!(geojson::read(&page).unwrap_err().what.contains("web page"));
}
