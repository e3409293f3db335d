//! Bugs planted on purpose (`crates/store/src/planted.rs`), each of which a test of the store must find; the same test
//! passes without the bug, and the binary that operators run has none of them.

use std::process::Command;

use super::{Run, Tally, binary, require};

/// The bug, and the test that must find it.
const BUGS: [(&str, &str, &str); 12] = [
    ("AnswerBeforeWrite", "--test=syscalls", "exactly_one_fdatasync"),
    ("NoSync", "--test=syscalls", "exactly_one_fdatasync"),
    ("PublishBeforeWrite", "--test=syscalls", "after_a_failed_sync"),
    ("LostUpdate", "--test=store", "groups::"),
    ("StaleSnapshot", "--test=store", "groups::"),
    ("DoubleApply", "--test=store", "requests::"),
    ("ReusedIdentifier", "--test=store", "requests::"),
    ("NoChainCheck", "--test=store", "copies::"),
    ("NoSignatureCheck", "--test=store", "groups::another_accord"),
    ("NoRootCheck", "--lib", "signed_over_another_root"),
    ("CutDamage", "--lib", "a_flipped_bit_in_the_last_group"),
    ("TrustedRows", "--test=store", "index::"),
];
/// What only a build with the feature `planted` reads.
const MARK: &[u8] = b"CONCORD_PLANTED";

pub(crate) fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let program = std::fs::read(binary::built()?).map_err(|e| e.to_string())?;
    let planted = program.windows(MARK.len()).any(|window| window == MARK);
    require(!planted, || "the binary that operators run has planted bugs".to_owned())?;
    // A short run takes four of them, which ones by its seed.
    let first = run.dice(u64::MAX).u64(..BUGS.len() as u64);
    for round in run.rounds(4, BUGS.len() as u64) {
        let at = usize::try_from((first + round) % BUGS.len() as u64).unwrap_or_default();
        let Some((bug, target, test)) = BUGS.get(at) else { break };
        require(passes("", target, test)?, || format!("{test} fails without a bug"))?;
        require(!passes(bug, target, test)?, || format!("--from {round}: {test} does not find {bug}"))?;
        tally.add("planted bugs found", 1);
    }
    Ok(())
}

/// Runs a test of the store with a bug, and says whether it passes; it must at least be there.
fn passes(bug: &str, target: &str, test: &str) -> Result<bool, String> {
    let mut cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args(["test", "--quiet", "--locked", "--package", "concord-store", "--features", "planted"]);
    let output =
        cargo.args([target, test]).env("CONCORD_PLANTED", bug).output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    require(text.contains("test result:") && !text.contains(" 0 passed; 0 failed"), || {
        format!("{test} was not run: {text}{}", String::from_utf8_lossy(&output.stderr))
    })?;
    Ok(output.status.success())
}
