//! A disk that runs short is met ahead of time: what is ordinary is refused, what is vital lives on what is held, and
//! all is taken again once there is room. A folder that stands where a file is to be made stands for the full disk.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use concord_store::{CopyError, FollowedCopy, Mode, Priority, SubmitError, Writer};

use crate::counter::{Command, Counter, Refusal, add, log, open, stop, submission, submit};

/// Longest that the store may take to notice something on the disk.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);
const SEGMENT_BYTES: u64 = 64 << 10;
/// The journal's half.
const RESERVE_BYTES: u64 = 128 << 10;

type Answer = Result<concord_store::Committed<Counter>, SubmitError<Refusal>>;

fn vital(writer: &Writer<Counter>, request_id: &str) -> Answer {
    let vital = concord_store::Submission {
        priority: Priority::Vital,
        ..submission(Command::Add("v".into(), 1), request_id)
    };
    writer.enqueue(vital)?.blocking_recv().unwrap()
}

fn ordinary(writer: &Writer<Counter>, request_id: &str) -> Answer {
    submit(writer, Command::Add("o".into(), 1), request_id)
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < NOTICED_WITHIN, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn on_disk(path: &Path) -> (u64, u64) {
    let found = fs::metadata(path).unwrap();
    (found.len(), found.blocks() * 512)
}

#[test]
fn what_is_held_lies_on_disk_and_is_taken_over_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let opened = open(folder.path());
        assert!(!opened.1.disk_short());
        let (length, held) = on_disk(&folder.path().join("reserve"));
        assert!(length == RESERVE_BYTES && held >= length, "{length} {held}");
        let (length, held) = on_disk(&folder.path().join("journal/spare"));
        assert!(length == SEGMENT_BYTES && held >= length, "{length} {held}");
        let (length, held) = on_disk(&folder.path().join("index/db"));
        assert!(held >= length + (112 << 10), "room for the index to grow: {length} {held}");
        stop(opened);
    }
}

#[test]
fn while_the_reserve_is_not_whole_only_what_is_vital_is_taken_and_everything_again_once_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let first = ordinary(&opened.0, "r-1").unwrap();
    stop(opened);
    let reserve = folder.path().join("reserve");
    fs::remove_file(&reserve).unwrap();
    fs::create_dir(&reserve).unwrap();

    let opened = open(folder.path());
    assert!(opened.1.disk_short());
    assert!(matches!(ordinary(&opened.0, "r-2"), Err(SubmitError::DiskFull)));
    let again = ordinary(&opened.0, "r-1").unwrap();
    assert_eq!((again.replayed, again.entries), (true, first.entries), "what was acknowledged is answered");
    let shown =
        concord_store::Submission { mode: Mode::ValidateOnly, ..submission(Command::Add("o".into(), 1), "") };
    assert_eq!(opened.0.enqueue(shown).unwrap().blocking_recv().unwrap().unwrap().entries.len(), 1);
    submit(&opened.0, Command::Fold(3), "").expect("what writes nothing is taken");
    vital(&opened.0, "v-1").unwrap();

    fs::remove_dir(&reserve).unwrap();
    until("the disk has room again", || !opened.1.disk_short());
    assert!(!ordinary(&opened.0, "r-2").unwrap().replayed, "a refusal is not remembered");
    assert_eq!(on_disk(&reserve).0, RESERVE_BYTES);
    stop(opened);
    assert_eq!(open(folder.path()).1.published().state.totals["o"], 2);
}

/// Takes what is vital, from that number on, until it is refused or that file is there; gives the next number.
fn vital_until(
    writer: &Writer<Counter>,
    mut number: u64,
    file: &Path,
) -> (u64, Option<SubmitError<Refusal>>) {
    let end = number + 2_000;
    while !file.exists() {
        assert!(number < end, "what is held ends");
        match vital(writer, &format!("v-{number}")) {
            Ok(_) => number += 1,
            Err(error) => return (number, Some(error)),
        }
    }
    (number, None)
}

#[test]
fn what_is_vital_lives_on_the_reserve_to_its_end_and_on_when_there_is_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let segment = |number: u64| folder.path().join(format!("journal/0000000{number}.seg"));
    let opened = open(folder.path());
    let obstacles = [folder.path().join("journal/spare.new"), folder.path().join("reserve")];
    fs::create_dir(&obstacles[0]).unwrap();
    let (number, refused) = vital_until(&opened.0, 0, &segment(2));
    assert_eq!(refused, None);
    let lengths = [segment(0), segment(1), segment(2)].map(|segment| on_disk(&segment).0);
    assert_eq!(lengths, [SEGMENT_BYTES, SEGMENT_BYTES, RESERVE_BYTES], "the reserve became a segment");
    assert!(matches!(ordinary(&opened.0, "o"), Err(SubmitError::DiskFull)));
    stop(opened);

    fs::remove_file(&obstacles[1]).unwrap();
    fs::create_dir(&obstacles[1]).unwrap();
    let opened = open(folder.path());
    let (number, refused) = vital_until(&opened.0, number, &segment(3));
    assert_eq!(refused, Some(SubmitError::DiskFull));
    assert!(matches!(ordinary(&opened.0, "o"), Err(SubmitError::DiskFull)));
    submit(&opened.0, Command::Fold(3), "").expect("what writes nothing is taken");
    assert_eq!(opened.0.fault().borrow().clone(), None, "a full disk is no fault");
    let head = opened.1.head();

    obstacles.iter().for_each(|obstacle| fs::remove_dir(obstacle).unwrap());
    until("the disk has room again", || ordinary(&opened.0, "o").is_ok());
    vital(&opened.0, &format!("v-{number}")).unwrap();
    assert_eq!(opened.1.index_failures(), 0);
    stop(opened);
    let opened = open(folder.path());
    assert_eq!(opened.1.published().state.totals["v"], number + 1);
    assert_eq!(opened.1.root_at(head.size), Some(head.root));
    assert!(vital(&opened.0, "v-0").unwrap().replayed);
}

#[test]
fn a_start_without_room_serves_and_takes_what_is_vital() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    vital(&opened.0, "v-1").unwrap();
    stop(opened);
    fs::remove_file(folder.path().join("journal/spare")).unwrap();
    fs::create_dir(folder.path().join("journal/spare.new")).unwrap();
    let opened = open(folder.path());
    assert!(opened.1.disk_short());
    assert!(vital(&opened.0, "v-1").unwrap().replayed);
    vital(&opened.0, "v-2").unwrap();
    assert!(matches!(ordinary(&opened.0, "o"), Err(SubmitError::DiskFull)));
    assert_eq!(opened.1.entries(0, 10).unwrap().len(), 3);
}

#[test]
fn a_copy_for_which_there_is_no_room_goes_on_when_there_is() {
    let (source, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (writer, ledger, _) = open(source.path());
    let (mut copy, _) = FollowedCopy::open(folder.path(), log(), 8 << 10).unwrap();
    let page = ledger.page(0, 1).unwrap().unwrap();
    copy.append(&page.entries, &page.checkpoint).unwrap();
    until("the next segment is held", || folder.path().join("spare").exists());
    let obstacle = folder.path().join("spare.new");
    fs::create_dir(&obstacle).unwrap();
    let stopped = loop {
        add(&writer, "a", "");
        let page = ledger.page(copy.size(), 1).unwrap().unwrap();
        if let Err(error) = copy.append(&page.entries, &page.checkpoint) {
            break error;
        }
    };
    assert!(matches!(&stopped, CopyError::Io(error) if error.kind() == std::io::ErrorKind::StorageFull));
    assert_eq!(copy.head().root, ledger.root_at(copy.size()).unwrap());
    assert_eq!(copy.checkpoint(), ledger.checkpoint_at(copy.size()).unwrap().as_deref());

    fs::remove_dir(&obstacle).unwrap();
    while let Some(page) = ledger.page(copy.size(), 1).unwrap() {
        copy.append(&page.entries, &page.checkpoint).unwrap();
    }
    assert_eq!(copy.head(), ledger.head());
}
