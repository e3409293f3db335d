//! A plane around one position: azimuthal equidistant, so that distance and direction from its middle are exact.
//!
//! Lengths across the direction to the middle come out too long by r / (R sin(r / R)), which [`Plane::shrink`]
//! undoes; geodesic edges are cut so short that their chords stay close to them.

use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};

use super::LatLng;
use super::distance::long_distance_m;

/// Longest piece of an edge, in metres: its chord leaves the geodesic by less than a metre within 500 km.
const PIECE_MAX_M: f64 = 10_000.0;
/// Most pieces of one edge.
const PIECES_MAX: f64 = 500.0;
/// Mean radius of the Earth in metres (IUGG R1).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A position in the plane, in metres east and north of its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// The plane around one position.
pub(super) struct Plane {
    geodesic: Geodesic,
    middle: LatLng,
}

impl Plane {
    pub(super) fn around(middle: LatLng) -> Self {
        Self { geodesic: Geodesic::wgs84(), middle }
    }

    pub(super) fn point(&self, at: LatLng) -> Point {
        let (distance_m, azimuth, _, _): (f64, f64, f64, f64) =
            self.geodesic.inverse(self.middle.lat, self.middle.lng, at.lat, at.lng);
        let (sin, cos) = azimuth.to_radians().sin_cos();
        Point { x: distance_m * sin, y: distance_m * cos }
    }

    /// The positions of a path with its geodesic edges cut into short pieces.
    pub(super) fn path(&self, path: &[LatLng]) -> Vec<Point> {
        let mut points: Vec<Point> = path.first().map(|first| self.point(*first)).into_iter().collect();
        for (from, to) in path.iter().zip(path.iter().skip(1)) {
            self.edge(*from, *to, &mut points);
        }
        points
    }

    /// The positions of a closed ring, with its edges cut.
    pub(super) fn ring(&self, ring: &[LatLng]) -> Vec<Point> {
        self.path(ring)
    }

    fn edge(&self, from: LatLng, to: LatLng, points: &mut Vec<Point>) {
        // Where even the longer measure is one piece, the exact length need not be known.
        if long_distance_m(from, to) > PIECE_MAX_M {
            self.cuts(from, to, points);
        }
        points.push(self.point(to));
    }

    /// The positions at which an edge is cut.
    fn cuts(&self, from: LatLng, to: LatLng, points: &mut Vec<Point>) {
        let (length_m, azimuth, _, _): (f64, f64, f64, f64) =
            self.geodesic.inverse(from.lat, from.lng, to.lat, to.lng);
        let pieces = (length_m / PIECE_MAX_M).ceil().clamp(1.0, PIECES_MAX);
        let mut piece = 1.0;
        while piece < pieces {
            let (lat, lng, _): (f64, f64, f64) =
                self.geodesic.direct(from.lat, from.lng, azimuth, length_m * piece / pieces);
            points.push(self.point(LatLng { lat, lng }));
            piece += 1.0;
        }
    }

    /// A length in the plane as a lower bound of the true length, for points no further than `reach_m` from the middle.
    pub(super) fn shrink(length_m: f64, reach_m: f64) -> f64 {
        let angle = reach_m / EARTH_RADIUS_M;
        if angle >= std::f64::consts::FRAC_PI_2 {
            return 0.0;
        }
        // The margin of 0.1 % covers the flattening of the ellipsoid and the chords of cut edges.
        let across = if angle > 0.0 { angle.sin() / angle } else { 1.0 };
        (length_m * across * 0.999).max(0.0)
    }
}

/// Distance from the point to the piece between two others.
pub(super) fn to_piece(at: Point, from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length2 = dx * dx + dy * dy;
    let along = if length2 > 0.0 { ((at.x - from.x) * dx + (at.y - from.y) * dy) / length2 } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    (at.x - from.x - along * dx).hypot(at.y - from.y - along * dy)
}

/// Distance from the point to the nearest piece of a path; infinite where the path is empty.
pub(super) fn to_path(at: Point, path: &[Point]) -> f64 {
    if let [only] = path {
        return (at.x - only.x).hypot(at.y - only.y);
    }
    pieces(path).map(|(from, to)| to_piece(at, from, to)).fold(f64::INFINITY, f64::min)
}

/// Distance between two paths; 0 where they cross.
pub(super) fn between_paths(a: &[Point], b: &[Point]) -> f64 {
    let crossing = pieces(a).any(|(a1, a2)| pieces(b).any(|(b1, b2)| cross(a1, a2, b1, b2)));
    if crossing {
        return 0.0;
    }
    let from_a = a.iter().map(|point| to_path(*point, b)).fold(f64::INFINITY, f64::min);
    let from_b = b.iter().map(|point| to_path(*point, a)).fold(f64::INFINITY, f64::min);
    from_a.min(from_b)
}

/// Whether a point lies inside a closed ring (even-odd rule).
pub(super) fn inside(at: Point, ring: &[Point]) -> bool {
    let crossed = pieces(ring).filter(|(from, to)| {
        (from.y > at.y) != (to.y > at.y)
            && at.x < (to.x - from.x) * (at.y - from.y) / (to.y - from.y) + from.x
    });
    crossed.count() % 2 == 1
}

/// Twice-signed area halved: positive where the ring runs counter-clockwise.
pub(super) fn signed_area(ring: &[Point]) -> f64 {
    pieces(ring).map(|(from, to)| from.x * to.y - to.x * from.y).sum::<f64>() / 2.0
}

/// Whether two edges of a closed ring that are not neighbours cross or touch.
pub(super) fn rings_cross_themselves(ring: &[Point]) -> bool {
    let edges: Vec<(Point, Point)> = pieces(ring).collect();
    let count = edges.len();
    edges.iter().enumerate().any(|(i, (a1, a2))| {
        edges.iter().enumerate().skip(i + 2).any(|(j, (b1, b2))| {
            let neighbours = i == 0 && j + 1 == count;
            !neighbours && cross(*a1, *a2, *b1, *b2)
        })
    })
}

fn pieces(path: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    path.iter().copied().zip(path.iter().copied().skip(1))
}

fn turn(a: Point, b: Point, c: Point) -> f64 {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/// Whether two pieces share a point; collinear pieces count where they overlap.
fn cross(a1: Point, a2: Point, b1: Point, b2: Point) -> bool {
    let (t1, t2, t3, t4) = (turn(a1, a2, b1), turn(a1, a2, b2), turn(b1, b2, a1), turn(b1, b2, a2));
    let apart = |p: f64, q: f64| (p > 0.0 && q > 0.0) || (p < 0.0 && q < 0.0);
    if apart(t1, t2) || apart(t3, t4) {
        return false;
    }
    let overlap = |p1: f64, p2: f64, q1: f64, q2: f64| p1.min(p2) <= q1.max(q2) && q1.min(q2) <= p1.max(p2);
    overlap(a1.x, a2.x, b1.x, b2.x) && overlap(a1.y, a2.y, b1.y, b2.y)
}
