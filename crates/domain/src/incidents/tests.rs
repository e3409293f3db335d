//! Triggers in whatever order their incidents come, lifting by all, and the line's numbers and clocks.

use proptest::prelude::*;

use crate::actor::{Actor, Role};
use crate::consent::{Approval, Approvals};
use crate::errors::{Reason, Refusal};
use crate::fold::{Context, Fold as _};
use crate::geo::{Area, LatLng};
use crate::incidents::cooperation::{self, Domain, Effect, Scope};
use crate::incidents::hotline::{self, Draft, Precedence, Stage};
use crate::incidents::incident::{self, Category, FindingResult, Report, Severity};
use crate::incidents::{Command, Event, Followed, State};
use crate::rules;
use crate::rules::rule_set::{Change as RuleSetChange, RuleSet, Stage as RuleSetStage};
use crate::signing::{self, Signing, opened, verifier};
use crate::time::Timestamp;

const NOW: i64 = 1_898_575_200;
const HOUR: i64 = 3_600;

/// Three reports by others within ten hours, or one that the party accepts.
const TEXT: &str = r#"
title = "Triggers"
[[article]]
number = 1
kind = "SUSPENSION_TRIGGER"
title = "Three critical incidents"
basis = "REPORTED_BY_NON_PARTIES"
min_severity = "CRITICAL"
count = 3
within_s = 36000
[[article]]
number = 2
kind = "SUSPENSION_TRIGGER"
title = "One accepted"
basis = "ACCEPTED"
min_severity = "MAJOR"
count = 1
within_s = 0
effect = "RESTRICTED"
"#;

fn actor(participant: &str) -> Actor {
    Actor { role: Role::DutyOfficer, ..signing::actor(participant, "actor-1") }
}

/// Incidents of an accord of two parties, an observer and an auditor, driven by commands.
#[derive(Clone)]
struct Driven {
    state: State,
    seconds: i64,
    asked: u32,
}

impl Driven {
    fn new() -> Self {
        let mut state = State::default().with_verifier(verifier());
        state.apply(&Event::AccordOpened(opened(&["party-a", "party-b", "observer", "auditor"])));
        Self { state, seconds: NOW, asked: 0 }
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_seconds(self.seconds)
    }

    fn give(&mut self, by: &str, command: impl Into<Command>) -> Result<Vec<Event>, Refusal> {
        self.asked += 1;
        let context = Context { actor: actor(by), at: self.at(), fresh_id: format!("made-{}", self.asked) };
        let command = command.into();
        self.state.absorb(&command)?;
        let events = self.state.decide(&command, &context)?;
        events.iter().for_each(|event| self.state.apply(event));
        Ok(events)
    }

    fn adopt(&mut self, number: u32) -> Vec<Event> {
        let mut row = RuleSet {
            id: format!("set-{number}"),
            number,
            title: "T".to_owned(),
            text: TEXT.to_owned(),
            text_hash: number.to_string(),
            stage: RuleSetStage::InForce,
            ratifications: Approvals::new(actor("party-a"), self.at()),
            in_force_at: Some(self.at()),
        };
        for party in ["party-a", "party-b"] {
            let envelope = Signing::of(&party.into(), &row.subject()).envelope();
            let approval = Approval { by: actor(party), at: self.at(), envelope, reason: String::new() };
            row.ratifications.given.insert(party.into(), approval);
        }
        let adopted = rules::Event::RuleSet(RuleSetChange::Adopted, Box::new(row));
        self.give("party-a", Followed::Rules(vec![adopted])).unwrap()
    }

    fn report(&mut self, by: &str, id: &str, severity: Severity) -> Vec<Event> {
        let report = Report {
            category: Category::CivilianHarm,
            severity,
            description: String::new(),
            occurred_at: self.at(),
            location: LatLng { lat: 0.5, lng: 0.5 },
            location_precision_m: 0.0,
            killed: None,
            injured: None,
            alleged_party: Some("party-a".into()),
            attribution: String::new(),
            related: Vec::new(),
        };
        self.give(by, incident::Command::Report { id: id.to_owned(), report: Box::new(report) }).unwrap()
    }

    fn report_three(&mut self) {
        for id in ["one", "two", "three"] {
            self.report("observer", id, Severity::Critical);
        }
    }

    fn conclude(&mut self, by: &str, id: &str, result: FindingResult) -> Vec<Event> {
        let (attribution, reason) = (String::new(), String::new());
        let command = incident::Command::Conclude { id: id.to_owned(), result, attribution, reason };
        self.give(by, command).unwrap()
    }

    fn worst(&self, party: &str) -> Option<Effect> {
        let standing = self.state.suspensions_of(&party.into(), Domain::Operations, None);
        standing.iter().map(|row| row.effect).max()
    }

    fn consent_to_lift(&mut self, by: &str, id: &str) -> Result<Vec<Event>, Refusal> {
        let corrective_action = "As agreed".to_owned();
        let subject = self.state.suspensions.find(id).unwrap().lift_subject();
        let (id, envelope) = (id.to_owned(), Signing::of(&by.into(), &subject).envelope());
        self.give(by, cooperation::Command::ConsentToLift { id, corrective_action, envelope })
    }

    fn lift_all(&mut self) {
        let ids: Vec<String> = self.state.suspensions.iter().map(|row| row.id.clone()).collect();
        for id in ids {
            self.consent_to_lift("party-a", &id).unwrap();
            self.consent_to_lift("party-b", &id).unwrap();
        }
    }

    fn send(&mut self, by: &str, addressees: &[&str]) -> Result<hotline::Message, Refusal> {
        let draft = Draft {
            precedence: Precedence::Flash,
            body: "Stop".to_owned(),
            language_code: String::new(),
            addressees: addressees.iter().map(|id| (*id).into()).collect(),
            in_reply_to: String::new(),
            warning: None,
        };
        let events = self.give(by, hotline::Command::Send(Box::new(draft)))?;
        let Event::Message(_, message) = &events[0] else { panic!("a message") };
        Ok(message.as_ref().clone())
    }

    fn acknowledge(&mut self, by: &str, id: &str) -> Result<Vec<Event>, Refusal> {
        let duty_role = "duty officer".to_owned();
        self.give(by, hotline::Command::Acknowledge { id: id.to_owned(), duty_role })
    }
}

#[test]
fn three_reports_by_others_suspend_and_a_partys_own_report_does_not_count() {
    let mut driven = Driven::new();
    driven.adopt(1);
    driven.report("observer", "one", Severity::Critical);
    driven.report("party-b", "two", Severity::Critical);
    driven.report("observer", "three", Severity::Critical);
    driven.report("observer", "four", Severity::Major);
    assert_eq!(driven.worst("party-a"), None);
    let events = driven.report("observer", "five", Severity::Critical);
    assert_eq!(events.len(), 2, "the report and the suspension are one group");
    assert_eq!((driven.worst("party-a"), driven.worst("party-b")), (Some(Effect::Suspended), None));
}

#[test]
fn what_lies_further_apart_than_the_window_does_not_count_together() {
    let mut driven = Driven::new();
    driven.adopt(1);
    for (id, after_s) in [("one", 0), ("two", 5 * HOUR), ("three", 5 * HOUR + 1)] {
        driven.seconds += after_s;
        driven.report("observer", id, Severity::Critical);
    }
    assert_eq!(driven.worst("party-a"), None);
    driven.report("observer", "four", Severity::Critical);
    assert_eq!(driven.worst("party-a"), Some(Effect::Suspended));
}

#[test]
fn a_finding_of_the_other_side_suspends_nobody_and_the_partys_own_does() {
    let mut driven = Driven::new();
    driven.adopt(1);
    driven.report("observer", "one", Severity::Major);
    driven.conclude("party-b", "one", FindingResult::Substantiated);
    driven.conclude("party-a", "one", FindingResult::NotSubstantiated);
    assert_eq!(driven.worst("party-a"), None);
    driven.conclude("party-a", "one", FindingResult::Substantiated);
    assert_eq!(driven.worst("party-a"), Some(Effect::Restricted));
}

#[test]
fn a_suspension_is_lifted_by_all_alone_and_what_led_to_it_is_spent() {
    let mut driven = Driven::new();
    driven.adopt(1);
    driven.report_three();
    let id = driven.state.suspensions.iter().next().unwrap().id.clone();
    driven.consent_to_lift("party-a", &id).unwrap();
    assert_eq!(driven.worst("party-a"), Some(Effect::Suspended));
    let refused = driven.consent_to_lift("party-a", &id).unwrap_err();
    assert_eq!(refused.reason, Reason::AlreadyDecided);
    driven.consent_to_lift("party-b", &id).unwrap();
    assert_eq!(driven.worst("party-a"), None);
    driven.report("observer", "four", Severity::Critical);
    driven.report("observer", "five", Severity::Critical);
    driven.conclude("party-a", "one", FindingResult::Substantiated);
    assert_eq!(driven.worst("party-a"), None, "what was spent completes nothing");
    driven.report("observer", "six", Severity::Critical);
    assert_eq!(driven.worst("party-a"), Some(Effect::Suspended));
}

#[test]
fn a_further_incident_joins_the_suspension_and_consents_given_before_count_no_longer() {
    let mut driven = Driven::new();
    driven.adopt(1);
    driven.report_three();
    let id = driven.state.suspensions.iter().next().unwrap().id.clone();
    driven.consent_to_lift("party-a", &id).unwrap();
    driven.report("observer", "four", Severity::Critical);
    driven.consent_to_lift("party-b", &id).unwrap();
    assert_eq!(driven.worst("party-a"), Some(Effect::Suspended));
    driven.consent_to_lift("party-a", &id).unwrap();
    assert_eq!((driven.worst("party-a"), driven.state.suspensions.len()), (None, 1));
}

#[test]
fn a_rule_set_that_comes_into_force_fires_over_what_is_held_and_again_over_nothing() {
    let mut driven = Driven::new();
    driven.report_three();
    assert_eq!(driven.worst("party-a"), None);
    assert_eq!(driven.adopt(1).len(), 2);
    assert_eq!(driven.worst("party-a"), Some(Effect::Suspended));
    assert!(driven.adopt(1).is_empty(), "an adoption that is known is not recorded twice");
    assert_eq!(driven.adopt(2).len(), 1, "the same trigger over the same incidents suspends once");
    driven.lift_all();
    assert_eq!(driven.adopt(3).len(), 1, "what is spent stays spent");
}

#[test]
fn one_party_suspends_alone_and_names_a_party_and_a_reason() {
    let mut driven = Driven::new();
    let draft = |party: &str, reason: &str| cooperation::Draft {
        party: Some(party.into()),
        area: Some(Area::circle(LatLng { lat: 0.5, lng: 0.5 }, 1_000.0)),
        domain: Domain::Operations,
        scope: Scope::Kinetic,
        effect: Effect::Suspended,
        reason: reason.to_owned(),
    };
    let suspend = |draft| cooperation::Command::Suspend(Box::new(draft));
    let refused = driven.give("party-b", suspend(draft("observer", " "))).unwrap_err();
    let fields: Vec<_> = refused.violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["suspension.party", "suspension.reason"]);
    assert_eq!(
        driven.give("observer", suspend(draft("party-a", "Why"))).unwrap_err().reason,
        Reason::RoleForbidden
    );
    driven.give("party-b", suspend(draft("party-a", "Why"))).unwrap();
    let at = |lat| Area::point(LatLng { lat, lng: 0.5 });
    let there = |driven: &Driven, lat| {
        driven.state.suspensions_of(&"party-a".into(), Domain::Operations, Some(&at(lat))).len()
    };
    assert_eq!((there(&driven, 0.5), there(&driven, 0.6)), (1, 0));
}

#[test]
fn a_message_is_acknowledged_when_every_party_addressed_has_or_where_none_is_every_addressee() {
    let mut driven = Driven::new();
    let to_all = driven.send("party-a", &[]).unwrap();
    driven.acknowledge("observer", &to_all.id).unwrap();
    assert_eq!(driven.state.messages.get(&to_all.id).unwrap().stage, Stage::Sent);
    driven.acknowledge("party-b", &to_all.id).unwrap();
    assert_eq!(driven.state.messages.get(&to_all.id).unwrap().stage, Stage::Acknowledged);
    let to_observer = driven.send("party-a", &["observer"]).unwrap();
    assert_eq!(driven.acknowledge("party-b", &to_observer.id).unwrap_err().reason, Reason::NotYours);
    assert_eq!(driven.acknowledge("party-a", &to_observer.id).unwrap_err().reason, Reason::NotYours);
    driven.acknowledge("observer", &to_observer.id).unwrap();
    assert_eq!(driven.state.messages.get(&to_observer.id).unwrap().stage, Stage::Acknowledged);
    assert_eq!(driven.acknowledge("observer", &to_observer.id).unwrap_err().reason, Reason::AlreadyDecided);
    let unreachable = driven.send("party-a", &["auditor", "party-a", "nobody", "party-b", "party-b"]);
    let fields: Vec<_> = unreachable.unwrap_err().violations.into_iter().map(|v| v.field).collect();
    assert_eq!(
        fields,
        ["message.addressees[0]", "message.addressees[1]", "message.addressees[2]", "message.addressees[4]"]
    );
}

#[test]
fn what_is_not_acknowledged_in_time_escalates_at_its_deadline_and_once() {
    let mut driven = Driven::new();
    let message = driven.send("party-a", &[]).unwrap();
    driven.seconds += 119;
    assert!(driven.give("party-a", hotline::Command::EscalateOverdue).unwrap().is_empty());
    driven.seconds += 1;
    assert_eq!(driven.give("party-a", hotline::Command::EscalateOverdue).unwrap().len(), 1);
    assert!(driven.give("party-a", hotline::Command::EscalateOverdue).unwrap().is_empty());
    driven.acknowledge("party-b", &message.id).unwrap();
    let row = driven.state.messages.get(&message.id).unwrap();
    assert_eq!((row.stage, row.escalated_at), (Stage::Acknowledged, Some(driven.at())), "both are kept");
}

/// One thing that happens to incidents `0..IDS` of party A.
#[derive(Clone, Copy, Debug)]
enum Step {
    Report(usize, bool, Severity),
    Conclude(usize, FindingResult),
    Adopt,
    Wait(i64),
}

const IDS: usize = 6;

fn step() -> impl Strategy<Value = Step> {
    let severity = prop_oneof![Just(Severity::Major), Just(Severity::Critical)];
    let result = prop_oneof![Just(FindingResult::Substantiated), Just(FindingResult::NotSubstantiated)];
    prop_oneof![
        6 => (0..IDS, any::<bool>(), severity).prop_map(|(id, neutral, severity)| Step::Report(id, neutral, severity)),
        2 => (0..IDS, result).prop_map(|(id, result)| Step::Conclude(id, result)),
        1 => Just(Step::Adopt),
        3 => (0..8 * HOUR).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Counted anew from what was recorded, by other code than the one under test.
    #[test]
    fn no_order_of_entries_lets_a_trigger_be_missed(steps in prop::collection::vec(step(), 0..24)) {
        let mut driven = Driven::new();
        let mut adopted = 0;
        for step in steps {
            match step {
                Step::Report(id, neutral, severity) if driven.state.incidents.get(&id.to_string()).is_none() => {
                    driven.report(if neutral { "observer" } else { "party-b" }, &id.to_string(), severity);
                }
                Step::Conclude(id, result) if driven.state.incidents.get(&id.to_string()).is_some() => {
                    driven.conclude("party-a", &id.to_string(), result);
                }
                Step::Report(..) | Step::Conclude(..) => {}
                Step::Adopt => {
                    adopted += 1;
                    driven.adopt(adopted);
                }
                Step::Wait(seconds) => driven.seconds += seconds,
            }
            let rows: Vec<_> = driven.state.incidents.iter().collect();
            let mut times: Vec<i64> = rows
                .iter()
                .filter(|row| row.report.severity == Severity::Critical && row.reported_by.participant.as_str() == "observer")
                .map(|row| row.reported_at.seconds())
                .collect();
            times.sort_unstable();
            let frequent = times.windows(3).any(|three| three[2] - three[0] <= 36_000);
            let suspended = driven.worst("party-a") == Some(Effect::Suspended);
            prop_assert_eq!(suspended, frequent && adopted > 0);
            let accepted = rows.iter().any(|row| {
                row.findings.last().is_some_and(|finding| finding.result == FindingResult::Substantiated)
            });
            if accepted && adopted > 0 {
                prop_assert!(driven.worst("party-a").is_some());
            }
        }
    }

    #[test]
    fn a_senders_numbers_have_no_gap_and_go_on_after_a_reload_of_the_rows(
        senders in prop::collection::vec(0..3_usize, 1..20),
    ) {
        let names = ["party-a", "party-b", "observer"];
        let (mut driven, mut sent) = (Driven::new(), [0_u64; 3]);
        for sender in senders {
            sent[sender] += 1;
            prop_assert_eq!(driven.send(names[sender], &[]).unwrap().sequence, sent[sender]);
        }
        let mut reloaded = Driven { asked: 1_000, ..Driven::new() };
        for row in driven.state.drain_rows().unwrap() {
            reloaded.state.load_row(row.table, &row.id, &row.bytes).unwrap();
        }
        let due = |driven: &Driven| driven.state.unacknowledged().map(|m| m.id.clone()).collect::<Vec<_>>();
        prop_assert_eq!(due(&reloaded), due(&driven));
        for (name, sent) in names.into_iter().zip(sent) {
            prop_assert_eq!(reloaded.send(name, &[]).unwrap().sequence, sent + 1);
        }
    }
}
