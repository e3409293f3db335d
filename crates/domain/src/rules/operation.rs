//! A proposed operation as its party submits it. There is no place in it for a person or a weapon.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::digest::sha256_hex;
use crate::errors::{Refusal, Violation};
use crate::fold::is_etag;
use crate::geo::{AltitudeBand, Area, LatLng, extent_radius_m};
use crate::ids::ParticipantId;
use crate::limits::{BUFFER_MAX_M, KNOWN_ETAGS_MAX, NAME_MAX_CHARS, PERSONS_MAX, SOURCES_MAX, WINDOW_MAX_S};
use crate::text::{checked, checked_or_empty, folded};
use crate::time::{Interval, Timestamp};

/// What kind of operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    /// Air strike.
    AirStrike,
    /// Missile strike.
    MissileStrike,
    /// Indirect fire.
    IndirectFire,
    /// Indirect fire or air strike.
    IndirectFireOrAirStrike,
    /// Engagement of an aircraft by an aircraft.
    InterceptEngagement,
    /// Engagement of an aircraft from the ground.
    AirDefenceEngagement,
    /// Air patrol.
    AirPatrol,
    /// Surveillance flight.
    SurveillanceFlight,
    /// Medical evacuation flight.
    MedicalEvacuationFlight,
    /// Transit that may become a strike.
    TransitOrStrikeSortie,
    /// Transit alone.
    TransitFlight,
    /// Anything else.
    Other,
}

/// What the operation is directed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TargetType {
    /// Position of a group.
    GroupPosition,
    /// A building.
    Building,
    /// A site.
    Site,
    /// Infrastructure.
    Infrastructure,
    /// Vehicles.
    Vehicles,
    /// Moving vehicles.
    MovingVehicles,
    /// Moving or parked vehicles.
    MovingOrParkedVehicles,
    /// Source of fire on the ground.
    GroundFireSource,
    /// An aircraft.
    Aircraft,
    /// Passage through the air.
    AirMovement,
    /// A natural person: always denied.
    NaturalPerson,
    /// Anything else.
    Other,
}

/// A fact that speaks against an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AdverseFact {
    /// Not stated; refers.
    Unspecified,
    /// Stated to be absent.
    None,
    /// Stated to be present.
    Present,
}

/// Whether something was assessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Assessed {
    /// Not stated.
    Unspecified,
    /// Not assessed.
    NotAssessed,
    /// Assessed, with nothing that objects.
    Assessed,
    /// Assessed, and something that objects was reported.
    Reported,
}

/// The party's own estimate of harm; what is absent is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HarmEstimate {
    /// Upper estimate of civilians killed.
    pub killed: Option<u32>,
    /// Upper estimate of civilians injured.
    pub injured: Option<u32>,
    /// Name of the method.
    pub method: String,
    /// When it was made.
    pub assessed_at: Option<Timestamp>,
}

/// A reference to a source, never its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntelligenceSource {
    /// The chain that it originates from; sources of one origin count once.
    pub origin: String,
    /// SHA-256 of the report; may be empty.
    pub content_hash: String,
    /// When it was collected.
    pub collected_at: Option<Timestamp>,
}

/// A proposed operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// What kind.
    pub kind: Kind,
    /// What it is directed at.
    pub target_type: TargetType,
    /// The group that it is said to be directed at; empty for none.
    pub claimed_group: String,
    /// Description for people.
    pub description: String,
    /// Where its effects are.
    pub effect_area: Area,
    /// Accuracy of the aim point in metres.
    pub accuracy_m: f64,
    /// When.
    pub window: Interval,
    /// At what heights; absent means all.
    pub altitude_band: Option<AltitudeBand>,
    /// Estimate of harm.
    pub harm_estimate: Option<HarmEstimate>,
    /// Sources.
    pub sources: Vec<IntelligenceSource>,
    /// The point that was meant.
    pub intended_point: Option<LatLng>,
    /// Presence of civilians.
    pub civilian_presence: Assessed,
    /// Use of the building.
    pub building_use: Assessed,
    /// Secondary hazards.
    pub secondary_hazard: Assessed,
    /// Somebody disagrees.
    pub dissent: AdverseFact,
    /// Serves civilians too.
    pub dual_use: AdverseFact,
    /// The position was not measured.
    pub position_interpolated: AdverseFact,
    /// The unit cannot see current data.
    pub data_link_lost: AdverseFact,
    /// Self-defence is claimed.
    pub self_defence_claim: AdverseFact,
    /// An emergency procedure is claimed.
    pub emergency_claim: AdverseFact,
    /// Troops in contact are claimed.
    pub troops_in_contact_claim: AdverseFact,
    /// Etags of what stands nearby, as the submitter has read them. Left out of the record where there are none, so that
    /// the digest of an operation without them is what it was before there was this field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known_etags: Vec<String>,
}

/// What an operation is for the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Class {
    /// Kinetic, on the ground.
    KineticGround,
    /// Kinetic, in the air.
    KineticAir,
    /// A flight.
    Flight,
    /// A medical flight.
    MedicalFlight,
}

impl Operation {
    /// A flight is a patrol, surveillance, medical evacuation or transit that is directed at nothing and claims no
    /// group; everything else is kinetic, whatever it calls itself: in the air only where kind and target both leave the
    /// ground out, since articles that keep people on the ground safe would else be chosen away.
    #[must_use]
    pub fn class(&self) -> Class {
        let passage = self.target_type == TargetType::AirMovement && self.claimed_group.is_empty();
        let in_the_air = matches!(self.target_type, TargetType::Aircraft | TargetType::AirMovement);
        match self.kind {
            Kind::MedicalEvacuationFlight if passage => Class::MedicalFlight,
            Kind::AirPatrol | Kind::SurveillanceFlight | Kind::TransitFlight if passage => Class::Flight,
            Kind::AirStrike | Kind::MissileStrike | Kind::IndirectFire | Kind::IndirectFireOrAirStrike => {
                Class::KineticGround
            }
            _ if in_the_air => Class::KineticAir,
            _ => Class::KineticGround,
        }
    }

    /// SHA-256 over the party and the operation as recorded: what approvals, notices and consents are given over.
    ///
    /// # Errors
    /// `INTERNAL` where the operation cannot be written as JSON.
    pub fn digest(&self, party: &ParticipantId) -> Result<String, Refusal> {
        let bytes = serde_json::to_vec(&(party, self));
        let internal = |e: serde_json::Error| Refusal::new(crate::errors::Reason::Internal, e.to_string());
        bytes.map(|bytes| sha256_hex(&bytes)).map_err(internal)
    }

    /// The different origins of its sources; several of one chain are one.
    #[must_use]
    pub fn origins(&self) -> BTreeSet<String> {
        self.sources.iter().map(|source| folded(&source.origin)).collect()
    }

    /// The band of heights; absent means all.
    #[must_use]
    pub fn altitudes(&self) -> AltitudeBand {
        self.altitude_band.unwrap_or(AltitudeBand::ALL)
    }

    /// Radius of the effect area in metres.
    #[must_use]
    pub fn radius_m(&self) -> f64 {
        extent_radius_m(&self.effect_area)
    }

    /// The operation with its texts normalised.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` with every wrong field under `operation`.
    pub fn checked(mut self) -> Result<Self, Refusal> {
        let field = |name: &str| format!("operation.{name}");
        let mut found = self.effect_area.violations(&field("effect_area"));
        found.extend(self.window.violations(&field("window"), WINDOW_MAX_S));
        found.extend(self.altitude_band.iter().flat_map(|band| band.violations(&field("altitude_band"))));
        found.extend(self.intended_point.iter().flat_map(|point| point.violations(&field("intended_point"))));
        if !(0.0..=BUFFER_MAX_M).contains(&self.accuracy_m) {
            let rule = format!("from 0 to {BUFFER_MAX_M} metres");
            found.push(Violation::new(
                field("accuracy_m"),
                rule,
                self.accuracy_m,
                "measure the aim point better",
            ));
        }
        let person = self.target_type == TargetType::NaturalPerson;
        if person && !(self.claimed_group.is_empty() && self.description.is_empty()) {
            let rule = "without group and description where the target is a natural person";
            found.push(Violation::new("operation", rule, "text", "send the target type alone; it is denied"));
        }
        let mut take = |result: Result<String, Violation>| {
            result.unwrap_or_else(|violation| {
                found.push(violation);
                String::new()
            })
        };
        self.claimed_group =
            take(checked_or_empty(&field("claimed_group"), &self.claimed_group, NAME_MAX_CHARS));
        self.description = take(checked_or_empty(&field("description"), &self.description, NAME_MAX_CHARS));
        for (i, source) in self.sources.iter_mut().enumerate() {
            source.origin =
                take(checked(&field(&format!("sources[{i}].origin")), &source.origin, NAME_MAX_CHARS));
        }
        if let Some(estimate) = &mut self.harm_estimate {
            estimate.method =
                take(checked_or_empty(&field("harm_estimate.method"), &estimate.method, NAME_MAX_CHARS));
        }
        found.extend(self.count_violations());
        Refusal::unless_valid(found)?;
        Ok(self)
    }

    fn count_violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.sources.len() > SOURCES_MAX {
            let rule = format!("at most {SOURCES_MAX}");
            found.push(Violation::new(
                "operation.sources",
                rule,
                self.sources.len(),
                "name those that count",
            ));
        }
        found.extend(self.etag_violations());
        for (i, source) in self.sources.iter().enumerate() {
            let hash = &source.content_hash;
            let hex =
                hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
            if !hash.is_empty() && !hex {
                let field = format!("operation.sources[{i}].content_hash");
                found.push(Violation::new(
                    field,
                    "64 lower-case hexadecimal digits, or empty",
                    hash,
                    "give SHA-256",
                ));
            }
        }
        let estimate = self.harm_estimate.iter().flat_map(|e| [("killed", e.killed), ("injured", e.injured)]);
        for (name, count) in estimate {
            if count.is_some_and(|count| count > PERSONS_MAX) {
                let rule = format!("at most {PERSONS_MAX} persons");
                let field = format!("operation.harm_estimate.{name}");
                found.push(Violation::new(field, rule, count.unwrap_or_default(), "give the upper estimate"));
            }
        }
        found
    }

    fn etag_violations(&self) -> Vec<Violation> {
        let etags = &self.known_etags;
        if etags.len() > KNOWN_ETAGS_MAX {
            let rule = format!("at most {KNOWN_ETAGS_MAX}");
            let remedy = "state those of what stands near the effect area";
            return vec![Violation::new("operation.known_etags", rule, etags.len(), remedy)];
        }
        let malformed = etags.iter().enumerate().filter(|(_, etag)| !is_etag(etag));
        let violation = |(i, etag): (usize, &String)| {
            let field = format!("operation.known_etags[{i}]");
            Violation::new(field, "an etag with its quotation marks", etag, "copy it as it was read")
        };
        malformed.map(violation).collect()
    }
}
