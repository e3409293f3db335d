//! The forms of a place, as requests give them and ledgers record them, and everything that can be wrong with one.

use serde::{Deserialize, Serialize};

use super::plane::{Plane, rings_cross_themselves, signed_area};
use crate::errors::Violation;
use crate::limits::{ALTITUDE_MAX_M, POSITIONS_MAX, RADIUS_MAX_M};

/// Most polygons in one place.
const POLYGONS_MAX: usize = 50;
/// Smallest area of a polygon in square metres; below it the ring is a line.
const POLYGON_MIN_M2: f64 = 1e-3;

/// A position in degrees WGS84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatLng {
    /// Degrees north, -90 to 90.
    pub lat: f64,
    /// Degrees east, -180 to 180.
    pub lng: f64,
}

impl LatLng {
    /// Everything that is wrong with the position; says so where the axes look swapped.
    #[must_use]
    pub fn violations(&self, field: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        let swapped = self.lat.abs() > 90.0 && self.lat.abs() <= 180.0 && self.lng.abs() <= 90.0;
        if !(-90.0..=90.0).contains(&self.lat) {
            let remedy = if swapped {
                "latitude and longitude look swapped: exchange them"
            } else {
                "give degrees north"
            };
            found.push(Violation::new(
                format!("{field}.latitude"),
                "from -90 to 90 degrees",
                self.lat,
                remedy,
            ));
        }
        if !(-180.0..=180.0).contains(&self.lng) {
            found.push(Violation::new(
                format!("{field}.longitude"),
                "from -180 to 180 degrees",
                self.lng,
                "give degrees east",
            ));
        }
        found
    }
}

/// A circle; radius 0 is a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    /// Centre.
    pub center: LatLng,
    /// Radius in metres.
    pub radius_m: f64,
}

/// A polygon without holes (RFC 7946 section 3.1.6). An edge that spans more than 180 degrees of longitude is taken
/// to cross the antimeridian.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polygon {
    /// Closed ring: the first position is repeated as the last.
    pub ring: Vec<LatLng>,
}

/// Several polygons that count as one place (RFC 7946 section 3.1.9).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MultiPolygon {
    /// The polygons.
    pub polygons: Vec<Polygon>,
}

/// A place on the ground.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// A circle or point.
    Circle(Circle),
    /// A polygon.
    Polygon(Polygon),
    /// Several polygons.
    MultiPolygon(MultiPolygon),
}

impl Area {
    /// A point.
    #[must_use]
    pub fn point(at: LatLng) -> Self {
        Self::Circle(Circle { center: at, radius_m: 0.0 })
    }

    /// A circle.
    #[must_use]
    pub fn circle(center: LatLng, radius_m: f64) -> Self {
        Self::Circle(Circle { center, radius_m })
    }

    /// The polygons; none for a circle.
    #[must_use]
    pub(super) fn polygons(&self) -> &[Polygon] {
        match self {
            Self::Circle(_) => &[],
            Self::Polygon(polygon) => std::slice::from_ref(polygon),
            Self::MultiPolygon(multi) => &multi.polygons,
        }
    }

    /// Everything that is wrong with the place, with field paths as in the contract.
    #[must_use]
    pub fn violations(&self, field: &str) -> Vec<Violation> {
        match self {
            Self::Circle(circle) => circle_violations(circle, &format!("{field}.circle")),
            Self::Polygon(polygon) => polygon.violations(&format!("{field}.polygon")),
            Self::MultiPolygon(multi) => multi_violations(multi, &format!("{field}.multi_polygon")),
        }
    }
}

fn circle_violations(circle: &Circle, field: &str) -> Vec<Violation> {
    let mut found = circle.center.violations(&format!("{field}.center"));
    if !(0.0..=RADIUS_MAX_M).contains(&circle.radius_m) {
        let rule = format!("from 0 to {RADIUS_MAX_M} metres");
        let remedy = "give a smaller circle, or a polygon";
        found.push(Violation::new(format!("{field}.radius_m"), rule, circle.radius_m, remedy));
    }
    found
}

fn multi_violations(multi: &MultiPolygon, field: &str) -> Vec<Violation> {
    let count = multi.polygons.len();
    if !(1..=POLYGONS_MAX).contains(&count) {
        let rule = format!("1 to {POLYGONS_MAX} polygons");
        return vec![Violation::new(format!("{field}.polygons"), rule, count, "give several places")];
    }
    let each = multi.polygons.iter().enumerate();
    each.flat_map(|(i, polygon)| polygon.violations(&format!("{field}.polygons[{i}]"))).collect()
}

impl Polygon {
    fn violations(&self, field: &str) -> Vec<Violation> {
        let field = format!("{field}.ring");
        let count = self.ring.len();
        if !(4..=POSITIONS_MAX).contains(&count) {
            let rule = format!("4 to {POSITIONS_MAX} positions, the first repeated as the last");
            return vec![Violation::new(
                field,
                rule,
                format!("{count} positions"),
                "close the ring, or simplify it",
            )];
        }
        let mut found: Vec<Violation> = Vec::new();
        for (i, position) in self.ring.iter().enumerate() {
            found.extend(position.violations(&format!("{field}[{i}]")));
        }
        let Some((first, last)) = self.ring.first().zip(self.ring.last()) else { return found };
        if found.is_empty() && first != last {
            let rule = "closed: the last position equal to the first (RFC 7946 section 3.1.6)";
            found.push(Violation::new(&field, rule, "an open ring", "repeat the first position at the end"));
        }
        if found.is_empty() {
            found.extend(self.shape_violation(&field, *first));
        }
        found
    }

    fn shape_violation(&self, field: &str, around: LatLng) -> Option<Violation> {
        let plane = Plane::around(around);
        let ring = plane.ring(&self.ring);
        if rings_cross_themselves(&ring) {
            let rule = "without edges that cross (RFC 7946 section 3.1.6)";
            return Some(Violation::new(
                field,
                rule,
                "a ring that crosses itself",
                "order the positions along the edge",
            ));
        }
        let area_m2 = signed_area(&ring).abs();
        (area_m2 < POLYGON_MIN_M2).then(|| {
            let rule = "of an area greater than zero";
            Violation::new(field, rule, format!("{area_m2:.6} m2"), "give a circle of radius 0 for a point")
        })
    }
}

/// The path of a movement; one position is a place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Positions in order.
    pub path: Vec<LatLng>,
}

impl Route {
    /// Everything that is wrong with the route.
    #[must_use]
    pub fn violations(&self, field: &str) -> Vec<Violation> {
        let count = self.path.len();
        if !(1..=POSITIONS_MAX).contains(&count) {
            let rule = format!("1 to {POSITIONS_MAX} positions");
            return vec![Violation::new(
                field,
                rule,
                format!("{count} positions"),
                "give a path, or simplify it",
            )];
        }
        let each = self.path.iter().enumerate();
        each.flat_map(|(i, position)| position.violations(&format!("{field}[{i}]"))).collect()
    }
}

/// A band of heights in metres above the WGS84 ellipsoid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AltitudeBand {
    /// Lower edge.
    pub lower_m: f64,
    /// Upper edge; absent means without limit.
    pub upper_m: Option<f64>,
}

impl AltitudeBand {
    /// Every height: what an absent band means.
    pub const ALL: Self = Self { lower_m: f64::NEG_INFINITY, upper_m: None };

    /// Metres between the bands; 0 where they touch or overlap.
    #[must_use]
    pub fn gap_m(&self, other: &Self) -> f64 {
        let upper = |band: &Self| band.upper_m.unwrap_or(f64::INFINITY);
        (self.lower_m - upper(other)).max(other.lower_m - upper(self)).max(0.0)
    }

    /// Everything that is wrong with the band.
    #[must_use]
    pub fn violations(&self, field: &str) -> Vec<Violation> {
        let bounds = -ALTITUDE_MAX_M..=ALTITUDE_MAX_M;
        let mut found = Vec::new();
        let mut check = |name: &str, value: f64| {
            if !bounds.contains(&value) {
                let rule = format!("from {} to {ALTITUDE_MAX_M} metres", -ALTITUDE_MAX_M);
                found.push(Violation::new(
                    format!("{field}.{name}"),
                    rule,
                    value,
                    "give metres above the ellipsoid",
                ));
            }
        };
        check("lower_m", self.lower_m);
        if let Some(upper_m) = self.upper_m {
            check("upper_m", upper_m);
            if upper_m < self.lower_m {
                let rule = format!("not below {field}.lower_m ({})", self.lower_m);
                found.push(Violation::new(format!("{field}.upper_m"), rule, upper_m, "exchange the two"));
            }
        }
        found
    }
}
