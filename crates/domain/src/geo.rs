//! Places on the WGS84 ellipsoid and the distances between them.
//!
//! A distance that is too large can cost lives, one that is too small costs a referral: wherever a distance is
//! approximated, it errs toward the smaller. Distances between points are Karney's geodesics; edges of polygons and
//! routes are measured in an azimuthal equidistant projection around one of the two places, with a stated margin.

mod area;
mod distance;
mod plane;

pub use area::{AltitudeBand, Area, Circle, LatLng, MultiPolygon, Polygon, Route};
pub use distance::{
    at_least_m, contains, distance_m, extent_radius_m, may_be_within, reference_point, separation_m,
    separation_to_route_m,
};
