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
fn every_get_and_list_of_a_service_can_be_asked_about_an_earlier_time() {
    let pool = DescriptorPool::decode(concord_proto::DESCRIPTORS).unwrap();
    // The ledger's own reads take sizes and indexes, which say the same and more exactly.
    let services = pool.services().filter(|service| !service.full_name().starts_with("concord.ledger."));
    let type_of = |message: prost_reflect::MessageDescriptor| {
        let field = message.get_field_by_name("as_of");
        field.and_then(|field| field.kind().as_message().map(|kind| kind.full_name().to_owned()))
    };
    let mut reads = 0;
    for method in services.flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let is_read = method.name().starts_with("Get") || method.name().starts_with("List");
        let asked = type_of(method.input()).as_deref() == Some("google.protobuf.Timestamp");
        let told = type_of(method.output()).as_deref() == Some("concord.ledger.v1.AsOf");
        assert_eq!((asked, told), (is_read, is_read), "{}", method.full_name());
        reads += usize::from(is_read);
    }
    assert!(reads >= 20, "{reads}");
}

#[test]
fn every_service_of_the_contract_is_served() {
    let pool = DescriptorPool::decode(concord_proto::DESCRIPTORS).unwrap();
    let all: BTreeSet<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
    assert_eq!(all, served().iter().map(|name| (*name).to_owned()).collect());
}
