//! Sites as GeoJSON points (RFC 7946) with OpenStreetMap's tags.

use concord_domain::geo::LatLng;
use concord_domain::registry::protection::Category;
use serde_json::{Map, Value};

use crate::{FormatError, RowError, is_html};

const FORMAT: &str = "GeoJSON";

/// A site of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Number of the feature in the file, from 1.
    pub row: u32,
    /// Key that stays the same from file to file: the OpenStreetMap identifier, with the type of the element where the file
    /// gives it, else the place.
    pub key: String,
    /// Name; where the file has none, what it is.
    pub name: String,
    /// What kind of thing it is, by its tags.
    pub category: Category,
    /// Where it is.
    pub point: LatLng,
}

/// Reads a whole collection of features.
///
/// # Errors
/// Where the file is no such collection, or is cut short.
pub fn read(bytes: &[u8]) -> Result<Vec<Result<Site, RowError>>, FormatError> {
    if is_html(bytes) {
        return Err(refused(
            "the file is a web page (HTML)".to_owned(),
            "download the data itself, not an error page",
        ));
    }
    let value: Value =
        serde_json::from_slice(bytes).map_err(|e| refused(e.to_string(), "get the file again, whole"))?;
    let of_type = |wanted: &str| value.get("type").and_then(Value::as_str) == Some(wanted);
    let features = value.get("features").and_then(Value::as_array).filter(|_| of_type("FeatureCollection"));
    let features = features
        .ok_or_else(|| refused("it is no FeatureCollection".to_owned(), "give one, as RFC 7946 says"))?;
    if value
        .get("crs")
        .is_some_and(|crs| !crs.to_string().contains("CRS84") && !crs.to_string().contains("4326"))
    {
        return Err(refused(
            "its coordinates are not WGS84".to_owned(),
            "convert them; RFC 7946 allows no other",
        ));
    }
    Ok(features.iter().zip(1..).map(|(feature, row)| site(feature, row)).collect())
}

fn refused(what: String, remedy: &'static str) -> FormatError {
    FormatError { format: FORMAT, what, offset: None, remedy }
}

fn site(feature: &Value, row: u32) -> Result<Site, RowError> {
    let empty = Map::new();
    let tags = feature.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let osm = osm_key(feature, tags);
    let error = |reason: String| RowError { row, key: osm.clone().unwrap_or_default(), reason };
    let geometry = feature.get("geometry").filter(|geometry| !geometry.is_null());
    let geometry = geometry.ok_or_else(|| error("it has no geometry; give its place".to_owned()))?;
    let kind = geometry.get("type").and_then(Value::as_str).unwrap_or_default();
    if kind != "Point" {
        return Err(error(format!("its geometry is {kind:?}; only points are read, give its centre")));
    }
    let coordinates = geometry.get("coordinates").and_then(Value::as_array).map(Vec::as_slice);
    let Some([lng, lat, ..]) = coordinates else {
        return Err(error("its coordinates are not a pair; give longitude and latitude".to_owned()));
    };
    let (Some(lng), Some(lat)) = (lng.as_f64(), lat.as_f64()) else {
        return Err(error("its coordinates are no numbers; give longitude and latitude".to_owned()));
    };
    let point = LatLng { lat, lng };
    if let Some(violation) = point.violations("coordinates").first() {
        return Err(error(violation.to_string()));
    }
    let category = category(tags);
    let name = tags.get("name").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
    Ok(Site {
        row,
        key: osm.unwrap_or_else(|| format!("{lat:.6}-{lng:.6}")),
        name: name.map_or_else(|| format!("unnamed {}", word(tags)), str::to_owned),
        category,
        point,
    })
}

/// The OpenStreetMap identifier. A node and a way may have the same number, so it stands with the type of its element, such
/// as `node/123`, where the file gives that in any of the ways that are in use.
fn osm_key(feature: &Value, tags: &Map<String, Value>) -> Option<String> {
    let given = [tags.get("osm_id"), tags.get("@id"), feature.get("id")];
    let given = given.into_iter().flatten().filter(|id| !id.is_null());
    let given: Vec<_> = given.map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect();
    let id = given.first()?;
    let typed = given.iter().find(|other| other.rsplit_once('/').is_some_and(|(_, number)| number == id));
    let kind = ["osm_type", "@type"].into_iter().map(|key| tag(tags, key)).find(|kind| !kind.is_empty());
    Some(match (typed, kind) {
        (Some(typed), _) => typed.clone(),
        (None, Some(kind)) if !id.contains('/') => format!("{}/{id}", kind.to_ascii_lowercase()),
        (None, _) => id.clone(),
    })
}

fn tag<'a>(tags: &'a Map<String, Value>, key: &str) -> &'a str {
    tags.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn word(tags: &Map<String, Value>) -> &str {
    let first = ["amenity", "healthcare", "building", "office"]
        .into_iter()
        .map(|key| tag(tags, key))
        .find(|w| !w.is_empty());
    first.unwrap_or("site")
}

/// `healthcare` alone makes a site medical; `amenity` and it disagree at times, and then the more protected wins.
fn category(tags: &Map<String, Value>) -> Category {
    let amenity = tag(tags, "amenity");
    let medical = ["hospital", "clinic", "doctors", "pharmacy", "dentist", "health_post", "nursing_home"];
    if !tag(tags, "healthcare").is_empty() || medical.contains(&amenity) {
        return Category::Medical;
    }
    match amenity {
        "school" | "university" | "college" | "kindergarten" => Category::Education,
        "place_of_worship" => Category::Religious,
        "drinking_water" | "water_point" => Category::Water,
        "shelter" | "refugee_site" => Category::Shelter,
        _ => Category::OtherCivilian,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../cli/assets/health-sites.geojson");

    #[test]
    fn sites_are_read_with_their_kind_and_place() {
        let sites = read(FILE.as_bytes()).unwrap();
        assert_eq!(sites.len(), 6);
        let first = sites[0].as_ref().unwrap();
        assert_eq!((first.category, first.point), (Category::Medical, LatLng { lat: 0.75, lng: 0.5 }));
    }

    #[test]
    fn no_beginning_of_a_file_is_taken_for_a_file() {
        let end = FILE.trim_end().len();
        for length in 0..end {
            assert!(read(&FILE.as_bytes()[..length]).is_err(), "the first {length} bytes were accepted");
        }
    }

    #[test]
    fn a_wrong_feature_is_refused_by_itself() {
        let feature = |geometry: &str| {
            let text = format!(
                "{{\"type\":\"FeatureCollection\",\"features\":[{{\"type\":\"Feature\",\"properties\":{{}},\"geometry\":{geometry}}}]}}"
            );
            read(text.as_bytes()).unwrap().remove(0).unwrap_err().reason
        };
        assert!(feature("null").contains("no geometry"));
        assert!(feature("{\"type\":\"LineString\",\"coordinates\":[[0,0],[1,1]]}").contains("only points"));
        assert!(feature("{\"type\":\"Point\",\"coordinates\":[36.1,112.5]}").contains("swapped"));
        assert!(feature("{\"type\":\"Point\",\"coordinates\":[\"36\",1]}").contains("no numbers"));
    }

    #[test]
    fn a_node_and_a_way_of_the_same_number_have_keys_of_their_own_wherever_their_type_is_given() {
        let key = |id: &str, properties: &str| {
            let text = format!(
                "{{\"type\":\"FeatureCollection\",\"features\":[{{\"type\":\"Feature\",{id}\"properties\":{{{properties}}},\
                 \"geometry\":{{\"type\":\"Point\",\"coordinates\":[1,2]}}}}]}}"
            );
            read(text.as_bytes()).unwrap().remove(0).unwrap().key
        };
        assert_eq!(key("", "\"osm_id\":7"), "7");
        assert_eq!(key("", "\"osm_id\":7,\"osm_type\":\"way\""), "way/7");
        assert_eq!(key("", "\"@id\":\"7\",\"@type\":\"Node\""), "node/7");
        assert_eq!(key("", "\"@id\":\"relation/7\",\"@type\":\"relation\""), "relation/7");
        assert_eq!(key("\"id\":\"node/7\",", "\"osm_id\":7"), "node/7");
        assert_eq!(key("\"id\":\"way/8\",", "\"osm_id\":7"), "7");
        assert_eq!(key("\"id\":null,", ""), "2.000000-1.000000");
    }

    #[test]
    fn a_web_page_is_refused() {
        assert!(
            read(b"<?xml version=\"1.0\"?><!DOCTYPE html><html></html>")
                .unwrap_err()
                .what
                .contains("web page")
        );
    }
}
