//! Entries: what is bound, and what is refused. Also the builders that other tests of this crate use.

use super::*;
use crate::hash::ZERO;

pub(crate) fn header(sequence: u64, previous: &Hash) -> Header {
    Header {
        accord: "accord-1".into(),
        service: "registry".into(),
        sequence,
        kind: "protection.notified".into(),
        actor: "spiffe://party-a.example/approver/desk-1".into(),
        participant: "party-a".into(),
        request_id: format!("request-{sequence}"),
        request_digest: to_hex(&sha256(&[b"request"])),
        time: "2026-01-02T03:04:05Z".into(),
        previous: to_hex(previous),
        parts: Vec::new(),
    }
}

pub(crate) fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: name.into(), salt: [3; 16], bytes: bytes.to_vec() }
}

pub(crate) fn entry(sequence: u64, previous: &Hash) -> Entry {
    let body = format!("{{\"number\":{sequence}}}");
    Entry::compose(header(sequence, previous), vec![(part(BODY, body.as_bytes()), Vec::new())]).unwrap()
}

/// `count` chained entries.
pub(crate) fn chained(count: u64) -> Vec<Entry> {
    let mut previous = ZERO;
    (0..count)
        .map(|sequence| {
            let entry = entry(sequence, &previous);
            previous = entry.leaf_hash();
            entry
        })
        .collect()
}

#[test]
fn an_entry_read_back_is_the_entry_written() {
    let written = entry(7, &ZERO);
    let read = Entry::parse(written.header_bytes().to_vec(), written.parts().to_vec()).unwrap();
    assert_eq!(read, written);
    assert_eq!(read.body(), Some(&b"{\"number\":7}"[..]));
}

#[test]
fn the_bytes_of_header_and_commitment_are_those_of_the_format() {
    let entry = entry(0, &ZERO);
    let commitment = to_hex(&sha256(&[b"concord-part/1\0", &[3; 16], b"{\"number\":0}"]));
    let zeros = "0".repeat(64);
    let digest = to_hex(&sha256(&[b"request"]));
    let expected = format!(
        "{{\"accord\":\"accord-1\",\"service\":\"registry\",\"sequence\":0,\"kind\":\"protection.notified\",\
         \"actor\":\"spiffe://party-a.example/approver/desk-1\",\"participant\":\"party-a\",\
         \"request_id\":\"request-0\",\"request_digest\":\"{digest}\",\"time\":\"2026-01-02T03:04:05Z\",\
         \"previous\":\"{zeros}\",\"parts\":[{{\"name\":\"body\",\"audience\":[],\"commitment\":\"{commitment}\"}}]}}"
    );
    assert_eq!(String::from_utf8(entry.header_bytes().to_vec()).unwrap(), expected);
    assert_eq!(entry.leaf_hash(), sha256(&[&[0], expected.as_bytes()]));
}

#[test]
fn a_part_may_be_absent_but_never_other_than_committed() {
    let parts = vec![(part(BODY, b"open"), Vec::new()), (part("source", b"secret"), vec!["party-a".into()])];
    let whole = Entry::compose(header(0, &ZERO), parts).unwrap();
    let withheld = whole.with_parts(|named| named.audience.is_empty());
    assert_eq!(withheld.part("source"), None);
    assert_eq!(withheld.leaf_hash(), whole.leaf_hash());
    assert!(Entry::parse(whole.header_bytes().to_vec(), withheld.parts().to_vec()).is_ok());

    let mut parts = whole.parts().to_vec();
    parts[1].bytes[0] ^= 1;
    let read = Entry::parse(whole.header_bytes().to_vec(), parts);
    assert_eq!(read, Err(EntryError::Commitment("source".into())));
    let mut parts = whole.parts().to_vec();
    parts[0].salt[0] ^= 1;
    let read = Entry::parse(whole.header_bytes().to_vec(), parts);
    assert_eq!(read, Err(EntryError::Commitment(BODY.into())));
}

#[test]
fn unnamed_and_repeated_parts_are_refused() {
    let whole = entry(0, &ZERO);
    let body = whole.parts()[0].clone();
    let twice = Entry::parse(whole.header_bytes().to_vec(), vec![body.clone(), body.clone()]);
    assert_eq!(twice, Err(EntryError::Repeated(BODY.into())));
    let other = Entry::parse(whole.header_bytes().to_vec(), vec![part("other", b"")]);
    assert_eq!(other, Err(EntryError::Unnamed("other".into())));
    let composed =
        Entry::compose(header(0, &ZERO), vec![(body.clone(), Vec::new()), (body, Vec::new())]).unwrap_err();
    assert_eq!(composed, EntryError::Repeated(BODY.into()));
}

#[test]
fn a_header_with_an_unknown_or_missing_field_is_refused() {
    let text = String::from_utf8(entry(0, &ZERO).header_bytes().to_vec()).unwrap();
    let more = text.replacen('{', "{\"extra\":1,", 1);
    assert!(matches!(Entry::parse(more.into_bytes(), Vec::new()), Err(EntryError::Header(_))));
    let fewer = text.replacen("\"sequence\":0,", "", 1);
    assert!(matches!(Entry::parse(fewer.into_bytes(), Vec::new()), Err(EntryError::Header(_))));
    let shouted = text.replace(&"0".repeat(64), &"F".repeat(64));
    assert_eq!(Entry::parse(shouted.into_bytes(), Vec::new()), Err(EntryError::Hash("previous")));
}

#[test]
fn debug_text_of_a_part_does_not_show_its_bytes() {
    assert!(!format!("{:?}", part(BODY, b"secret")).contains("secret"));
}
