//! Every method that is served, with the group of acts that it belongs to and the longest that it may take.

use std::time::Duration;

/// A method, its group and its maximum deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// `package.Service/Method`.
    pub name: &'static str,
    /// Name of the Cedar action.
    pub group: &'static str,
    /// Longest time until the first of its answer, whatever the caller asks for.
    pub longest: Duration,
}

/// What only looks at whether the process lives.
const PROBE: Duration = Duration::from_secs(5);
/// What reads the published state.
const READ: Duration = Duration::from_secs(10);
/// What waits for a place in the queue, an fdatasync and, in an exercise accord, the clock.
const WRITE: Duration = Duration::from_secs(10);
/// What confirms the heads of other ledgers too, which may take two seconds, as often as something moves meanwhile.
const CONFIRMED: Duration = Duration::from_secs(15);
/// What reads many entries of the journal.
const JOURNAL: Duration = Duration::from_secs(20);
/// What sends a whole file.
const IMPORT: Duration = Duration::from_secs(120);

const fn method(name: &'static str, group: &'static str, longest: Duration) -> Method {
    Method { name, group, longest }
}

/// Every method. A method that is not here reaches no handler.
pub const ALL: &[Method] = &[
    method("grpc.health.v1.Health/Check", "Health", PROBE),
    method("grpc.health.v1.Health/List", "Health", PROBE),
    method("grpc.health.v1.Health/Watch", "Health", PROBE),
    method("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "Describe", READ),
    method("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "Describe", READ),
    method("concord.ledger.v1.LedgerService/GetHead", "Follow", READ),
    method("concord.ledger.v1.LedgerService/WatchHead", "Follow", READ),
    method("concord.ledger.v1.LedgerService/GetCheckpoint", "Follow", READ),
    method("concord.ledger.v1.LedgerService/ShowCheckpoint", "Follow", READ),
    method("concord.ledger.v1.LedgerService/AddCosignature", "Cosign", WRITE),
    method("concord.ledger.v1.LedgerService/CompleteReceipt", "Follow", READ),
    method("concord.ledger.v1.LedgerService/ListEntries", "Follow", JOURNAL),
    method("concord.ledger.v1.LedgerService/WatchEntries", "Follow", JOURNAL),
    method("concord.ledger.v1.LedgerService/GetLedgerStatus", "Inspect", READ),
    method("concord.ledger.v1.LedgerService/GetInclusionProof", "Follow", READ),
    method("concord.ledger.v1.LedgerService/GetConsistencyProof", "Follow", READ),
    method("concord.ledger.v1.LedgerService/GetTile", "Follow", READ),
    method("concord.registry.v1.AccordService/GetAccord", "ReadAccord", READ),
    method("concord.registry.v1.AccordService/SetClock", "SetClock", WRITE),
    method("concord.registry.v1.DesignationService/ProposeDesignation", "Propose", WRITE),
    method("concord.registry.v1.DesignationService/DecideDesignation", "Approve", WRITE),
    method("concord.registry.v1.DesignationService/SuspendDesignation", "SuspendDesignation", WRITE),
    method("concord.registry.v1.DesignationService/ExpireDesignation", "SuspendDesignation", WRITE),
    method("concord.registry.v1.DesignationService/ProposeAlias", "Propose", WRITE),
    method("concord.registry.v1.DesignationService/DecideAlias", "Approve", WRITE),
    method("concord.registry.v1.DesignationService/GetDesignation", "Read", READ),
    method("concord.registry.v1.DesignationService/ListDesignations", "Read", READ),
    method("concord.registry.v1.DesignationService/ImportDesignations", "Propose", IMPORT),
    method("concord.registry.v1.NonTargetService/NameNonTargetGroup", "Propose", WRITE),
    method("concord.registry.v1.NonTargetService/ConsentToNonTargetRemoval", "Approve", WRITE),
    method("concord.registry.v1.NonTargetService/GetNonTargetGroup", "Read", READ),
    method("concord.registry.v1.NonTargetService/ListNonTargetGroups", "Read", READ),
    method("concord.registry.v1.ProtectionService/NotifyProtectedEntity", "Protect", WRITE),
    method("concord.registry.v1.ProtectionService/AmendProtectedEntity", "Protect", WRITE),
    method("concord.registry.v1.ProtectionService/GiveUpFormerPlace", "Approve", WRITE),
    method("concord.registry.v1.ProtectionService/ClaimProtectedEntity", "Protect", WRITE),
    method("concord.registry.v1.ProtectionService/ConfirmProtectedEntity", "Restrict", WRITE),
    method("concord.registry.v1.ProtectionService/ConsentToProtectionRemoval", "Approve", WRITE),
    method("concord.registry.v1.ProtectionService/GetProtectedEntity", "Read", READ),
    method("concord.registry.v1.ProtectionService/ListProtectedEntities", "Read", READ),
    method("concord.registry.v1.ProtectionService/ImportProtectedEntities", "Import", IMPORT),
    method("concord.registry.v1.MovementService/NotifyMovement", "MoveConvoy", WRITE),
    method("concord.registry.v1.MovementService/AmendMovement", "MoveConvoy", WRITE),
    method("concord.registry.v1.MovementService/AcknowledgeMovement", "AcknowledgeMovement", WRITE),
    method("concord.registry.v1.MovementService/CompleteMovement", "MoveConvoy", WRITE),
    method("concord.registry.v1.MovementService/GetMovement", "Read", READ),
    method("concord.registry.v1.MovementService/ListMovements", "Read", READ),
    method("concord.registry.v1.AreaService/DeclareArea", "Restrict", WRITE),
    method("concord.registry.v1.AreaService/ConsentToAreaEnd", "Approve", WRITE),
    method("concord.registry.v1.AreaService/GetArea", "Read", READ),
    method("concord.registry.v1.AreaService/ListAreas", "Read", READ),
    method("concord.registry.v1.PresenceService/FilePresence", "FilePresence", WRITE),
    method("concord.registry.v1.PresenceService/WithdrawPresence", "FilePresence", WRITE),
    method("concord.registry.v1.PresenceService/ListPresence", "Read", READ),
    method("concord.registry.v1.NameService/ResolveName", "Read", READ),
    method("concord.rules.v1.RuleSetService/ProposeRuleSet", "Propose", WRITE),
    method("concord.rules.v1.RuleSetService/RatifyRuleSet", "Approve", WRITE),
    method("concord.rules.v1.RuleSetService/GetRuleSet", "Read", READ),
    method("concord.rules.v1.RuleSetService/ListRuleSets", "Read", READ),
    method("concord.rules.v1.CheckService/CheckOperation", "Check", CONFIRMED),
    method("concord.rules.v1.CheckService/GetDecision", "Read", CONFIRMED),
    method("concord.rules.v1.CheckService/ListDecisions", "Read", CONFIRMED),
    method("concord.rules.v1.CheckService/WatchDecision", "Read", CONFIRMED),
    method("concord.rules.v1.CheckService/ConfirmDecision", "Check", CONFIRMED),
    method("concord.rules.v1.CheckService/ReviewReferral", "Review", CONFIRMED),
    method("concord.rules.v1.CheckService/LapseDecision", "Check", CONFIRMED),
    method("concord.rules.v1.CheckService/ReplayDecision", "Read", CONFIRMED),
    method("concord.rules.v1.CoordinationService/GiveNotice", "Check", WRITE),
    method("concord.rules.v1.CoordinationService/ApproveOperation", "Approve", WRITE),
    method("concord.rules.v1.CoordinationService/ConsentToOperation", "Check", WRITE),
    method("concord.rules.v1.CoordinationService/AttestOperation", "Attest", WRITE),
    method("concord.rules.v1.CoordinationService/ListCoordination", "Read", READ),
    method("concord.rules.v1.AirspaceService/ReserveAirspace", "Airspace", CONFIRMED),
    method("concord.rules.v1.AirspaceService/AmendAirReservation", "Airspace", CONFIRMED),
    method("concord.rules.v1.AirspaceService/EndAirReservation", "Airspace", WRITE),
    method("concord.rules.v1.AirspaceService/GetAirReservation", "Read", READ),
    method("concord.rules.v1.AirspaceService/ListAirReservations", "Read", READ),
    method("concord.incidents.v1.IncidentService/ReportIncident", "Report", WRITE),
    method("concord.incidents.v1.IncidentService/AcknowledgeIncident", "Answer", WRITE),
    method("concord.incidents.v1.IncidentService/ConcludeIncident", "Conclude", WRITE),
    method("concord.incidents.v1.IncidentService/GetIncident", "Read", READ),
    method("concord.incidents.v1.IncidentService/ListIncidents", "Read", READ),
    method("concord.incidents.v1.IncidentService/FileEngagement", "Report", WRITE),
    method("concord.incidents.v1.IncidentService/EndEngagementResponse", "Report", WRITE),
    method("concord.incidents.v1.IncidentService/ListEngagements", "Read", READ),
    method("concord.incidents.v1.HotlineService/SendMessage", "Answer", WRITE),
    method("concord.incidents.v1.HotlineService/StreamMessages", "Read", READ),
    method("concord.incidents.v1.HotlineService/AcknowledgeMessage", "Answer", WRITE),
    method("concord.incidents.v1.HotlineService/ResolveWarning", "Answer", WRITE),
    method("concord.incidents.v1.HotlineService/GetMessage", "Read", READ),
    method("concord.incidents.v1.HotlineService/ListMessages", "Read", READ),
    method("concord.incidents.v1.CooperationService/GetCooperationStatus", "Read", READ),
    method("concord.incidents.v1.CooperationService/SuspendCooperation", "SuspendCooperation", WRITE),
    method("concord.incidents.v1.CooperationService/ConsentToLift", "Approve", WRITE),
    method("concord.incidents.v1.CooperationService/ListSuspensions", "Read", READ),
];
