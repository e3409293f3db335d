//! Imports that meet what stands already: the same is skipped, other content is refused and named, nothing is changed.

use std::path::Path;

use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_testkit::first;
use pb::designation_service_client::DesignationServiceClient;
use pb::protection_service_client::ProtectionServiceClient;

use super::protection::remove_by_all;
use super::*;

const AMEND: &str = "AmendProtectedEntity";

/// A feature of the file.
fn site(properties: &str, latitude: f64) -> String {
    format!(
        "{{\"type\":\"Feature\",\"properties\":{{{properties}}},\
         \"geometry\":{{\"type\":\"Point\",\"coordinates\":[0.5,{latitude}]}}}}"
    )
}

/// Imports sites, and gives what became of each: the outcome, the name of the resource, the reason.
async fn imported(
    cluster: &Cluster,
    features: &[String],
    validate_only: bool,
) -> Vec<(pb::ImportOutcome, String, String)> {
    use pb::import_protected_entities_request::Content as Asked;
    use pb::import_protected_entities_response::Content as Told;
    let file = format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", features.join(","));
    let format = pb::SiteListFormat::Geojson.into();
    let options = pb::ImportProtectedEntitiesOptions { format, accuracy_m: 50.0, validate_only };
    let messages = [Asked::Options(options), Asked::Chunk(file.into_bytes().into())];
    let messages = messages.map(|content| pb::ImportProtectedEntitiesRequest { content: Some(content) });
    let channel = cluster.sessions().channel(&first("notifier", Role::Proposer), "registry").unwrap();
    let mut client = ProtectionServiceClient::new(channel);
    let answer = client.import_protected_entities(futures_util::stream::iter(messages)).await.unwrap();
    let (mut answer, mut rows) = (answer.into_inner(), Vec::new());
    while let Some(message) = answer.message().await.unwrap() {
        if let Some(Told::Row(row)) = message.content {
            rows.push((row.outcome(), row.resource.clone(), row.reason.clone()));
        }
    }
    rows
}

async fn standing(cluster: &Cluster, name: &str) -> pb::ProtectedEntity {
    let request = pb::GetProtectedEntityRequest { name: name.to_owned(), as_of: None };
    let by = first("auditor", Role::Auditor);
    let answer: pb::GetProtectedEntityResponse =
        call(cluster, &by, "ProtectionService/GetProtectedEntity", request).await.unwrap();
    answer.protected_entity.unwrap()
}

/// The row is refused, names these fields, and says what to do.
fn differs(row: &(pb::ImportOutcome, String, String), resource: &str, fields: &str, remedy: &str) {
    let (outcome, of, reason) = row;
    assert_eq!((*outcome, of.as_str()), (pb::ImportOutcome::Rejected, resource), "{reason}");
    assert!(reason.contains(&format!("differs in {fields};")), "{reason}");
    assert!(reason.contains(remedy), "{reason}");
}

#[tokio::test]
async fn a_site_that_moved_in_a_newer_file_is_refused_and_keeps_its_place_until_it_is_amended() {
    let cluster = Cluster::start(Mode::Operational).await;
    let clinic = "\"osm_id\":7,\"amenity\":\"clinic\",\"name\":\"Cafe\u{301} clinic\"";
    let name = "protectedEntities/site-7";
    let first_time = imported(&cluster, &[site(clinic, 0.5)], false).await;
    assert_eq!(first_time, [(pb::ImportOutcome::Accepted, name.to_owned(), String::new())]);
    let before = standing(&cluster, name).await;

    let again = imported(&cluster, &[site(clinic, 0.5)], false).await;
    assert_eq!((again[0].0, again[0].1.as_str()), (pb::ImportOutcome::Skipped, name), "{again:?}");
    differs(&imported(&cluster, &[site(clinic, 0.6)], false).await[0], name, "area", AMEND);
    let school = "\"osm_id\":7,\"amenity\":\"school\",\"name\":\"School\"";
    differs(&imported(&cluster, &[site(school, 0.5)], false).await[0], name, "category, display_name", AMEND);
    assert_eq!(standing(&cluster, name).await, before);

    remove_by_all(&cluster, before).await;
    differs(&imported(&cluster, &[site(clinic, 0.5)], false).await[0], name, "state", "anew");
}

#[tokio::test]
async fn two_sites_whose_keys_give_one_identifier_do_not_pass_for_one() {
    let cluster = Cluster::start(Mode::Operational).await;
    // A node and a way of one number are told apart by their type.
    let [node, way] = ["node", "way"].map(|kind| {
        site(&format!("\"osm_id\":7,\"osm_type\":\"{kind}\",\"amenity\":\"clinic\",\"name\":\"{kind}\""), 0.5)
    });
    let rows = imported(&cluster, &[node, way], false).await;
    let resources: Vec<_> = rows.iter().map(|row| (row.0, row.1.as_str())).collect();
    let accepted = |name| (pb::ImportOutcome::Accepted, name);
    assert_eq!(resources, ["protectedEntities/site-node-7", "protectedEntities/site-way-7"].map(accepted));
    // Without it, and where a long key is cut, the second is refused; the same where nothing is written.
    let long = "k".repeat(80);
    let keys = [("8", "8", "area"), (&format!("{long}-1"), &format!("{long}-2"), "area, source")];
    for (one, other, fields) in keys {
        let sites = [(one, 0.5), (other, 0.6)]
            .map(|(key, latitude)| site(&format!("\"osm_id\":\"{key}\",\"amenity\":\"clinic\""), latitude));
        for validate_only in [true, false] {
            let rows = imported(&cluster, &sites, validate_only).await;
            assert_eq!(rows[0].0, pb::ImportOutcome::Accepted, "{rows:?}");
            differs(&rows[1], &rows[0].1, fields, "an earlier row");
        }
    }
}

/// Imports a list of the UN, and gives what became of each entity, and why.
async fn proposed(cluster: &Cluster, file: &[u8]) -> Vec<(pb::ImportOutcome, String)> {
    use pb::import_designations_request::Content as Asked;
    use pb::import_designations_response::Content as Told;
    let format = pb::DesignationListFormat::UnXml.into();
    let options = pb::ImportDesignationsOptions { format, ..Default::default() };
    let chunks = file.chunks(32 * 1024).map(|chunk| Asked::Chunk(chunk.to_vec().into()));
    let messages = std::iter::once(Asked::Options(options)).chain(chunks);
    let messages: Vec<_> =
        messages.map(|content| pb::ImportDesignationsRequest { content: Some(content) }).collect();
    let channel = cluster.sessions().channel(&first("party-a", Role::Proposer), "registry").unwrap();
    let mut client = DesignationServiceClient::new(channel);
    let answer = client.import_designations(futures_util::stream::iter(messages)).await.unwrap();
    let (mut answer, mut rows) = (answer.into_inner(), Vec::new());
    while let Some(message) = answer.message().await.unwrap() {
        if let Some(Told::Row(row)) = message.content {
            rows.push((row.outcome(), row.reason));
        }
    }
    rows
}

#[tokio::test]
async fn a_listed_group_that_differs_from_what_was_proposed_is_refused_and_an_absent_name_removes_none() {
    let cluster = Cluster::start(Mode::Operational).await;
    let outcome = async |names: &[&str]| {
        let alias = |name: &&str| {
            format!("<ENTITY_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>{name}</ALIAS_NAME></ENTITY_ALIAS>")
        };
        let file = format!(
            "<CONSOLIDATED_LIST><INDIVIDUALS></INDIVIDUALS><ENTITIES><ENTITY><FIRST_NAME>GROUP</FIRST_NAME>\
             <UN_LIST_TYPE>Test</UN_LIST_TYPE><REFERENCE_NUMBER>QDe.900</REFERENCE_NUMBER>\
             <LISTED_ON>2001-10-06</LISTED_ON>{}</ENTITY></ENTITIES></CONSOLIDATED_LIST>",
            names.iter().map(alias).collect::<String>()
        );
        proposed(&cluster, file.as_bytes()).await.remove(0)
    };
    assert_eq!(outcome(&["One", "Two"]).await.0, pb::ImportOutcome::Accepted);
    assert_eq!(outcome(&["Two", "One"]).await.0, pb::ImportOutcome::Skipped);
    assert_eq!(outcome(&["One"]).await.0, pb::ImportOutcome::Skipped);
    let (rejected, reason) = outcome(&["One", "Two", "Three"]).await;
    assert_eq!(rejected, pb::ImportOutcome::Rejected);
    assert!(reason.contains("differs in aliases;") && reason.contains("ProposeAlias"), "{reason}");
}

#[tokio::test]
async fn a_real_list_that_is_imported_again_is_skipped_whole_and_a_later_one_names_what_differs() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/sanctions");
    let read = |name: &str| match std::fs::read(shared.join(name)) {
        Ok(bytes) => Some(bytes),
        Err(_) if std::env::var_os("CI").is_none() => None,
        Err(error) => panic!("{name}: {error}"),
    };
    let Some(earlier) = read("un-consolidated-2015-03-27.xml") else {
        return println!("skipped: the lists are not here");
    };
    let later = read("un-consolidated-2026-02-27.xml").unwrap();
    let cluster = Cluster::start(Mode::Operational).await;
    let all = |rows: &[(pb::ImportOutcome, String)], outcome| rows.iter().all(|(given, _)| *given == outcome);
    let rows = proposed(&cluster, &earlier).await;
    assert!(rows.len() == 424 && all(&rows, pb::ImportOutcome::Accepted), "{rows:?}");
    let rows = proposed(&cluster, &earlier).await;
    assert!(rows.len() == 424 && all(&rows, pb::ImportOutcome::Skipped), "{rows:?}");
    let rows = proposed(&cluster, &later).await;
    let renamed = |(outcome, reason): &&(pb::ImportOutcome, String)| {
        *outcome == pb::ImportOutcome::Rejected
            && reason.starts_with("designations/qde-137 exists and differs in ")
    };
    assert_eq!(rows.iter().filter(renamed).count(), 1, "{rows:?}");
}
