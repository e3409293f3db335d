//! The policy over its whole range.

use concord_domain::ids::ParticipantId;

use super::*;

fn actor(kind: ParticipantKind, role: Role) -> Actor {
    Actor { participant: ParticipantId::from("p"), kind, role, name: "a".to_owned() }
}

#[test]
fn the_operator_follows_ledgers_and_decides_nothing() {
    let authorizer = Authorizer::new().unwrap();
    let service = actor(ParticipantKind::Operator, Role::Service);
    for method in methods::ALL {
        let follows = ["Follow", "Inspect", "Health", "Describe", "ReadAccord"].contains(&method.group);
        let expected = if follows { Decision::Allow } else { Decision::Deny };
        assert_eq!(authorizer.authorise(&service, method.name), expected, "{}", method.name);
    }
}

#[test]
fn an_auditor_reads_and_witnesses_everything_and_writes_nothing() {
    let authorizer = Authorizer::new().unwrap();
    let auditor = actor(ParticipantKind::Auditor, Role::Auditor);
    for method in methods::ALL {
        let reads = ["Follow", "Inspect", "Cosign", "Health", "Describe", "ReadAccord", "Read"]
            .contains(&method.group);
        let expected = if reads { Decision::Allow } else { Decision::Deny };
        assert_eq!(authorizer.authorise(&auditor, method.name), expected, "{}", method.name);
    }
}

#[test]
fn only_state_parties_approve_and_only_as_approvers() {
    let authorizer = Authorizer::new().unwrap();
    let method = "concord.registry.v1.DesignationService/DecideDesignation";
    for kind in ParticipantKind::ALL {
        for role in Role::ALL {
            let may = kind == ParticipantKind::StateParty && role == Role::Approver;
            assert_eq!(
                authorizer.authorise(&actor(kind, role), method) == Decision::Allow,
                may,
                "{kind:?} {role:?}"
            );
        }
    }
}

#[test]
fn only_approvers_and_reviewers_of_state_parties_attest() {
    let authorizer = Authorizer::new().unwrap();
    let method = "concord.rules.v1.CoordinationService/AttestOperation";
    for kind in ParticipantKind::ALL {
        for role in Role::ALL {
            let may = kind == ParticipantKind::StateParty && matches!(role, Role::Approver | Role::Reviewer);
            let decision = authorizer.authorise(&actor(kind, role), method);
            assert_eq!(decision == Decision::Allow, may, "{kind:?} {role:?}");
        }
    }
}

#[test]
fn what_is_no_method_is_unknown_however_it_is_spelled() {
    let authorizer = Authorizer::new().unwrap();
    let party = actor(ParticipantKind::StateParty, Role::Proposer);
    let method = "concord.registry.v1.ProtectionService/NotifyProtectedEntity";
    assert_eq!(authorizer.authorise(&party, method), Decision::Allow);
    for other in [
        "/concord.registry.v1.ProtectionService/NotifyProtectedEntity",
        "concord.registry.v1.ProtectionService/NotifyProtectedEntity/",
        "concord.registry.v1.ProtectionService//NotifyProtectedEntity",
        "concord.registry.v1.protectionservice/NotifyProtectedEntity",
        "concord.registry.v1.ProtectionService/Notify%50rotectedEntity",
        "",
    ] {
        assert_eq!(authorizer.authorise(&party, other), Decision::Unknown, "{other}");
    }
}

#[test]
fn a_forbid_that_errors_denies() {
    let erring = format!(
        "{POLICIES}\nforbid (principal, action, resource) when {{ principal.limit + 9223372036854775807 > 0 }};"
    );
    let policies = PolicySet::from_str(&erring).unwrap();
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).unwrap();
    assert!(Authorizer::with_policies(&erring).is_err(), "the validator refuses what can err");
    let decision = decide(&policies, &schema, ParticipantKind::StateParty, Role::Proposer, "Read").unwrap();
    assert_eq!(decision, Decision::Deny, "and what errs at run time denies");
}
