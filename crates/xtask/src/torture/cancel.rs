//! Every method that writes, given up within 20 ms after it was called: by the tables that drive all methods of all
//! services (`tests/tests/methods`), each call of which is given up once before it is made.

use std::process::Command;

use super::{Run, Tally, require};

const TESTS: usize = 3;

pub(crate) fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    for round in run.rounds(3, 100) {
        let seed = run.dice(round).u64(..);
        let mut test = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        test.args(["test", "--quiet", "--locked", "--package", "concord-tests", "--test", "methods"]);
        test.args(["--", "--ignored", "--nocapture", "a_cancelled_call"]);
        test.env("CONCORD_TORTURE_SEED", seed.to_string());
        let output = test.output().map_err(|e| format!("cargo: {e}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = || format!("--from {round}: {text}{}", String::from_utf8_lossy(&output.stderr));
        require(output.status.success(), failed)?;
        let counted: Vec<&str> =
            text.lines().filter_map(|line| line.split_once("counted: ")).map(|(_, line)| line).collect();
        require(counted.len() == 3 * TESTS, || {
            format!("{} counts of three services: {text}", counted.len())
        })?;
        for line in counted {
            let (number, what) = line.split_once(' ').unwrap_or_default();
            tally.add(what, number.parse().map_err(|_| format!("not a count: {line}"))?);
        }
    }
    Ok(())
}
