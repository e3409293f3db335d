//! What somebody else must vouch for, or the submitter must show: attestations.

use std::collections::BTreeSet;

use super::worlds::{Setup, actor};
use crate::actor::{Actor, Role};
use crate::rules::coordination::{Attestation, Said};
use crate::rules::evaluate::*;
use crate::rules::rule_set::Text;

pub(super) const ATTESTATION: &str = "[[article]]\nnumber=91\nkind=\"ATTESTATION\"\ntitle=\"A\"\n\
                                      required=[\"LEGAL_REVIEW\",\"PRECAUTIONS\",\"PROHIBITED_PRACTICES\"]";

fn codes(setup: &Setup) -> BTreeSet<Code> {
    setup.evaluate().findings.iter().map(|finding| finding.code).collect()
}

fn other(participant: &str, role: Role) -> Actor {
    Actor { role, name: "legal".to_owned(), ..actor(participant) }
}

/// Says every attestation as `by`.
pub(super) fn attest(setup: &mut Setup, by: &Actor) {
    for what in [Attestation::LegalReview, Attestation::Precautions, Attestation::ProhibitedPractices] {
        setup.say_as(by.clone(), Said::Attestation(what), 60);
    }
}

#[test]
fn an_attestation_counts_from_another_approver_or_reviewer_of_the_submitting_party_alone() {
    let asked = Setup::in_order().with_articles(ATTESTATION);
    for counts in [other("party-a", Role::Approver), other("party-a", Role::Reviewer)] {
        let mut setup = asked.clone();
        attest(&mut setup, &counts);
        assert_eq!(setup.evaluate().verdict, Verdict::Permit, "{counts:?}");
    }
    let submitter_again = Actor { role: Role::Approver, ..actor("party-a") };
    for counts_not in [
        submitter_again,
        actor("party-a"),
        other("party-a", Role::DutyOfficer),
        other("party-a", Role::Proposer),
        other("party-b", Role::Approver),
    ] {
        let mut setup = asked.clone();
        attest(&mut setup, &counts_not);
        assert_eq!(codes(&setup), BTreeSet::from([Code::AttestationMissing]), "{counts_not:?}");
    }
}

#[test]
fn every_attestation_that_is_asked_for_is_missed_by_itself() {
    let mut setup = Setup::in_order().with_articles(ATTESTATION);
    setup.say_as(other("party-a", Role::Reviewer), Said::Attestation(Attestation::Precautions), 60);
    let evaluation = setup.evaluate();
    assert_eq!(evaluation.verdict, Verdict::Refer);
    let told: Vec<_> =
        evaluation.findings.iter().map(|finding| (finding.code, finding.message.as_str())).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].1.contains("LEGAL_REVIEW") && told[1].1.contains("PROHIBITED_PRACTICES"), "{told:?}");
    setup.say_as(other("party-a", Role::Reviewer), Said::Approval, 60);
    assert_eq!(setup.evaluate().findings.len(), 2, "an approval is no attestation");
}

#[test]
fn a_rule_set_asks_for_attestations_of_the_closed_set_each_once() {
    let text = |required: &str| {
        format!("title=\"T\"\n[[article]]\nnumber=1\nkind=\"ATTESTATION\"\ntitle=\"A\"\nrequired={required}")
    };
    assert!(Text::parse(&text("[\"PRECAUTIONS\"]")).is_ok());
    for (wrong, told) in [
        ("[]", "at least one"),
        ("[\"PRECAUTIONS\",\"PRECAUTIONS\"]", "each attestation once"),
        ("[\"GOOD_WILL\"]", "unknown variant"),
    ] {
        let refusal = Text::parse(&text(wrong)).unwrap_err();
        assert!(
            refusal.message.contains(told) && refusal.message.contains("article 1"),
            "{}",
            refusal.message
        );
    }
}
