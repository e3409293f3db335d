//! Protected entities (no-strike entities) and claims that something is one.

use serde::{Deserialize, Serialize};

mod notification;
mod removal;

use crate::actor::Actor;
use crate::consent::{Act, Approvals};
use crate::errors::{Refusal, Violation};
use crate::fold::Context;
use crate::geo::Area;
use crate::ids::name_of;
use crate::limits::BUFFER_MAX_M;
use crate::registry::{Event, State};
use crate::signed::{Consented, Subject, Vouched, ended};
use crate::table::Resource;
use crate::time::Timestamp;

/// What kind of thing is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Category {
    /// Medical units (Additional Protocol I art. 12).
    Medical,
    /// Schools and universities.
    Education,
    /// Places of worship (art. 53).
    Religious,
    /// Cultural objects (art. 53).
    Cultural,
    /// Relief sites (art. 70).
    Humanitarian,
    /// Drinking water (art. 54).
    Water,
    /// Power supply.
    Power,
    /// Camps and shelters of displaced persons.
    Shelter,
    /// Diplomatic and consular premises.
    Diplomatic,
    /// Works containing dangerous forces (art. 56).
    DangerousForces,
    /// Media.
    Media,
    /// Food production and storage (art. 54).
    Food,
    /// Peacekeeping and United Nations premises.
    Peacekeeping,
    /// Any other civilian object (art. 52).
    OtherCivilian,
}

/// Where an entity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Claimed, not confirmed; refers.
    Claimed,
    /// Protected.
    Active,
    /// Removed by every party.
    Removed,
}

/// Something that must not be struck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectedEntity {
    /// Identifier.
    pub id: String,
    /// Version of the content.
    pub version: u32,
    /// Name for people.
    pub display_name: String,
    /// What it is.
    pub category: Category,
    /// Where it is.
    pub area: Area,
    /// Accuracy of the place in metres; widens the distances.
    pub accuracy_m: f64,
    /// Metres from the effect area within which operations are denied; 0 leaves it to the rule set.
    pub deny_distance_m: f64,
    /// Metres within which operations are referred; 0 leaves it to the rule set.
    pub refer_distance_m: f64,
    /// When somebody last verified the place.
    pub verified_at: Option<Timestamp>,
    /// Source of the notification; may be empty.
    pub source: String,
    /// Where it stands.
    pub stage: Stage,
    /// Places from which it moved, which protect until every party gives them up.
    pub former_areas: Vec<Area>,
    /// Who notified or claimed it.
    pub notified_by: Actor,
    /// When.
    pub notified_at: Timestamp,
    /// Consents to giving up the former places; those of the last time where there are none.
    pub former_area_consents: Option<Approvals>,
    /// Consents to removing it.
    pub removal: Option<Approvals>,
}

impl Resource for ProtectedEntity {
    const COLLECTION: &'static str = "protectedEntities";

    fn id(&self) -> &str {
        &self.id
    }
}

impl ProtectedEntity {
    /// Every place that protects: the present one and the former ones.
    pub fn places(&self) -> impl Iterator<Item = &Area> {
        std::iter::once(&self.area).chain(&self.former_areas)
    }

    /// What a party that consents to removing it signs.
    #[must_use]
    pub fn removal_subject(&self) -> Subject {
        let content = Content {
            version: self.version,
            stage: self.stage,
            display_name: &self.display_name,
            category: self.category,
            area: &self.area,
            accuracy_m: self.accuracy_m,
            deny_distance_m: self.deny_distance_m,
            refer_distance_m: self.refer_distance_m,
        };
        content.removal_of(&self.id)
    }

    /// What a party that consents to giving up its former places signs.
    #[must_use]
    pub fn former_places_subject(&self) -> Subject {
        FormerPlaces { version: self.version, former_areas: &self.former_areas }.given_up_of(&self.id)
    }

    /// Ok where no consent is needed for what of the protection before has become less, apart from the former places.
    fn protects_as_much_as(&self, before: &Self) -> Result<(), String> {
        let less = |what: &str| Err(format!("{} protects less than before: its {what}", self.name()));
        let distances = |row: &Self| [row.accuracy_m, row.deny_distance_m, row.refer_distance_m];
        if self.version < before.version {
            return less("version went back");
        }
        if before.stage == Stage::Active && self.stage == Stage::Claimed {
            return less("confirmation was taken back");
        }
        if before.category != self.category {
            return less("category is another");
        }
        // A distance that cannot be compared counts as smaller.
        if !distances(before).iter().zip(distances(self)).all(|(before, after)| *before <= after) {
            return less("distances shrank");
        }
        if !self.places().any(|place| place == &before.area) {
            return less("place is gone");
        }
        Ok(())
    }
}

/// What one version of an entity says, wherever it was read, as far as it is about what it protects now. Former places are
/// not part of it: they are given up by themselves.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Content<'a> {
    /// Version of the content.
    pub version: u32,
    /// Where it stands: to reject a claim is not to remove what was confirmed.
    pub stage: Stage,
    /// Name for people.
    pub display_name: &'a str,
    /// What it is.
    pub category: Category,
    /// Where it is.
    pub area: &'a Area,
    /// Accuracy in metres.
    pub accuracy_m: f64,
    /// Deny distance in metres.
    pub deny_distance_m: f64,
    /// Refer distance in metres.
    pub refer_distance_m: f64,
}

impl Content<'_> {
    /// What a party signs that consents to removing the entity of an identifier.
    #[must_use]
    pub fn removal_of(&self, id: &str) -> Subject {
        Subject::recorded(Act::RemoveProtection, name_of(ProtectedEntity::COLLECTION, id), self)
    }
}

/// The former places of one version of an entity, wherever they were read.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FormerPlaces<'a> {
    /// Version of the entity.
    pub version: u32,
    /// Places from which it moved, the first one first.
    pub former_areas: &'a [Area],
}

impl FormerPlaces<'_> {
    /// What a party signs that consents to giving up the former places of the entity of an identifier.
    #[must_use]
    pub fn given_up_of(&self, id: &str) -> Subject {
        let resource = format!("{}/formerAreas", name_of(ProtectedEntity::COLLECTION, id));
        Subject::recorded(Act::GiveUpFormerPlace, resource, self)
    }
}

impl Vouched for ProtectedEntity {
    fn exposed<'a>(&'a self, before: Option<&'a Self>) -> Result<Vec<Consented<'a>>, String> {
        let removed = |row: &Self| row.stage == Stage::Removed;
        match (before, removed(self)) {
            (None, false) => Ok(Vec::new()),
            (Some(before), false) if removed(before) && before.version < self.version => Ok(Vec::new()),
            (Some(before), false) if removed(before) => {
                Err(format!("{} was removed and came back as version {}", before.name(), self.version))
            }
            (Some(before), true) if removed(before) => Ok(Vec::new()),
            (before, true) => {
                let removal = ended(self, before)?.removal_subject();
                Ok(vec![Consented::by_all(removal, &self.removal)])
            }
            (Some(before), false) => {
                self.protects_as_much_as(before)?;
                let stands = |area: &Area| self.places().any(|place| place == area);
                let given_up = !before.former_areas.iter().all(stands);
                Ok(given_up
                    .then(|| Consented::by_all(before.former_places_subject(), &self.former_area_consents))
                    .into_iter()
                    .collect())
            }
        }
    }
}

/// What happened to a protected entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Notified: protected.
    Notified,
    /// Amended: the new and the former place protect.
    Amended,
    /// A party consented to giving up the former places.
    FormerPlaceConsented,
    /// The last party consented.
    FormerPlaceGivenUp,
    /// Claimed.
    Claimed,
    /// A claim was confirmed: protected.
    Confirmed,
    /// A party consented to removing it.
    RemovalConsented,
    /// The last party consented.
    Removed,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Notified => "protected_entity.notified",
            Self::Amended => "protected_entity.amended",
            Self::FormerPlaceConsented => "protected_entity.former_place_consented",
            Self::FormerPlaceGivenUp => "protected_entity.former_place_given_up",
            Self::Claimed => "protected_entity.claimed",
            Self::Confirmed => "protected_entity.confirmed",
            Self::RemovalConsented => "protected_entity.removal_consented",
            Self::Removed => "protected_entity.removed",
        }
    }
}

/// The violation of an accuracy or a distance that is too small or too large, in metres.
#[must_use]
pub fn distance_violation(field: &str, value_m: f64) -> Option<Violation> {
    let wrong = !(0.0..=BUFFER_MAX_M).contains(&value_m);
    let rule = format!("from 0 to {BUFFER_MAX_M} metres");
    wrong.then(|| Violation::new(field, rule, value_m, "give a larger entity as a polygon"))
}

/// The content of a notification, not yet checked.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Identifier wanted; empty has one made.
    pub id: String,
    /// Name for people.
    pub display_name: String,
    /// What it is.
    pub category: Category,
    /// Where it is.
    pub area: Area,
    /// Accuracy in metres.
    pub accuracy_m: f64,
    /// Deny distance in metres.
    pub deny_distance_m: f64,
    /// Refer distance in metres.
    pub refer_distance_m: f64,
    /// When the place was last verified.
    pub verified_at: Option<Timestamp>,
    /// Source.
    pub source: String,
}

/// What can be asked about protected entities.
#[derive(Clone, Debug)]
pub enum Command {
    /// Notify.
    Notify(Draft),
    /// Amend the version of the etag.
    Amend {
        /// The new content, with the identifier.
        draft: Draft,
        /// Etag that was read.
        etag: String,
    },
    /// Consent to giving up the former places.
    GiveUpFormerPlace {
        /// Identifier.
        id: String,
        /// Etag that was read.
        etag: String,
        /// The party's signature: a DSSE envelope as JSON.
        envelope: String,
    },
    /// Claim.
    Claim(Draft),
    /// Confirm a claim.
    Confirm {
        /// Identifier.
        id: String,
    },
    /// Consent to removing.
    ConsentToRemoval {
        /// Identifier.
        id: String,
        /// Etag that was read.
        etag: String,
        /// Why; required with the first consent.
        reason: String,
        /// The party's signature, but for the consent that proposes it: a DSSE envelope as JSON.
        envelope: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    let (change, row) = match command {
        Command::Notify(draft) => notification::begin(state, draft, Stage::Active, context)?,
        Command::Claim(draft) => notification::begin(state, draft, Stage::Claimed, context)?,
        Command::Amend { draft, etag } => notification::amend(state, draft, etag, context)?,
        Command::Confirm { id } => removal::confirm(state, id, context)?,
        Command::GiveUpFormerPlace { id, etag, envelope } => {
            removal::give_up_former_place(state, (id, etag), envelope, context)?
        }
        Command::ConsentToRemoval { id, etag, reason, envelope } => {
            removal::consent(state, (id, etag), (reason, envelope), context)?
        }
    };
    Ok(vec![Event::ProtectedEntity(change, Box::new(row))])
}

#[cfg(test)]
mod tests;
