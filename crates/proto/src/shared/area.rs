//! Places and heights.

use concord_domain::geo::{AltitudeBand, Area, Circle, LatLng, MultiPolygon, Polygon};

use crate::fields::Faults;
use crate::pb::google::r#type::LatLng as PbLatLng;
use crate::pb::r#type::v1 as pb;
use crate::pb::r#type::v1::area::Form;

/// The message of a position.
#[must_use]
pub fn lat_lng_to_pb(at: LatLng) -> PbLatLng {
    let LatLng { lat, lng } = at;
    PbLatLng { latitude: lat, longitude: lng }
}

/// A position; its range is the domain's business.
#[must_use]
pub fn lat_lng_from_pb(pb: PbLatLng) -> LatLng {
    let PbLatLng { latitude, longitude } = pb;
    LatLng { lat: latitude, lng: longitude }
}

/// The message of a place.
#[must_use]
pub fn to_pb(area: &Area) -> pb::Area {
    let form = match area {
        Area::Circle(Circle { center, radius_m }) => {
            Form::Circle(pb::Circle { center: Some(lat_lng_to_pb(*center)), radius_m: *radius_m })
        }
        Area::Polygon(polygon) => Form::Polygon(polygon_to_pb(polygon)),
        Area::MultiPolygon(MultiPolygon { polygons }) => {
            Form::MultiPolygon(pb::MultiPolygon { polygons: polygons.iter().map(polygon_to_pb).collect() })
        }
    };
    pb::Area { form: Some(form) }
}

fn polygon_to_pb(polygon: &Polygon) -> pb::Polygon {
    let Polygon { ring } = polygon;
    pb::Polygon { ring: ring.iter().copied().map(lat_lng_to_pb).collect() }
}

/// A place that must be present; its shape is the domain's business. A point, in which nothing is wrong, stands for an
/// absent one.
pub fn from_pb(faults: &mut Faults, field: &str, pb: Option<pb::Area>) -> Area {
    let pb::Area { form } = faults.required(field, pb);
    match faults.required(&format!("{field}.form"), form.map(Some)) {
        None => Area::point(lat_lng_from_pb(PbLatLng::default())),
        Some(Form::Circle(pb::Circle { center, radius_m })) => {
            let center = faults.required(&format!("{field}.circle.center"), center);
            Area::Circle(Circle { center: lat_lng_from_pb(center), radius_m })
        }
        Some(Form::Polygon(polygon)) => Area::Polygon(polygon_from_pb(polygon)),
        Some(Form::MultiPolygon(pb::MultiPolygon { polygons })) => {
            Area::MultiPolygon(MultiPolygon { polygons: polygons.into_iter().map(polygon_from_pb).collect() })
        }
    }
}

fn polygon_from_pb(pb: pb::Polygon) -> Polygon {
    let pb::Polygon { ring } = pb;
    Polygon { ring: ring.into_iter().map(lat_lng_from_pb).collect() }
}

/// The message of a band of heights.
#[must_use]
pub fn band_to_pb(band: &AltitudeBand) -> pb::AltitudeBand {
    let AltitudeBand { lower_m, upper_m } = *band;
    pb::AltitudeBand { lower_m, upper_m }
}

/// A band of heights; its order is the domain's business.
#[must_use]
pub fn band_from_pb(pb: pb::AltitudeBand) -> AltitudeBand {
    let pb::AltitudeBand { lower_m, upper_m } = pb;
    AltitudeBand { lower_m, upper_m }
}
