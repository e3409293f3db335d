//! Every method that is served, with the group of acts that it belongs to.

/// A method and its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// `package.Service/Method`.
    pub name: &'static str,
    /// Name of the Cedar action.
    pub group: &'static str,
}

const fn method(name: &'static str, group: &'static str) -> Method {
    Method { name, group }
}

/// Every method. A method that is not here reaches no handler.
pub const ALL: &[Method] = &[
    method("grpc.health.v1.Health/Check", "Health"),
    method("grpc.health.v1.Health/List", "Health"),
    method("grpc.health.v1.Health/Watch", "Health"),
    method("grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "Describe"),
    method("grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "Describe"),
    method("concord.ledger.v1.LedgerService/GetHead", "Follow"),
    method("concord.ledger.v1.LedgerService/WatchHead", "Follow"),
    method("concord.ledger.v1.LedgerService/GetCheckpoint", "Follow"),
    method("concord.ledger.v1.LedgerService/ListEntries", "Follow"),
    method("concord.ledger.v1.LedgerService/GetInclusionProof", "Follow"),
    method("concord.ledger.v1.LedgerService/GetConsistencyProof", "Follow"),
    method("concord.registry.v1.AccordService/GetAccord", "ReadAccord"),
    method("concord.registry.v1.AccordService/SetClock", "SetClock"),
    method("concord.registry.v1.DesignationService/ProposeDesignation", "Propose"),
    method("concord.registry.v1.DesignationService/DecideDesignation", "Approve"),
    method("concord.registry.v1.DesignationService/SuspendDesignation", "SuspendDesignation"),
    method("concord.registry.v1.DesignationService/ExpireDesignation", "SuspendDesignation"),
    method("concord.registry.v1.DesignationService/ProposeAlias", "Propose"),
    method("concord.registry.v1.DesignationService/DecideAlias", "Approve"),
    method("concord.registry.v1.DesignationService/GetDesignation", "Read"),
    method("concord.registry.v1.DesignationService/ListDesignations", "Read"),
    method("concord.registry.v1.DesignationService/ImportDesignations", "Propose"),
    method("concord.registry.v1.NonTargetService/NameNonTargetGroup", "Propose"),
    method("concord.registry.v1.NonTargetService/ConsentToNonTargetRemoval", "Approve"),
    method("concord.registry.v1.NonTargetService/GetNonTargetGroup", "Read"),
    method("concord.registry.v1.NonTargetService/ListNonTargetGroups", "Read"),
    method("concord.registry.v1.ProtectionService/NotifyProtectedEntity", "Protect"),
    method("concord.registry.v1.ProtectionService/AmendProtectedEntity", "Protect"),
    method("concord.registry.v1.ProtectionService/GiveUpFormerPlace", "Approve"),
    method("concord.registry.v1.ProtectionService/ClaimProtectedEntity", "Protect"),
    method("concord.registry.v1.ProtectionService/ConfirmProtectedEntity", "Restrict"),
    method("concord.registry.v1.ProtectionService/ConsentToProtectionRemoval", "Approve"),
    method("concord.registry.v1.ProtectionService/GetProtectedEntity", "Read"),
    method("concord.registry.v1.ProtectionService/ListProtectedEntities", "Read"),
    method("concord.registry.v1.ProtectionService/ImportProtectedEntities", "Import"),
    method("concord.registry.v1.MovementService/NotifyMovement", "MoveConvoy"),
    method("concord.registry.v1.MovementService/AmendMovement", "MoveConvoy"),
    method("concord.registry.v1.MovementService/AcknowledgeMovement", "AcknowledgeMovement"),
    method("concord.registry.v1.MovementService/CompleteMovement", "MoveConvoy"),
    method("concord.registry.v1.MovementService/GetMovement", "Read"),
    method("concord.registry.v1.MovementService/ListMovements", "Read"),
    method("concord.registry.v1.AreaService/DeclareArea", "Restrict"),
    method("concord.registry.v1.AreaService/ConsentToAreaEnd", "Approve"),
    method("concord.registry.v1.AreaService/GetArea", "Read"),
    method("concord.registry.v1.AreaService/ListAreas", "Read"),
    method("concord.registry.v1.PresenceService/FilePresence", "FilePresence"),
    method("concord.registry.v1.PresenceService/WithdrawPresence", "FilePresence"),
    method("concord.registry.v1.PresenceService/ListPresence", "Read"),
    method("concord.registry.v1.NameService/ResolveName", "Read"),
];
