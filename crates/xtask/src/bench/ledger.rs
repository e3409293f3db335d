//! The ledger alone: its write path without a service around it, its proofs, and its verification.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use concord_ledger::chain::Chain;
use concord_ledger::hash::leaf;
use concord_ledger::tree::Tree;
use concord_ledger::{LogVerifier, PrivateKey};
use concord_store::{Group, MemoryPlace, Mode, Survey, Writer, WriterConfig};

use super::report::Line;
use super::timing::{Times, measured};
use crate::cells::{self, Cells, Count};

/// Writers that wait for their record at the same time.
const WRITERS: usize = 256;
/// Length of a record's body, in bytes.
const BODY: usize = 512;
/// Leaves of the tree that proofs are made of, and entries that a verification is told for.
const LARGE: u64 = 1_000_000;
const PROOFS: u64 = 20_000;
const SIGNATURES: u64 = 2_000;

/// Figures of a ledger of so many records, in a folder on the disk of the ledgers.
pub(crate) async fn lines(folder: &Path, records: usize) -> Result<Vec<Line>, String> {
    let mut lines = written(folder, records).await?;
    let place = folder.to_owned();
    let verified = tokio::task::spawn_blocking(move || verified(&place.join("journal")));
    lines.push(verified.await.map_err(|e| e.to_string())??);
    lines.push(proven()?);
    Ok(lines)
}

async fn written(folder: &Path, records: usize) -> Result<Vec<Line>, String> {
    let config = WriterConfig::new(folder, cells::ACCORD, cells::SERVICE);
    let key = cells::key()?;
    let signed_us = signed_us(&PrivateKey::from_seed(&[1; 32]))?;
    let opened = Writer::open(config, Cells::default(), key, &MemoryPlace::default(), cells::genesis());
    let (writer, ledger, _) = opened.map_err(|e| e.to_string())?;
    let before = ledger.groups_count();
    let times: Times = measured(WRITERS, records, || {
        let writer = writer.clone();
        async move {
            let count = Count { cell: "cell".to_owned(), times: 1, padding: BODY - "cell\n".len() };
            writer.submit(cells::submission(count, "", Mode::Commit)).await.is_ok()
        }
    })
    .await?;
    let each_sync = records as f64 / (ledger.groups_count() - before) as f64;
    tokio::task::spawn_blocking(move || writer.close()).await.map_err(|e| e.to_string())?;
    let of = format!("journal alone, {WRITERS} waiting writers, records of {BODY} bytes");
    let line =
        |id: &str, what: &str, value, unit| Line::new(id.to_owned(), format!("{of}, {what}"), value, unit);
    Ok(vec![
        line("journal_per_s_256", "records", times.per_second(), "per_s").goal(150_000.0),
        line("journal_p50_256", "p50", times.quantile_us(0.5), "us"),
        line("journal_records_a_sync_256", "records a sync", each_sync, "times").goal(40.0),
        Line::new(
            "signature_us".to_owned(),
            format!(
                "signing a checkpoint, once for each group ({:.2} us a record there)",
                signed_us / each_sync
            ),
            signed_us,
            "us",
        ),
    ])
}

fn signed_us(key: &PrivateKey) -> Result<f64, String> {
    let key = concord_ledger::LogKey::new("accord-1/cells", key.clone()).map_err(|e| e.to_string())?;
    let began = Instant::now();
    for size in 0..SIGNATURES {
        black_box(key.sign(size, &[7; 32]));
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / SIGNATURES as f64)
}

/// Checksums, chain, tree and every signature of the journal, by one core.
fn verified(journal: &Path) -> Result<Line, String> {
    let log: LogVerifier = cells::key()?.verifier().clone();
    let began = Instant::now();
    let survey = Survey::of(journal, &log).map_err(|e| e.to_string())?;
    let mut chain = Chain::new(log.origin());
    for group in survey.groups() {
        let Group { entries, trailer } = group.map_err(|e| e.to_string())?;
        entries.iter().try_for_each(|entry| chain.append(entry)).map_err(|e| e.to_string())?;
        let signed = log.verify(&trailer.checkpoint).map_err(|e| e.to_string())?;
        if (signed.size, signed.root) != (chain.size(), chain.root()) {
            return Err("the ledger does not verify".to_owned());
        }
    }
    let (took, size) = (began.elapsed().as_secs_f64(), chain.size());
    let what =
        format!("verification of a journal of {LARGE} entries on one core, told from one of {size}, in ms");
    let value = took * 1e3 * LARGE as f64 / size as f64;
    Ok(Line::new("verification_ms_1000000".to_owned(), what, value, "ms").goal(2_000.0))
}

fn proven() -> Result<Line, String> {
    let mut tree = Tree::new();
    (0..LARGE).for_each(|index| tree.append(leaf(&index.to_be_bytes())));
    let mut random = fastrand::Rng::with_seed(1);
    let began = Instant::now();
    for _ in 0..PROOFS {
        let proof = tree.inclusion_proof(random.u64(0..LARGE), LARGE);
        black_box(proof).ok_or("a leaf of the tree has no proof")?;
    }
    let each_us = began.elapsed().as_secs_f64() * 1e6 / PROOFS as f64;
    let what = format!("inclusion proof in a tree of {LARGE} entries, mean");
    Ok(Line::new("inclusion_proof_us".to_owned(), what, each_us, "us").goal(20.0))
}
