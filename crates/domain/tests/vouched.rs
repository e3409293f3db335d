//! What rules and incidents make of a registry that lies: nothing exposes but over the signatures of all parties, over the
//! thing as it stands, and what has fallen does not come back over signatures that were given before.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod following;
mod signing;

use concord_domain::consent::Approvals;
use concord_domain::errors::Reason;
use concord_domain::follow::News;
use concord_domain::registry;
use concord_domain::registry::designation::{
    Alias, AliasProposal, AliasQuality, AliasStage, Change, Designation, Kind, Stage,
};
use concord_domain::signed::payload_type;
use following::{Followers, forgeries, gathered, now, of_registry, sound};
use signing::{Signing, actor};

/// A designation that claims to be in force, without any consent.
fn claimed() -> Designation {
    Designation {
        id: "group-1".to_owned(),
        version: 2,
        holds: 1,
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
        approvals: Approvals::new(actor("party-a", "one"), now()),
    }
}

fn designated(forged: impl Fn(Signing) -> Option<String>) -> Designation {
    agreed(claimed(), forged)
}

fn agreed(row: Designation, forged: impl Fn(Signing) -> Option<String>) -> Designation {
    Designation { approvals: gathered(&row.subject(), forged), ..row }
}

/// A designation that every party has signed, with a further name that claims to be ratified.
fn renamed(forged: impl Fn(Signing) -> Option<String>) -> Designation {
    let mut row = designated(sound);
    let mut proposal = AliasProposal {
        id: "alias-1".to_owned(),
        alias: Alias { name: "Second group".to_owned(), quality: AliasQuality::Strong },
        stage: AliasStage::Ratified,
        stage_reason: String::new(),
        approvals: Approvals::new(row.approvals.proposed_by.clone(), now()),
    };
    proposal.approvals = gathered(&proposal.subject(&row.id, row.version), forged);
    row.alias_proposals.push(proposal);
    row
}

/// What the followers say to entries of the registry that follow on what they have taken in.
fn take_in(followers: &mut Followers, rows: Vec<Designation>, news: News) -> Result<(), Reason> {
    let events = rows.into_iter().map(|row| registry::Event::Designation(Change::Activated, Box::new(row)));
    followers.take_in(&of_registry(events), news)
}

fn refused(rows: Vec<Designation>) -> Reason {
    take_in(&mut Followers::new(), rows, News::New).unwrap_err()
}

#[test]
fn what_every_party_has_signed_is_taken_in() {
    for news in [News::New, News::Kept] {
        let mut followers = Followers::new();
        take_in(&mut followers, vec![designated(sound)], news).unwrap();
        take_in(&mut followers, vec![renamed(sound)], news).unwrap();
        for registry in [&followers.rules.registry, &followers.incidents.registry] {
            assert_eq!(registry.designations.get("group-1").unwrap().alias_proposals.len(), 1);
        }
    }
}

#[test]
fn rules_takes_in_no_list_that_a_lying_registry_has_widened() {
    for (what, forged) in forgeries() {
        for row in [designated(&forged), renamed(&forged)] {
            for news in [News::New, News::Kept] {
                let mut followers = Followers::new();
                let reason = take_in(&mut followers, vec![row.clone()], news).unwrap_err();
                assert_eq!(reason, Reason::SignatureInvalid, "{what}");
                assert!(followers.rules.registry.designations.is_empty(), "{what}");
                assert!(followers.incidents.registry.designations.is_empty(), "{what}");
            }
        }
    }
}

#[test]
fn what_was_signed_covers_every_part_of_what_exposes() {
    let widened: [fn(&mut Designation); 9] = [
        |row| row.version = 3,
        |row| row.holds = 2,
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
        assert_eq!(refused(vec![row]), Reason::SignatureInvalid);
    }
    let renames: [fn(&mut AliasProposal); 3] = [
        |proposal| proposal.id.push('1'),
        |proposal| proposal.alias.name.push('s'),
        |proposal| proposal.alias.quality = AliasQuality::Weak,
    ];
    for rename in renames {
        let mut row = renamed(sound);
        rename(&mut row.alias_proposals[0]);
        assert_eq!(refused(vec![row]), Reason::SignatureInvalid);
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
            assert_eq!(refused(rows.clone()), Reason::SignatureInvalid);
            // The same, where the entries come one by one.
            let mut followers = Followers::new();
            let taken = rows.into_iter().try_for_each(|row| take_in(&mut followers, vec![row], News::New));
            assert_eq!(taken.unwrap_err(), Reason::SignatureInvalid);
        }
    }
}

#[test]
fn what_was_signed_before_a_hold_is_not_taken_for_an_approval_after_it() {
    let held = Designation { stage: Stage::Held, holds: 2, ..claimed() };
    let back = designated(sound);
    assert_eq!(refused(vec![held.clone(), back.clone()]), Reason::SignatureInvalid, "without the hold");
    let over_it = Designation { holds: 2, ..back };
    assert_eq!(
        refused(vec![held.clone(), over_it]),
        Reason::SignatureInvalid,
        "over the signatures before it"
    );
    let anew = agreed(Designation { holds: 2, ..claimed() }, sound);
    take_in(&mut Followers::new(), vec![held, anew], News::New).unwrap();
}

#[test]
fn what_fell_and_was_agreed_on_anew_is_taken_in_at_once_and_one_by_one() {
    let staged = |stage| Designation { stage, ..designated(sound) };
    let anew = agreed(Designation { version: 3, holds: 0, ..claimed() }, sound);
    let rows = vec![
        staged(Stage::Proposed),
        staged(Stage::Active),
        staged(Stage::Suspended),
        staged(Stage::Expired),
        Designation { stage: Stage::Proposed, ..anew.clone() },
        anew,
    ];
    take_in(&mut Followers::new(), rows.clone(), News::Kept).unwrap();
    let mut followers = Followers::new();
    rows.into_iter().for_each(|row| take_in(&mut followers, vec![row], News::New).unwrap());
    assert_eq!(followers.rules.registry.designations.get("group-1").unwrap().stage, Stage::Active);
}

#[test]
fn without_a_verifier_nothing_is_believed() {
    let refused = take_in(&mut Followers::unable(), vec![designated(sound)], News::New);
    assert_eq!(refused.unwrap_err(), Reason::SignatureInvalid);
}

#[test]
fn the_hashes_in_the_format_document_are_what_is_signed() {
    let row = renamed(sound);
    let document = include_str!("../../../docs/formats/entry.md");
    for subject in [row.subject(), row.alias_proposals[0].subject(&row.id, row.version)] {
        assert!(document.contains(&format!("SHA-256  {}\n", subject.content_hash)), "{subject:?}");
        let kind = payload_type(subject.act);
        let kind = kind.trim_start_matches("application/vnd.concord.").trim_end_matches(".v1+json");
        assert!(document.contains(&format!("| `{kind}` |")), "{subject:?}");
    }
}
