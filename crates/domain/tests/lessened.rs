//! What rules and incidents make of a ledger that lies about what protects: nothing of it falls, ends or shrinks but over the
//! signatures of those whose consent that needs, over the thing as it stood.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod following;
mod signing;

use concord_domain::errors::Reason;
use concord_domain::follow::News;
use concord_domain::geo::{Area, LatLng};
use concord_domain::incidents::cooperation::{self, Cause, Domain, Effect, LiftConsent, Scope, Suspension};
use concord_domain::incidents::incident::Severity;
use concord_domain::incidents::triggers::Trigger;
use concord_domain::registry::area::{self, Kind, RestrictedArea};
use concord_domain::registry::non_target::{self, NonTargetGroup};
use concord_domain::registry::protection::{self, Category, ProtectedEntity};
use concord_domain::rules::articles::suspension_trigger::{Basis, Params, Place};
use concord_domain::rules::rule_set::{Change as RuleSetChange, RuleSet, Stage as RuleSetStage};
use concord_domain::rules::state::Entries;
use concord_domain::signed::{Subject, payload_type};
use concord_domain::{incidents, registry, rules};
use following::{Followers, consents, forgeries, gathered, now, of_registry, sound};
use signing::{Signing, actor};

fn place(lat: f64) -> Area {
    Area::circle(LatLng { lat, lng: 0.5 }, 80.0)
}

fn clinic() -> ProtectedEntity {
    ProtectedEntity {
        id: "clinic-1".to_owned(),
        version: 2,
        display_name: "Clinic".to_owned(),
        category: Category::Medical,
        area: place(0.5),
        accuracy_m: 10.0,
        deny_distance_m: 500.0,
        refer_distance_m: 1_000.0,
        verified_at: None,
        source: String::new(),
        stage: protection::Stage::Active,
        former_areas: vec![place(0.4), place(0.3)],
        notified_by: actor("party-a", "one"),
        notified_at: now(),
        former_area_consents: None,
        removal: None,
    }
}

fn named() -> NonTargetGroup {
    NonTargetGroup {
        id: "group-1".to_owned(),
        version: 1,
        primary_name: "Group one".to_owned(),
        aliases: vec!["First group".to_owned()],
        reason: String::new(),
        stage: non_target::Stage::Active,
        named_by: actor("party-a", "one"),
        removal: None,
    }
}

/// A ceasefire, or the ground area of party B.
fn declared(kind: Kind) -> RestrictedArea {
    RestrictedArea {
        id: "area-1".to_owned(),
        display_name: "Area".to_owned(),
        kind,
        area: place(0.5),
        window: None,
        altitude_band: None,
        excluded_groups: Vec::new(),
        present_groups: Vec::new(),
        verified_at: None,
        stage: area::Stage::Active,
        declared_by: actor("party-b", "one"),
        end_consents: None,
    }
}

fn suspended() -> Suspension {
    let params = Params {
        basis: Basis::Accepted,
        min_severity: Severity::Major,
        count: 1,
        within_s: 0,
        place: Place::Anywhere,
        domain: Domain::Operations,
        scope: Scope::Kinetic,
        effect: Effect::Suspended,
    };
    let trigger = Trigger { article: 7, params };
    Suspension {
        id: "suspension-1".to_owned(),
        party: Some("party-a".into()),
        area: None,
        domain: Domain::Operations,
        scope: Scope::Kinetic,
        effect: Effect::Suspended,
        cause: Cause::Trigger { trigger, incidents: vec!["incident-1".to_owned()] },
        at: now(),
        lift_consents: Vec::new(),
        lifted_at: None,
    }
}

fn of_entity(row: ProtectedEntity) -> registry::Event {
    registry::Event::ProtectedEntity(protection::Change::Notified, Box::new(row))
}

fn of_group(row: NonTargetGroup) -> registry::Event {
    registry::Event::NonTargetGroup(non_target::Change::Named, Box::new(row))
}

fn of_area(row: RestrictedArea) -> registry::Event {
    registry::Event::Area(area::Change::Declared, Box::new(row))
}

fn of_incidents(rows: impl IntoIterator<Item = Suspension>) -> Entries {
    let event = |row| incidents::Event::Suspension(cooperation::Change::Suspended, Box::new(row));
    Entries::Incidents(rows.into_iter().map(event).collect())
}

type Forged<'a> = &'a dyn Fn(Signing) -> Option<String>;

fn removed(before: &ProtectedEntity, forged: Forged<'_>) -> ProtectedEntity {
    let removal = Some(gathered(&before.removal_subject(), forged));
    ProtectedEntity { stage: protection::Stage::Removed, removal, ..before.clone() }
}

fn given_up(before: &ProtectedEntity, forged: Forged<'_>) -> ProtectedEntity {
    let former_area_consents = Some(gathered(&before.former_places_subject(), forged));
    ProtectedEntity { former_areas: Vec::new(), former_area_consents, ..before.clone() }
}

fn acceptable(before: &NonTargetGroup, forged: Forged<'_>) -> NonTargetGroup {
    let removal = Some(gathered(&before.removal_subject(), forged));
    NonTargetGroup { stage: non_target::Stage::Removed, removal, ..before.clone() }
}

fn ended(before: &RestrictedArea, forged: Forged<'_>) -> RestrictedArea {
    let end_consents = Some(gathered(&before.end_subject(), forged));
    RestrictedArea { stage: area::Stage::Ended, end_consents, ..before.clone() }
}

fn lifted(before: &Suspension, forged: Forged<'_>) -> Suspension {
    let given = consents(&before.lift_subject(), forged);
    let given =
        given.into_iter().map(|approval| LiftConsent { approval, corrective_action: "Done".to_owned() });
    Suspension { lift_consents: given.collect(), lifted_at: Some(now()), ..before.clone() }
}

/// Every act by which what protects falls: what stood before, and what a ledger makes of it.
fn acts(forged: Forged<'_>) -> Vec<(&'static str, Entries, Entries)> {
    let claim = || ProtectedEntity { stage: protection::Stage::Claimed, ..clinic() };
    let (ceasefire, ground) = (declared(Kind::Ceasefire), declared(Kind::GroundArea));
    let registry = |event| of_registry([event]);
    vec![
        ("removal", registry(of_entity(clinic())), registry(of_entity(removed(&clinic(), forged)))),
        (
            "rejection of a claim",
            registry(of_entity(claim())),
            registry(of_entity(removed(&claim(), forged))),
        ),
        ("former places", registry(of_entity(clinic())), registry(of_entity(given_up(&clinic(), forged)))),
        ("group", registry(of_group(named())), registry(of_group(acceptable(&named(), forged)))),
        ("ceasefire", registry(of_area(ceasefire.clone())), registry(of_area(ended(&ceasefire, forged)))),
        ("ground area", registry(of_area(ground.clone())), registry(of_area(ended(&ground, forged)))),
        ("lifting", of_incidents([suspended()]), of_incidents([lifted(&suspended(), forged)])),
    ]
}

/// Both in one batch.
fn together(before: Entries, after: Entries) -> Entries {
    match (before, after) {
        (Entries::Registry(before), Entries::Registry(after)) => of_registry(before.into_iter().chain(after)),
        (Entries::Incidents(mut before), Entries::Incidents(after)) => {
            before.extend(after);
            Entries::Incidents(before)
        }
        _ => panic!("entries of one ledger"),
    }
}

fn refused(entries: &Entries) -> Reason {
    Followers::new().take_in(entries, News::New).unwrap_err()
}

#[test]
fn what_all_have_signed_falls() {
    for news in [News::New, News::Kept] {
        for (what, before, after) in acts(&sound) {
            let mut followers = Followers::new();
            followers.take_in(&before, news).unwrap_or_else(|e| panic!("{what}: {e:?}"));
            followers.take_in(&after, news).unwrap_or_else(|e| panic!("{what}: {e:?}"));
            Followers::new().take_in(&together(before, after), news).unwrap();
        }
    }
}

#[test]
fn nothing_that_protects_falls_over_a_forged_consent() {
    for (forgery, forged) in forgeries() {
        for (what, before, after) in acts(&forged) {
            for news in [News::New, News::Kept] {
                let mut followers = Followers::new();
                followers.take_in(&before, news).unwrap();
                let reason = followers.take_in(&after, news).expect_err(what);
                assert_eq!(reason, Reason::SignatureInvalid, "{what}: {forgery}");
                let whole = Followers::new().take_in(&together(before.clone(), after.clone()), news);
                assert_eq!(whole.expect_err(what), Reason::SignatureInvalid, "{what}: {forgery}");
            }
        }
    }
}

#[test]
fn without_a_verifier_nothing_falls() {
    for (what, before, after) in acts(&sound) {
        let mut followers = Followers::unable();
        followers.take_in(&before, News::New).unwrap();
        assert_eq!(followers.take_in(&after, News::New).expect_err(what), Reason::SignatureInvalid);
    }
}

#[test]
fn a_batch_of_which_one_entry_is_forged_is_not_taken_in_at_all() {
    let (_, forged) = forgeries().remove(0);
    let mut followers = Followers::new();
    let entries =
        of_registry([of_group(named()), of_entity(clinic()), of_entity(removed(&clinic(), &forged))]);
    followers.take_in(&entries, News::New).unwrap_err();
    for registry in [&followers.rules.registry, &followers.incidents.registry] {
        assert!(registry.non_target_groups.is_empty() && registry.protected_entities.is_empty());
    }
}

#[test]
fn a_ground_area_ends_by_its_own_partys_consent_and_by_no_other() {
    let ground = declared(Kind::GroundArea);
    let without = |party: &str| {
        let mut row = ended(&ground, &sound);
        row.end_consents.as_mut().unwrap().given.remove(&party.into());
        of_registry([of_area(ground.clone()), of_area(row)])
    };
    Followers::new().take_in(&without("party-a"), News::New).unwrap();
    assert_eq!(refused(&without("party-b")), Reason::SignatureInvalid);
}

#[test]
fn what_ended_before_it_began_is_not_believed() {
    for (what, _, after) in acts(&sound) {
        if what != "former places" {
            assert_eq!(refused(&after), Reason::SignatureInvalid, "{what}");
        }
    }
}

/// What was signed covers each part: one that differs when it falls is not what was signed.
#[test]
fn what_was_signed_covers_every_part_of_what_falls() {
    let entities: [fn(&mut ProtectedEntity); 8] = [
        |row| row.version = 3,
        |row| row.stage = protection::Stage::Claimed,
        |row| row.display_name.push('s'),
        |row| row.category = Category::Education,
        |row| row.area = place(0.6),
        |row| row.accuracy_m += 1.0,
        |row| row.deny_distance_m += 1.0,
        |row| row.refer_distance_m += 1.0,
    ];
    for change in entities {
        let mut other = clinic();
        change(&mut other);
        let forged =
            ProtectedEntity { removal: removed(&clinic(), &sound).removal, ..removed(&other, &sound) };
        assert_eq!(refused(&of_registry([of_entity(other), of_entity(forged)])), Reason::SignatureInvalid);
    }
    let places: [fn(&mut ProtectedEntity); 3] =
        [|row| row.version = 3, |row| row.former_areas.push(place(0.2)), |row| row.former_areas.reverse()];
    for change in places {
        let mut other = clinic();
        change(&mut other);
        let former_area_consents = given_up(&clinic(), &sound).former_area_consents;
        let forged = ProtectedEntity { former_area_consents, ..given_up(&other, &sound) };
        assert_eq!(refused(&of_registry([of_entity(other), of_entity(forged)])), Reason::SignatureInvalid);
    }
    let groups: [fn(&mut NonTargetGroup); 4] = [
        |row| row.version = 2,
        |row| row.primary_name.push('s'),
        |row| row.aliases.clear(),
        |row| row.reason.push('s'),
    ];
    for change in groups {
        let mut other = named();
        change(&mut other);
        let forged =
            NonTargetGroup { removal: acceptable(&named(), &sound).removal, ..acceptable(&other, &sound) };
        assert_eq!(refused(&of_registry([of_group(other), of_group(forged)])), Reason::SignatureInvalid);
    }
    for change in areas() {
        let (held, mut other) = (declared(Kind::Ceasefire), declared(Kind::Ceasefire));
        change(&mut other);
        let end_consents = ended(&held, &sound).end_consents;
        let forged = RestrictedArea { end_consents, ..ended(&other, &sound) };
        assert_eq!(refused(&of_registry([of_area(other), of_area(forged)])), Reason::SignatureInvalid);
    }
    for change in suspensions() {
        let mut other = suspended();
        change(&mut other);
        let lift_consents = lifted(&suspended(), &sound).lift_consents;
        let forged = Suspension { lift_consents, ..lifted(&other, &sound) };
        assert_eq!(refused(&of_incidents([other, forged])), Reason::SignatureInvalid);
    }
}

fn areas() -> [fn(&mut RestrictedArea); 8] {
    [
        |row| row.display_name.push('s'),
        |row| row.kind = Kind::BorderBuffer,
        |row| row.area = place(0.6),
        |row| row.window = Some(concord_domain::time::Interval { start: now(), end: now().plus_seconds(60) }),
        |row| row.excluded_groups.push("Group one".to_owned()),
        |row| row.present_groups.push("Group one".to_owned()),
        |row| row.verified_at = Some(now()),
        |row| row.declared_by = actor("party-a", "one"),
    ]
}

fn suspensions() -> [fn(&mut Suspension); 8] {
    fn incidents(row: &mut Suspension, ids: &[&str]) {
        if let Cause::Trigger { incidents, .. } = &mut row.cause {
            *incidents = ids.iter().map(|id| (*id).to_owned()).collect();
        }
    }
    [
        |row| row.party = Some("party-b".into()),
        |row| row.area = Some(place(0.5)),
        |row| row.domain = Domain::Assistance,
        |row| row.scope = Scope::KineticAndFlights,
        |row| row.effect = Effect::Restricted,
        |row| row.at = row.at.plus_seconds(1),
        |row| incidents(row, &["incident-2"]),
        |row| row.cause = Cause::Unilateral { by: actor("party-b", "one"), reason: "Why".to_owned() },
    ]
}

/// What no consent allows: no entry makes less of what stands.
#[test]
fn nothing_shrinks_while_it_stands() {
    let entities: [fn(&mut ProtectedEntity); 9] = [
        |row| row.version = 1,
        |row| row.stage = protection::Stage::Claimed,
        |row| row.category = Category::OtherCivilian,
        |row| row.area = place(0.6),
        |row| row.accuracy_m -= 1.0,
        |row| row.deny_distance_m = f64::NAN,
        |row| row.refer_distance_m -= 1.0,
        |row| row.former_areas.clear(),
        |row| drop(row.former_areas.remove(1)),
    ];
    for change in entities {
        let mut less = clinic();
        change(&mut less);
        assert_eq!(refused(&of_registry([of_entity(clinic()), of_entity(less)])), Reason::SignatureInvalid);
    }
    let groups: [fn(&mut NonTargetGroup); 3] =
        [|row| row.aliases.clear(), |row| row.primary_name.push('s'), |row| row.version = 2];
    for change in groups {
        let mut less = named();
        change(&mut less);
        assert_eq!(refused(&of_registry([of_group(named()), of_group(less)])), Reason::SignatureInvalid);
    }
    for change in areas() {
        let mut less = declared(Kind::Ceasefire);
        change(&mut less);
        let entries = of_registry([of_area(declared(Kind::Ceasefire)), of_area(less)]);
        assert_eq!(refused(&entries), Reason::SignatureInvalid);
    }
    for change in suspensions() {
        let mut less = suspended();
        change(&mut less);
        assert_eq!(refused(&of_incidents([suspended(), less])), Reason::SignatureInvalid);
    }
}

#[test]
fn what_protects_more_or_joins_what_stands_is_taken_in() {
    let claim = ProtectedEntity { stage: protection::Stage::Claimed, ..clinic() };
    let mut moved = ProtectedEntity { version: 3, area: place(0.6), accuracy_m: 20.0, ..clinic() };
    moved.former_areas.push(place(0.5));
    let rows = [claim, clinic(), moved].map(of_entity);
    Followers::new().take_in(&of_registry(rows), News::New).unwrap();
    let mut extended = suspended();
    if let Cause::Trigger { trigger, incidents } = &mut extended.cause {
        // The same trigger under another number of a later rule set.
        trigger.article = 8;
        incidents.push("incident-2".to_owned());
    }
    let over = lifted(&extended, &sound);
    Followers::new().take_in(&of_incidents([suspended(), extended.clone(), over]), News::New).unwrap();
    let before =
        Suspension { lift_consents: lifted(&suspended(), &sound).lift_consents, ..lifted(&extended, &sound) };
    assert_eq!(refused(&of_incidents([suspended(), extended, before])), Reason::SignatureInvalid);
}

#[test]
fn what_has_fallen_does_not_come_back_to_fall_over_the_same_signatures() {
    let (gone, out) = (removed(&clinic(), &sound), acceptable(&named(), &sound));
    let back = [of_entity(clinic()), of_entity(gone.clone()), of_entity(clinic())];
    assert_eq!(refused(&of_registry(back)), Reason::SignatureInvalid);
    let back = [of_group(named()), of_group(out.clone()), of_group(named())];
    assert_eq!(refused(&of_registry(back)), Reason::SignatureInvalid);
    let held = declared(Kind::Ceasefire);
    let back = [of_area(held.clone()), of_area(ended(&held, &sound)), of_area(held)];
    assert_eq!(refused(&of_registry(back)), Reason::SignatureInvalid);
    let back = [suspended(), lifted(&suspended(), &sound), suspended()];
    assert_eq!(refused(&of_incidents(back)), Reason::SignatureInvalid);

    let anew = NonTargetGroup { version: 2, ..named() };
    let twice = NonTargetGroup { version: 2, ..out.clone() };
    let entries = [of_group(named()), of_group(out.clone()), of_group(anew.clone()), of_group(twice)];
    assert_eq!(
        refused(&of_registry(entries)),
        Reason::SignatureInvalid,
        "what was named anew is signed anew"
    );
    let entries =
        [of_group(named()), of_group(out), of_group(anew.clone()), of_group(acceptable(&anew, &sound))];
    Followers::new().take_in(&of_registry(entries), News::New).unwrap();
}

#[test]
fn incidents_takes_up_no_rule_set_that_not_all_have_signed() {
    let row = RuleSet {
        id: "first".to_owned(),
        number: 1,
        title: "T".to_owned(),
        text: "title = \"T\"\n[[article]]\nnumber = 1\nkind = \"DISSENT\"\ntitle = \"D\"\n".to_owned(),
        text_hash: String::new(),
        stage: RuleSetStage::InForce,
        ratifications: gathered(
            &Subject::of(concord_domain::consent::Act::Designate, String::new(), b""),
            sound,
        ),
        in_force_at: Some(now()),
    };
    let taken = |row: RuleSet| {
        let event = rules::Event::RuleSet(RuleSetChange::Adopted, Box::new(row));
        let command = incidents::Command::Followed(incidents::Followed::Rules(vec![event]));
        concord_domain::fold::Fold::absorb(&mut Followers::new().incidents, &command)
    };
    for (what, forged) in forgeries() {
        let ratifications = gathered(&row.subject(), |signing| match what {
            "another payload type" => Some(Signing { payload_type: String::new(), ..signing }.envelope()),
            _ => forged(signing),
        });
        let refused = taken(RuleSet { ratifications, ..row.clone() }).expect_err(what);
        assert_eq!(refused.reason, Reason::SignatureInvalid, "{what}");
    }
    assert_eq!(taken(row.clone()).unwrap_err().reason, Reason::SignatureInvalid, "signed as something else");
    let ratifications = gathered(&row.subject(), sound);
    taken(RuleSet { ratifications, ..row }).unwrap();
}

#[test]
fn the_hashes_in_the_format_document_are_what_is_signed() {
    let document = include_str!("../../../docs/formats/entry.md");
    let area = declared(Kind::Ceasefire);
    for subject in [
        clinic().removal_subject(),
        clinic().former_places_subject(),
        named().removal_subject(),
        area.end_subject(),
        suspended().lift_subject(),
    ] {
        assert!(document.contains(&format!("SHA-256  {}\n", subject.content_hash)), "{subject:?}");
        let kind = payload_type(subject.act);
        let kind = kind.trim_start_matches("application/vnd.concord.").trim_end_matches(".v1+json");
        assert!(document.contains(&format!("| `{kind}` |")), "{subject:?}");
    }
}
