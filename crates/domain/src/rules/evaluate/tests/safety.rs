//! What incidents may hold in a world: warnings, engagements, reports, suspensions.

use super::worlds::{NOW, Setup, actor};
use crate::fold::Fold as _;
use crate::geo::{Area, LatLng};
use crate::incidents::Event;
use crate::incidents::cooperation::{self, Suspension};
use crate::incidents::engagement::{self, Engagement};
use crate::incidents::hotline::{self, Message};
use crate::incidents::incident::{self, Incident};
use crate::time::{Interval, Timestamp};

impl Setup {
    pub(super) fn warn(&mut self, at: LatLng, radius_m: f64, window: Option<Interval>) {
        let row = Message {
            id: self.next("message"),
            sequence: 1,
            precedence: hotline::Precedence::Flash,
            body: "Stop".to_owned(),
            language_code: String::new(),
            addressees: Vec::new(),
            in_reply_to: String::new(),
            warning: Some(hotline::Warning { area: Area::circle(at, radius_m), window, resolved_at: None }),
            sent_by: actor("party-b"),
            sent_at: Timestamp::from_seconds(NOW - 100),
            acknowledge_by: Timestamp::from_seconds(NOW + 20),
            stage: hotline::Stage::Sent,
            acknowledgements: Vec::new(),
            escalated_at: None,
        };
        self.incidents.apply(&Event::Message(hotline::Change::Sent, Box::new(row)));
    }

    pub(super) fn engage(&mut self, location: LatLng, seconds_before: i64, response: engagement::Response) {
        let account = engagement::Account {
            occurred_at: Timestamp::from_seconds(NOW - seconds_before),
            location,
            party: None,
            decision: String::new(),
            response,
        };
        let (filed_by, filed_at) = (actor("party-b"), Timestamp::from_seconds(NOW));
        let row = Engagement { id: self.next("engagement"), account, filed_by, filed_at };
        self.incidents.apply(&Event::Engagement(engagement::Change::Filed, Box::new(row)));
    }

    pub(super) fn report(&mut self, location: LatLng, seconds_before: i64, severity: incident::Severity) {
        let at = Timestamp::from_seconds(NOW - seconds_before);
        let report = incident::Report {
            category: incident::Category::CivilianHarm,
            severity,
            description: String::new(),
            occurred_at: at,
            location,
            location_precision_m: 0.0,
            killed: None,
            injured: None,
            alleged_party: None,
            attribution: String::new(),
            related: Vec::new(),
        };
        let row = Incident {
            id: self.next("incident"),
            report,
            at_protected: Vec::new(),
            reported_by: actor("party-b"),
            reported_at: at,
            acknowledgements: Vec::new(),
            findings: Vec::new(),
        };
        self.incidents.apply(&Event::Incident(incident::Change::Reported, Box::new(row)));
    }

    pub(super) fn suspend(
        &mut self,
        party: Option<&str>,
        area: Option<Area>,
        (scope, effect): (cooperation::Scope, cooperation::Effect),
    ) {
        let row = Suspension {
            id: self.next("suspension"),
            party: party.map(Into::into),
            area,
            domain: cooperation::Domain::Operations,
            scope,
            effect,
            cause: cooperation::Cause::Unilateral { by: actor("party-b"), reason: "Reason".to_owned() },
            at: Timestamp::from_seconds(NOW - 100),
            lift_consents: Vec::new(),
            lifted_at: None,
        };
        self.incidents.apply(&Event::Suspension(cooperation::Change::Suspended, Box::new(row)));
    }
}
