//! The kinds of article: a closed set, one file each, registered in one list here.
//!
//! Every article of a rule set is evaluated for every operation to whose class its kind applies; it adds what it finds
//! and can take nothing away. INVARIANT (RUL-1): floor kinds hold whatever a rule set says.

pub mod airspace;
pub mod application;
pub mod approvals;
pub mod attestation;
pub mod border_buffer;
pub mod building_use;
pub mod ceasefire;
pub mod civilian_harm;
pub mod civilian_presence;
pub mod commingling;
pub mod cooperation;
pub mod corroboration;
pub mod custom;
pub mod designation;
pub mod dissent;
pub mod distribution;
pub mod dual_use;
pub mod effect_area;
pub mod freshness;
pub mod ground_reservation;
pub mod hazardous_works;
pub mod held_area;
pub mod identification;
pub mod incident_site;
pub mod intelligence_age;
pub mod knowledge;
pub mod location;
pub mod movement;
pub mod natural_person;
pub mod non_target_group;
pub mod notice;
pub mod open_warning;
pub mod pending_claim;
pub mod populated_area;
pub mod protected_proximity;
pub mod repeat_engagement;
pub mod secondary_hazard;
pub mod self_defence;
pub mod suspension_trigger;
pub mod time_window;

use serde::de::DeserializeOwned;

use crate::errors::Violation;
use crate::registry::area::RestrictedArea;
use crate::registry::protection::Stage;
use crate::rules::facts::{Facts, Nearby};
use crate::rules::finding::{Code, Finding};
use crate::rules::operation::Class;
use crate::table::Resource as _;

/// No class: what holds elsewhere than in a check.
const NONE: &[Class] = &[];
/// Classes of kinetic operations on the ground alone.
const GROUND: &[Class] = &[Class::KineticGround];
/// Classes of kinetic operations.
const KINETIC: &[Class] = &[Class::KineticGround, Class::KineticAir];
/// Every class but medical flights, which nothing that is said about cooperation stops.
const ALL_BUT_MEDICAL: &[Class] = &[Class::KineticGround, Class::KineticAir, Class::Flight];
/// Every class.
const ALL: &[Class] = &[Class::KineticGround, Class::KineticAir, Class::Flight, Class::MedicalFlight];

/// What every kind of article says about itself.
trait Kind: DeserializeOwned {
    /// Its name in a rule set's text.
    const NAME: &'static str;
    /// The classes of operation to which it applies.
    const APPLIES: &'static [Class];
    /// Everything that is wrong with its parameters.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }
    /// What it says, in one sentence.
    fn text(&self) -> String;
    /// Adds what it finds.
    fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>);
}

macro_rules! kinds {
    ($($module:ident => $variant:ident,)*) => {
        /// An article's kind with its parameters.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Rule { $(#[doc = concat!("See the module `", stringify!($module), "`.")] $variant($module::Params),)* }

        impl Rule {
            /// The names of all kinds.
            pub const NAMES: &'static [&'static str] = &[$(<$module::Params as Kind>::NAME,)*];

            /// Reads the parameters of a kind; nothing where there is no such kind.
            pub(super) fn read(kind: &str, parameters: toml::Table) -> Option<Result<Self, String>> {
                $(if kind == <$module::Params as Kind>::NAME {
                    let read = toml::Value::Table(parameters).try_into::<$module::Params>();
                    return Some(read.map(Rule::$variant).map_err(|e| e.to_string()));
                })*
                None
            }

            /// The kind's name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Rule::$variant(_) => <$module::Params as Kind>::NAME,)* }
            }

            /// Whether the kind applies to a class of operation.
            #[must_use]
            pub fn applies_to(&self, class: Class) -> bool {
                match self { $(Rule::$variant(_) => <$module::Params as Kind>::APPLIES.contains(&class),)* }
            }

            /// Everything that is wrong with the parameters.
            #[must_use]
            pub fn violations(&self) -> Vec<Violation> {
                match self { $(Rule::$variant(params) => params.violations(),)* }
            }

            /// What the article says, in one sentence.
            #[must_use]
            pub fn text(&self) -> String {
                match self { $(Rule::$variant(params) => params.text(),)* }
            }

            pub(super) fn find(&self, facts: &Facts<'_>, found: &mut Vec<Finding>) {
                match self { $(Rule::$variant(params) => params.find(facts, found),)* }
            }
        }
    };
}

kinds! {
    airspace => Airspace,
    application => Application,
    approvals => Approvals,
    attestation => Attestation,
    border_buffer => BorderBuffer,
    building_use => BuildingUse,
    ceasefire => Ceasefire,
    civilian_harm => CivilianHarm,
    civilian_presence => CivilianPresence,
    commingling => Commingling,
    cooperation => Cooperation,
    corroboration => Corroboration,
    custom => Custom,
    designation => Designation,
    dissent => Dissent,
    distribution => Distribution,
    dual_use => DualUse,
    effect_area => EffectArea,
    freshness => Freshness,
    ground_reservation => GroundReservation,
    hazardous_works => HazardousWorks,
    held_area => HeldArea,
    identification => Identification,
    incident_site => IncidentSite,
    intelligence_age => IntelligenceAge,
    knowledge => Knowledge,
    location => Location,
    movement => Movement,
    natural_person => NaturalPerson,
    non_target_group => NonTargetGroup,
    notice => Notice,
    open_warning => OpenWarning,
    pending_claim => PendingClaim,
    populated_area => PopulatedArea,
    protected_proximity => ProtectedProximity,
    repeat_engagement => RepeatEngagement,
    secondary_hazard => SecondaryHazard,
    self_defence => SelfDefence,
    suspension_trigger => SuspensionTrigger,
    time_window => TimeWindow,
}

impl Rule {
    /// The kinds that cannot be ratified away, as they hold where a rule set does not name them.
    #[must_use]
    pub fn floor() -> Vec<Self> {
        vec![
            Self::NaturalPerson(natural_person::Params {}),
            Self::NonTargetGroup(non_target_group::Params {}),
            Self::Designation(designation::Params {}),
            Self::ProtectedProximity(protected_proximity::Params { deny_m: 0.0, refer_m: 0.0 }),
            Self::HazardousWorks(hazardous_works::Params { deny_m: 0.0, refer_m: 0.0 }),
            Self::Movement(movement::Params { time_pad_s: 0 }),
            Self::HeldArea(held_area::Params {}),
            Self::Commingling(commingling::Params { separation_m: 0.0, max_age_s: commingling::AGE_MAX_S }),
            Self::EffectArea(effect_area::Params { max_radius_m: crate::limits::RADIUS_MAX_M }),
            Self::Cooperation(cooperation::Params {}),
            Self::OpenWarning(open_warning::Params {}),
        ]
    }
}

/// The violation of a parameter that must be a finite number of at least 0.
fn not_negative(name: &str, value: f64) -> Option<Violation> {
    let right = value.is_finite() && value >= 0.0;
    (!right)
        .then(|| Violation::new(name, "a number of at least 0", value, "an article never lessens protection"))
}

/// What is wrong with the distances of an article that keeps clear of entities.
fn distances(deny_m: f64, refer_m: f64) -> Vec<Violation> {
    [("deny_m", deny_m), ("refer_m", refer_m)]
        .into_iter()
        .filter_map(|(name, value)| not_negative(name, value))
        .collect()
}

/// What it means that the effect area touches an area.
fn touching(code: Code, area: &RestrictedArea, distance_m: f64) -> Finding {
    let message = format!("the effect area touches {:?}", area.display_name);
    Finding::new(code, message).measured(distance_m, 0.0, "m").on(area.name())
}

/// What it means that an entity is near: its own distances hold where they are larger than the article's.
fn kept_clear(
    facts: &Facts<'_>,
    nearby: &Nearby<'_>,
    (deny_m, refer_m): (f64, f64),
    (deny, refer): (Code, Code),
) -> Option<Finding> {
    let entity = nearby.entity;
    let (deny_m, refer_m) = (deny_m.max(entity.deny_distance_m), refer_m.max(entity.refer_distance_m));
    if entity.stage != Stage::Active {
        return None;
    }
    let distance_m = facts.nearest_place(nearby, deny_m.max(refer_m))?;
    let (code, limit_m) = if distance_m > deny_m { (refer, refer_m) } else { (deny, deny_m) };
    let name = &entity.display_name;
    let message = format!("{name:?} is {distance_m:.0} m from the effect area, limit {limit_m:.0} m");
    Some(Finding::new(code, message).measured(distance_m, limit_m, "m").on(entity.name()))
}
