//! The lists of a case as its file states them.

#![expect(dead_code, reason = "keys that decide nothing are named, so that unknown ones are noticed")]

use serde::Deserialize;

use super::{Point, Stated, Window};

/// What the lists hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::exercise) struct RegistryState {
    /// Designated groups.
    pub(in crate::exercise) designated_groups: Vec<Group>,
    /// Groups that are no targets.
    pub(in crate::exercise) not_acceptable_groups: Vec<Group>,
    /// Protected entities.
    pub(in crate::exercise) protected_entities: Vec<Entity>,
    /// Movements.
    pub(in crate::exercise) movements: Vec<Movement>,
    /// Reservations in the air and on the ground.
    pub(in crate::exercise) other_reservations: Vec<Reservation>,
    /// Ceasefires.
    pub(in crate::exercise) ceasefires: Vec<Ceasefire>,
    /// Border buffers.
    pub(in crate::exercise) border_buffers: Vec<Buffer>,
    /// Recent strikes.
    pub(in crate::exercise) recent_strikes: Vec<Strike>,
    /// Hotline warnings.
    pub(in crate::exercise) open_hotline_warnings: Vec<Warning>,
    /// Alias proposals.
    pub(in crate::exercise) alias_proposals: Vec<AliasProposal>,
    /// Rules of coordination.
    pub(in crate::exercise) coordination_rules: Option<CoordinationRules>,
    /// Separation in the air.
    pub(in crate::exercise) separation_rules: Option<SeparationRules>,
    /// Age at which an entry is stale.
    pub(in crate::exercise) registry_max_age_days: Option<f64>,
    /// Suspensions.
    pub(in crate::exercise) suspensions: Vec<Suspension>,
    /// Public reports that something is protected.
    pub(in crate::exercise) public_reports: Vec<PublicReport>,
    /// Limits of harm.
    pub(in crate::exercise) rules: Option<HarmRules>,
}

/// A group on a list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Group {
    /// Name.
    pub(in crate::exercise) name: String,
    /// Reference in an outside list.
    #[serde(default)]
    pub(in crate::exercise) list_ref: Option<String>,
    /// Further names.
    #[serde(default)]
    pub(in crate::exercise) aliases: Vec<String>,
    /// First day.
    #[serde(default)]
    pub(in crate::exercise) valid_from: Option<String>,
    /// Last day.
    #[serde(default)]
    pub(in crate::exercise) valid_to: Option<String>,
}

/// A protected entity.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Entity {
    /// Identifier in the case.
    pub(in crate::exercise) id: String,
    /// Name.
    pub(in crate::exercise) name: String,
    /// Category.
    pub(in crate::exercise) category: String,
    /// Degrees north.
    pub(in crate::exercise) lat: f64,
    /// Degrees east.
    pub(in crate::exercise) lon: f64,
    /// Deny distance in metres.
    #[serde(default)]
    pub(in crate::exercise) buffer_m: Option<f64>,
    /// Refer distance in metres.
    #[serde(default)]
    pub(in crate::exercise) refer_buffer_m: Option<f64>,
    /// `ratified`, `proposed` or `draft`.
    pub(in crate::exercise) status: String,
    /// `refer`: a populated area.
    #[serde(default)]
    pub(in crate::exercise) rule: Option<String>,
    /// Day of the last verification.
    #[serde(default)]
    pub(in crate::exercise) last_verified: Option<String>,
    /// Accuracy of the place in metres.
    #[serde(default)]
    pub(in crate::exercise) accuracy_m: Option<f64>,
}

/// A movement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Movement {
    /// Identifier in the case.
    pub(in crate::exercise) id: String,
    /// Name.
    pub(in crate::exercise) name: String,
    /// Category, which decides nothing.
    #[serde(default)]
    pub(in crate::exercise) category: Option<String>,
    /// Positions in order.
    pub(in crate::exercise) path: Vec<Point>,
    /// Metres on either side.
    #[serde(default)]
    pub(in crate::exercise) buffer_m: Option<f64>,
    /// When.
    pub(in crate::exercise) window: Window,
    /// Heights, for a movement by air.
    #[serde(default)]
    pub(in crate::exercise) altitude_band_m: Option<(f64, Option<f64>)>,
    /// Where it stands.
    pub(in crate::exercise) status: String,
}

/// A reservation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Reservation {
    /// Identifier in the case.
    pub(in crate::exercise) id: String,
    /// Who holds it.
    pub(in crate::exercise) party: String,
    /// Kind.
    pub(in crate::exercise) kind: String,
    /// Centre.
    pub(in crate::exercise) centre: Point,
    /// Radius in metres.
    pub(in crate::exercise) radius_m: f64,
    /// When; absent means standing.
    #[serde(default)]
    pub(in crate::exercise) window: Option<Window>,
    /// Heights.
    #[serde(default)]
    pub(in crate::exercise) altitude_band_m: Option<(f64, Option<f64>)>,
    /// Consents of the holder.
    #[serde(default)]
    pub(in crate::exercise) consents: Vec<Consent>,
}

/// The holder's consent to one operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Consent {
    /// The party whose operation it is.
    pub(in crate::exercise) to: String,
    /// The operation's name; "this one" is the case's own.
    pub(in crate::exercise) operation: String,
    /// Whether it was signed.
    #[serde(default)]
    pub(in crate::exercise) signed: bool,
}

/// A ceasefire.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Ceasefire {
    /// Identifier in the case.
    pub(in crate::exercise) id: String,
    /// Area by name, which decides nothing.
    #[serde(default)]
    pub(in crate::exercise) area: Option<String>,
    /// Whether it is in force.
    #[serde(default)]
    pub(in crate::exercise) in_force: Option<bool>,
    /// Groups to which it does not apply.
    #[serde(default)]
    pub(in crate::exercise) excludes: Vec<String>,
    /// Centre, where given.
    #[serde(default)]
    pub(in crate::exercise) centre: Option<Point>,
    /// Radius in metres, where given.
    #[serde(default)]
    pub(in crate::exercise) radius_m: Option<f64>,
    /// When, where given.
    #[serde(default)]
    pub(in crate::exercise) window: Option<Window>,
}

/// A border buffer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Buffer {
    /// Identifier in the case.
    pub(in crate::exercise) id: String,
    /// Area by name, which decides nothing.
    #[serde(default)]
    pub(in crate::exercise) area: Option<String>,
    /// Centre, where given.
    #[serde(default)]
    pub(in crate::exercise) centre: Option<Point>,
    /// Radius in metres.
    #[serde(default)]
    pub(in crate::exercise) radius_m: Option<f64>,
}

/// A proposed alias.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct AliasProposal {
    /// The new name.
    pub(in crate::exercise) name: String,
    /// Reference or name of the group.
    pub(in crate::exercise) of: String,
    /// Where it stands, for people to read: whatever it says, it is proposed by one party only.
    #[serde(default, rename = "status")]
    _status: Option<String>,
}

/// Rules of coordination.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::exercise) struct CoordinationRules {
    /// Minutes of notice asked for.
    pub(in crate::exercise) minimum_notice_minutes: Option<f64>,
    /// Largest effect area.
    pub(in crate::exercise) maximum_area_radius_m: Option<f64>,
    /// Whether notice is asked for near a border.
    pub(in crate::exercise) near_border_notice_required: Option<bool>,
}

/// Separation in the air.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::exercise) struct SeparationRules {
    /// Metres on the ground.
    pub(in crate::exercise) horizontal_m: Option<f64>,
    /// Metres of height.
    pub(in crate::exercise) vertical_m: Option<f64>,
    /// Minutes.
    pub(in crate::exercise) time_minutes: Option<f64>,
}

/// A public report; it lies at the aim point.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct PublicReport {
    /// Identifier in the case.
    #[serde(default)]
    pub(in crate::exercise) id: Option<String>,
    /// Name.
    #[serde(default)]
    pub(in crate::exercise) name: Option<String>,
    /// Category.
    #[serde(default)]
    pub(in crate::exercise) category: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub(in crate::exercise) at: Option<String>,
    /// Source, which decides nothing.
    #[serde(default)]
    pub(in crate::exercise) source: Option<String>,
}

/// Limits of harm.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::exercise) struct HarmRules {
    /// Persons at which it refers.
    pub(in crate::exercise) harm_refer_at: Option<f64>,
    /// Killed at which it denies.
    pub(in crate::exercise) harm_deny_at_killed: Option<f64>,
}

/// A strike that took place.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Strike {
    /// Identifier in the case.
    #[serde(default)]
    pub(in crate::exercise) id: Option<String>,
    /// Degrees north.
    pub(in crate::exercise) lat: f64,
    /// Degrees east.
    pub(in crate::exercise) lon: f64,
    /// When.
    pub(in crate::exercise) at: String,
    /// Who, if known.
    #[serde(default)]
    pub(in crate::exercise) party: Option<String>,
    /// Whether a response goes on there.
    #[serde(default)]
    pub(in crate::exercise) response_in_progress: Stated<bool>,
}

/// A warning on the hotline.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Warning {
    /// Identifier in the case.
    #[serde(default)]
    pub(in crate::exercise) id: Option<String>,
    /// When it stands.
    #[serde(default)]
    pub(in crate::exercise) window: Option<Window>,
    /// Identifier of what it is about; it lies there.
    #[serde(default)]
    pub(in crate::exercise) subject: Option<String>,
    /// Whether its sender has resolved it.
    #[serde(default)]
    pub(in crate::exercise) resolved: bool,
}

/// A suspension that stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Suspension {
    /// Identifier in the case.
    #[serde(default)]
    pub(in crate::exercise) id: Option<String>,
    /// The party.
    pub(in crate::exercise) party: String,
    /// Which operations it reaches, in words.
    #[serde(default)]
    pub(in crate::exercise) scope: Option<String>,
    /// Since when.
    #[serde(default)]
    pub(in crate::exercise) since: Option<String>,
}

/// A count of persons.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(in crate::exercise) struct Count {
    /// At least.
    #[serde(default)]
    pub(in crate::exercise) min: Option<u32>,
    /// At most.
    #[serde(default)]
    pub(in crate::exercise) max: Option<u32>,
}
