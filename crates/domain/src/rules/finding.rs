//! What an article finds: a reason code with its level, and the value and limit where something was measured.

use serde::{Deserialize, Serialize};

/// A verdict, from best to worst; the worst finding wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// No agreed rule objects.
    Permit,
    /// People of every party must decide.
    Refer,
    /// An agreed rule forbids.
    Deny,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal => $level:ident,)*) => {
        /// A reason code; stable once released.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as it stands in an answer.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)* }
            }

            /// How bad it is; `CUSTOM_RESTRICTION` alone may be worse, as its article says.
            #[must_use]
            pub fn level(self) -> Verdict {
                match self { $(Code::$variant => Verdict::$level,)* }
            }
        }
    };
}

codes! {
    /// Inside the deny distance of a protected entity.
    ProtectedEntityOverlap = "PROTECTED_ENTITY_OVERLAP" => Deny,
    /// In the way of a protected movement.
    ProtectedMovementOverlap = "PROTECTED_MOVEMENT_OVERLAP" => Deny,
    /// Inside the deny distance of works containing dangerous forces.
    HazardousWorks = "HAZARDOUS_WORKS" => Deny,
    /// Directed at, or among, a group that is not an acceptable target.
    NotAcceptableGroup = "NOT_ACCEPTABLE_GROUP" => Deny,
    /// The group is not designated, or none is named.
    GroupNotDesignated = "GROUP_NOT_DESIGNATED" => Deny,
    /// Directed at a natural person.
    NaturalPersonTarget = "NATURAL_PERSON_TARGET" => Deny,
    /// Inside a cessation of hostilities.
    CeasefireArea = "CEASEFIRE_AREA" => Deny,
    /// Inside another party's ground area without its consent.
    OtherPartyReservation = "OTHER_PARTY_RESERVATION" => Deny,
    /// Conflicts with another party's air reservation.
    AirspaceConflict = "AIRSPACE_CONFLICT" => Deny,
    /// Inside the place of a recent engagement where the response goes on.
    RepeatEngagementAtIncidentSite = "REPEAT_ENGAGEMENT_AT_INCIDENT_SITE" => Deny,
    /// A warning on the hotline about the place stands.
    OpenHotlineWarning = "OPEN_HOTLINE_WARNING" => Deny,
    /// Cooperation with the party is suspended.
    PartySuspended = "PARTY_SUSPENDED" => Deny,
    /// A party that must approve has not.
    ApprovalMissing = "APPROVAL_MISSING" => Deny,
    /// The designated group and another are both confirmed there.
    Commingled = "COMMINGLED" => Deny,
    /// The area is held until a joint determination.
    AreaHeld = "AREA_HELD" => Deny,
    /// A party does not confirm the designated group there.
    PresenceNotConfirmed = "PRESENCE_NOT_CONFIRMED" => Deny,
    /// Outside the area to which the rule set applies.
    OutsideAreaOfApplication = "OUTSIDE_AREA_OF_APPLICATION" => Deny,
    /// No rule set is in force.
    NoRuleSetInForce = "NO_RULE_SET_IN_FORCE" => Deny,
    /// More killed expected than the limit.
    HarmLimitExceeded = "HARM_LIMIT_EXCEEDED" => Deny,
    /// The registry's ledger cannot be relied on now.
    RegistryUnavailable = "REGISTRY_UNAVAILABLE" => Deny,
    /// The incidents' ledger cannot be relied on now.
    IncidentsUnavailable = "INCIDENTS_UNAVAILABLE" => Deny,
    /// An article could not be evaluated.
    EvaluationError = "EVALUATION_ERROR" => Deny,
    /// The group was named by an alias that not every party has ratified, or by a weak one.
    AliasNotRatified = "ALIAS_NOT_RATIFIED" => Refer,
    /// Another armed group may be there.
    CommingledGroups = "COMMINGLED_GROUPS" => Refer,
    /// Fewer independent sources than asked for.
    SingleSourceIntelligence = "SINGLE_SOURCE_INTELLIGENCE" => Refer,
    /// A source is too old, or of unknown age.
    IntelligenceStale = "INTELLIGENCE_STALE" => Refer,
    /// Somebody who assessed it disagrees.
    DissentingAssessment = "DISSENTING_ASSESSMENT" => Refer,
    /// Positive identification is incomplete.
    PositiveIdentificationIncomplete = "POSITIVE_IDENTIFICATION_INCOMPLETE" => Refer,
    /// The place is not the one that was meant or notified.
    LocationMismatch = "LOCATION_MISMATCH" => Refer,
    /// The place was not measured.
    LocationUnverified = "LOCATION_UNVERIFIED" => Refer,
    /// An entry nearby has not been verified for long.
    StaleRegistryEntry = "STALE_REGISTRY_ENTRY" => Refer,
    /// A claim of protection nearby has not been decided.
    PendingProtectionClaim = "PENDING_PROTECTION_CLAIM" => Refer,
    /// Inside the refer distance of a protected entity.
    ProtectedEntityBuffer = "PROTECTED_ENTITY_BUFFER" => Refer,
    /// Inside the refer distance of works containing dangerous forces.
    HazardousWorksNearby = "HAZARDOUS_WORKS_NEARBY" => Refer,
    /// The use of the building was not assessed.
    BuildingUseUnassessed = "BUILDING_USE_UNASSESSED" => Refer,
    /// The presence of civilians was not assessed.
    CivilianPresenceUnassessed = "CIVILIAN_PRESENCE_UNASSESSED" => Refer,
    /// Civilians were reported there.
    CivilianPresenceReported = "CIVILIAN_PRESENCE_REPORTED" => Refer,
    /// A populated area.
    PopulatedArea = "POPULATED_AREA" => Refer,
    /// Harm is expected, or unknown.
    HarmEstimateRequiresJointDecision = "HARM_ESTIMATE_REQUIRES_JOINT_DECISION" => Refer,
    /// Secondary hazards were not assessed, or were reported.
    SecondaryHazardUnassessed = "SECONDARY_HAZARD_UNASSESSED" => Refer,
    /// The effect area is larger than the limit.
    EffectAreaTooLarge = "EFFECT_AREA_TOO_LARGE" => Refer,
    /// The window is longer than the limit.
    TimeWindowTooLong = "TIME_WINDOW_TOO_LONG" => Refer,
    /// The object also serves civilians.
    DualUseObject = "DUAL_USE_OBJECT" => Refer,
    /// No notice was given.
    NoticeMissing = "NOTICE_MISSING" => Refer,
    /// Notice was given too late.
    NoticeTooShort = "NOTICE_TOO_SHORT" => Refer,
    /// The notified point is too far off.
    NoticeImprecise = "NOTICE_IMPRECISE" => Refer,
    /// A movement in the way has not been acknowledged by every unit.
    UnacknowledgedNotification = "UNACKNOWLEDGED_NOTIFICATION" => Refer,
    /// Near a border.
    BorderBuffer = "BORDER_BUFFER" => Refer,
    /// Self-defence, an emergency or troops in contact are claimed.
    SelfDefenceRequiresReview = "SELF_DEFENCE_REQUIRES_REVIEW" => Refer,
    /// A movement is over by its window but not completed.
    MovementNotClosed = "MOVEMENT_NOT_CLOSED" => Refer,
    /// Incidents were reported at the place before.
    RepeatIncidentSite = "REPEAT_INCIDENT_SITE" => Refer,
    /// Cooperation with the party is restricted.
    CooperationRestricted = "COOPERATION_RESTRICTED" => Refer,
    /// An attestation that is asked for is missing.
    AttestationMissing = "ATTESTATION_MISSING" => Refer,
    /// The submitting party has not acknowledged a movement nearby at every level.
    DistributionIncomplete = "DISTRIBUTION_INCOMPLETE" => Refer,
    /// The submitter has not read something nearby as it stands now.
    KnowledgeIncomplete = "KNOWLEDGE_INCOMPLETE" => Refer,
    /// A restriction of an article of the kind CUSTOM objects; the article says whether it denies.
    CustomRestriction = "CUSTOM_RESTRICTION" => Refer,
    /// The real clock jumped and nobody has confirmed it.
    ClockUnconfirmed = "CLOCK_UNCONFIRMED" => Refer,
    /// Nothing objects.
    AllChecksPassed = "ALL_CHECKS_PASSED" => Permit,
}

/// What one article found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Number of the article; 0 for what precedes every article.
    pub article: u32,
    /// Kind of the article.
    pub kind: String,
    /// Reason code.
    pub code: Code,
    /// How bad it is.
    pub level: Verdict,
    /// What was measured.
    pub measured: Option<f64>,
    /// The limit.
    pub limit: Option<f64>,
    /// Unit of both.
    pub unit: String,
    /// The resource that it rests on; may be empty.
    pub evidence: String,
    /// One sentence for people.
    pub message: String,
}

impl Finding {
    /// A finding without a measurement.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            article: 0,
            kind: String::new(),
            code,
            level: code.level(),
            measured: None,
            limit: None,
            unit: String::new(),
            evidence: String::new(),
            message: message.into(),
        }
    }

    /// The same finding with what it rests on.
    #[must_use]
    pub fn on(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = evidence.into();
        self
    }

    /// The same finding with the measured value, the limit and their unit.
    #[must_use]
    pub fn measured(mut self, measured: f64, limit: f64, unit: &str) -> Self {
        self.measured = Some(measured);
        self.limit = Some(limit);
        unit.clone_into(&mut self.unit);
        self
    }
}
