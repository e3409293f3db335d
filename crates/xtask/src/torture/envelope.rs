//! Forged signatures: mutated, re-encoded, made for something else, with small-order points, with S at or above L. None
//! verifies in an envelope, a checkpoint, a cosignature or a receipt, and the payload of an envelope that does not verify
//! is never handed to its reader.

mod forgery;
mod subject;

use super::{Run, Tally, require};
use forgery::Forgery;
use subject::{Subject, Verdict};

pub(crate) fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let subjects = Subject::all(&mut run.dice(u64::MAX))?;
    for subject in &subjects {
        let genuine = subject.judged(&subject.genuine())?;
        require(genuine == Verdict { verified: true, read: subject.reads() }, || {
            format!("a genuine {} is {genuine:?}", subject.name())
        })?;
    }
    for round in run.rounds(20_000, 1_000_000) {
        let outcome = one(&subjects, &mut run.dice(round), tally);
        outcome.map_err(|why| format!("--from {round}: {why}"))?;
    }
    for kind in Forgery::KINDS {
        require(tally.of(kind.text()) > 0 || run.rounds(1_000, 1_000).is_empty(), || {
            format!("no forgery was {}", kind.text())
        })?;
    }
    Ok(())
}

fn one(subjects: &[Subject], dice: &mut fastrand::Rng, tally: &mut Tally) -> Result<(), String> {
    let subject = dice.choice(subjects).ok_or("nothing to forge")?;
    let kind = *dice.choice(Forgery::KINDS.iter()).ok_or("no way to forge")?;
    let Some(forged) = subject.forged(kind, dice)? else {
        tally.add("drawn and the same as the genuine one", 1);
        return Ok(());
    };
    let verdict = subject.judged(&forged)?;
    require(verdict == Verdict { verified: false, read: 0 }, || {
        format!("a {} that was {} is {verdict:?}: {forged}", subject.name(), kind.text())
    })?;
    tally.add(kind.text(), 1);
    Ok(())
}
