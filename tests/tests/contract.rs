//! The contract and the policy: every method that is served has a line in the policy, and nothing else has.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

use std::collections::BTreeSet;

use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_policy::{Authorizer, Decision, methods};
use prost_reflect::DescriptorPool;

/// Services that a process offers.
fn served() -> Vec<&'static str> {
    let all = [concord_registry::SERVICES, concord_rules::SERVICES, concord_incidents::SERVICES];
    all.into_iter().flatten().copied().collect()
}

fn methods_of(services: &[&str]) -> BTreeSet<String> {
    let pool = DescriptorPool::decode(concord_proto::DESCRIPTORS).unwrap();
    let services = pool.services().filter(|service| services.contains(&service.full_name()));
    let names = |service: prost_reflect::ServiceDescriptor| {
        let methods: Vec<_> =
            service.methods().map(|m| format!("{}/{}", service.full_name(), m.name())).collect();
        methods
    };
    services.flat_map(names).collect()
}

#[test]
fn every_served_method_has_a_policy_and_every_policy_a_served_method() {
    let served = methods_of(&served());
    let with_policy: BTreeSet<String> = methods::ALL.iter().map(|method| method.name.to_owned()).collect();
    let ours: BTreeSet<String> =
        with_policy.iter().filter(|name| name.starts_with("concord.")).cloned().collect();
    assert_eq!(served, ours);
    let authorizer = Authorizer::new().unwrap();
    for method in with_policy {
        assert!(somebody_may_call(&authorizer, &method), "no policy permits {method} to anybody");
    }
}

/// Whether a participant of some kind may call a method in some role.
fn somebody_may_call(authorizer: &Authorizer, method: &str) -> bool {
    let all = ParticipantKind::ALL.into_iter().flat_map(|kind| Role::ALL.map(|role| (kind, role)));
    let actor =
        |(kind, role)| Actor { participant: "party-a".into(), kind, role, name: "actor-1".to_owned() };
    all.map(actor).any(|actor| authorizer.authorise(&actor, method) == Decision::Allow)
}

#[test]
fn every_service_of_the_contract_is_served() {
    let pool = DescriptorPool::decode(concord_proto::DESCRIPTORS).unwrap();
    let all: BTreeSet<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
    assert_eq!(all, served().iter().map(|name| (*name).to_owned()).collect());
}
