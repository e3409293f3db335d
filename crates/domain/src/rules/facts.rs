//! What the articles measure, once for each evaluation: who, what, where, and how far from what.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::accord::Accord;
use crate::actor::{Actor, Role};
use crate::geo::{
    AltitudeBand, Area, Route, at_least_m, contains, distance_m, extent_radius_m, may_be_within,
    reference_point, separation_m, separation_to_route_m,
};
use crate::ids::ParticipantId;
use crate::incidents;
use crate::registry::area::{self, RestrictedArea};
use crate::registry::names::{Resolution, Standing};
use crate::registry::protection::{ProtectedEntity, Stage};
use crate::registry::{self, presence};
use crate::rules::airspace::Reservation;
use crate::rules::coordination::{Attestation, Coordination, Said};
use crate::rules::measured::Measured;
use crate::rules::operation::{Class, Operation};
use crate::rules::restriction::Compiled;
use crate::table::Table;
use crate::time::Timestamp;

/// The facts of one evaluation.
pub(super) struct Facts<'a> {
    pub(super) accord: &'a Accord,
    pub(super) registry: &'a registry::State,
    pub(super) incidents: &'a incidents::State,
    pub(super) reservations: &'a Table<Reservation>,
    pub(super) coordination: &'a [Arc<Coordination>],
    pub(super) operation: &'a Operation,
    pub(super) party: &'a ParticipantId,
    /// Who submits it: what the same actor says about it vouches for nothing.
    pub(super) submitter: &'a Actor,
    pub(super) at: Timestamp,
    pub(super) class: Class,
    /// What the claimed group denotes; absent where none is claimed.
    pub(super) claimed: Option<Resolution>,
    /// The compiled restrictions of the rule set in force.
    pub(super) restrictions: Option<&'a Compiled>,
    /// The protected entities that stand, once they were asked for.
    pub(super) entities: OnceCell<Vec<Nearby<'a>>>,
    /// What is measured for restrictions, once it was asked for.
    pub(super) measured: OnceCell<Measured>,
}

/// A protected entity or claim, and how far it is from the effect area, widened by the accuracy of both sides.
pub(super) struct Nearby<'a> {
    pub(super) entity: &'a ProtectedEntity,
    at_least_m: f64,
    /// The distance to its nearest place, once it was measured.
    distance_m: OnceCell<f64>,
}

/// The assessments of a party that count now.
#[derive(Debug, Default)]
pub(super) struct Current<'a> {
    /// The newest ones that cover the whole effect area; several where they are of the same instant.
    pub(super) covering: Vec<&'a presence::Assessment>,
    /// Those that reach into the effect area and that none of the covering ones has followed on, themselves among them.
    pub(super) touching: Vec<&'a presence::Assessment>,
}

impl Current<'_> {
    /// The lowest level that is reported of the whole effect area; nothing where none of that stands.
    pub(super) fn lowest(&self) -> Option<presence::Level> {
        let stand = !self.covering.is_empty() && self.touching.iter().all(|row| row.withdrawn_at.is_none());
        self.touching.iter().map(|row| row.level).min().filter(|_| stand)
    }

    /// The highest level that is reported of any part of it; a withdrawn report still counts at its level.
    pub(super) fn highest(&self) -> presence::Level {
        self.touching.iter().map(|row| row.level).max().unwrap_or(presence::Level::None)
    }
}

impl Facts<'_> {
    /// Metres from the effect area, widened by the accuracy of both sides, to a place, where that is within `reach_m`.
    /// A distance that cannot be computed counts as none.
    pub(super) fn near(&self, place: &Area, accuracy_m: f64, reach_m: f64) -> Option<f64> {
        let widened_m = reach_m + accuracy_m + self.operation.accuracy_m;
        if !may_be_within(&self.operation.effect_area, place, widened_m) {
            return None;
        }
        within(
            separation_m(&self.operation.effect_area, place) - accuracy_m - self.operation.accuracy_m,
            reach_m,
        )
    }

    /// The areas of a kind in effect during the operation that the effect area touches, each with the distance.
    pub(super) fn touched(&self, kind: area::Kind) -> impl Iterator<Item = (&Arc<RestrictedArea>, f64)> {
        let areas = self.registry.areas.iter().filter(move |area| area.kind == kind);
        areas
            .filter(|area| area.in_effect(&self.operation.window))
            .filter_map(|area| Some((area, self.near(&area.area, 0.0, 0.0)?)))
    }

    /// The protected entities and claims that stand, those first that may be nearest.
    pub(super) fn entities(&self) -> &[Nearby<'_>] {
        self.entities.get_or_init(|| {
            let standing =
                self.registry.protected_entities.iter().filter(|entity| entity.stage != Stage::Removed);
            let mut entities: Vec<_> = standing.map(|entity| self.nearby(entity)).collect();
            entities.sort_by(|a, b| a.at_least_m.total_cmp(&b.at_least_m));
            entities
        })
    }

    fn nearby<'b>(&self, entity: &'b ProtectedEntity) -> Nearby<'b> {
        let effect_area = &self.operation.effect_area;
        let at_least_m = entity.places().map(|place| at_least_m(effect_area, place));
        let at_least_m = at_least_m.fold(f64::INFINITY, f64::min) - self.inaccuracy_m(entity);
        Nearby { entity, at_least_m, distance_m: OnceCell::new() }
    }

    /// Metres to the nearest place of an entity, where that is within `reach_m`.
    pub(super) fn nearest_place(&self, nearby: &Nearby<'_>, reach_m: f64) -> Option<f64> {
        if nearby.at_least_m > reach_m {
            return None;
        }
        within(*nearby.distance_m.get_or_init(|| self.distance_m(nearby.entity)), reach_m)
    }

    fn distance_m(&self, entity: &ProtectedEntity) -> f64 {
        let inaccuracy_m = self.inaccuracy_m(entity);
        let separations = entity.places().map(|place| separation_m(&self.operation.effect_area, place));
        let known = |separation_m: f64| if separation_m.is_nan() { 0.0 } else { separation_m };
        separations.map(|m| known(m) - inaccuracy_m).fold(f64::INFINITY, f64::min)
    }

    fn inaccuracy_m(&self, entity: &ProtectedEntity) -> f64 {
        entity.accuracy_m + self.operation.accuracy_m
    }

    /// The same to a route.
    pub(super) fn near_route(&self, route: &Route, reach_m: f64) -> Option<f64> {
        within(separation_to_route_m(&self.operation.effect_area, route) - self.operation.accuracy_m, reach_m)
    }

    /// Whether the operation's heights meet a band; an absent band is every height.
    pub(super) fn meets(&self, band: Option<&AltitudeBand>) -> bool {
        self.operation.altitudes().gap_m(band.unwrap_or(&AltitudeBand::ALL)) <= 0.0
    }

    /// Whether a party has approved exactly this operation, through another actor than the one that submits it.
    pub(super) fn approved_by(&self, party: &ParticipantId) -> bool {
        self.coordination.iter().any(|given| {
            let other = !given.by.is_same_as(self.submitter);
            given.said == Said::Approval && &given.by.participant == party && other
        })
    }

    /// Whether a holder has consented to exactly this operation for one of its resources.
    pub(super) fn consented(&self, resource: &str, holder: &ParticipantId) -> bool {
        self.coordination.iter().any(|given| {
            &given.by.participant == holder
                && matches!(&given.said, Said::Consent(named) if named == resource)
        })
    }

    /// What is measured for restrictions.
    pub(super) fn measured(&self) -> &Measured {
        self.measured.get_or_init(|| Measured::of(self))
    }

    /// Whether an approver or reviewer of the submitting party, other than who submits, has attested something of exactly
    /// this operation. Two certificates do not make two people, so the actor counts and not the role alone.
    pub(super) fn attested(&self, what: Attestation) -> bool {
        self.coordination.iter().filter(|given| given.said == Said::Attestation(what)).any(|given| {
            &given.by.participant == self.party
                && !given.by.is_same_as(self.submitter)
                && matches!(given.by.role, Role::Approver | Role::Reviewer)
        })
    }

    /// The fresh assessments of a party that count now among those that `wanted` accepts. Only one that covers the whole
    /// effect area, grown by `margin_m`, follows on the older ones: a newer report of another corner hides nothing. A
    /// withdrawn one still hides what it followed on, so that taking a report back never brings an older and milder one to
    /// light.
    pub(super) fn current_of(
        &self,
        party: &ParticipantId,
        (max_age_s, margin_m): (i64, f64),
        wanted: impl Fn(&presence::Assessment) -> bool,
    ) -> Current<'_> {
        let rows = self.registry.presence.iter().map(Arc::as_ref).filter(|row| {
            let fresh = row.observed_at <= self.at && self.at.seconds_since(row.observed_at) <= max_age_s;
            fresh && &row.filed_by.participant == party && wanted(row)
        });
        let rows: Vec<_> = rows.filter(|row| self.near(&row.area, 0.0, margin_m).is_some()).collect();
        let mut covering: Vec<_> =
            rows.iter().copied().filter(|row| self.covered_by(&row.area, margin_m)).collect();
        let newest = covering.iter().map(|row| row.observed_at).max();
        covering.retain(|row| Some(row.observed_at) == newest);
        let touching = rows.into_iter().filter(|row| newest.is_none_or(|newest| row.observed_at >= newest));
        Current { touching: touching.collect(), covering }
    }

    /// Whether a place holds the whole effect area, grown by `margin_m`.
    pub(super) fn covered_by(&self, place: &Area, margin_m: f64) -> bool {
        let middle = reference_point(&self.operation.effect_area);
        let reach_m = extent_radius_m(&self.operation.effect_area) + self.operation.accuracy_m + margin_m;
        match place {
            Area::Circle(circle) => distance_m(circle.center, middle) + reach_m <= circle.radius_m,
            Area::Polygon(polygon) => holds(&polygon.ring, place, middle, reach_m),
            Area::MultiPolygon(multi) => multi
                .polygons
                .iter()
                .any(|polygon| holds(&polygon.ring, &Area::Polygon(polygon.clone()), middle, reach_m)),
        }
    }

    /// Whether the designation of the claimed group is in force until the operation ends.
    pub(super) fn claimed_until_end(&self) -> bool {
        let named = self.claimed.as_ref().and_then(|claimed| claimed.resource.split_once('/'));
        let designation = named.and_then(|(_, id)| self.registry.designations.get(id));
        designation.is_some_and(|row| row.in_force(self.at) && self.operation.window.end <= row.expires_at)
    }

    /// Whether a group's name denotes the group that the operation claims.
    pub(super) fn is_claimed(&self, group: &str) -> bool {
        let same_name = crate::text::folded(group) == crate::text::folded(&self.operation.claimed_group);
        let resolved = self.registry.resolve(group, self.at);
        let same_resource = self.claimed.as_ref().is_some_and(|claimed| {
            claimed.standing != Standing::Unknown && claimed.resource == resolved.resource
        });
        !self.operation.claimed_group.is_empty() && (same_name || same_resource)
    }
}

fn holds(ring: &[crate::geo::LatLng], place: &Area, middle: crate::geo::LatLng, reach_m: f64) -> bool {
    let edge = Route { path: ring.to_vec() };
    contains(place, middle) && separation_to_route_m(&Area::point(middle), &edge) >= reach_m
}

/// The distance, where it is not beyond the limit; what cannot be compared is not beyond it.
fn within(distance_m: f64, limit_m: f64) -> Option<f64> {
    if distance_m > limit_m { None } else { Some(distance_m.max(0.0)) }
}
