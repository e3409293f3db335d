//! Distances against brute force, at the poles and the antimeridian as well.

use proptest::prelude::*;

use super::*;

fn destination(from: LatLng, azimuth: f64, distance_m: f64) -> LatLng {
    use geographiclib_rs::DirectGeodesic;
    let (lat, lng, _): (f64, f64, f64) = Geodesic::wgs84().direct(from.lat, from.lng, azimuth, distance_m);
    LatLng { lat, lng }
}

/// A ring of `corners` around a middle, `radius_m` away.
fn ring(middle: LatLng, radius_m: f64, corners: usize) -> Polygon {
    let mut ring: Vec<LatLng> =
        (0..corners).map(|i| destination(middle, 360.0 * i as f64 / corners as f64, radius_m)).collect();
    ring.push(ring[0]);
    Polygon { ring }
}

/// Points along every edge, close together.
fn edge_points(polygon: &Polygon) -> Vec<LatLng> {
    let geodesic = Geodesic::wgs84();
    let mut points = Vec::new();
    for pair in polygon.ring.windows(2) {
        let (length_m, azimuth, _, _): (f64, f64, f64, f64) =
            geodesic.inverse(pair[0].lat, pair[0].lng, pair[1].lat, pair[1].lng);
        for step in 0..100 {
            points.push(destination(pair[0], azimuth, length_m * f64::from(step) / 100.0));
        }
    }
    points
}

fn anywhere() -> impl Strategy<Value = LatLng> {
    let lat = prop_oneof![-90.0..=90.0f64, Just(90.0), Just(-90.0), 89.9..=90.0f64];
    let lng = prop_oneof![-180.0..=180.0f64, Just(180.0), Just(-180.0), 179.9..=180.0f64];
    (lat, lng).prop_map(|(lat, lng)| LatLng { lat, lng })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_polygon_is_never_measured_further_than_the_nearest_point_of_its_edge(
        middle in anywhere(), radius_m in 1.0..300_000.0f64, corners in 3usize..9,
        azimuth in 0.0..360.0f64, away_m in 1.0..400_000.0f64, circle_m in 0.0..5_000.0f64,
    ) {
        let polygon = ring(middle, radius_m, corners);
        let center = destination(middle, azimuth, radius_m + away_m);
        let circle = Area::circle(center, circle_m);
        let measured = separation_m(&circle, &Area::Polygon(polygon.clone()));
        let brute = edge_points(&polygon).iter().map(|p| distance_m(center, *p)).fold(f64::INFINITY, f64::min);
        let brute = (brute - circle_m).max(0.0);
        prop_assert!(measured <= brute + 0.01, "measured {measured}, nearest sampled point {brute}");
        prop_assert!(measured >= brute * 0.98 - radius_m * 0.01 - 2.0, "measured {measured}, nearest {brute}");
    }

    #[test]
    fn two_polygons_are_never_measured_further_than_their_nearest_points(
        middle in anywhere(), a_m in 1.0..50_000.0f64, b_m in 1.0..50_000.0f64,
        azimuth in 0.0..360.0f64, away_m in 0.0..100_000.0f64,
    ) {
        let a = ring(middle, a_m, 5);
        let b = ring(destination(middle, azimuth, a_m + b_m + away_m), b_m, 4);
        let measured = separation_m(&Area::Polygon(a.clone()), &Area::Polygon(b.clone()));
        let points = edge_points(&b);
        let brute = edge_points(&a).iter().step_by(5)
            .flat_map(|p| points.iter().step_by(5).map(move |q| distance_m(*p, *q))).fold(f64::INFINITY, f64::min);
        prop_assert!(measured <= brute + 0.01, "measured {measured}, nearest sampled points {brute}");
        let turned = separation_m(&Area::Polygon(b), &Area::Polygon(a));
        prop_assert!((measured - turned).abs() < 1e-6);
    }

    #[test]
    fn what_lies_inside_has_no_distance(
        middle in anywhere(), radius_m in 10.0..300_000.0f64, azimuth in 0.0..360.0f64, part in 0.0..0.4f64,
    ) {
        let polygon = Area::Polygon(ring(middle, radius_m, 6));
        let within = destination(middle, azimuth, radius_m * part);
        prop_assert_eq!(separation_m(&polygon, &Area::point(within)), 0.0);
        prop_assert_eq!(separation_m(&polygon, &Area::Polygon(ring(within, radius_m * 0.1, 4))), 0.0);
    }

    #[test]
    fn a_route_is_never_measured_further_than_any_of_its_points(
        from in anywhere(), azimuth in 0.0..360.0f64, length_m in 1.0..500_000.0f64,
        aside in 0.0..360.0f64, away_m in 0.0..200_000.0f64, part in 0.0..1.0f64,
    ) {
        let route = Route { path: vec![from, destination(from, azimuth, length_m)] };
        let on_route = destination(from, azimuth, length_m * part);
        let center = destination(on_route, aside, away_m);
        let measured = separation_to_route_m(&Area::point(center), &route);
        prop_assert!(measured <= away_m + 0.01, "measured {measured}, a point of the route is {away_m} away");
    }

    #[test]
    fn the_cheap_test_never_leaves_out_what_is_near(
        a in anywhere(), azimuth in 0.0..360.0f64, away_m in 0.0..2_000_000.0f64,
        a_m in 0.0..10_000.0f64, b_m in 1.0..10_000.0f64, within_m in 0.0..1_000_000.0f64,
    ) {
        let b = destination(a, azimuth, away_m);
        let (circle, polygon) = (Area::circle(a, a_m), Area::Polygon(ring(b, b_m, 5)));
        for other in [Area::circle(b, b_m), polygon] {
            if separation_m(&circle, &other) <= within_m {
                prop_assert!(may_be_within(&circle, &other, within_m));
            }
        }
    }

    #[test]
    fn the_cheap_distance_of_a_polygon_is_never_longer_than_to_any_point_of_its_edge(
        middle in anywhere(), radius_m in prop_oneof![1.0..50_000.0f64, 50_000.0..9_500_000.0f64], corners in 3usize..9,
        azimuth in 0.0..360.0f64, away_m in 0.0..19_000_000.0f64,
    ) {
        let polygon = ring(middle, radius_m, corners);
        let from = destination(middle, azimuth, away_m);
        let nearest_m = edge_points(&polygon).iter().map(|p| distance_m(from, *p)).fold(f64::INFINITY, f64::min);
        let (point, polygon) = (Area::point(from), Area::Polygon(polygon));
        prop_assert!(at_least_m(&point, &polygon) <= nearest_m + 1e-6);
        prop_assert_eq!(at_least_m(&point, &polygon), at_least_m(&polygon, &point));
    }

    #[test]
    fn the_cheap_distances_hold_the_true_one_between_them(
        a in anywhere(), azimuth in 0.0..360.0f64, away_m in 0.0..20_000_000.0f64, b in anywhere(),
    ) {
        for b in [b, destination(a, azimuth, away_m), LatLng { lat: -a.lat, lng: a.lng - 180.0 }] {
            let true_m = distance_m(a, b);
            prop_assert!(short_distance_m(a, b) <= true_m + 1e-6);
            prop_assert!(long_distance_m(a, b) >= true_m - 1e-6, "{} and {true_m}", long_distance_m(a, b));
        }
    }

    #[test]
    fn a_larger_circle_is_never_further(a in anywhere(), b in anywhere(), small in 0.0..5_000.0f64, more in 0.0..5_000.0f64) {
        let other = Area::point(b);
        prop_assert!(separation_m(&Area::circle(a, small + more), &other) <= separation_m(&Area::circle(a, small), &other));
    }
}

#[test]
fn a_quarter_meridian_has_its_known_length() {
    let pole = LatLng { lat: 90.0, lng: 0.0 };
    let equator = LatLng { lat: 0.0, lng: 0.0 };
    assert!((distance_m(equator, pole) - 10_001_965.729).abs() < 0.001);
}

#[test]
fn a_ring_over_the_antimeridian_holds_what_lies_on_both_sides() {
    let corner = |lat, lng| LatLng { lat, lng };
    let ring = vec![
        corner(-1.0, 179.0),
        corner(-1.0, -179.0),
        corner(1.0, -179.0),
        corner(1.0, 179.0),
        corner(-1.0, 179.0),
    ];
    let area = Area::Polygon(Polygon { ring });
    assert!(area.violations("area").is_empty());
    assert!(contains(&area, corner(0.0, 179.9)));
    assert!(contains(&area, corner(0.0, -179.9)));
    assert!(!contains(&area, corner(0.0, 0.0)));
}

#[test]
fn rings_that_are_open_cross_themselves_or_are_lines_are_refused() {
    let corner = |lat, lng| LatLng { lat, lng };
    let rule = |ring: Vec<LatLng>| {
        let found = Area::Polygon(Polygon { ring }).violations("area");
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].rule.clone()
    };
    let (a, b, c, d) = (corner(0.0, 0.0), corner(0.0, 1.0), corner(1.0, 1.0), corner(1.0, 0.0));
    assert!(rule(vec![a, b, c, d]).starts_with("closed"));
    assert!(rule(vec![a, c, b, d, a]).starts_with("without edges that cross"));
    assert!(rule(vec![a, b]).starts_with("4 to"));
    assert!(
        rule(vec![a, b, b, a]).contains("area greater than zero") || rule(vec![a, b, b, a]).contains("cross")
    );
    assert!(Area::Polygon(Polygon { ring: vec![a, b, c, d, a] }).violations("area").is_empty());
}

#[test]
fn swapped_axes_are_recognised() {
    let found = LatLng { lat: 112.5, lng: 36.1 }.violations("point");
    assert!(found[0].remedy.contains("swapped"));
    assert_eq!(LatLng { lat: f64::NAN, lng: f64::INFINITY }.violations("point").len(), 2);
}
