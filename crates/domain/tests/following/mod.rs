//! Those who follow a ledger that may lie: rules, and of the registry's incidents too. Both must say the same to it.

use concord_domain::consent::{Act, Approval, Approvals};
use concord_domain::errors::Reason;
use concord_domain::fold::{Context, Fold};
use concord_domain::follow::{Head, News};
use concord_domain::rules::state::{Entries, Followed};
use concord_domain::signed::{Subject, payload_type};
use concord_domain::time::Timestamp;
use concord_domain::{incidents, registry, rules};

use crate::signing::{Signing, actor, opened, verifier};

const PARTIES: [&str; 2] = ["party-a", "party-b"];

/// The instant of everything.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2030-03-01T06:00:00Z").unwrap()
}

/// The followers of an accord of two parties.
pub(crate) struct Followers {
    pub(crate) rules: rules::State,
    pub(crate) incidents: incidents::State,
}

impl Followers {
    pub(crate) fn new() -> Self {
        let rules = rules::State::new().with_verifier(verifier());
        Self::of(rules, incidents::State::default().with_verifier(verifier()))
    }

    /// Those that have no verifier.
    pub(crate) fn unable() -> Self {
        Self::of(rules::State::new(), incidents::State::default())
    }

    fn of(mut rules: rules::State, mut incidents: incidents::State) -> Self {
        rules.apply(&rules::Event::AccordOpened(opened(&PARTIES)));
        incidents.apply(&incidents::Event::AccordOpened(opened(&PARTIES)));
        Self { rules, incidents }
    }

    /// Takes in entries that follow on what was taken in before; those of the registry by both.
    pub(crate) fn take_in(&mut self, entries: &Entries, news: News) -> Result<(), Reason> {
        let head = Head { origin: "accord-1/ledger".to_owned(), size: 1, root: "00".repeat(32) };
        let followed = Followed { entries: entries.clone(), head, news };
        let answer = taken_in(&mut self.rules, &rules::Command::Followed(followed));
        if let Entries::Registry(events) = entries {
            let followed = incidents::Followed::Registry(events.clone());
            let other = taken_in(&mut self.incidents, &incidents::Command::Followed(followed));
            assert_eq!(answer, other, "rules and incidents say the same to the registry");
        }
        answer
    }
}

fn taken_in<F: Fold>(state: &mut F, command: &F::Command) -> Result<(), Reason> {
    let context = Context { actor: actor("party-a", "two"), at: now(), fresh_id: "made-1".to_owned() };
    state.absorb(command).map_err(|refusal| refusal.reason)?;
    let events = state.decide(command, &context).unwrap();
    events.iter().for_each(|event| state.apply(event));
    Ok(())
}

/// Entries of the registry.
pub(crate) fn of_registry(events: impl IntoIterator<Item = registry::Event>) -> Entries {
    Entries::Registry(events.into_iter().collect())
}

/// The consents of both parties, that of party B as `forged` makes it; none of it where it makes none.
pub(crate) fn consents(subject: &Subject, forged: impl Fn(Signing) -> Option<String>) -> Vec<Approval> {
    let right = |party: &str| Signing::of(&party.into(), subject);
    let given = [Some(right("party-a").envelope()), forged(right("party-b"))];
    let given = PARTIES.into_iter().zip(given);
    given
        .filter_map(|(party, envelope)| {
            envelope.map(|envelope| Approval {
                by: actor(party, "two"),
                at: now(),
                envelope,
                reason: String::new(),
            })
        })
        .collect()
}

/// The same as they are gathered, of what an actor of party A proposed.
pub(crate) fn gathered(subject: &Subject, forged: impl Fn(Signing) -> Option<String>) -> Approvals {
    let mut approvals = Approvals::new(actor("party-a", "one"), now());
    for approval in consents(subject, forged) {
        approvals.given.insert(approval.by.participant.clone(), approval);
    }
    approvals
}

#[expect(clippy::unnecessary_wraps, reason = "one of the ways to make an envelope")]
pub(crate) fn sound(signing: Signing) -> Option<String> {
    Some(signing.envelope())
}

/// A way to make what is no envelope of party B out of one.
pub(crate) type Forgery = Box<dyn Fn(Signing) -> Option<String>>;

/// Every way in which party B has not signed.
pub(crate) fn forgeries() -> Vec<(&'static str, Forgery)> {
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
