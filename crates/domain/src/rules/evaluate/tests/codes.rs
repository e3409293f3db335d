//! Every code in a world that gives it, and the control in which nothing objects.

use crate::table::Resource as _;
use std::collections::BTreeSet;

use super::worlds::{AIM, NOW, Setup, actor, window};
use crate::geo::{Area, LatLng};
use crate::incidents::cooperation::{Effect, Scope};
use crate::incidents::engagement::Response;
use crate::incidents::incident::Severity;
use crate::registry::area::Kind as AreaKind;
use crate::registry::designation::Stage as Designated;
use crate::registry::presence::{Level, Subject};
use crate::registry::protection::{Category, Stage};
use crate::rules::coordination::Said;
use crate::rules::evaluate::*;
use crate::rules::operation::{AdverseFact, Assessed, Kind, TargetType};

pub(super) fn away(metres: f64) -> LatLng {
    LatLng { lat: AIM.lat + metres / 110_574.0, lng: AIM.lng }
}

pub(super) fn codes(setup: &Setup) -> BTreeSet<Code> {
    setup.evaluate().findings.iter().map(|finding| finding.code).collect()
}

fn with(change: impl FnOnce(&mut Setup)) -> Setup {
    let mut setup = Setup::in_order();
    change(&mut setup);
    setup
}

fn with_article(text: &str) -> Setup {
    Setup::in_order().with_articles(text)
}

#[test]
fn with_all_in_order_the_verdict_is_permit() {
    let evaluation = Setup::in_order().evaluate();
    assert_eq!(evaluation.verdict, Verdict::Permit, "{:?}", evaluation.findings);
    assert_eq!(evaluation.findings[0].code, Code::AllChecksPassed);
}

/// One world for each code.
#[expect(clippy::too_many_lines, reason = "one line for each code")]
fn reaching(code: Code) -> Setup {
    use Code::*;
    match code {
        AllChecksPassed => Setup::in_order(),
        ProtectedEntityOverlap => {
            with(|s| s.protect(away(700.0), Category::Medical, (500.0, 0.0), Stage::Active))
        }
        ProtectedEntityBuffer => {
            with(|s| s.protect(away(900.0), Category::Medical, (500.0, 700.0), Stage::Active))
        }
        HazardousWorks => {
            with(|s| s.protect(away(700.0), Category::DangerousForces, (500.0, 0.0), Stage::Active))
        }
        HazardousWorksNearby => {
            with(|s| s.protect(away(900.0), Category::DangerousForces, (1.0, 700.0), Stage::Active))
        }
        PendingProtectionClaim => {
            with(|s| s.protect(away(700.0), Category::Medical, (500.0, 0.0), Stage::Claimed))
        }
        ProtectedMovementOverlap | UnacknowledgedNotification => {
            with(|s| s.movement(vec![away(700.0)], 0, 60))
        }
        MovementNotClosed => with(|s| s.movement(vec![away(700.0)], -600, -60)),
        NotAcceptableGroup => with(|s| s.name_non_target(super::worlds::GROUP)),
        GroupNotDesignated => with(|s| s.operation.claimed_group.clear()),
        AliasNotRatified => with(|s| {
            s.designate("group-1", "Another name", Designated::Active);
            let mut row = s.registry.designations.get("group-1").unwrap().as_ref().clone();
            let alias = crate::registry::designation::Alias {
                name: super::worlds::GROUP.to_owned(),
                quality: crate::registry::designation::AliasQuality::Weak,
            };
            row.aliases.push(alias);
            let change = crate::registry::designation::Change::Approved;
            crate::fold::Fold::apply(
                &mut s.registry,
                &crate::registry::Event::Designation(change, Box::new(row)),
            );
        }),
        NaturalPersonTarget => with(|s| {
            s.operation.target_type = TargetType::NaturalPerson;
            s.operation.claimed_group.clear();
        }),
        CeasefireArea => with(|s| s.restrict(AIM, 1_000.0, AreaKind::Ceasefire, &["Another group"])),
        BorderBuffer => with(|s| s.restrict(away(1_200.0), 1_000.0, AreaKind::BorderBuffer, &[])),
        PopulatedArea => with(|s| s.restrict(AIM, 10.0, AreaKind::PopulatedArea, &[])),
        AreaHeld => with(|s| s.restrict(AIM, 10.0, AreaKind::HeldArea, &[])),
        OtherPartyReservation => with(|s| s.restrict(AIM, 10.0, AreaKind::GroundArea, &[])),
        AirspaceConflict => with(|s| s.reserve(away(3_000.0), 100.0)),
        RepeatEngagementAtIncidentSite => with(|s| s.engage(away(1_200.0), 3_600, Response::InProgress)),
        OpenHotlineWarning => with(|s| s.warn(away(301.0), 10.0, None)),
        PartySuspended => with(|s| s.suspend(Some("party-a"), None, (Scope::Kinetic, Effect::Suspended))),
        CooperationRestricted => with(|s| s.suspend(None, None, (Scope::Kinetic, Effect::Restricted))),
        RepeatIncidentSite => with(|s| {
            s.report(away(1_200.0), 7_200, Severity::NearMiss);
            s.report(away(1_200.0), 3_600, Severity::NearMiss);
        }),
        ApprovalMissing => {
            with_article("[[article]]\nnumber=90\nkind=\"APPROVALS\"\ntitle=\"A\"\nparties=[\"party-b\"]")
        }
        Commingled => with(|s| s.presence("party-b", Subject::Group("Third".to_owned()), Level::Confirmed)),
        CommingledGroups => {
            with(|s| s.presence("party-b", Subject::Group("Third".to_owned()), Level::Possible))
        }
        PresenceNotConfirmed => with(|s| {
            let group = Subject::Group(super::worlds::GROUP.to_owned());
            s.presence("party-b", group, Level::Possible);
        }),
        OutsideAreaOfApplication => with_article(
            "[[article]]\nnumber=90\nkind=\"AREA_OF_APPLICATION\"\ntitle=\"A\"\ncircles=[{lat=10.0,lng=10.0,radius_m=1000.0}]",
        ),
        NoRuleSetInForce => with(|s| s.articles = None),
        HarmLimitExceeded => with(|s| s.operation.harm_estimate.as_mut().unwrap().killed = Some(5)),
        HarmEstimateRequiresJointDecision => {
            with(|s| s.operation.harm_estimate.as_mut().unwrap().injured = None)
        }
        RegistryUnavailable => with(|s| s.reach.registry = Reached::Unconfirmed),
        IncidentsUnavailable => with(|s| s.reach.incidents = Reached::Unconfirmed),
        ClockUnconfirmed => with(|s| s.reach.clock = Reached::Unconfirmed),
        EvaluationError => with(|s| s.protect(AIM, Category::Medical, (f64::INFINITY, 0.0), Stage::Active)),
        SingleSourceIntelligence => with(|s| s.operation.sources[1].origin = " ONE ".to_owned()),
        IntelligenceStale => {
            with_article("[[article]]\nnumber=90\nkind=\"INTELLIGENCE_AGE\"\ntitle=\"A\"\nmax_age_s=60")
        }
        DissentingAssessment => with(|s| s.operation.dissent = AdverseFact::Present),
        PositiveIdentificationIncomplete => with(|s| s.operation.data_link_lost = AdverseFact::Unspecified),
        LocationMismatch => with(|s| s.operation.intended_point = Some(away(501.0))),
        LocationUnverified => with(|s| s.operation.position_interpolated = AdverseFact::Present),
        StaleRegistryEntry => with(|s| {
            s.protect(away(9_000.0), Category::Medical, (0.0, 0.0), Stage::Active);
            let mut row = s.registry.protected_entities.iter().next().unwrap().as_ref().clone();
            row.verified_at = Some(Timestamp::from_seconds(NOW - 31_536_001));
            s.registry.protected_entities.put(row);
        }),
        BuildingUseUnassessed => with(|s| {
            s.operation.target_type = TargetType::Building;
            s.operation.building_use = Assessed::NotAssessed;
        }),
        CivilianPresenceUnassessed => with(|s| s.operation.civilian_presence = Assessed::NotAssessed),
        CivilianPresenceReported => with(|s| s.operation.civilian_presence = Assessed::Reported),
        SecondaryHazardUnassessed => with(|s| s.operation.secondary_hazard = Assessed::Unspecified),
        EffectAreaTooLarge => {
            with_article("[[article]]\nnumber=90\nkind=\"EFFECT_AREA\"\ntitle=\"A\"\nmax_radius_m=299.0")
        }
        TimeWindowTooLong => {
            with_article("[[article]]\nnumber=90\nkind=\"TIME_WINDOW\"\ntitle=\"A\"\nmax_s=3599.0")
        }
        DualUseObject => with(|s| s.operation.dual_use = AdverseFact::Present),
        NoticeMissing => notice(None),
        NoticeTooShort => notice(Some((59, None))),
        NoticeImprecise => notice(Some((61, Some(away(501.0))))),
        AttestationMissing => with_article(super::vouched::ATTESTATION),
        DistributionIncomplete => {
            let mut setup = with_article(super::vouched::DISTRIBUTION);
            setup.movement(vec![away(1_200.0)], 0, 60);
            setup
        }
        KnowledgeIncomplete => {
            let mut setup = with_article(super::vouched::KNOWLEDGE);
            setup.movement(vec![away(1_200.0)], 0, 60);
            setup
        }
        CustomRestriction => with_article(&super::custom::article(94, "REFER", "one radius > 299")),
        SelfDefenceRequiresReview => with(|s| s.operation.emergency_claim = AdverseFact::Present),
    }
}

fn notice(given: Option<(i64, Option<LatLng>)>) -> Setup {
    let text = "[[article]]\nnumber=90\nkind=\"NOTICE\"\ntitle=\"A\"\nmin_lead_s=60\nmax_offset_m=500.0\nasked=\"ALWAYS\"";
    let mut setup = with_article(text);
    if let Some((seconds, point)) = given {
        setup.say("party-a", Said::Notice(point), seconds);
    }
    setup
}

#[test]
fn every_code_is_given_by_a_world_and_decides_with_its_level() {
    for code in Code::ALL {
        let setup = reaching(*code);
        let given = codes(&setup);
        assert!(given.contains(code), "{code:?} is not among {given:?}");
        assert!(setup.evaluate().verdict >= code.level());
    }
}

#[test]
fn what_is_said_by_its_giver_opens_exactly_what_it_is_about() {
    let consented = with(|s| {
        s.restrict(AIM, 10.0, AreaKind::GroundArea, &[]);
        let name = s.registry.areas.iter().next().unwrap().name();
        s.say("party-a", Said::Consent(name.clone()), 60);
        assert!(codes(s).contains(&Code::OtherPartyReservation), "the holder alone consents");
        s.say("party-b", Said::Consent(name), 60);
    });
    assert_eq!(consented.evaluate().verdict, Verdict::Permit);
    let named = with(|s| {
        s.name_non_target("Third");
        s.restrict(AIM, 10.0, AreaKind::GroundArea, &["Third"]);
        let name = s.registry.areas.iter().next().unwrap().name();
        s.say("party-b", Said::Consent(name), 60);
    });
    assert_eq!(
        codes(&named),
        BTreeSet::from([Code::NotAcceptableGroup]),
        "consent does not make a group acceptable"
    );
}

#[test]
fn the_own_ground_area_needs_no_consent_and_whoever_is_present_in_it_is_spared() {
    let own = |groups: &[&str]| {
        with(|s| {
            s.name_non_target("Third");
            s.restrict(AIM, 10.0, AreaKind::GroundArea, groups);
            let mut row = s.registry.areas.iter().next().unwrap().as_ref().clone();
            row.declared_by = actor("party-a");
            s.registry.areas.put(row);
        })
    };
    assert_eq!(own(&[]).evaluate().verdict, Verdict::Permit);
    assert_eq!(codes(&own(&["Third"])), BTreeSet::from([Code::NotAcceptableGroup]));
}

#[test]
fn whoever_submits_does_not_approve() {
    let article = "[[article]]\nnumber=90\nkind=\"APPROVALS\"\ntitle=\"A\"\nparties=[\"party-a\"]";
    let mut setup = with_article(article);
    setup.say("party-a", Said::Approval, 60);
    assert_eq!(codes(&setup), BTreeSet::from([Code::ApprovalMissing]));
    let mut other = setup.coordination[0].as_ref().clone();
    other.by.name = "another".to_owned();
    setup.coordination.push(Arc::new(other));
    assert_eq!(setup.evaluate().verdict, Verdict::Permit);
}

#[test]
fn a_ceasefire_does_not_bind_against_the_groups_that_it_excludes() {
    let excluded = with(|s| s.restrict(AIM, 1_000.0, AreaKind::Ceasefire, &["group  ONE"]));
    assert_eq!(excluded.evaluate().verdict, Verdict::Permit);
}

#[test]
fn a_separation_kept_in_one_dimension_is_enough() {
    let mut setup = Setup::in_order();
    setup.reserve(AIM, 5_000.0);
    let mut row = setup.reservations.iter().next().unwrap().as_ref().clone();
    row.volumes[0].altitude_band =
        Some(crate::geo::AltitudeBand { lower_m: 6_000.0, upper_m: Some(9_000.0) });
    setup.reservations.put(row.clone());
    setup.operation.altitude_band =
        Some(crate::geo::AltitudeBand { lower_m: 1_000.0, upper_m: Some(5_400.0) });
    assert_eq!(setup.evaluate().verdict, Verdict::Permit, "600 m of height are kept");
    setup.operation.altitude_band =
        Some(crate::geo::AltitudeBand { lower_m: 1_000.0, upper_m: Some(5_401.0) });
    assert!(codes(&setup).contains(&Code::AirspaceConflict));
    setup.operation.window = window(3_600, 7_200);
    assert_eq!(setup.evaluate().verdict, Verdict::Permit, "one begins when the other has ended");
}

#[test]
fn a_flight_is_asked_for_airspace_and_not_for_a_group() {
    let mut setup = Setup::in_order();
    setup.operation.kind = Kind::SurveillanceFlight;
    setup.operation.target_type = TargetType::AirMovement;
    setup.operation.claimed_group.clear();
    setup.operation.harm_estimate = None;
    setup.operation.sources.clear();
    setup.protect(AIM, Category::Medical, (500.0, 0.0), Stage::Active);
    let evaluation = setup.evaluate();
    assert_eq!((evaluation.class, evaluation.verdict), (Class::Flight, Verdict::Permit));
    setup.reserve(AIM, 5_000.0);
    assert!(codes(&setup).contains(&Code::AirspaceConflict));
    setup.operation.claimed_group = super::worlds::GROUP.to_owned();
    assert_eq!(setup.evaluate().class, Class::KineticAir, "what claims a group is no mere flight");
}

#[test]
fn the_floor_holds_though_the_text_does_not_name_it() {
    let mut setup = Setup::in_order();
    let text = "title=\"T\"\n[[article]]\nnumber=1\nkind=\"DISSENT\"\ntitle=\"D\"";
    setup.articles = Some(crate::rules::rule_set::Text::parse(text).unwrap().articles);
    setup.protect(away(700.0), Category::Medical, (500.0, 0.0), Stage::Active);
    setup.movement(vec![away(700.0)], 0, 60);
    setup.restrict(AIM, 10.0, AreaKind::HeldArea, &[]);
    setup.operation.claimed_group.clear();
    let given = codes(&setup);
    for code in [
        Code::ProtectedEntityOverlap,
        Code::ProtectedMovementOverlap,
        Code::AreaHeld,
        Code::GroupNotDesignated,
    ] {
        assert!(given.contains(&code), "{code:?} is not among {given:?}");
    }
}

#[test]
fn an_assessment_that_does_not_cover_the_effect_area_confirms_nothing() {
    let mut setup = Setup::in_order();
    let mut rows: Vec<_> = setup.registry.presence.iter().map(|row| row.as_ref().clone()).collect();
    for row in &mut rows {
        row.area = Area::circle(AIM, 299.0);
        setup.registry.presence.put(row.clone());
    }
    assert!(codes(&setup).contains(&Code::PresenceNotConfirmed));
    assert_eq!(actor("party-a").participant.as_str(), "party-a");
}

#[test]
fn what_is_said_about_cooperation_reaches_the_party_place_and_class_that_it_names_and_no_other() {
    let everything = (Scope::KineticAndFlights, Effect::Suspended);
    let verdict = |setup: &Setup| setup.evaluate().verdict;
    assert_eq!(verdict(&with(|s| s.suspend(Some("party-b"), None, everything))), Verdict::Permit);
    let elsewhere = Area::circle(away(5_000.0), 100.0);
    assert_eq!(verdict(&with(|s| s.suspend(None, Some(elsewhere), everything))), Verdict::Permit);
    let there = Area::circle(away(350.0), 100.0);
    assert_eq!(verdict(&with(|s| s.suspend(None, Some(there), everything))), Verdict::Deny);
    let flight = |scope| {
        with(|s| {
            s.operation.kind = Kind::SurveillanceFlight;
            s.operation.target_type = TargetType::AirMovement;
            s.operation.claimed_group.clear();
            s.suspend(Some("party-a"), None, (scope, Effect::Suspended));
        })
    };
    assert_eq!(verdict(&flight(Scope::Kinetic)), Verdict::Permit);
    let mut named = flight(Scope::KineticAndFlights);
    assert_eq!(codes(&named), BTreeSet::from([Code::PartySuspended]));
    named.operation.kind = Kind::MedicalEvacuationFlight;
    assert_eq!(verdict(&named), Verdict::Permit, "nothing stops a medical flight");
}

#[test]
fn a_warning_stands_for_its_window_and_until_it_is_resolved() {
    assert_eq!(with(|s| s.warn(AIM, 10.0, Some(window(-60, 0)))).evaluate().verdict, Verdict::Permit);
    let mut warned = with(|s| s.warn(AIM, 10.0, Some(window(3_599, 3_700))));
    assert_eq!(codes(&warned), BTreeSet::from([Code::OpenHotlineWarning]));
    let mut row = warned.incidents.messages.iter().next().unwrap().as_ref().clone();
    row.warning.as_mut().unwrap().resolved_at = Some(Timestamp::from_seconds(NOW));
    warned.incidents.messages.put(row);
    assert_eq!(warned.evaluate().verdict, Verdict::Permit);
}

#[test]
fn an_engagement_counts_near_soon_and_while_the_response_goes_on() {
    let verdict =
        |metres, seconds, response| with(|s| s.engage(away(metres), seconds, response)).evaluate().verdict;
    assert_eq!(verdict(1_299.0, 86_400, Response::InProgress), Verdict::Deny);
    assert_eq!(verdict(1_301.0, 86_400, Response::InProgress), Verdict::Permit);
    assert_eq!(verdict(0.0, 86_401, Response::InProgress), Verdict::Permit);
    assert_eq!(verdict(0.0, 60, Response::Ended), Verdict::Permit);
}
