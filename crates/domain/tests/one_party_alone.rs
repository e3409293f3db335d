//! One party alone, with whomever else it finds that is no state party, never exposes: whatever it asks for, in whatever
//! order and through whatever actors, nothing falls that protects and nothing comes into force that exposes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod signing;

use concord_domain::accord::AccordOpened;
use concord_domain::actor::Actor;
use concord_domain::consent::Act;
use concord_domain::fold::{Context, Fold, etag};
use concord_domain::geo::{Area, LatLng};
use concord_domain::incidents::cooperation::{self, Domain, Effect, Scope};
use concord_domain::incidents::{self, incident};
use concord_domain::registry::{self, area, designation, non_target, protection};
use concord_domain::rules::{self, review, rule_set};
use concord_domain::signed::{Subject, payload_type};
use concord_domain::time::Timestamp;
use proptest::prelude::*;
use signing::{Signing, actor, opened, verifier};

const NOW: i64 = 1_898_575_200;
const AIM: LatLng = LatLng { lat: 0.5, lng: 0.5 };

fn everybody() -> Box<AccordOpened> {
    opened(&["party-a", "party-b", "notifier", "observer", "third-state"])
}

/// A service's state, driven by commands.
struct Driven<F: Fold> {
    state: F,
    made: u32,
}

impl<F: Fold> Driven<F> {
    fn new(mut state: F, opening: F::Event) -> Self {
        state.apply(&opening);
        Self { state, made: 0 }
    }

    /// Whatever is refused changes nothing.
    fn give(&mut self, by: &Actor, command: impl Into<F::Command>) -> bool {
        self.made += 1;
        let context = Context {
            actor: by.clone(),
            at: Timestamp::from_seconds(NOW + i64::from(self.made)),
            fresh_id: format!("made-{}", self.made),
        };
        let decided = self.state.decide(&command.into(), &context);
        let taken = decided.is_ok();
        decided.into_iter().flatten().for_each(|event| self.state.apply(&event));
        taken
    }
}

fn designation_draft(id: &str, name: &str) -> designation::Draft {
    designation::Draft {
        id: id.to_owned(),
        kind: designation::Kind::Group,
        primary_name: name.to_owned(),
        aliases: Vec::new(),
        list_reference: String::new(),
        narrative_reasons: String::new(),
        effective_at: None,
        expires_at: None,
        site: None,
    }
}

fn entity(at: LatLng, category: protection::Category, deny_distance_m: f64) -> protection::Draft {
    protection::Draft {
        id: "clinic".to_owned(),
        display_name: "Clinic".to_owned(),
        category,
        area: Area::point(at),
        accuracy_m: 0.0,
        deny_distance_m,
        refer_distance_m: 0.0,
        verified_at: None,
        source: String::new(),
    }
}

/// A registry in which both parties and the notifier have put protection, and a designation that party B suspended.
fn registry() -> Driven<registry::State> {
    use designation::{Command, Decision};
    let mut driven = Driven::new(
        registry::State::new().with_verifier(verifier()),
        registry::Event::AccordOpened(everybody()),
    );
    let (a, b) = (actor("party-a", "one"), actor("party-b", "one"));
    assert!(driven.give(&b, Command::Propose(designation_draft("suspended", "Group one"))));
    for by in [actor("party-b", "two"), actor("party-a", "two")] {
        let (id, reason) = ("suspended".to_owned(), String::new());
        let row = driven.state.designations.get("suspended").unwrap();
        let (etag, decision) = (etag(row.as_ref()).unwrap(), Decision::Approve);
        let envelope = Signing::of(&by.participant, &row.subject()).envelope();
        assert!(driven.give(&by, Command::Decide { id, etag, decision, reason, envelope }));
    }
    assert!(driven.give(&b, Command::Suspend { id: "suspended".to_owned(), reason: "Why".to_owned() }));
    let clinic = entity(AIM, protection::Category::DangerousForces, 500.0);
    assert!(driven.give(&actor("notifier", "one"), protection::Command::Notify(clinic)));
    let name = non_target::Command::Name {
        id: "third".to_owned(),
        primary_name: "Third".to_owned(),
        aliases: Vec::new(),
        reason: String::new(),
    };
    assert!(driven.give(&a, name));
    let ceasefire = area::Draft {
        id: "ceasefire".to_owned(),
        display_name: "Ceasefire".to_owned(),
        kind: area::Kind::Ceasefire,
        area: Area::circle(AIM, 1_000.0),
        window: None,
        altitude_band: None,
        excluded_groups: Vec::new(),
        present_groups: Vec::new(),
        verified_at: None,
    };
    assert!(driven.give(&a, area::Command::Declare(ceasefire)));
    driven
}

/// One thing that somebody asks for.
#[derive(Clone, Copy, Debug)]
struct Ask {
    by: (&'static str, &'static str),
    what: u8,
    target: bool,
    signed: Signed,
}

/// What the envelope of an approval is.
#[derive(Clone, Copy, Debug)]
enum Signed {
    /// A consent to what is asked for, with the key of whoever asks.
    Rightly,
    /// The same for another thing.
    OtherThing,
    /// The same for another act.
    OtherAct,
    /// Under the name of party B's key, which only party B can use: what it signed before.
    ByTheOther,
}

/// The envelope that an actor alone can give with what it asks for.
fn envelope(ask: Ask, subject: Option<Subject>, before: &str) -> String {
    let own = subject.map(|subject| Signing::of(&ask.by.0.into(), &subject));
    let own = own.unwrap_or_else(|| {
        Signing::of(&ask.by.0.into(), &Subject::of(Act::Designate, "designations/none".to_owned(), b""))
    });
    let other = match own.payload_type == payload_type(Act::LiftSuspension) {
        true => Act::Designate,
        false => Act::LiftSuspension,
    };
    match ask.signed {
        Signed::Rightly => own.envelope(),
        Signed::OtherThing => own.with("resource", "designations/suspended").envelope(),
        Signed::OtherAct => Signing { payload_type: payload_type(other), ..own }.envelope(),
        Signed::ByTheOther => before.to_owned(),
    }
}

/// The same for what the first consent proposes, unsigned.
fn consent(ask: Ask, subject: Option<Subject>, before: &str) -> String {
    if subject.is_none() && matches!(ask.signed, Signed::Rightly) {
        return String::new();
    }
    envelope(ask, subject, before)
}

/// What party B has signed in [`registry`].
fn signed_before(state: &registry::State) -> String {
    let given = &state.designations.get("suspended").unwrap().approvals.given;
    given[&"party-b".into()].envelope.clone()
}

/// Everybody but party B, each through two actors.
fn ask() -> impl Strategy<Value = Ask> {
    let participant = prop_oneof![
        6 => Just("party-a"), 1 => Just("notifier"), 1 => Just("observer"), 1 => Just("third-state"),
    ];
    let name = prop_oneof![Just("one"), Just("two")];
    let signed = prop_oneof![
        4 => Just(Signed::Rightly), 1 => Just(Signed::OtherThing), 1 => Just(Signed::OtherAct),
        2 => Just(Signed::ByTheOther),
    ];
    let ask = ((participant, name), 0..16_u8, any::<bool>(), signed);
    ask.prop_map(|(by, what, target, signed)| Ask { by, what, target, signed })
}

fn ask_registry(driven: &mut Driven<registry::State>, ask: Ask) {
    use designation::{Alias, AliasQuality, Command, Decision};
    let by = actor(ask.by.0, ask.by.1);
    let id = if ask.target { "suspended" } else { "new" }.to_owned();
    let reason = "Why".to_owned();
    let row = driven.state.designations.get(&id).cloned();
    let read = row.as_ref().map(|row| etag(row.as_ref()).unwrap()).unwrap_or_default();
    let proposal = row.as_ref().and_then(|row| row.alias_proposals.last().cloned());
    let before = signed_before(&driven.state);
    let clinic = "clinic".to_owned();
    let held = driven.state.protected_entities.get("clinic").unwrap().clone();
    let entity_etag = etag(held.as_ref()).unwrap();
    match ask.what {
        0 => driven.give(&by, Command::Propose(designation_draft("new", "Group two"))),
        1 => driven.give(&by, Command::Propose(designation_draft("again", "Group one"))),
        2 | 3 => {
            let envelope = envelope(ask, row.map(|row| row.subject()), &before);
            let decision = Decision::Approve;
            driven.give(&by, Command::Decide { id, etag: read, decision, reason, envelope })
        }
        4 => {
            let alias = Alias { name: "Group three".to_owned(), quality: AliasQuality::Strong };
            driven.give(&by, Command::ProposeAlias { id, alias })
        }
        5 | 6 => {
            let subject = row.zip(proposal.as_ref()).map(|(row, p)| p.subject(&id, row.version));
            let envelope = envelope(ask, subject, &before);
            let (alias_id, read) = proposal.map(|p| (p.id.clone(), etag(&p).unwrap())).unwrap_or_default();
            let decision = Decision::Approve;
            driven.give(&by, Command::DecideAlias { id, alias_id, etag: read, decision, reason, envelope })
        }
        7 | 8 => {
            let subject = held.removal.as_ref().map(|_| held.removal_subject());
            let envelope = consent(ask, subject, &before);
            let (id, etag) = (clinic, entity_etag);
            driven.give(&by, protection::Command::ConsentToRemoval { id, etag, reason, envelope })
        }
        9 => {
            let envelope = envelope(ask, Some(held.former_places_subject()), &before);
            let (id, etag) = (clinic, entity_etag);
            driven.give(&by, protection::Command::GiveUpFormerPlace { id, etag, envelope })
        }
        10 => {
            let moved = LatLng { lat: AIM.lat + 0.1, lng: AIM.lng };
            let draft = entity(moved, protection::Category::DangerousForces, 500.0);
            driven.give(&by, protection::Command::Amend { draft, etag: entity_etag })
        }
        11 => {
            let draft =
                entity(AIM, protection::Category::OtherCivilian, if ask.target { 500.0 } else { 0.0 });
            driven.give(&by, protection::Command::Amend { draft, etag: entity_etag })
        }
        12 | 13 => {
            let third = driven.state.non_target_groups.get("third").unwrap();
            let (id, etag) = ("third".to_owned(), etag(third.as_ref()).unwrap());
            let subject = third.removal.as_ref().map(|_| third.removal_subject());
            let envelope = consent(ask, subject, &before);
            driven.give(&by, non_target::Command::ConsentToRemoval { id, etag, envelope })
        }
        _ => {
            let ceasefire = driven.state.areas.get("ceasefire").unwrap();
            let (id, etag) = ("ceasefire".to_owned(), etag(ceasefire.as_ref()).unwrap());
            let subject = ceasefire.end_consents.as_ref().map(|_| ceasefire.end_subject());
            let envelope = consent(ask, subject, &before);
            driven.give(&by, area::Command::ConsentToEnd { id, etag, envelope })
        }
    };
}

fn is_exposed(state: &registry::State) -> Option<&'static str> {
    let clinic = state.protected_entities.get("clinic").unwrap();
    let kept = clinic.stage == protection::Stage::Active
        && clinic.places().any(|place| place == &Area::point(AIM))
        && clinic.deny_distance_m >= 500.0
        && clinic.category == protection::Category::DangerousForces;
    let active = state.designations.iter().any(|row| row.stage == designation::Stage::Active);
    let renamed = state.designations.iter().any(|row| !row.aliases.is_empty());
    let named = state.non_target_groups.get("third").unwrap().stage == non_target::Stage::Active;
    let in_effect = state.areas.get("ceasefire").unwrap().stage == area::Stage::Active;
    [
        (kept, "protection"),
        (!active, "designation"),
        (!renamed, "alias"),
        (named, "group that is no target"),
        (in_effect, "ceasefire"),
    ]
    .into_iter()
    .find_map(|(right, what)| (!right).then_some(what))
}

const TEXT: &str = "title = \"T\"\n[[article]]\nnumber = 1\nkind = \"DISSENT\"\ntitle = \"D\"\n";

fn ask_rules(driven: &mut Driven<rules::State>, ask: Ask, before: &str) {
    let by = actor(ask.by.0, ask.by.1);
    let id = "first".to_owned();
    match ask.what {
        0..8 => driven.give(&by, rule_set::Command::Propose { id, text: TEXT.to_owned() }),
        8..15 => {
            let subject = driven.state.rule_sets.get("first").map(|row| row.subject());
            let envelope = envelope(ask, subject, before);
            driven.give(&by, rule_set::Command::Ratify { id, envelope })
        }
        _ => driven.give(&by, review::Command::Lapse { id }),
    };
}

fn ask_incidents(driven: &mut Driven<incidents::State>, ask: Ask, before: &str) {
    let by = actor(ask.by.0, ask.by.1);
    let standing = driven.state.suspensions.iter().next().unwrap();
    let (id, envelope) = (standing.id.clone(), envelope(ask, Some(standing.lift_subject()), before));
    match ask.what {
        0..12 => {
            let corrective_action = "As agreed".to_owned();
            driven.give(&by, cooperation::Command::ConsentToLift { id, corrective_action, envelope })
        }
        _ => driven.give(&by, incident::Command::Acknowledge { id }),
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_protects_falls_and_nothing_that_exposes_comes_into_force(asks in prop::collection::vec(ask(), 1..40)) {
        let mut registry = registry();
        let unopened = rules::State::new().with_verifier(verifier());
        let mut rules = Driven::new(unopened, rules::Event::AccordOpened(everybody()));
        let unopened = incidents::State::default().with_verifier(verifier());
        let mut incidents = Driven::new(unopened, incidents::Event::AccordOpened(everybody()));
        let draft = cooperation::Draft {
            party: Some("party-a".into()),
            area: None,
            domain: Domain::Operations,
            scope: Scope::Kinetic,
            effect: Effect::Suspended,
            reason: "Why".to_owned(),
        };
        prop_assert!(incidents.give(&actor("party-b", "one"), cooperation::Command::Suspend(Box::new(draft))));
        for ask in asks {
            ask_registry(&mut registry, ask);
            let before = signed_before(&registry.state);
            ask_rules(&mut rules, ask, &before);
            ask_incidents(&mut incidents, ask, &before);
            prop_assert_eq!(is_exposed(&registry.state), None, "after {:?}", ask);
            prop_assert!(rules.state.rule_set_in_force().is_none());
            let standing = incidents.state.suspensions_of(&"party-a".into(), Domain::Operations, None);
            prop_assert_eq!(standing.len(), 1);
        }
    }
}

#[test]
fn the_same_asks_with_the_other_party_expose() {
    use designation::{Command, Decision};
    let mut driven = registry();
    let approve = |driven: &mut Driven<registry::State>, by: &Actor| {
        let row = driven.state.designations.get("new").unwrap();
        let (id, etag, reason) = ("new".to_owned(), etag(row.as_ref()).unwrap(), String::new());
        let envelope = Signing::of(&by.participant, &row.subject()).envelope();
        driven.give(by, Command::Decide { id, etag, decision: Decision::Approve, reason, envelope })
    };
    assert!(driven.give(&actor("party-a", "one"), Command::Propose(designation_draft("new", "Group two"))));
    assert!(approve(&mut driven, &actor("party-a", "two")));
    assert_eq!(is_exposed(&driven.state), None);
    assert!(approve(&mut driven, &actor("party-b", "one")));
    assert_eq!(is_exposed(&driven.state), Some("designation"), "the property can fail");
}

#[test]
fn the_same_consents_of_the_other_party_take_the_protection_away() {
    let mut driven = registry();
    let removed = |driven: &mut Driven<registry::State>, by: &Actor, signed: bool| {
        let row = driven.state.protected_entities.get("clinic").unwrap();
        let (id, etag, reason) = ("clinic".to_owned(), etag(row.as_ref()).unwrap(), "Why".to_owned());
        let envelope = Signing::of(&by.participant, &row.removal_subject()).envelope();
        let envelope = if signed { envelope } else { String::new() };
        driven.give(by, protection::Command::ConsentToRemoval { id, etag, reason, envelope })
    };
    let (one, two) = (actor("party-a", "one"), actor("party-a", "two"));
    assert!(!removed(&mut driven, &one, true), "whoever proposes signs nothing");
    assert!(removed(&mut driven, &one, false));
    assert!(!removed(&mut driven, &two, false), "whoever approves signs");
    assert!(removed(&mut driven, &two, true));
    assert_eq!(is_exposed(&driven.state), None);
    assert!(removed(&mut driven, &actor("party-b", "one"), true));
    assert_eq!(is_exposed(&driven.state), Some("protection"), "the property can fail");
}
