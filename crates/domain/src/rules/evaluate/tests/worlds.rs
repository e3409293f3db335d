//! Worlds for tests: an accord of two parties, one designated group, and an operation against it with all in order.

use crate::accord::{Accord, AccordOpened};
use crate::actor::{Actor, ParticipantKind, Role};
use crate::consent::Approvals;
use crate::errors::Violation;
use crate::fold::Fold as _;
use crate::geo::{Area, LatLng, Route};
use crate::registry::area::{self, RestrictedArea};
use crate::registry::designation::{self, Designation};
use crate::registry::movement::{self, Movement, Plan};
use crate::registry::non_target::{self, NonTargetGroup};
use crate::registry::presence::{self, Assessment, Level, Subject};
use crate::registry::protection::{self, Category, ProtectedEntity};
use crate::registry::{Event, State};
use crate::rules::airspace::{self, Reservation, Volume};
use crate::rules::coordination::{Coordination, Said};
use crate::rules::evaluate::*;
use crate::rules::operation::{AdverseFact, Assessed, HarmEstimate, IntelligenceSource, Kind, TargetType};
use crate::rules::restriction::{self, Compiled};
use crate::rules::rule_set::Text;
use crate::signing;
use crate::time::Interval;

/// The instant of every check.
pub(super) const NOW: i64 = 1_898_575_200;
/// Where the operation aims.
pub(super) const AIM: LatLng = LatLng { lat: 0.5, lng: 0.5 };
pub(super) const GROUP: &str = "Group one";

/// A rule set with every kind that reads what a world holds.
pub(super) const TEXT: &str = r#"
title = "Rules of tests"
[[article]]
number = 1
kind = "CORROBORATION"
title = "Sources"
min_sources = 2
[[article]]
number = 2
kind = "CIVILIAN_HARM"
title = "Harm"
refer_at_persons = 1.0
deny_at_killed = 5.0
[[article]]
number = 3
kind = "CEASEFIRE"
title = "Ceasefires"
[[article]]
number = 4
kind = "BORDER_BUFFER"
title = "Borders"
[[article]]
number = 5
kind = "POPULATED_AREA"
title = "Populated"
[[article]]
number = 6
kind = "GROUND_RESERVATION"
title = "Ground"
[[article]]
number = 7
kind = "PENDING_CLAIM"
title = "Claims"
within_m = 0.0
[[article]]
number = 8
kind = "AIRSPACE"
title = "Air"
horizontal_m = 3000.0
vertical_m = 600.0
time_s = 0
[[article]]
number = 9
kind = "DISSENT"
title = "Dissent"
[[article]]
number = 10
kind = "CIVILIAN_PRESENCE"
title = "Civilians"
[[article]]
number = 11
kind = "SECONDARY_HAZARD"
title = "Hazards"
[[article]]
number = 12
kind = "DUAL_USE"
title = "Dual use"
[[article]]
number = 13
kind = "IDENTIFICATION"
title = "Identification"
[[article]]
number = 14
kind = "LOCATION"
title = "Location"
mismatch_min_m = 500.0
[[article]]
number = 15
kind = "SELF_DEFENCE"
title = "Self-defence"
[[article]]
number = 16
kind = "BUILDING_USE"
title = "Buildings"
[[article]]
number = 17
kind = "REGISTRY_FRESHNESS"
title = "Freshness"
max_age_s = 31536000
within_m = 10000.0
[[article]]
number = 18
kind = "REPEAT_ENGAGEMENT"
title = "Response in progress"
within_m = 1000.0
within_s = 86400
[[article]]
number = 19
kind = "INCIDENT_SITE"
title = "Sites of incidents"
within_m = 1000.0
within_s = 86400
min_severity = "NEAR_MISS"
count = 2
"#;

pub(super) fn actor(participant: &str) -> Actor {
    let kind = ParticipantKind::StateParty;
    Actor { participant: participant.into(), kind, role: Role::DutyOfficer, name: "watch".to_owned() }
}

/// A world that can be added to.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) accord: Accord,
    pub(super) registry: State,
    pub(super) incidents: incidents::State,
    pub(super) reservations: Table<Reservation>,
    pub(super) coordination: Vec<Arc<Coordination>>,
    pub(super) articles: Option<Vec<Article>>,
    pub(super) restrictions: Compiled,
    pub(super) reach: Reach,
    pub(super) operation: Operation,
    made: usize,
}

impl Setup {
    /// A world in which nothing objects.
    pub(super) fn in_order() -> Self {
        let reached =
            Reach { registry: Reached::Confirmed, incidents: Reached::Confirmed, clock: Reached::Confirmed };
        let mut setup = Self {
            accord: signing::opened(&["party-a", "party-b"]).accord,
            registry: State::new(),
            incidents: incidents::State::default(),
            reservations: Table::new(),
            coordination: Vec::new(),
            articles: Some(Text::parse(TEXT).unwrap().articles),
            restrictions: Compiled::new(),
            reach: reached,
            operation: operation(),
            made: 0,
        };
        let opened = AccordOpened { hash: String::new(), accord: setup.accord.clone() };
        setup.registry.apply(&Event::AccordOpened(Box::new(opened)));
        setup.designate("group-1", GROUP, designation::Stage::Active);
        for party in ["party-a", "party-b"] {
            setup.presence(party, Subject::Group(GROUP.to_owned()), Level::Confirmed);
            setup.presence(party, Subject::OtherArmedGroups, Level::None);
        }
        setup
    }

    /// Everything that a verdict rests on.
    pub(super) fn world(&self) -> World<'_> {
        World {
            accord: &self.accord,
            registry: &self.registry,
            incidents: &self.incidents,
            reservations: &self.reservations,
            coordination: &self.coordination,
            articles: self.articles.as_deref(),
            restrictions: Some(&self.restrictions),
            reach: self.reach,
        }
    }

    pub(super) fn evaluate(&self) -> Evaluation {
        evaluate(&self.world(), &self.operation, &actor("party-a"), Timestamp::from_seconds(NOW))
    }

    /// The rule set with more articles.
    pub(super) fn with_articles(mut self, text: &str) -> Self {
        let found = self.add_articles(&format!("{TEXT}\n{text}"), Vec::new());
        assert_eq!(found, []);
        self
    }

    /// Articles of a text beside those that there are, with their restrictions compiled, and what is wrong with these.
    pub(super) fn add_articles(&mut self, text: &str, present: Vec<Article>) -> Vec<Violation> {
        let mut articles = present;
        articles.extend(Text::parse(text).unwrap().articles);
        let (compiled, found) = restriction::compile(Some(&super::custom::Lines), &self.accord, &articles);
        (self.articles, self.restrictions) = (Some(articles), compiled);
        found
    }

    /// Names what comes next from this number on.
    pub(super) fn number_from(&mut self, made: usize) {
        self.made = made;
    }

    pub(super) fn next(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{what}-{}", self.made)
    }

    pub(super) fn designate(&mut self, id: &str, name: &str, stage: designation::Stage) {
        let row = Designation {
            id: id.to_owned(),
            version: 1,
            holds: 0,
            kind: designation::Kind::Group,
            primary_name: name.to_owned(),
            aliases: Vec::new(),
            alias_proposals: Vec::new(),
            list_reference: String::new(),
            narrative_reasons: String::new(),
            effective_at: Timestamp::from_seconds(NOW - 1_000),
            expires_at: Timestamp::from_seconds(NOW + 1_000_000),
            site: None,
            stage,
            stage_reason: String::new(),
            approvals: Approvals::new(actor("party-a"), Timestamp::from_seconds(NOW - 1_000)),
        };
        self.registry.apply(&Event::Designation(designation::Change::Proposed, Box::new(row)));
    }

    pub(super) fn presence(&mut self, party: &str, subject: Subject, level: Level) {
        self.presence_over(party, subject, level, (Area::circle(AIM, 5_000.0), 600));
    }

    /// Over an area, observed so many seconds before.
    pub(super) fn presence_over(
        &mut self,
        party: &str,
        subject: Subject,
        level: Level,
        (area, seconds_before): (Area, i64),
    ) {
        let row = Assessment {
            id: self.next("presence"),
            subject,
            level,
            area,
            observed_at: Timestamp::from_seconds(NOW - seconds_before),
            filed_by: actor(party),
            withdrawn_at: None,
        };
        self.registry.apply(&Event::Presence(presence::Change::Filed, Box::new(row)));
    }

    pub(super) fn protect(
        &mut self,
        at: LatLng,
        category: Category,
        distances: (f64, f64),
        stage: protection::Stage,
    ) {
        let row = ProtectedEntity {
            id: self.next("entity"),
            version: 1,
            display_name: "Entity".to_owned(),
            category,
            area: Area::point(at),
            accuracy_m: 0.0,
            deny_distance_m: distances.0,
            refer_distance_m: distances.1,
            verified_at: None,
            source: String::new(),
            stage,
            former_areas: Vec::new(),
            notified_by: actor("party-b"),
            notified_at: Timestamp::from_seconds(NOW - 100),
            former_area_consents: None,
            removal: None,
        };
        self.registry.apply(&Event::ProtectedEntity(protection::Change::Notified, Box::new(row)));
    }

    pub(super) fn movement(&mut self, path: Vec<LatLng>, from_s: i64, to_s: i64) {
        let plan = Plan {
            route: Route { path },
            buffer_m: 500.0,
            window: window(from_s, to_s),
            altitude_band: None,
        };
        let row = Movement {
            id: self.next("movement"),
            version: 1,
            display_name: "Convoy".to_owned(),
            kind: movement::Kind::Notified,
            plan,
            former_plans: Vec::new(),
            vehicle_count: 0,
            person_count: 0,
            acknowledgements: Vec::new(),
            stage: movement::Stage::Notified,
            notified_by: actor("party-b"),
            notified_at: Timestamp::from_seconds(NOW - 100),
            completed_at: None,
        };
        self.registry.apply(&Event::Movement(movement::Change::Notified, Box::new(row)));
    }

    pub(super) fn restrict(&mut self, at: LatLng, radius_m: f64, kind: area::Kind, groups: &[&str]) {
        let named = |of: area::Kind| {
            if kind == of { groups.iter().map(|g| (*g).to_owned()).collect() } else { Vec::new() }
        };
        let row = RestrictedArea {
            id: self.next("area"),
            display_name: "Area".to_owned(),
            kind,
            area: Area::circle(at, radius_m),
            window: None,
            altitude_band: None,
            excluded_groups: named(area::Kind::Ceasefire),
            present_groups: named(area::Kind::GroundArea),
            verified_at: None,
            stage: area::Stage::Active,
            declared_by: actor("party-b"),
            end_consents: None,
        };
        self.registry.apply(&Event::Area(area::Change::Declared, Box::new(row)));
    }

    pub(super) fn name_non_target(&mut self, name: &str) {
        let row = NonTargetGroup {
            id: self.next("group"),
            version: 1,
            primary_name: name.to_owned(),
            aliases: Vec::new(),
            reason: String::new(),
            stage: non_target::Stage::Active,
            named_by: actor("party-b"),
            removal: None,
        };
        self.registry.apply(&Event::NonTargetGroup(non_target::Change::Named, Box::new(row)));
    }

    pub(super) fn reserve(&mut self, at: LatLng, radius_m: f64) {
        let volume =
            Volume { area: Area::circle(at, radius_m), altitude_band: None, window: window(0, 3_600) };
        let row = Reservation {
            id: self.next("reservation"),
            version: 1,
            kind: airspace::Kind::Operations,
            volumes: vec![volume],
            stage: airspace::Stage::Accepted,
            held_by: actor("party-b"),
        };
        self.reservations.put(row);
    }

    pub(super) fn say(&mut self, by: &str, said: Said, seconds_before: i64) {
        self.say_as(actor(by), said, seconds_before);
    }

    pub(super) fn say_as(&mut self, by: Actor, said: Said, seconds_before: i64) {
        let row = Coordination {
            id: self.next("said"),
            said,
            operation_digest: String::new(),
            party: "party-a".into(),
            by,
            at: Timestamp::from_seconds(NOW - seconds_before),
        };
        self.coordination.push(Arc::new(row));
    }
}

pub(super) fn window(from_s: i64, to_s: i64) -> Interval {
    Interval { start: Timestamp::from_seconds(NOW + from_s), end: Timestamp::from_seconds(NOW + to_s) }
}

fn operation() -> Operation {
    let source = |origin: &str| IntelligenceSource {
        origin: origin.to_owned(),
        content_hash: String::new(),
        collected_at: None,
    };
    Operation {
        kind: Kind::AirStrike,
        target_type: TargetType::GroupPosition,
        claimed_group: GROUP.to_owned(),
        description: String::new(),
        effect_area: Area::circle(AIM, 300.0),
        accuracy_m: 0.0,
        window: window(0, 3_600),
        altitude_band: None,
        harm_estimate: Some(HarmEstimate {
            killed: Some(0),
            injured: Some(0),
            method: String::new(),
            assessed_at: None,
        }),
        sources: vec![source("one"), source("two")],
        intended_point: None,
        civilian_presence: Assessed::Assessed,
        building_use: Assessed::Assessed,
        secondary_hazard: Assessed::Assessed,
        dissent: AdverseFact::None,
        dual_use: AdverseFact::None,
        position_interpolated: AdverseFact::None,
        data_link_lost: AdverseFact::None,
        self_defence_claim: AdverseFact::None,
        emergency_claim: AdverseFact::None,
        troops_in_contact_claim: AdverseFact::None,
        known_etags: Vec::new(),
    }
}
