//! Distances between places, never longer than the truth.

use geographiclib_rs::{Geodesic, InverseGeodesic};

use super::plane::{Plane, Point, between_paths, inside, to_path};
use super::{Area, Circle, LatLng, Polygon, Route};

/// Radius of the sphere on which no distance is longer than on the ellipsoid, in metres: below the smallest radius of
/// curvature of WGS84 (6 335 439 m, along the meridian at the equator).
const SHORT_RADIUS_M: f64 = 6_335_000.0;

/// Radius of the sphere on which no distance is shorter than on the ellipsoid, in metres: above the largest radius of
/// curvature of WGS84 (6 399 594 m, at the poles).
const LONG_RADIUS_M: f64 = 6_400_000.0;

/// Radius within which a disc on WGS84 is convex, in metres: below a quarter of the way round where that is shortest.
const CONVEX_RADIUS_M: f64 = 9_000_000.0;

/// Metres from the equator to a pole.
const QUARTER_MERIDIAN_M: f64 = 10_001_965.7;

/// Length of the geodesic between two positions, in metres (Karney 2013).
#[must_use]
pub fn distance_m(a: LatLng, b: LatLng) -> f64 {
    Geodesic::wgs84().inverse(a.lat, a.lng, b.lat, b.lng)
}

/// Metres between two places, 0 where they touch, overlap or contain each other; never more than the true distance.
#[must_use]
pub fn separation_m(a: &Area, b: &Area) -> f64 {
    match (a, b) {
        (Area::Circle(a), Area::Circle(b)) => circles_m(a, b),
        (Area::Circle(circle), other) | (other, Area::Circle(circle)) => {
            circle_to_polygons_m(circle, other.polygons())
        }
        (a, b) => polygons_m(a.polygons(), b.polygons()),
    }
}

/// Metres between a place and a route; never more than the true distance.
#[must_use]
pub fn separation_to_route_m(area: &Area, route: &Route) -> f64 {
    match area {
        Area::Circle(circle) => {
            let plane = Plane::around(circle.center);
            let path = plane.path(&route.path);
            let origin = Point { x: 0.0, y: 0.0 };
            let nearest_m = to_path(origin, &path);
            (near_middle_m(nearest_m) - circle.radius_m).max(0.0)
        }
        _ => area
            .polygons()
            .iter()
            .map(|polygon| polygon_to_route_m(polygon, route))
            .fold(f64::INFINITY, f64::min),
    }
}

/// Whether a position lies in a place.
#[must_use]
pub fn contains(area: &Area, at: LatLng) -> bool {
    separation_m(area, &Area::point(at)) <= 0.0
}

/// A position that stands for the place: the centre of a circle, the first position of a polygon.
#[must_use]
pub fn reference_point(area: &Area) -> LatLng {
    match area {
        Area::Circle(circle) => circle.center,
        _ => first_position(area.polygons()),
    }
}

/// The largest distance from [`reference_point`] to the edge of the place, in metres; for a polygon an upper bound of
/// the radius of a circle that holds it.
#[must_use]
pub fn extent_radius_m(area: &Area) -> f64 {
    match area {
        Area::Circle(circle) => circle.radius_m,
        _ => {
            let from = reference_point(area);
            let positions = area.polygons().iter().flat_map(|polygon| &polygon.ring);
            positions.map(|to| distance_m(from, *to)).fold(0.0, f64::max)
        }
    }
}

/// A distance between two places that is never longer than the true one, and cheap: from their reference points and how
/// far each reaches from its own.
#[must_use]
pub fn at_least_m(a: &Area, b: &Area) -> f64 {
    (short_distance_m(reference_point(a), reference_point(b)) - reach_of(a) - reach_of(b)).max(0.0)
}

/// Whether two places may be within `distance_m` of each other. Cheap, and never wrongly false.
#[must_use]
pub fn may_be_within(a: &Area, b: &Area, distance_m: f64) -> bool {
    at_least_m(a, b) <= distance_m
}

/// How far a place reaches from its reference point, on no account too little.
fn reach_of(area: &Area) -> f64 {
    match area {
        Area::Circle(circle) => circle.radius_m,
        _ => {
            let positions = area.polygons().iter().flat_map(|polygon| &polygon.ring);
            let reach_m = LONG_RADIUS_M * angle_within(reference_point(area), positions);
            // No geodesic between two positions of a smaller disc leaves it, so that no edge bulges out of it.
            if reach_m <= CONVEX_RADIUS_M { reach_m } else { f64::INFINITY }
        }
    }
}

/// An angle, in radians, within which all positions lie of one: the length on a sphere of the longest straight line in
/// degrees to any of them, no parallel on the way being longer than the one nearest to the equator.
fn angle_within<'a>(from: LatLng, positions: impl Iterator<Item = &'a LatLng>) -> f64 {
    let (mut south, mut north, mut north_or_south, mut east_or_west) = (from.lat, from.lat, 0.0_f64, 0.0_f64);
    for at in positions {
        (south, north) = (south.min(at.lat), north.max(at.lat));
        north_or_south = north_or_south.max((at.lat - from.lat).abs());
        let apart = (at.lng - from.lng).abs();
        east_or_west = east_or_west.max(apart.min(360.0 - apart));
    }
    let least_latitude = south.max(-north).max(0.0);
    let along_parallels = east_or_west * least_latitude.to_radians().cos();
    north_or_south.hypot(along_parallels).to_radians()
}

/// A distance on a sphere that is smaller than the ellipsoid, and so never longer than the true one.
fn short_distance_m(a: LatLng, b: LatLng) -> f64 {
    // Geodetic latitudes differ from the sphere's by at most 0.2 degrees, which 0.5 % of the distance covers.
    SHORT_RADIUS_M * angle(a, b) * 0.995
}

/// A distance on a sphere that is larger than the ellipsoid, and so never shorter than the true one: with the latitudes
/// as they are, no piece of a path is longer on the ellipsoid than the radius of curvature lets it be.
pub(super) fn long_distance_m(a: LatLng, b: LatLng) -> f64 {
    LONG_RADIUS_M * angle(a, b)
}

/// The angle between two positions as seen from the middle of a sphere, in radians.
fn angle(a: LatLng, b: LatLng) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let half_lat = ((lat_b - lat_a) / 2.0).sin();
    let half_lng = ((b.lng - a.lng).to_radians() / 2.0).sin();
    let h = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lng * half_lng;
    2.0 * h.sqrt().min(1.0).asin()
}

fn circles_m(a: &Circle, b: &Circle) -> f64 {
    (distance_m(a.center, b.center) - a.radius_m - b.radius_m).max(0.0)
}

/// Distances from the middle are exact save for the chords of cut edges.
fn near_middle_m(measured_m: f64) -> f64 {
    (measured_m * 0.9999 - 0.01).max(0.0)
}

fn circle_to_polygons_m(circle: &Circle, polygons: &[Polygon]) -> f64 {
    let plane = Plane::around(circle.center);
    let origin = Point { x: 0.0, y: 0.0 };
    let each = polygons.iter().map(|polygon| {
        let ring = plane.ring(&polygon.ring);
        let edge_m = to_path(origin, &ring);
        // A ring on the far side of the Earth surrounds the middle of the plane without holding it.
        if edge_m < QUARTER_MERIDIAN_M && inside(origin, &ring) { 0.0 } else { near_middle_m(edge_m) }
    });
    (each.fold(f64::INFINITY, f64::min) - circle.radius_m).max(0.0)
}

fn polygons_m(a: &[Polygon], b: &[Polygon]) -> f64 {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| polygon_pair_m(a, b)));
    pairs.fold(f64::INFINITY, f64::min)
}

fn polygon_pair_m(a: &Polygon, b: &Polygon) -> f64 {
    let (from_a, from_b) = (first_position(std::slice::from_ref(a)), first_position(std::slice::from_ref(b)));
    // Around each in turn, and the smaller of the two, so that the answer does not depend on the order.
    pair_around_m(from_a, &a.ring, &b.ring).min(pair_around_m(from_b, &a.ring, &b.ring))
}

fn pair_around_m(middle: LatLng, a: &[LatLng], b: &[LatLng]) -> f64 {
    let plane = Plane::around(middle);
    let (a, b) = (plane.ring(a), plane.ring(b));
    let holds = |ring: &[Point], other: &[Point]| other.first().is_some_and(|point| inside(*point, ring));
    if holds(&a, &b) || holds(&b, &a) {
        return 0.0;
    }
    Plane::shrink(between_paths(&a, &b), reach_m(&a).max(reach_m(&b)))
}

fn polygon_to_route_m(polygon: &Polygon, route: &Route) -> f64 {
    let plane = Plane::around(first_position(std::slice::from_ref(polygon)));
    let ring = plane.ring(&polygon.ring);
    let path = plane.path(&route.path);
    if path.iter().any(|point| inside(*point, &ring)) {
        return 0.0;
    }
    Plane::shrink(between_paths(&ring, &path), reach_m(&ring).max(reach_m(&path)))
}

fn reach_m(points: &[Point]) -> f64 {
    points.iter().map(|point| point.x.hypot(point.y)).fold(0.0, f64::max)
}

fn first_position(polygons: &[Polygon]) -> LatLng {
    let first = polygons.first().and_then(|polygon| polygon.ring.first());
    first.copied().unwrap_or(LatLng { lat: 0.0, lng: 0.0 })
}

#[cfg(test)]
mod tests;
