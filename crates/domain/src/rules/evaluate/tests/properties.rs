//! What must hold for every world: more protection, or less said, never moves a verdict toward PERMIT.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::worlds::{AIM, Setup};
use crate::geo::LatLng;
use crate::incidents::cooperation::{Effect, Scope};
use crate::incidents::engagement::Response;
use crate::incidents::incident::Severity;
use crate::registry::area::Kind as AreaKind;
use crate::registry::presence::{Level, Subject};
use crate::registry::protection::{Category, Stage};
use crate::rules::coordination::{Coordination, Said};
use crate::rules::evaluate::*;
use crate::rules::operation::{AdverseFact, Assessed, Kind, TargetType};

/// Something that restrains.
#[derive(Clone, Debug)]
enum Restraint {
    Entity(LatLng, f64, Stage),
    Movement(LatLng, i64),
    Area(LatLng, f64, AreaKind),
    NonTarget(bool),
    Reservation(LatLng, f64),
    OtherGroup(Level),
    Unconfirmed,
    Warning(LatLng, f64),
    Engagement(LatLng, i64),
    Incident(LatLng, i64, Severity),
    Suspension(bool, Effect),
    Custom(&'static str, &'static str),
}

fn place() -> impl Strategy<Value = LatLng> {
    // Mostly far enough to touch nothing, so that many worlds permit.
    let offset = prop_oneof![3 => 0.05..0.3f64, 1 => -0.01..0.01f64];
    (offset.clone(), offset).prop_map(|(lat, lng)| LatLng { lat: AIM.lat + lat, lng: AIM.lng + lng })
}

fn restraint() -> impl Strategy<Value = Restraint> {
    let stage = prop_oneof![Just(Stage::Active), Just(Stage::Claimed)];
    let kind = prop_oneof![
        Just(AreaKind::Ceasefire),
        Just(AreaKind::BorderBuffer),
        Just(AreaKind::GroundArea),
        Just(AreaKind::PopulatedArea),
        Just(AreaKind::HeldArea)
    ];
    let severity = prop_oneof![Just(Severity::NearMiss), Just(Severity::Critical)];
    prop_oneof![
        8 => (place(), 0.0..2_000.0f64, stage).prop_map(|(at, m, stage)| Restraint::Entity(at, m, stage)),
        8 => (place(), -9_000..9_000i64).prop_map(|(at, s)| Restraint::Movement(at, s)),
        8 => (place(), 1.0..2_000.0f64, kind).prop_map(|(at, m, kind)| Restraint::Area(at, m, kind)),
        1 => any::<bool>().prop_map(Restraint::NonTarget),
        6 => (place(), 1.0..2_000.0f64).prop_map(|(at, m)| Restraint::Reservation(at, m)),
        1 => prop_oneof![Just(Level::None), Just(Level::Possible), Just(Level::Confirmed)].prop_map(Restraint::OtherGroup),
        1 => Just(Restraint::Unconfirmed),
        6 => (place(), 1.0..2_000.0f64).prop_map(|(at, m)| Restraint::Warning(at, m)),
        6 => (place(), 0..200_000i64).prop_map(|(at, s)| Restraint::Engagement(at, s)),
        6 => (place(), 0..200_000i64, severity).prop_map(|(at, s, severity)| Restraint::Incident(at, s, severity)),
        1 => (any::<bool>(), prop_oneof![Just(Effect::Restricted), Just(Effect::Suspended)])
            .prop_map(|(own, effect)| Restraint::Suspension(own, effect)),
        3 => custom(&OBJECTING),
    ]
}

/// Restrictions that object whatever is said, as far as it is; the third objects always.
const OBJECTING: [&str; 5] =
    ["near nearest < 2000", "none killed > 0", "any nearest < 1000000", "broken fails", "never radius > 900"];
/// The same with one that objects to more being said, and so objects less where less is.
const OBJECTING_TO_MORE_TOO: [&str; 6] =
    [OBJECTING[0], OBJECTING[1], OBJECTING[2], OBJECTING[3], OBJECTING[4], "some sources > 1"];

fn custom(lines: &[&'static str]) -> impl Strategy<Value = Restraint> + use<> {
    let level = prop_oneof![Just("REFER"), Just("DENY")];
    let restraint = |(level, line)| Restraint::Custom(level, line);
    (level, prop::sample::select(lines.to_vec())).prop_map(restraint)
}

fn add(setup: &mut Setup, restraint: &Restraint) {
    match restraint {
        Restraint::Entity(at, m, stage) => setup.protect(*at, Category::Medical, (*m, 2.0 * m), *stage),
        Restraint::Movement(at, from_s) => setup.movement(vec![*at], *from_s, from_s + 3_600),
        Restraint::Area(at, m, kind) => setup.restrict(*at, *m, *kind, &[]),
        Restraint::NonTarget(claimed) => {
            setup.name_non_target(if *claimed { super::worlds::GROUP } else { "Third" })
        }
        Restraint::Reservation(at, m) => setup.reserve(*at, *m),
        Restraint::OtherGroup(level) => setup.presence("party-b", Subject::Group("Third".to_owned()), *level),
        Restraint::Custom(level, line) => {
            let text = format!("title=\"T\"\n{}", super::custom::article(95, level, line));
            let present = setup.articles.take().unwrap_or_default();
            // The same restriction may come twice, which a proposal would refuse.
            let _ = setup.add_articles(&text, present);
        }
        Restraint::Unconfirmed => setup.reach.registry = Reached::Unconfirmed,
        Restraint::Warning(at, m) => setup.warn(*at, *m, None),
        Restraint::Engagement(at, s) => setup.engage(*at, *s, Response::InProgress),
        Restraint::Incident(at, s, severity) => setup.report(*at, *s, *severity),
        Restraint::Suspension(own, effect) => {
            let party = if *own { "party-a" } else { "party-b" };
            setup.suspend(Some(party), None, (Scope::Kinetic, *effect));
        }
    }
}

/// One thing left out of an operation.
fn leave_out(setup: &mut Setup, what: usize) {
    let operation = &mut setup.operation;
    match what {
        0 => operation.claimed_group.clear(),
        1 => operation.harm_estimate = None,
        2 => operation.sources.clear(),
        3 => operation.civilian_presence = Assessed::Unspecified,
        4 => operation.building_use = Assessed::Unspecified,
        5 => operation.secondary_hazard = Assessed::Unspecified,
        6 => operation.dissent = AdverseFact::Unspecified,
        7 => operation.dual_use = AdverseFact::Unspecified,
        8 => operation.position_interpolated = AdverseFact::Unspecified,
        9 => operation.data_link_lost = AdverseFact::Unspecified,
        10 => operation.self_defence_claim = AdverseFact::Unspecified,
        11 => operation.emergency_claim = AdverseFact::Unspecified,
        12 => operation.troops_in_contact_claim = AdverseFact::Unspecified,
        13 => operation.known_etags.clear(),
        14 => setup.coordination.clear(),
        15 => operation.altitude_band = None,
        // The extent of the effects; the contract gives a circle without a radius none.
        EXTENT => operation.effect_area = crate::geo::Area::point(AIM),
        other => panic!("nothing is left out under {other}"),
    }
}

const EXTENT: usize = 16;
const LEFT_OUT: usize = EXTENT + 1;

/// Runs `check` over generated worlds and demands that a fifth of them permit before the change.
fn over_worlds<S: Strategy>(change: S, check: impl Fn(&Setup, S::Value) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new(Config { cases: 256, failure_persistence: None, ..Config::default() });
    let (permits, all) = (std::cell::Cell::new(0_u32), std::cell::Cell::new(0_u32));
    let worlds = (prop::collection::vec(restraint(), 0..3), change);
    let ran = runner.run(&worlds, |(restraints, change)| {
        let mut setup = super::vouched::in_order();
        restraints.iter().for_each(|restraint| add(&mut setup, restraint));
        setup.operation.known_etags = super::vouched::etags(&setup);
        all.set(all.get() + 1);
        permits.set(permits.get() + u32::from(setup.evaluate().verdict == Verdict::Permit));
        check(&setup, change)
    });
    ran.unwrap();
    let (permits, all) = (permits.get(), all.get());
    assert!(permits * 5 >= all, "only {permits} of {all} worlds permit before the change");
}

#[test]
fn a_restraint_that_is_added_never_moves_a_verdict_toward_permit() {
    over_worlds(restraint(), |before, restraint| {
        let mut after = before.clone();
        add(&mut after, &restraint);
        prop_assert!(after.evaluate().verdict >= before.evaluate().verdict);
        Ok(())
    });
}

#[test]
fn a_restriction_that_is_added_never_moves_a_verdict_toward_permit() {
    over_worlds(custom(&OBJECTING_TO_MORE_TOO), |before, restriction| {
        let mut after = before.clone();
        add(&mut after, &restriction);
        prop_assert!(after.evaluate().verdict >= before.evaluate().verdict, "{:?}", restriction);
        Ok(())
    });
}

#[test]
fn what_is_left_out_never_moves_a_verdict_toward_permit() {
    over_worlds(0..LEFT_OUT, |before, what| {
        let mut after = before.clone();
        leave_out(&mut after, what);
        // An extent that is not stated reaches nothing beside its point; people decide then, whatever else is so.
        let least = if what == EXTENT { Verdict::Refer } else { before.evaluate().verdict };
        prop_assert!(after.evaluate().verdict >= least);
        Ok(())
    });
}

#[test]
fn no_kind_and_no_target_that_speak_of_the_ground_choose_what_is_protected_there_away() {
    use Kind::{AirDefenceEngagement, AirStrike, IndirectFire, IndirectFireOrAirStrike, InterceptEngagement};
    use TargetType::{AirMovement, Aircraft, Building, GroundFireSource, MovingVehicles, Site};
    let strikes = [AirStrike, Kind::MissileStrike, IndirectFire, IndirectFireOrAirStrike];
    let strikes = strikes.into_iter().flat_map(|kind| [(kind, Aircraft), (kind, AirMovement), (kind, Site)]);
    let engagements = [InterceptEngagement, AirDefenceEngagement, Kind::TransitOrStrikeSortie, Kind::Other];
    let engagements = engagements
        .into_iter()
        .flat_map(|kind| [Building, Site, GroundFireSource, MovingVehicles].map(|target| (kind, target)));
    for (kind, target_type) in strikes.chain(engagements) {
        let mut setup = Setup::in_order();
        setup.articles = Some(Vec::new());
        (setup.operation.kind, setup.operation.target_type) = (kind, target_type);
        assert_eq!(setup.evaluate().verdict, Verdict::Permit, "{kind:?} at {target_type:?}");
        setup.protect(AIM, Category::Medical, (500.0, 0.0), Stage::Active);
        assert_eq!(setup.evaluate().verdict, Verdict::Deny, "{kind:?} at {target_type:?}");
    }
}

#[test]
fn an_operation_of_whatever_class_without_an_extent_is_never_permitted_whatever_the_rule_set_says() {
    for (kind, target_type) in [
        (Kind::AirStrike, TargetType::GroupPosition),
        (Kind::InterceptEngagement, TargetType::Aircraft),
        (Kind::AirPatrol, TargetType::AirMovement),
        (Kind::MedicalEvacuationFlight, TargetType::AirMovement),
    ] {
        let mut stated = Setup::in_order();
        stated.articles = Some(Vec::new());
        (stated.operation.kind, stated.operation.target_type) = (kind, target_type);
        if target_type == TargetType::AirMovement {
            stated.operation.claimed_group.clear();
        }
        assert_eq!(stated.evaluate().verdict, Verdict::Permit, "{kind:?}");
        leave_out(&mut stated, EXTENT);
        assert_eq!(stated.evaluate().verdict, Verdict::Refer, "{kind:?}");
    }
}

#[test]
fn an_assessment_that_is_withdrawn_never_moves_a_verdict_toward_permit() {
    over_worlds(any::<prop::sample::Index>(), |before, which| {
        let mut after = before.clone();
        let rows: Vec<_> = before.registry.presence.iter().map(|row| row.as_ref().clone()).collect();
        let mut row = rows[which.index(rows.len())].clone();
        row.withdrawn_at = Some(row.observed_at);
        after.registry.presence.put(row);
        prop_assert!(after.evaluate().verdict >= before.evaluate().verdict);
        Ok(())
    });
}

#[test]
fn the_same_world_gives_the_same_bytes_in_whatever_order_it_came_about() {
    over_worlds(prop::collection::vec(restraint(), 0..4), |before, restraints| {
        let numbered: Vec<_> = restraints.iter().enumerate().collect();
        let made = |order: &[(usize, &Restraint)], said: &[Arc<Coordination>]| {
            let mut setup = before.clone();
            setup.coordination = said.to_vec();
            for (number, restraint) in order {
                // Whoever comes first keeps the name that it has in either order.
                setup.number_from(1_000 * (number + 1));
                add(&mut setup, restraint);
            }
            serde_json::to_string(&setup.evaluate()).unwrap()
        };
        let mut notified = before.clone();
        // Two that round to the same metre.
        for off_m in [700.1, 700.2] {
            notified.say("party-a", Said::Notice(Some(super::codes::away(off_m))), 60);
        }
        let said = &notified.coordination;
        let back: Vec<_> = numbered.iter().rev().copied().collect();
        let said_back: Vec<_> = said.iter().rev().map(Arc::clone).collect();
        prop_assert_eq!(made(&numbered, said), made(&back, &said_back));
        Ok(())
    });
}
