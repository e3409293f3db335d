//! How long a permit stands: as long as nothing objects at the time of the question, whatever was recorded.

use super::worlds::{NOW, Setup, TEXT, actor};
use crate::actor::Actor;
use crate::consent::Approvals;
use crate::errors::Reason;
use crate::fold::{Context, Fold as _};
use crate::follow::{Head, News};
use crate::geo::{Area, LatLng};
use crate::incidents;
use crate::registry;
use crate::registry::presence::{Level, Subject};
use crate::registry::protection::{Category, Stage as Protected};
use crate::rules::coordination::{self, Said};
use crate::rules::decision::{Check, Decision, Stage, Status};
use crate::rules::evaluate::*;
use crate::rules::review::{Command as ReviewCommand, Review};
use crate::rules::rule_set::{Change, RuleSet, Stage as RuleSetStage, Text};
use crate::rules::state::{Entries, Followed};
use crate::rules::{Command, Event, State};
use crate::signed::Followable as _;
use crate::signing::{Signing, verifier};
use crate::time::Interval;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(NOW + seconds)
}

/// Rules over a setup's registry, with its rule set in force here and taken up by incidents.
fn rules(setup: &Setup) -> State {
    let row = RuleSet {
        id: "first".to_owned(),
        number: 1,
        title: "T".to_owned(),
        text: TEXT.to_owned(),
        text_hash: "hash".to_owned(),
        stage: RuleSetStage::InForce,
        ratifications: Approvals::new(actor("party-a"), at(0)),
        in_force_at: Some(at(0)),
    };
    let adopted = incidents::triggers::RuleSetAdopted {
        rule_set: "first".to_owned(),
        number: 1,
        text_hash: "hash".to_owned(),
        triggers: Vec::new(),
    };
    let mut state = State::new().with_verifier(verifier());
    let opened = crate::accord::AccordOpened { hash: String::new(), accord: setup.accord.clone() };
    state.apply(&Event::AccordOpened(Box::new(opened)));
    state.apply(&Event::RuleSet(Change::Adopted, Box::new(row)));
    state.registry = setup.registry.clone();
    state.incidents.apply(&incidents::Event::RuleSetAdopted(Box::new(adopted)));
    state
}

fn give(
    state: &mut State,
    by: Actor,
    seconds: i64,
    command: impl Into<Command>,
) -> Result<Vec<Event>, crate::errors::Refusal> {
    let context = Context { actor: by, at: at(seconds), fresh_id: format!("decision-{seconds}") };
    let events = state.decide(&command.into(), &context)?;
    events.iter().for_each(|event| state.apply(event));
    Ok(events)
}

fn decided(state: &mut State, setup: &Setup) -> Decision {
    let events = give(state, actor("party-a"), 0, asked(setup)).unwrap();
    let Event::Decision(decision) = &events[0] else { panic!("a decision") };
    decision.as_ref().clone()
}

fn ends_in(setup: &mut Setup, seconds: i64) {
    let mut row = setup.registry.designations.get("group-1").unwrap().as_ref().clone();
    row.expires_at = at(seconds);
    setup.registry.designations.put(row);
}

#[test]
fn a_permit_whose_ground_ends_by_time_alone_is_void_when_it_is_asked_about() {
    let mut setup = Setup::in_order();
    setup.operation.window = Interval { start: at(0), end: at(100 * 3_600) };
    let mut state = rules(&setup);
    let decision = decided(&mut state, &setup);
    assert_eq!(decision.verdict, Verdict::Permit, "{:?}", decision.findings);
    assert!(state.objections_now(&decision.id, at(3_600)).is_empty());
    // What the parties observed is 72 hours old by then.
    let later = 73 * 3_600;
    let codes: Vec<Code> = state.objections_now(&decision.id, at(later)).iter().map(|f| f.code).collect();
    assert!(codes.contains(&Code::PresenceNotConfirmed), "{codes:?}");
    let recheck = |id: &str| ReviewCommand::Recheck { id: id.to_owned() };
    assert!(give(&mut state, actor("party-b"), 3_600, recheck(&decision.id)).unwrap().is_empty());
    assert_eq!(give(&mut state, actor("party-b"), later, recheck(&decision.id)).unwrap().len(), 1);
    assert_eq!(state.statuses.get(&decision.id).unwrap().stage, Stage::Void);
    assert!(give(&mut state, actor("party-b"), later, recheck(&decision.id)).unwrap().is_empty());
}

#[test]
fn a_designation_that_ends_before_the_operation_does_is_no_ground() {
    let mut setup = Setup::in_order();
    ends_in(&mut setup, 3_600);
    assert_eq!(setup.evaluate().verdict, Verdict::Permit, "it ends with the window");
    ends_in(&mut setup, 3_599);
    let codes: Vec<Code> = setup.evaluate().findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::GroupNotDesignated]);
}

/// A reviewer of a party, and its signed release.
fn release(decision: &Decision, party: &str, reach: Reach) -> (Actor, ReviewCommand) {
    let (id, review, reason) = (decision.id.clone(), Review::Release, "As reviewed".to_owned());
    let envelope = Signing::of(&party.into(), &decision.release_subject()).envelope();
    let command = ReviewCommand::Review { id, review, reason, envelope, reach };
    (Actor { name: "reviewer".to_owned(), ..actor(party) }, command)
}

#[test]
fn a_release_is_signed_as_the_format_document_says() {
    let mut setup = Setup::in_order();
    setup.operation.sources.truncate(1);
    let decision = decided(&mut rules(&setup), &setup);
    let document = include_str!("../../../../../../docs/formats/entry.md");
    let hash = decision.release_subject().content_hash;
    assert!(document.contains(&format!("SHA-256  {hash}\n")), "{hash}");
}

#[test]
fn a_release_counts_over_the_reviewing_partys_own_signature_over_that_decision_alone() {
    let mut setup = Setup::in_order();
    setup.operation.sources.truncate(1);
    let mut state = rules(&setup);
    let decision = decided(&mut state, &setup);
    let (by, sound) = release(&decision, "party-a", setup.reach);
    let signing = || Signing::of(&"party-a".into(), &decision.release_subject());
    let with = |command: &ReviewCommand, given: String| match command.clone() {
        ReviewCommand::Review { id, review, reason, reach, .. } => {
            ReviewCommand::Review { id, review, reason, envelope: given, reach }
        }
        other => other,
    };
    let unseen = Decision { findings: Vec::new(), ..decision.clone() };
    for forged in [
        Signing { by: "party-b".into(), ..signing() }.envelope(),
        signing().with("resource", "decisions/another").envelope(),
        signing().with("expire_time", "2000-01-01T00:00:00Z").envelope(),
        Signing::of(&"party-a".into(), &unseen.release_subject()).envelope(),
    ] {
        let refused = give(&mut state, by.clone(), 1, with(&sound, forged)).unwrap_err();
        assert_eq!(refused.reason, Reason::SignatureInvalid);
    }
    let refused = give(&mut state, by.clone(), 1, with(&sound, String::new())).unwrap_err();
    assert_eq!(refused.violations[0].field, "envelope");
    let refusal = |envelope| {
        let (id, reason) = (decision.id.clone(), "No".to_owned());
        ReviewCommand::Review { id, review: Review::Refuse, reason, envelope, reach: setup.reach }
    };
    let refused = give(&mut state, by.clone(), 1, refusal(signing().envelope())).unwrap_err();
    assert_eq!(refused.violations[0].field, "envelope", "a refusal needs no signature, and none is kept");
    give(&mut state, by.clone(), 1, sound).unwrap();
    give(&mut state, by, 2, refusal(String::new())).unwrap();
    assert_eq!(state.statuses.get(&decision.id).unwrap().stage, Stage::Refused);
}

#[test]
fn whoever_reads_the_ledger_believes_no_release_that_not_every_party_has_signed() {
    let mut setup = Setup::in_order();
    setup.operation.sources.truncate(1);
    let mut state = rules(&setup);
    let decision = decided(&mut state, &setup);
    let (by, command) = release(&decision, "party-a", setup.reach);
    give(&mut state, by, 1, command).unwrap();
    let before = state.clone();
    let (by, command) = release(&decision, "party-b", setup.reach);
    let released = give(&mut state, by, 2, command).unwrap().remove(0);
    let Event::Status(change, status) = &released else { panic!("a status") };
    let verifying = Some(verifier());
    let believed = |status: Status| {
        before.vouched(&Event::Status(*change, Box::new(status)), (&setup.accord, &verifying)).is_ok()
    };
    let status = status.as_ref();
    assert!(status.stage == Stage::Released && believed(status.clone()));
    let mut by_one = status.clone();
    by_one.reviews.given.remove(&"party-b".into());
    let mut copied = status.clone();
    let of_a = copied.reviews.given[&"party-a".into()].envelope.clone();
    copied.reviews.given.get_mut(&"party-b".into()).unwrap().envelope = of_a;
    let permitted = Status { stage: Stage::Permitted, ..status.clone() };
    let of_none = Status { id: "decision-9".to_owned(), ..status.clone() };
    for (what, forged) in
        [("by one", by_one), ("copied", copied), ("permitted", permitted), ("of no decision", of_none)]
    {
        assert!(!believed(forged), "{what}");
    }
    let denied = Decision { verdict: Verdict::Deny, ..decision };
    let mut before = before.clone();
    before.decisions.put(denied);
    assert!(before.vouched(&released, (&setup.accord, &verifying)).is_err(), "it had not been referred");
}

#[test]
fn a_referral_is_not_released_over_an_objection_that_no_reviewer_has_seen() {
    let mut setup = Setup::in_order();
    setup.operation.sources.truncate(1);
    let mut state = rules(&setup);
    let decision = decided(&mut state, &setup);
    assert_eq!(decision.verdict, Verdict::Refer);
    let reach = setup.reach;
    let (by, command) = release(&decision, "party-a", reach);
    give(&mut state, by, 1, command).unwrap();
    let mut later = setup.clone();
    let nearby = crate::geo::LatLng { lat: super::worlds::AIM.lat + 0.01, lng: super::worlds::AIM.lng };
    later.protect(nearby, Category::Medical, (100.0, 2_000.0), Protected::Active);
    state.registry = later.registry.clone();
    let (by, command) = release(&decision, "party-b", reach);
    let refused = give(&mut state, by.clone(), 2, command.clone()).unwrap_err();
    assert_eq!(refused.reason, Reason::ReleaseDenied);
    assert!(refused.message.contains("PROTECTED_ENTITY_BUFFER"), "{}", refused.message);
    state.registry = setup.registry.clone();
    give(&mut state, by, 3, command).unwrap();
    let status = state.statuses.get(&decision.id).unwrap();
    assert_eq!((status.stage, status.confirm_by()), (Stage::Released, Some(at(303))));
}

#[test]
fn a_referral_is_not_released_over_a_claim_that_has_come_nearer_since_a_reviewer_saw_it() {
    let mut setup = Setup::in_order()
        .with_articles("[[article]]\nnumber=90\nkind=\"PENDING_CLAIM\"\ntitle=\"C\"\nwithin_m=2000.0");
    setup.protect(super::codes::away(1_161.0), Category::Medical, (0.0, 0.0), Protected::Claimed);
    let claim = setup.registry.protected_entities.iter().last().unwrap().as_ref().clone();
    let before = setup.evaluate();
    assert_eq!(before.verdict, Verdict::Refer, "{:?}", before.findings);
    let mut nearer = setup.clone();
    nearer.registry.protected_entities.put(crate::registry::protection::ProtectedEntity {
        area: Area::point(super::codes::away(1_160.0)),
        ..claim
    });
    let mut state = rules(&setup);
    let mut row = state.rule_set_in_force().unwrap().as_ref().clone();
    row.text =
        format!("{TEXT}\n[[article]]\nnumber=90\nkind=\"PENDING_CLAIM\"\ntitle=\"C\"\nwithin_m=2000.0");
    state.apply(&Event::RuleSet(Change::Adopted, Box::new(row)));
    let decision = decided(&mut state, &setup);
    assert_eq!(decision.verdict, Verdict::Refer, "{:?}", decision.findings);
    let mut reviewed = |party: &str, seconds: i64, over: &registry::State| {
        let (by, release) = release(&decision, party, setup.reach);
        state.registry = over.clone();
        give(&mut state, by, seconds, release)
    };
    reviewed("party-a", 1, &setup.registry).unwrap();
    let refused = reviewed("party-b", 2, &nearer.registry).unwrap_err();
    assert_eq!(refused.reason, Reason::ReleaseDenied, "{}", refused.message);
    reviewed("party-b", 3, &setup.registry).unwrap();
    assert!(state.objections_now(&decision.id, at(4)).is_empty());
    state.registry = nearer.registry;
    assert!(!state.objections_now(&decision.id, at(5)).is_empty(), "what was released is voided by it too");
}

#[test]
fn a_notice_of_another_point_voids_the_permit_in_its_own_group() {
    let setup = Setup::in_order();
    let mut state = rules(&setup);
    let decision = decided(&mut state, &setup);
    assert_eq!(decision.verdict, Verdict::Permit);
    let notice = |point: Option<LatLng>| coordination::Command {
        said: Said::Notice(point),
        operation: Box::new(setup.operation.clone()),
        party: None,
    };
    let told = give(&mut state, actor("party-a"), 1, notice(None)).unwrap();
    assert_eq!(told.len(), 1, "a notice of the point itself voids nothing");
    let told = give(&mut state, actor("party-a"), 2, notice(Some(super::codes::away(11_000.0)))).unwrap();
    let Event::Status(_, status) = &told[1] else { panic!("{told:?}") };
    assert_eq!((status.stage, status.causes[0].code), (Stage::Void, Code::LocationMismatch));
}

#[test]
fn what_ends_by_time_alone_is_told_to_have_ended_then() {
    let setup = Setup::in_order();
    let mut state = rules(&setup);
    let decision = decided(&mut state, &setup);
    let (status, end) = (state.statuses.get(&decision.id).unwrap(), decision.expires_at.unwrap());
    assert_eq!(status.since_at(&decision, at(1)), at(0));
    assert_eq!(status.since_at(&decision, end.plus_seconds(5)), end);
}

fn asked(setup: &Setup) -> Check {
    Check { operation: Box::new(setup.operation.clone()), reach: setup.reach, prepared: None }
}

/// The registry's fold as the follower brings it.
fn clinic_at_the_aim_point(setup: &Setup) -> Command {
    let mut later = setup.clone();
    later.protect(super::worlds::AIM, Category::Medical, (100.0, 0.0), Protected::Active);
    let row = later.registry.protected_entities.iter().last().unwrap().as_ref().clone();
    let change = registry::protection::Change::Notified;
    let entries = Entries::Registry(vec![registry::Event::ProtectedEntity(change, Box::new(row))]);
    let head = Head { origin: "accord-1/registry".to_owned(), size: 1, root: "00".repeat(32) };
    Command::Followed(Followed { entries, head, news: News::New })
}

#[test]
fn what_was_found_before_its_turn_counts_where_nothing_has_moved_since() {
    let setup = Setup::in_order();
    let state = rules(&setup);
    let prepared = asked(&setup).prepared(&state, &actor("party-a"), at(0));
    let mut unseen = state.clone();
    let mut later = setup.clone();
    later.protect(super::worlds::AIM, Category::Medical, (100.0, 0.0), Protected::Active);
    // No follower brought it, so that no head says that anything has moved.
    unseen.registry = later.registry;
    let taken_over = give(&mut unseen, actor("party-a"), 0, prepared).unwrap();
    assert_eq!(taken_over, give(&mut state.clone(), actor("party-a"), 0, asked(&setup)).unwrap());
}

#[test]
fn what_was_found_before_its_turn_does_not_count_where_anything_has_moved_since() {
    let mut setup = Setup::in_order();
    setup.operation.window = Interval { start: at(0), end: at(100 * 3_600) };
    let state = rules(&setup);
    let prepared = asked(&setup).prepared(&state, &actor("party-a"), at(0));
    let same = |state: &State, by: &str, seconds: i64| {
        let (mut one, mut other) = (state.clone(), state.clone());
        let anew = give(&mut one, actor(by), seconds, asked(&setup)).unwrap();
        assert_eq!(give(&mut other, actor(by), seconds, prepared.clone()).unwrap(), anew);
        let Event::Decision(decision) = &anew[0] else { panic!("a decision") };
        decision.verdict
    };
    assert_eq!(same(&state, "party-a", 0), Verdict::Permit);
    assert_ne!(same(&state, "party-a", 73 * 3_600), Verdict::Permit, "by time");
    same(&state, "party-b", 0);
    let mut followed = state.clone();
    let clinic = clinic_at_the_aim_point(&setup);
    followed.absorb(&clinic).unwrap();
    assert_eq!(same(&followed, "party-a", 0), Verdict::Deny, "by an entry of the registry");
    let mut ratified = state.clone();
    let stricter =
        format!("{TEXT}\n[[article]]\nnumber=90\nkind=\"EFFECT_AREA\"\ntitle=\"A\"\nmax_radius_m=1.0");
    let row = state.rule_set_in_force().unwrap().as_ref().clone();
    ratified.apply(&Event::RuleSet(Change::Adopted, Box::new(RuleSet { text: stricter, ..row })));
    assert_ne!(same(&ratified, "party-a", 0), Verdict::Permit, "by a rule set");
}

fn codes(setup: &Setup) -> Vec<Code> {
    setup.evaluate().findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_newer_report_of_another_corner_hides_no_older_one() {
    let corner = |lat: f64| {
        Area::circle(LatLng { lat: super::worlds::AIM.lat + lat, lng: super::worlds::AIM.lng }, 100.0)
    };
    let other = Subject::OtherArmedGroups;
    let named = Subject::Group("Another group".to_owned());
    for subject in [other, named] {
        let mut setup = Setup::in_order();
        setup.presence_over("party-b", subject.clone(), Level::Confirmed, (corner(0.002), 300));
        setup.presence_over("party-b", subject.clone(), Level::None, (corner(-0.002), 100));
        let given = codes(&setup);
        assert!(given.contains(&Code::Commingled), "{subject:?}: {given:?}");
        setup.presence_over("party-b", subject, Level::None, (Area::circle(super::worlds::AIM, 5_000.0), 50));
        assert_eq!(codes(&setup), [Code::AllChecksPassed], "one that covers the whole follows on all");
    }
    let mut setup = Setup::in_order();
    let claimed = Subject::Group(setup.operation.claimed_group.clone());
    setup.presence_over("party-b", claimed, Level::None, (corner(0.002), 100));
    assert!(codes(&setup).contains(&Code::PresenceNotConfirmed), "of a part it was said to be gone");
}

#[test]
fn a_reviewer_has_not_seen_another_groups_report() {
    let mut setup = Setup::in_order();
    setup.presence("party-b", Subject::Group("Third".to_owned()), Level::Possible);
    let mut state = rules(&setup);
    let decision = decided(&mut state, &setup);
    assert_eq!(decision.verdict, Verdict::Refer);
    let reach = setup.reach;
    let (by, command) = release(&decision, "party-a", reach);
    give(&mut state, by, 1, command).unwrap();
    setup.presence("party-b", Subject::Group("Fourth".to_owned()), Level::Possible);
    state.registry = setup.registry.clone();
    let (by, command) = release(&decision, "party-b", reach);
    assert_eq!(give(&mut state, by, 2, command).unwrap_err().reason, Reason::ReleaseDenied);
}

#[test]
fn of_two_notices_of_one_instant_the_one_that_is_farther_off_counts_in_either_order() {
    let aim = super::worlds::AIM;
    let off = Said::Notice(Some(LatLng { lat: aim.lat + 0.1, lng: aim.lng }));
    let article = "\n[[article]]\nnumber=90\nkind=\"NOTICE\"\ntitle=\"N\"\nmin_lead_s=0\nmax_offset_m=500.0\nasked=\"ALWAYS\"";
    let found = |notices: [Said; 2]| {
        let mut setup = Setup::in_order();
        setup.articles = Some(Text::parse(&format!("{TEXT}{article}")).unwrap().articles);
        notices.into_iter().for_each(|notice| setup.say("party-a", notice, 60));
        codes(&setup)
    };
    let precise = Said::Notice(Some(aim));
    let (one, other) = (found([off.clone(), precise.clone()]), found([precise, off]));
    assert!(one.contains(&Code::NoticeImprecise), "{one:?}");
    assert_eq!(one, other);
}

#[test]
fn an_operation_that_is_over_is_not_checked() {
    let setup = Setup::in_order();
    let end_s = setup.operation.window.end.seconds_since(at(0));
    let ask = |seconds: i64| give(&mut rules(&setup), actor("party-a"), seconds, asked(&setup));
    ask(end_s - 1).unwrap();
    let refused = ask(end_s).unwrap_err();
    assert_eq!(refused.violations[0].field, "operation.window.end_time");
}
