//! What the comments of the contract promise: for each method its reasons, and those that it shares with others.
//!
//! The comment of a method ends in `Reasons: A, B (when).`; that of a service may hold `Reasons of every method of this
//! service: A.` or `of this package`, each also for those alone that something holds of, as [`holds`] reads it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use concord_domain::errors::Reason;
use prost_reflect::{DescriptorPool, FileDescriptor, MethodDescriptor, ServiceDescriptor};

/// A method, such as `CheckService/CheckOperation`, and a reason, or [`OK`].
pub(crate) type Pair = (String, String);

/// What success is called among the reasons.
pub(crate) const OK: &str = "OK";

/// The contract.
pub(crate) static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(concord_proto::DESCRIPTORS).unwrap());

/// The methods of a package.
pub(crate) fn methods(package: &str) -> Vec<MethodDescriptor> {
    services(package).iter().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

fn services(package: &str) -> Vec<ServiceDescriptor> {
    POOL.services().filter(|service| service.package_name() == package).collect()
}

/// A method as it is called here, such as `CheckService/CheckOperation`.
pub(crate) fn short(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().name(), method.name())
}

/// Every pair that a package promises.
pub(crate) fn promised(package: &str) -> BTreeSet<Pair> {
    let services = services(package);
    let mut pairs = BTreeSet::new();
    for method in methods(package) {
        let mut given = vec![OK.to_owned()];
        given.extend(own(&comment(&method.parent_file(), method.path())));
        for service in &services {
            let same = service == method.parent_service();
            given.extend(shared(&comment(&service.parent_file(), service.path()), same, &method));
        }
        pairs.extend(given.into_iter().map(|reason| (short(&method), reason)));
    }
    pairs
}

fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let source = file.file_descriptor_proto().source_code_info.as_ref().expect("comments in the descriptors");
    let place = source.location.iter().find(|location| location.path == path).unwrap();
    place.leading_comments().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The heads and lists that follow the word: `Reasons` or `Reasons of …`, and what stands after the colon.
fn lists(comment: &str) -> Vec<(String, Vec<String>)> {
    let parts = comment.split("Reasons").skip(1);
    let list = |part: &str| {
        let (head, list) = part.split_once(':').unwrap_or_else(|| panic!("no list in {part:?}"));
        (head.trim().to_owned(), reasons(list))
    };
    parts.map(list).collect()
}

/// `A, B (when), C.`: everything in it must be a reason.
fn reasons(list: &str) -> Vec<String> {
    let mut depth = 0;
    let plain: String = list
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '(') - i32::from(*c == ')');
            depth == 0 && *c != ')'
        })
        .collect();
    let sentence = plain.split('.').next().unwrap_or_default();
    let known = |name: &str| Reason::ALL.iter().any(|reason| reason.as_str() == name);
    let names = sentence.split(',').map(|name| name.trim().to_owned());
    names.inspect(|name| assert!(known(name), "{name:?} is no reason, in {list:?}")).collect()
}

fn own(comment: &str) -> Vec<String> {
    lists(comment).into_iter().filter(|(head, _)| head.is_empty()).flat_map(|(_, list)| list).collect()
}

fn shared(comment: &str, same_service: bool, method: &MethodDescriptor) -> Vec<String> {
    let meant = |head: &str| match head.split_once(" that ") {
        Some((scope, quality)) => covers(scope, same_service) && holds(quality, method),
        None => covers(head, same_service),
    };
    lists(comment).into_iter().filter(|(head, _)| meant(head)).flat_map(|(_, list)| list).collect()
}

fn covers(scope: &str, same_service: bool) -> bool {
    match scope {
        "of every method of this package" => true,
        "of every method of this service" => same_service,
        _ => panic!("{scope:?} says of no methods that they share reasons"),
    }
}

/// Whether a quality holds of a method.
fn holds(quality: &str, method: &MethodDescriptor) -> bool {
    match quality {
        "takes more than a time" => method.input().fields().any(|field| field.name() != "as_of"),
        "carries a request_id" => carries_id(method),
        "writes" => writes(method),
        _ => panic!("{quality:?} is no quality of methods"),
    }
}

/// Whether a repetition of a request is recognised.
pub(crate) fn carries_id(method: &MethodDescriptor) -> bool {
    method.input().get_field_by_name("request_id").is_some()
}

/// Whether a method writes: with an identifier, or row by row as an import does.
pub(crate) fn writes(method: &MethodDescriptor) -> bool {
    carries_id(method) || method.is_client_streaming()
}

#[test]
fn a_list_of_reasons_is_read_whole_and_a_word_that_is_none_is_noticed() {
    let read = lists("Does it. Reasons: NOT_FOUND, NOT_YOURS (of others, say), STATE_FORBIDS. And more.");
    let read = read.first().unwrap();
    assert_eq!((read.0.as_str(), read.1.join(" ")), ("", "NOT_FOUND NOT_YOURS STATE_FORBIDS".to_owned()));
    assert!(std::panic::catch_unwind(|| reasons(" NOT_FUOND.")).is_err());
}
