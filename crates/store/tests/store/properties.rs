//! Whatever was done, a ledger opened again is the ledger that was closed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::counter::{Command, open, stop, submit};

#[derive(Clone, Debug)]
enum Step {
    Add(u8, u32, u8),
    Refuse(u8),
    Fold(u64),
    Reopen,
    LoseIndex,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..4u8, 0..4u32, 0..20u8).prop_map(|(name, times, id)| Step::Add(name, times, id)),
        1 => (0..4u8).prop_map(Step::Refuse),
        1 => any::<u64>().prop_map(Step::Fold),
        1 => Just(Step::Reopen),
        1 => Just(Step::LoseIndex),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn state_rows_and_receipts_survive_any_way_to_them(steps in proptest::collection::vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let mut opened = open(folder.path());
        let mut totals: BTreeMap<String, u64> = BTreeMap::new();
        let mut requests: BTreeMap<String, (u8, u32)> = BTreeMap::new();
        let mut receipts = vec![opened.1.receipt(0).unwrap()];
        for step in steps {
            match step {
                Step::Add(name, times, id) => {
                    let counter = format!("c-{name}");
                    let id = if id < 5 { String::new() } else { format!("r-{id}") };
                    let answer = submit(&opened.0, Command::Add(counter.clone(), times), &id);
                    let known = requests.get(&id).filter(|_| !id.is_empty());
                    match known {
                        Some(first) if *first != (name, times) => prop_assert!(answer.is_err()),
                        Some(_) => prop_assert!(answer.unwrap().replayed),
                        None => {
                            let done = answer.unwrap();
                            prop_assert_eq!((done.replayed, done.entries.len()), (false, times as usize));
                            if times > 0 {
                                *totals.entry(counter).or_default() += u64::from(times);
                                requests.insert(id, (name, times));
                            }
                            for entry in &done.entries {
                                receipts.push(opened.1.receipt(entry.index()).unwrap());
                            }
                        }
                    }
                }
                Step::Refuse(name) => {
                    let refused = submit(&opened.0, Command::Refuse(format!("c-{name}")), "");
                    prop_assert!(refused.is_err());
                }
                Step::Fold(number) => drop(submit(&opened.0, Command::Fold(number), "").unwrap()),
                Step::Reopen | Step::LoseIndex => {
                    stop(opened);
                    if matches!(step, Step::LoseIndex) {
                        std::fs::remove_dir_all(folder.path().join("index")).unwrap();
                    }
                    opened = open(folder.path());
                    prop_assert_eq!(opened.2.rebuilds(), 0);
                }
            }
            let published = opened.1.published();
            prop_assert_eq!(&published.state.totals, &totals);
            prop_assert_eq!(published.size as usize, receipts.len());
        }
        for (name, total) in &totals {
            prop_assert_eq!(opened.1.row("counters", name).unwrap().unwrap(), total.to_be_bytes());
        }
        for (index, receipt) in receipts.iter().enumerate() {
            prop_assert_eq!(&opened.1.receipt(index as u64).unwrap(), receipt);
        }
        stop(opened);
    }
}
