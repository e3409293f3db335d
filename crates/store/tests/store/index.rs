//! The index at start: current, lagging, lost, garbage, rotten, or ahead of the journal.

use std::fs;
use std::path::Path;

use concord_store::{
    Batch, IndexStart, JournalError, KvPlace, MemoryPlace, OpenError, SledPlace, StartError, Writer,
};

use crate::counter::{
    Command, Counter, add, config, genesis, key, open, stop, submit, try_open, try_open_at,
};

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let to = to.join(found.file_name());
        if found.path().is_dir() {
            copy_folder(&found.path(), &to);
        } else {
            fs::copy(found.path(), to).unwrap();
        }
    }
}

fn fill(folder: &Path) -> (Counter, Vec<u8>) {
    let opened = open(folder);
    for number in 0..20 {
        add(&opened.0, &format!("c-{}", number % 7), &format!("r-{number}"));
    }
    let state = opened.1.published().state.clone();
    let row = opened.1.row("counters", "c-3").unwrap().unwrap();
    stop(opened);
    (state, row)
}

/// What must hold however the index was found.
fn is_whole(folder: &Path, state: &Counter, row: &[u8]) -> IndexStart {
    let opened = open(folder);
    assert_eq!(opened.1.published().state.totals, state.totals);
    assert_eq!(opened.1.row("counters", "c-3").unwrap().unwrap(), row);
    let repeated = submit(&opened.0, Command::Add("c-3".into(), 1), "r-3").unwrap();
    assert!(repeated.replayed);
    let how = opened.2.index.clone();
    stop(opened);
    how
}

#[test]
fn a_whole_index_is_used_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (state, row) = fill(folder.path());
    assert_eq!(is_whole(folder.path(), &state, &row), IndexStart::Current);
}

#[test]
fn a_deleted_index_is_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let (state, row) = fill(folder.path());
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    assert_eq!(is_whole(folder.path(), &state, &row), IndexStart::Created);
    assert_eq!(is_whole(folder.path(), &state, &row), IndexStart::Current);
}

#[test]
fn a_lagging_index_is_folded_forward() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    add(&opened.0, "c-3", "");
    stop(opened);
    let old = tempfile::tempdir().unwrap();
    copy_folder(&folder.path().join("index"), old.path());
    let (state, row) = fill(folder.path());
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    copy_folder(old.path(), &folder.path().join("index"));
    assert_eq!(is_whole(folder.path(), &state, &row), IndexStart::FoldedForward { from: 2 });
    assert_eq!(is_whole(folder.path(), &state, &row), IndexStart::Current);
}

#[test]
fn garbage_in_place_of_the_index_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let (state, row) = fill(folder.path());
    let index = folder.path().join("index");
    for round in 0..2u8 {
        for found in fs::read_dir(&index).unwrap() {
            let path = found.unwrap().path();
            if path.is_file() {
                fs::write(path, vec![0x5a + round; 3000]).unwrap();
            }
        }
        let how = is_whole(folder.path(), &state, &row);
        assert!(
            matches!(&how, IndexStart::Rebuilt { set_aside: Some(path), .. } if path.is_dir()),
            "{how:?}"
        );
    }
}

#[test]
fn an_index_that_was_changed_behind_our_back_is_set_aside() {
    type Meddle = fn(&mut Batch);
    let changes: [(&str, Meddle); 5] = [
        ("a row", |batch| batch.put("rows/counters/c-3", 99u64.to_be_bytes())),
        ("a row more", |batch| batch.put("rows/counters/c-99", 1u64.to_be_bytes())),
        ("a row less", |batch| batch.remove("rows/counters/c-3")),
        ("a request less", |batch| {
            batch.remove(format!("requests/{}\0r-3", crate::counter::ACTOR));
        }),
        ("no position", |batch| batch.remove("position")),
    ];
    for (what, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        let (state, row) = fill(folder.path());
        let kv = SledPlace::new(&folder.path().join("index")).open().unwrap();
        let mut batch = Batch::default();
        change(&mut batch);
        kv.commit(batch).unwrap();
        drop(kv);
        let how = is_whole(folder.path(), &state, &row);
        assert!(matches!(how, IndexStart::Rebuilt { .. }), "{what}: {how:?}");
    }
}

#[test]
fn flipped_bits_in_the_index_never_change_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (state, row) = fill(folder.path());
    let whole = tempfile::tempdir().unwrap();
    copy_folder(folder.path(), whole.path());
    let file = Path::new("index").join("db");
    let bytes = fs::read(whole.path().join(&file)).unwrap();
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for step in 0..40 {
        let at = written * step / 40;
        let rotten = tempfile::tempdir().unwrap();
        copy_folder(whole.path(), rotten.path());
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (step % 8);
        fs::write(rotten.path().join(&file), bytes).unwrap();
        is_whole(rotten.path(), &state, &row);
    }
}

#[test]
fn a_journal_that_lost_what_was_signed_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    add(&opened.0, "a", "");
    stop(opened);
    let old = tempfile::tempdir().unwrap();
    copy_folder(&folder.path().join("journal"), old.path());
    fill(folder.path());
    let journal = folder.path().join("journal");
    fs::remove_dir_all(&journal).unwrap();
    copy_folder(old.path(), &journal);
    let behind = |opened: Result<_, OpenError>| match opened.map(|_: crate::counter::Opened| ()) {
        Err(OpenError::Start(StartError::JournalBehind { journal_entries, signed_entries })) => {
            (journal_entries, signed_entries)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(behind(try_open(folder.path())), (2, 22));
    fs::remove_dir_all(&journal).unwrap();
    assert_eq!(behind(try_open(folder.path())), (0, 22));
    copy_folder(old.path(), &journal);
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    assert_eq!(open(folder.path()).2.entries, 2);
}

#[test]
fn a_last_group_that_the_index_has_seen_is_named_as_damaged_and_not_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (state, row) = fill(folder.path());
    let path = folder.path().join("journal/00000000.seg");
    let whole = fs::read(&path).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut rotten = whole.clone();
    rotten[end / 512 * 512 - 512..end].fill(0);
    fs::write(&path, &rotten).unwrap();
    for _ in 0..2 {
        match try_open(folder.path()).map(|_| ()) {
            Err(OpenError::Journal(JournalError::Damaged { segment, offset, good_entries, .. })) => {
                assert!(segment.ends_with("00000000.seg") && (offset as usize) < end - 512);
                assert_eq!(good_entries, 20);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(fs::read(&path).unwrap(), rotten, "what is left is evidence");
    }
    fs::write(&path, whole).unwrap();
    assert_eq!(is_whole(folder.path(), &state, &row), IndexStart::Current);
}

/// The same counter with rows of another form.
#[test]
fn rows_of_another_version_are_built_anew() {
    #[derive(Clone)]
    struct Newer(Counter);
    fn newer(rows: &mut [concord_store::Row]) {
        rows.iter_mut().for_each(|row| row.bytes.insert(0, 2));
    }
    impl concord_store::Machine for Newer {
        type Command = Command;
        type Refusal = crate::counter::Refusal;
        const ROWS_VERSION: u32 = 2;
        fn execute(
            &mut self,
            command: Command,
            context: &concord_store::Context,
        ) -> Result<Vec<concord_store::Draft>, Self::Refusal> {
            let mut drafts = self.0.execute(command, context)?;
            drafts.iter_mut().for_each(|draft| newer(&mut draft.rows));
            Ok(drafts)
        }
        fn replay(&mut self, entry: &concord_ledger::Entry) -> Result<Vec<concord_store::Row>, String> {
            let mut rows = self.0.replay(entry)?;
            newer(&mut rows);
            Ok(rows)
        }
        fn load_row(&mut self, table: &str, id: &str, bytes: &[u8]) -> Result<(), String> {
            self.0.load_row(table, id, &bytes[1..])
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let place = MemoryPlace::default();
    let opened = try_open_at(folder.path(), &place).unwrap();
    add(&opened.0, "a", "");
    stop(opened);
    for rebuilds in [1, 0] {
        let newer = Newer(Counter::default());
        let (writer, ledger, report) =
            Writer::open(config(folder.path()), newer, key(), &place, genesis()).unwrap();
        assert_eq!(report.rebuilds(), rebuilds);
        assert_eq!(ledger.published().state.0.totals["a"], 1);
        writer.close();
    }
}
