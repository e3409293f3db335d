//! What rules makes of a registry that lies: nothing exposes but over the signatures of all parties, over the thing as it
//! stands, and what has fallen does not come back over signatures that were given before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod signing;

use std::collections::{BTreeMap, BTreeSet};

use concord_domain::accord::{Accord, AccordOpened, HotlineDeadlines, Mode, Participant};
use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_domain::consent::{Act, Approval, Approvals, ConsentTable};
use concord_domain::errors::Reason;
use concord_domain::fold::{Context, Fold};
use concord_domain::follow::{Head, News};
use concord_domain::registry;
use concord_domain::registry::designation::{
    Alias, AliasProposal, AliasQuality, AliasStage, Change, Designation, Kind, Stage,
};
use concord_domain::rules::state::{Entries, Followed};
use concord_domain::rules::{self, Command};
use concord_domain::signed::{Subject, payload_type};
use concord_domain::time::Timestamp;
use signing::{ACCORD, Signing, keys, verifier};

const PARTIES: [&str; 2] = ["party-a", "party-b"];

fn now() -> Timestamp {
    Timestamp::parse("2030-03-01T06:00:00Z").unwrap()
}

fn actor(participant: &str) -> Actor {
    let kind = ParticipantKind::StateParty;
    Actor { participant: participant.into(), kind, role: Role::Approver, name: "two".to_owned() }
}

/// Rules, with the accord of two parties open.
fn rules() -> rules::State {
    opened(rules::State::new().with_verifier(verifier()))
}

fn opened(mut state: rules::State) -> rules::State {
    let participant = |id: &str| Participant {
        id: id.into(),
        name: id.to_owned(),
        kind: ParticipantKind::StateParty,
        trust_domain: format!("{id}.example"),
        roots: Vec::new(),
        signing_keys: keys(id),
        roles: BTreeSet::new(),
    };
    let accord = Accord {
        id: ACCORD.to_owned(),
        title: "Tests".to_owned(),
        mode: Mode::Operational,
        witness_quorum: 0,
        witnesses: Vec::new(),
        log_keys: BTreeMap::new(),
        consent: ConsentTable::default(),
        hotline: HotlineDeadlines::default(),
        participants: PARTIES.map(participant).into(),
    };
    state.apply(&rules::Event::AccordOpened(Box::new(AccordOpened { hash: String::new(), accord })));
    state
}

/// A designation that claims to be in force, without any consent.
fn claimed() -> Designation {
    let proposer = Actor { name: "one".to_owned(), ..actor("party-a") };
    Designation {
        id: "group-1".to_owned(),
        version: 2,
        kind: Kind::Group,
        primary_name: "Group one".to_owned(),
        aliases: vec![Alias { name: "First group".to_owned(), quality: AliasQuality::Strong }],
        alias_proposals: Vec::new(),
        list_reference: "QDe.115".to_owned(),
        narrative_reasons: String::new(),
        effective_at: now(),
        expires_at: now().plus_seconds(86_400),
        site: None,
        stage: Stage::Active,
        stage_reason: String::new(),
        approvals: Approvals::new(proposer, now()),
    }
}

fn right(party: &str, subject: &Subject) -> Signing {
    Signing::of(&party.into(), subject)
}

/// Records the consent of every party, that of party B as `forged` makes it; none where it makes none.
fn record(approvals: &mut Approvals, subject: &Subject, forged: impl Fn(Signing) -> Option<String>) {
    let given = [Some(right("party-a", subject).envelope()), forged(right("party-b", subject))];
    for (party, envelope) in PARTIES.into_iter().zip(given) {
        if let Some(envelope) = envelope {
            let approval = Approval { by: actor(party), at: now(), envelope: Some(envelope) };
            approvals.given.insert(party.into(), approval);
        }
    }
}

fn designated(forged: impl Fn(Signing) -> Option<String>) -> Designation {
    let mut row = claimed();
    let subject = row.subject();
    record(&mut row.approvals, &subject, forged);
    row
}

/// A designation that every party has signed, with a further name that claims to be ratified.
fn renamed(forged: impl Fn(Signing) -> Option<String>) -> Designation {
    let mut row = designated(sound);
    let mut proposal = AliasProposal {
        id: "alias-1".to_owned(),
        alias: Alias { name: "Second group".to_owned(), quality: AliasQuality::Strong },
        stage: AliasStage::Ratified,
        approvals: Approvals::new(row.approvals.proposed_by.clone(), now()),
    };
    let subject = proposal.subject(&row.id, row.version);
    record(&mut proposal.approvals, &subject, forged);
    row.alias_proposals.push(proposal);
    row
}

#[expect(clippy::unnecessary_wraps, reason = "one of the ways to make an envelope")]
fn sound(signing: Signing) -> Option<String> {
    Some(signing.envelope())
}

/// What rules says to entries of the registry that follow on what it has taken in.
fn take_in(state: &mut rules::State, rows: Vec<Designation>, news: News) -> Result<(), (Reason, String)> {
    let events = rows.into_iter().map(|row| registry::Event::Designation(Change::Activated, Box::new(row)));
    let head = Head { origin: "accord-1/registry".to_owned(), size: 1, root: "00".repeat(32) };
    let command = Command::Followed(Followed { entries: Entries::Registry(events.collect()), head, news });
    let context = Context { actor: actor("party-a"), at: now(), fresh_id: "made-1".to_owned() };
    state.absorb(&command).map_err(|refusal| (refusal.reason, refusal.message))?;
    state.decide(&command, &context).unwrap().iter().for_each(|event| state.apply(event));
    Ok(())
}

/// A way to make what is no envelope of party B out of one.
type Forgery = Box<dyn Fn(Signing) -> Option<String>>;

/// Every way in which party B has not signed.
fn forgeries() -> Vec<(&'static str, Forgery)> {
    let other = |field: &'static str, value: &'static str| {
        move |signing: Signing| Some(signing.with(field, value).envelope())
    };
    let hash = "1111111111111111111111111111111111111111111111111111111111111111";
    vec![
        ("missing", Box::new(|_| None)),
        ("empty", Box::new(|_| Some(String::new()))),
        ("another accord", Box::new(other("accord", "accord-2"))),
        ("another resource", Box::new(other("resource", "designations/group-2"))),
        ("another version", Box::new(other("content_hash", hash))),
        ("expired", Box::new(other("expire_time", "2030-03-01T06:00:00Z"))),
        ("more than a statement", Box::new(other("priority", "high"))),
        ("another party's key", Box::new(|s| Some(Signing { by: "party-a".into(), ..s }.envelope()))),
        (
            "another payload type",
            Box::new(|s| Some(Signing { payload_type: payload_type(Act::RatifyRuleSet), ..s }.envelope())),
        ),
    ]
}

#[test]
fn what_every_party_has_signed_is_taken_in() {
    for news in [News::New, News::Kept] {
        let mut state = rules();
        take_in(&mut state, vec![designated(sound)], news).unwrap();
        take_in(&mut state, vec![renamed(sound)], news).unwrap();
        assert_eq!(state.registry.designations.get("group-1").unwrap().alias_proposals.len(), 1);
    }
}

#[test]
fn rules_takes_in_no_list_that_a_lying_registry_has_widened() {
    for (what, forged) in forgeries() {
        for row in [designated(&forged), renamed(&forged)] {
            for news in [News::New, News::Kept] {
                let mut state = rules();
                let (reason, message) = take_in(&mut state, vec![row.clone()], news).unwrap_err();
                assert_eq!(reason, Reason::SignatureInvalid, "{what}: {message}");
                assert!(state.registry.designations.is_empty(), "{what}");
            }
        }
    }
}

#[test]
fn what_was_signed_covers_every_part_of_what_exposes() {
    let widened: [fn(&mut Designation); 8] = [
        |row| row.version = 3,
        |row| row.kind = Kind::Site,
        |row| row.primary_name.push('s'),
        |row| row.aliases[0].name.push('s'),
        |row| row.aliases.clear(),
        |row| row.list_reference.clear(),
        |row| row.effective_at = row.effective_at.plus_seconds(-1),
        |row| row.expires_at = row.expires_at.plus_seconds(1),
    ];
    for widen in widened {
        let mut row = designated(sound);
        widen(&mut row);
        assert_eq!(take_in(&mut rules(), vec![row], News::New).unwrap_err().0, Reason::SignatureInvalid);
    }
    let renames: [fn(&mut AliasProposal); 3] = [
        |proposal| proposal.id.push('1'),
        |proposal| proposal.alias.name.push('s'),
        |proposal| proposal.alias.quality = AliasQuality::Weak,
    ];
    for rename in renames {
        let mut row = renamed(sound);
        rename(&mut row.alias_proposals[0]);
        assert_eq!(take_in(&mut rules(), vec![row], News::New).unwrap_err().0, Reason::SignatureInvalid);
    }
}

#[test]
fn what_has_fallen_does_not_come_back_over_signatures_given_before() {
    let staged = |stage| Designation { stage, ..designated(sound) };
    for fallen in [Stage::Suspended, Stage::Rejected, Stage::Expired] {
        // At once, and by way of a proposal of the same version or of a later one.
        let later = Designation { version: 3, ..staged(Stage::Proposed) };
        let ways = [vec![], vec![staged(Stage::Proposed)], vec![later]];
        for way in ways {
            let mut rows = vec![staged(Stage::Active), staged(fallen)];
            rows.extend(way);
            rows.push(staged(Stage::Active));
            assert_eq!(
                take_in(&mut rules(), rows.clone(), News::New).unwrap_err().0,
                Reason::SignatureInvalid
            );
            // The same, where the entries come one by one.
            let mut state = rules();
            let taken = rows.into_iter().try_for_each(|row| take_in(&mut state, vec![row], News::New));
            assert_eq!(taken.unwrap_err().0, Reason::SignatureInvalid);
        }
    }
}

#[test]
fn what_fell_and_was_agreed_on_anew_is_taken_in_at_once_and_one_by_one() {
    let staged = |stage| Designation { stage, ..designated(sound) };
    let mut anew = Designation { version: 3, ..claimed() };
    let subject = anew.subject();
    record(&mut anew.approvals, &subject, sound);
    let rows = vec![
        staged(Stage::Proposed),
        staged(Stage::Active),
        staged(Stage::Suspended),
        staged(Stage::Expired),
        Designation { stage: Stage::Proposed, ..anew.clone() },
        anew,
    ];
    take_in(&mut rules(), rows.clone(), News::Kept).unwrap();
    let mut state = rules();
    rows.into_iter().for_each(|row| take_in(&mut state, vec![row], News::New).unwrap());
    assert_eq!(state.registry.designations.get("group-1").unwrap().stage, Stage::Active);
}

#[test]
fn without_a_verifier_nothing_is_believed() {
    let mut state = opened(rules::State::new());
    let refused = take_in(&mut state, vec![designated(sound)], News::New).unwrap_err();
    assert_eq!(refused.0, Reason::SignatureInvalid);
}

#[test]
fn the_hashes_in_the_format_document_are_what_is_signed() {
    let row = renamed(sound);
    let document = include_str!("../../../docs/formats/entry.md");
    for subject in [row.subject(), row.alias_proposals[0].subject(&row.id, row.version)] {
        assert!(document.contains(&format!("SHA-256  {}\n", subject.content_hash)), "{subject:?}");
        assert!(document.contains(&payload_type(subject.act)), "{subject:?}");
    }
}
