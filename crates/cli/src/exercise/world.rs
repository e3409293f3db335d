//! A case's lists as deeds: undated facts are a day old when the case's window begins, designations thirty days.

use concord_domain::actor::Role;
use concord_domain::time::Timestamp;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as rules;
use concord_proto::pb::r#type::v1 as shared;

use super::case::lists::{Entity, Group, Movement, RegistryState, Reservation};
use super::case::{Operation, Point, Window};
use super::cast::{Cast, NOTIFIER, OBSERVER, first_actor};
use super::deed::{Act, Deed};
use super::operation::{band, circle, lat_lng, window};
use super::when;

mod safety;

pub(super) use safety::names_flights;

/// Days that a designation lasts where the case names no end.
const DESIGNATION_DAYS: i64 = 180;
/// Radius of an area that a case gives without geometry, in metres.
const UNBOUNDED_AREA_M: f64 = 1_000.0;
/// Kinds of reservation that speak of forces.
const FORCES: &[&str] = &["partner_ground_area", "ground_positions", "ground_forces"];

/// Where and when the case's window lies.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// Start of the window.
    pub(super) start: Timestamp,
    /// The aim point.
    pub(super) aim: Point,
    /// Every aim point, with the radius of effects there in metres.
    pub(super) aims: Vec<(Point, f64)>,
}

impl Frame {
    /// That of an operation.
    ///
    /// # Errors
    /// Quotes a time that does not parse.
    pub(super) fn of(operation: &Operation) -> Result<Self, String> {
        let start = when::instant(&operation.time_window.start)?;
        let aim = operation.aim_point;
        Ok(Self { start, aim, aims: vec![(aim, operation.radius_m.unwrap_or(0.0))] })
    }

    /// That of a case without an operation.
    #[must_use]
    pub(super) fn at(place: Point, start: Timestamp) -> Self {
        Self { start, aim: place, aims: vec![(place, 0.0)] }
    }
}

/// The deeds of a case's lists, in no order.
pub(super) struct World<'a> {
    cast: &'a Cast,
    state: &'a RegistryState,
    frame: Frame,
    /// When each designation is entered.
    entered: Vec<Timestamp>,
    deeds: Vec<Deed>,
}

/// Everything that the lists of a case ask for.
///
/// # Errors
/// Names a value that cannot be used.
pub(super) fn deeds(cast: &Cast, state: &RegistryState, frame: Frame) -> Result<Vec<Deed>, String> {
    let mut world = World { cast, state, frame: frame.clone(), entered: Vec::new(), deeds: Vec::new() };
    world.designations()?;
    world.non_targets();
    world.entities()?;
    world.movements()?;
    world.reservations()?;
    world.areas()?;
    world.reports()?;
    let mut deeds = world.deeds;
    deeds.extend(safety::deeds(cast, state, &frame)?);
    Ok(deeds)
}

impl World<'_> {
    fn day_before(&self) -> Timestamp {
        when::days_before(self.frame.start, 1)
    }

    fn push(
        &mut self,
        at: Timestamp,
        participant: &str,
        role: Role,
        method: &'static str,
        request: &impl prost::Message,
    ) {
        self.deeds.push(Deed::call(at, first_actor(participant, role), method, request));
    }

    fn designations(&mut self) -> Result<(), String> {
        let month_before = when::days_before(self.frame.start, 30);
        for (index, group) in self.state.designated_groups.iter().enumerate() {
            let from = group.valid_from.as_deref().map(when::instant).transpose()?;
            let until = group.valid_to.as_deref().map(when::end).transpose()?;
            let entered = from.map_or(month_before, |from| from.max(month_before));
            // A designation that had ended by then is entered while it was in force.
            let entered = until.map_or(entered, |until| entered.min(when::days_before(until, 1)));
            let longest = entered.plus_seconds(DESIGNATION_DAYS * 86_400);
            let expire = until.map_or(longest, |until| until.min(longest));
            let request = designation(index, group, entered, expire);
            let by = first_actor(&self.cast.first(), Role::Proposer);
            self.deeds.push(Deed { at: entered, by, act: Act::Designate(Box::new(request)) });
            self.entered.push(entered);
        }
        self.aliases();
        Ok(())
    }

    /// Further names that one party proposes, and on which nobody else has decided.
    fn aliases(&mut self) {
        for proposal in &self.state.alias_proposals {
            let groups = &self.state.designated_groups;
            let of =
                |group: &Group| group.list_ref.as_deref() == Some(&proposal.of) || group.name == proposal.of;
            let Some(index) = groups.iter().position(of) else { continue };
            let request = registry::ProposeAliasRequest {
                name: format!("designations/group-{}", index + 1),
                alias: Some(alias(&proposal.name)),
                ..Default::default()
            };
            let by = first_actor(&self.cast.first(), Role::Proposer);
            let at = self.entered.get(index).copied().unwrap_or(Timestamp::MIN).max(self.day_before());
            let method = "concord.registry.v1.DesignationService/ProposeAlias";
            self.deeds.push(Deed::call(at, by, method, &request));
        }
    }

    fn non_targets(&mut self) {
        for group in &self.state.not_acceptable_groups {
            let request = registry::NameNonTargetGroupRequest {
                non_target_group: Some(registry::NonTargetGroup {
                    primary_name: group.name.clone(),
                    aliases: group.aliases.clone(),
                    ..Default::default()
                }),
                ..Default::default()
            };
            let first = self.cast.first();
            let method = "concord.registry.v1.NonTargetService/NameNonTargetGroup";
            self.push(self.day_before(), &first, Role::Proposer, method, &request);
        }
    }

    fn entities(&mut self) -> Result<(), String> {
        for (index, entity) in self.state.protected_entities.iter().enumerate() {
            let point = Point { lat: entity.lat, lon: entity.lon };
            if entity.status == "draft" {
                continue;
            }
            if entity.rule.as_deref() == Some("refer") || entity.category == "residential_dense" {
                self.declare(&self.cast.first(), populated(entity, point)?, "");
                continue;
            }
            let protected_entity = Some(protected(entity, point)?);
            let protected_entity_id = format!("entity-{}", index + 1);
            let at = self.day_before();
            match entity.status.as_str() {
                "ratified" => {
                    let request = registry::NotifyProtectedEntityRequest {
                        protected_entity_id,
                        protected_entity,
                        ..Default::default()
                    };
                    let method = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
                    self.push(at, NOTIFIER, Role::Proposer, method, &request);
                }
                "proposed" => self.claim(at, protected_entity_id, protected_entity),
                other => return Err(format!("status {other:?} of a protected entity")),
            }
        }
        Ok(())
    }

    fn claim(&mut self, at: Timestamp, id: String, entity: Option<registry::ProtectedEntity>) {
        let request = registry::ClaimProtectedEntityRequest {
            protected_entity_id: id,
            protected_entity: entity,
            ..Default::default()
        };
        let method = "concord.registry.v1.ProtectionService/ClaimProtectedEntity";
        self.push(at, OBSERVER, Role::Proposer, method, &request);
    }

    fn declare(&mut self, party: &str, area: registry::RestrictedArea, id: &str) {
        let request =
            registry::DeclareAreaRequest { area_id: id.to_owned(), area: Some(area), ..Default::default() };
        let method = "concord.registry.v1.AreaService/DeclareArea";
        self.push(self.day_before(), party, Role::Proposer, method, &request);
    }

    fn movements(&mut self) -> Result<(), String> {
        for (index, movement) in self.state.movements.iter().enumerate() {
            let kind = match movement.status.as_str() {
                "acknowledged" | "submitted_not_acknowledged" | "closed_confirmed" => {
                    registry::MovementKind::Notified
                }
                "public_timetable" => registry::MovementKind::PublicTimetable,
                "flight_plan" => registry::MovementKind::FlightPlan,
                "emblem_only" => registry::MovementKind::EmblemOnly,
                "not_notified" => continue,
                other => return Err(format!("status {other:?} of a movement")),
            };
            let id = format!("movement-{}", index + 1);
            let request = registry::NotifyMovementRequest {
                movement_id: id.clone(),
                movement: Some(movement_of(movement, kind)?),
                ..Default::default()
            };
            let method = "concord.registry.v1.MovementService/NotifyMovement";
            self.push(self.day_before(), NOTIFIER, Role::Proposer, method, &request);
            if movement.status == "acknowledged" || movement.status == "closed_confirmed" {
                self.acknowledge(&id);
            }
            if movement.status == "closed_confirmed" {
                let over = when::instant(&movement.window.end)?;
                let at = over.min(self.frame.start.plus_seconds(-1)).max(self.day_before());
                let name = format!("movements/{id}");
                let request = registry::CompleteMovementRequest { name, ..Default::default() };
                let method = "concord.registry.v1.MovementService/CompleteMovement";
                self.push(at, NOTIFIER, Role::Proposer, method, &request);
            }
        }
        Ok(())
    }

    fn acknowledge(&mut self, id: &str) {
        for party in self.cast.ids() {
            let request = registry::AcknowledgeMovementRequest {
                name: format!("movements/{id}"),
                version: 1,
                level: registry::AcknowledgementLevel::Unit.into(),
                ..Default::default()
            };
            let method = "concord.registry.v1.MovementService/AcknowledgeMovement";
            self.push(self.day_before(), &party, Role::DutyOfficer, method, &request);
        }
    }

    fn reservations(&mut self) -> Result<(), String> {
        for (index, reservation) in self.state.other_reservations.iter().enumerate() {
            let id = reservation_id(index);
            let party = self.cast.id(&reservation.party);
            let standing =
                Window { start: "1970-01-02T00:00:00Z".to_owned(), end: "2069-01-01T00:00:00Z".to_owned() };
            let when = window(reservation.window.as_ref().unwrap_or(&standing))?;
            if in_the_air(reservation) {
                let request = reserve(reservation, id, when);
                let by = first_actor(&party, Role::DutyOfficer);
                self.deeds.push(Deed { at: self.day_before(), by, act: Act::Reserve(Box::new(request)) });
            } else {
                self.ground(reservation, &id, &party, when);
            }
        }
        Ok(())
    }

    fn ground(&mut self, reservation: &Reservation, id: &str, party: &str, when: shared::TimeWindow) {
        let speaks_of_forces = FORCES.contains(&reservation.kind.as_str());
        let groups = self.state.not_acceptable_groups.iter().filter(|_| speaks_of_forces);
        let area = registry::RestrictedArea {
            display_name: "ground area".to_owned(),
            kind: registry::RestrictedAreaKind::GroundArea.into(),
            area: Some(circle(reservation.centre, reservation.radius_m)),
            window: Some(when),
            altitude_band: reservation.altitude_band_m.map(band),
            present_groups: groups.map(|group| group.name.clone()).collect(),
            ..Default::default()
        };
        self.declare(party, area, id);
    }

    fn areas(&mut self) -> Result<(), String> {
        for ceasefire in self.state.ceasefires.iter().filter(|ceasefire| ceasefire.in_force != Some(false)) {
            for place in self.places(ceasefire.centre, ceasefire.radius_m) {
                let area = registry::RestrictedArea {
                    display_name: "ceasefire".to_owned(),
                    kind: registry::RestrictedAreaKind::Ceasefire.into(),
                    area: Some(place),
                    window: ceasefire.window.as_ref().map(window).transpose()?,
                    excluded_groups: ceasefire.excludes.clone(),
                    ..Default::default()
                };
                self.declare(&self.cast.first(), area, "");
            }
        }
        for buffer in &self.state.border_buffers {
            for place in self.places(buffer.centre, buffer.radius_m) {
                let area = registry::RestrictedArea {
                    display_name: "border buffer".to_owned(),
                    kind: registry::RestrictedAreaKind::BorderBuffer.into(),
                    area: Some(place),
                    ..Default::default()
                };
                self.declare(&self.cast.first(), area, "");
            }
        }
        Ok(())
    }

    /// Where an area lies: where the case says, else around every aim point.
    fn places(&self, centre: Option<Point>, radius_m: Option<f64>) -> Vec<shared::Area> {
        match centre {
            Some(centre) => vec![circle(centre, radius_m.unwrap_or(UNBOUNDED_AREA_M))],
            None => {
                let around = |(aim, effects_m): &(Point, f64)| {
                    circle(*aim, radius_m.unwrap_or_else(|| effects_m.max(UNBOUNDED_AREA_M)))
                };
                self.frame.aims.iter().map(around).collect()
            }
        }
    }

    fn reports(&mut self) -> Result<(), String> {
        for (index, report) in self.state.public_reports.iter().enumerate() {
            let at = report.at.as_deref().map(when::instant).transpose()?;
            let entity = registry::ProtectedEntity {
                display_name: report.name.clone().unwrap_or_else(|| "publicly reported".to_owned()),
                category: category(report.category.as_deref().unwrap_or_default()).into(),
                area: Some(circle(self.frame.aim, 0.0)),
                ..Default::default()
            };
            let at = at.unwrap_or_else(|| self.day_before());
            self.claim(at, format!("report-{}", index + 1), Some(entity));
        }
        Ok(())
    }
}

/// The identifier of a reservation, by its place in the case.
#[must_use]
pub(super) fn reservation_id(index: usize) -> String {
    format!("reservation-{}", index + 1)
}

/// Whether a reservation is one of airspace; every other kind is a ground area.
#[must_use]
pub(super) fn in_the_air(reservation: &Reservation) -> bool {
    matches!(reservation.kind.as_str(), "air_reservation" | "sovereign_airspace")
}

fn reserve(reservation: &Reservation, id: String, when: shared::TimeWindow) -> rules::ReserveAirspaceRequest {
    let kind = match reservation.kind.as_str() {
        "sovereign_airspace" => rules::AirReservationKind::RestrictedZone,
        _ => rules::AirReservationKind::Operations,
    };
    let volume = rules::Volume {
        area: Some(circle(reservation.centre, reservation.radius_m)),
        altitude_band: reservation.altitude_band_m.map(band),
        window: Some(when),
    };
    rules::ReserveAirspaceRequest {
        air_reservation_id: id,
        kind: kind.into(),
        volumes: vec![volume],
        ..Default::default()
    }
}

fn designation(
    index: usize,
    group: &Group,
    entered: Timestamp,
    expire: Timestamp,
) -> registry::ProposeDesignationRequest {
    let designation = registry::Designation {
        kind: registry::DesignationKind::Group.into(),
        primary_name: group.name.clone(),
        aliases: group.aliases.iter().map(|name| alias(name)).collect(),
        list_reference: group.list_ref.clone().unwrap_or_default(),
        narrative_reasons: "as the case states".to_owned(),
        effective_time: Some(when::to_pb(entered)),
        expire_time: Some(when::to_pb(expire)),
        ..Default::default()
    };
    registry::ProposeDesignationRequest {
        designation_id: format!("group-{}", index + 1),
        designation: Some(designation),
        ..Default::default()
    }
}

fn alias(name: &str) -> registry::Alias {
    registry::Alias { name: name.to_owned(), quality: registry::AliasQuality::Strong.into() }
}

fn protected(entity: &Entity, point: Point) -> Result<registry::ProtectedEntity, String> {
    let verified = entity.last_verified.as_deref().map(when::instant).transpose()?;
    Ok(registry::ProtectedEntity {
        display_name: entity.name.clone(),
        category: category(&entity.category).into(),
        area: Some(circle(point, 0.0)),
        accuracy_m: entity.accuracy_m.unwrap_or(0.0),
        deny_distance_m: entity.buffer_m.unwrap_or(0.0),
        refer_distance_m: entity.refer_buffer_m.unwrap_or(0.0),
        verify_time: verified.map(when::to_pb),
        ..Default::default()
    })
}

fn populated(entity: &Entity, point: Point) -> Result<registry::RestrictedArea, String> {
    let verified = entity.last_verified.as_deref().map(when::instant).transpose()?;
    let reach_m = entity.buffer_m.unwrap_or(0.0).max(entity.refer_buffer_m.unwrap_or(0.0));
    Ok(registry::RestrictedArea {
        display_name: entity.name.clone(),
        kind: registry::RestrictedAreaKind::PopulatedArea.into(),
        area: Some(circle(point, reach_m + entity.accuracy_m.unwrap_or(0.0))),
        verify_time: verified.map(when::to_pb),
        ..Default::default()
    })
}

fn movement_of(movement: &Movement, kind: registry::MovementKind) -> Result<registry::Movement, String> {
    let plan = registry::MovementPlan {
        path: movement.path.iter().copied().map(lat_lng).collect(),
        buffer_m: movement.buffer_m.unwrap_or(0.0),
        window: Some(window(&movement.window)?),
        altitude_band: movement.altitude_band_m.map(band),
    };
    Ok(registry::Movement {
        display_name: movement.name.clone(),
        kind: kind.into(),
        plan: Some(plan),
        ..Default::default()
    })
}

/// The category whose words the text holds; words are parted by anything that is no letter.
fn category(text: &str) -> registry::ProtectedCategory {
    use registry::ProtectedCategory as Category;
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).collect();
    let has = |wanted: &[&str]| wanted.iter().any(|word| words.contains(word));
    if has(&["hospital", "clinic", "health", "medical", "ambulance"]) {
        Category::Medical
    } else if has(&["school", "university", "education", "kindergarten"]) {
        Category::Education
    } else if has(&["mosque", "church", "religious", "temple", "synagogue"]) {
        Category::Religious
    } else if has(&["dangerous", "dam", "dyke", "levee", "nuclear"]) {
        Category::DangerousForces
    } else if has(&["embassy", "diplomatic", "consulate", "consular"]) {
        Category::Diplomatic
    } else if has(&["un", "peacekeeping", "peacekeepers"]) {
        Category::Peacekeeping
    } else if has(&["humanitarian", "relief", "aid"]) {
        Category::Humanitarian
    } else if has(&["camp", "shelter", "idp", "refugee"]) {
        Category::Shelter
    } else if has(&["cultural", "heritage", "museum"]) {
        Category::Cultural
    } else if has(&["water"]) {
        Category::Water
    } else if has(&["power", "electricity"]) {
        Category::Power
    } else if has(&["food", "bakery", "farm"]) {
        Category::Food
    } else if has(&["media", "press"]) {
        Category::Media
    } else {
        Category::OtherCivilian
    }
}
