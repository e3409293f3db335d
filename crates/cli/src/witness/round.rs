//! One round with one ledger: every note that it ever signed and that is known here is shown to it and judged, the copy is
//! brought up to its newest checkpoint, and only then is that cosigned (C2SP tlog-witness).

use std::collections::BTreeSet;

use concord_client::page::Group;
use concord_ledger::Checkpoint;
use concord_ledger::evidence::{Evidence, Kind};
use concord_ledger::hash::Hash;
use concord_ledger::judge::{Answer, NotJudged, judge};
use concord_ledger::receipt::Receipt;
use concord_store::{CopyError, FollowedCopy, Offered, Standing};

use super::asked::Asked;
use super::seen::{Log, Seen};
use super::settings::Peer;
use super::trouble::Trouble;
use crate::say;

/// A ledger, as its witness follows it.
pub(super) struct Watched {
    pub(super) peer: Peer,
    pub(super) asked: Asked,
    pub(super) copy: Option<FollowedCopy>,
    /// Receipts whose entries were found in place; a later checkpoint that extends that one leaves them there.
    pub(super) settled: BTreeSet<(u64, String)>,
    /// Size that was told last; a running witness tells what is new.
    pub(super) told: Option<u64>,
}

/// A newest note and what it says.
struct Newest {
    note: String,
    checkpoint: Checkpoint,
}

impl Watched {
    pub(super) fn origin(&self) -> &str {
        self.peer.log.origin()
    }

    /// Does a round and gives the checkpoint that was cosigned; `at` is the time that the cosignature states.
    pub(super) async fn round(
        &mut self,
        seen: &Seen,
        receipts: &[Receipt],
        at: u64,
    ) -> Result<Checkpoint, Trouble> {
        let log = seen.of(self.origin());
        let judged = self.judged(&log, receipts).await;
        let newest = match (judged, &log.found) {
            (Err(Trouble::Found(evidence)), _) => return Err(exported(seen, &evidence)?),
            (_, Some(found)) => return Err(Trouble::Stands(standing(seen, self.origin(), found))),
            (judged, None) => judged?,
        };
        // INVARIANT (WIT-2): what leaves is durable here.
        let cosigned = tokio::task::block_in_place(|| seen.cosign(log.cosigned.as_ref(), &newest.note, at))?;
        match self.asked.cosign(&newest.checkpoint, &cosigned.cosignature).await {
            // The same ledger showed another root a moment ago: asked again, it has to account for it.
            Err(Trouble::Refused { reason, message }) if reason == "CHECKPOINT_ROOT_DIFFERS" => {
                match self.account(Some(&newest.note), None).await {
                    Err(Trouble::Found(evidence)) => Err(exported(seen, &evidence)?),
                    _ => Err(Trouble::Refused { reason, message }),
                }
            }
            added => added.map(|()| newest.checkpoint),
        }
    }

    /// The newest note, which extends everything that is known of the ledger here.
    async fn judged(&mut self, log: &Log, receipts: &[Receipt]) -> Result<Newest, Trouble> {
        let seen = log.cosigned.as_ref().map(|cosigned| cosigned.checkpoint.as_str());
        let mut newest = self.account(seen, None).await?;
        for note in self.further(seen).await? {
            newest = self.follow(newest, self.account(Some(&note), None).await?).await?;
        }
        for receipt in receipts {
            if !self.settled.contains(&settled(receipt)) {
                newest = self.place(newest, receipt).await?;
            }
        }
        if log.found.is_none() {
            self.copy_up_to(&newest).await?;
        }
        Ok(newest)
    }

    /// Notes of the ledger beside the one seen: the newest that any witness cosigned, which may be this one before its
    /// folder was restored from a backup; and what the copy rests on.
    async fn further(&self, seen: Option<&str>) -> Result<Vec<String>, Trouble> {
        let signed = |note: &str| self.peer.log.verify(note).ok();
        let seen = seen.and_then(signed);
        let cosigned = self.asked.cosigned().await?;
        let copied = self.copy.as_ref().and_then(|copy| copy.checkpoint().map(str::to_owned));
        let notes = [cosigned].into_iter().chain(copied);
        Ok(notes.filter(|note| signed(note).is_some_and(|said| Some(said) != seen)).collect())
    }

    /// Has the ledger account for a note and judges its answer.
    async fn account(&self, note: Option<&str>, receipt: Option<&Receipt>) -> Result<Newest, Trouble> {
        let answer = self.asked.show(note.unwrap_or_default()).await?;
        self.judge(note, answer).map_err(|trouble| match (trouble, receipt) {
            (Trouble::Found(evidence), Some(receipt)) => {
                Trouble::Found(Box::new(evidence.with_receipt(receipt)))
            }
            (trouble, _) => trouble,
        })
    }

    /// Two answers of one ledger must be one history too.
    async fn follow(&self, before: Newest, newest: Newest) -> Result<Newest, Trouble> {
        let (old, new) = (before.checkpoint.size, newest.checkpoint.size);
        let consistency_proof = if old < new { self.asked.consistency(old, new).await? } else { Vec::new() };
        self.judge(Some(&before.note), Answer { checkpoint: newest.note, consistency_proof, root: None })
    }

    fn judge(&self, note: Option<&str>, answer: Answer) -> Result<Newest, Trouble> {
        let judged = judge(&self.peer.log, note, &answer, |size| self.kept(note?, size));
        match judged {
            Ok(judged) => Ok(Newest { note: answer.checkpoint, checkpoint: judged.checkpoint().clone() }),
            Err(NotJudged::Found(evidence)) => Err(Trouble::Found(evidence)),
            Err(error) => Err(Trouble::Unverified(error.to_string())),
        }
    }

    /// Root at a smaller size and the proof from there to the note, where the copy holds the note.
    fn kept(&self, note: &str, size: u64) -> Option<(Hash, Vec<Hash>)> {
        let copy = self.copy.as_ref()?;
        let Ok(Standing::Held(held)) = copy.standing(note) else { return None };
        Some((copy.root_at(size)?, copy.consistency_proof(size, held.size)?))
    }

    /// Has the ledger account for a receipt: its checkpoint, and the entry at its index.
    async fn place(&mut self, newest: Newest, receipt: &Receipt) -> Result<Newest, Trouble> {
        let index = receipt.index;
        receipt
            .verify(&self.peer.log)
            .map_err(|e| Trouble::Receipt(format!("receipt of entry {index}: {e}")))?;
        let account = self.account(Some(&receipt.checkpoint), Some(receipt)).await?;
        let newest = self.follow(newest, account).await?;
        let held = match self.asked.entries(index, 1).await {
            Ok(groups) => {
                let entry = groups.first().and_then(|group| group.entries.first());
                entry.is_some_and(|entry| entry.header_bytes() == receipt.header)
            }
            // It says that it has no such entry, or gives what is none.
            Err(Trouble::Refused { .. } | Trouble::Unverified(_)) => false,
            Err(trouble) => return Err(trouble),
        };
        if !held {
            return Err(Trouble::Found(Box::new(Evidence::withheld(receipt, &newest.note))));
        }
        self.settled.insert(settled(receipt));
        Ok(newest)
    }

    /// Fetches into the copy, where one is kept, everything up to the newest note.
    async fn copy_up_to(&mut self, newest: &Newest) -> Result<(), Trouble> {
        while let Some(from) = self.copy.as_ref().map(FollowedCopy::size) {
            if from >= newest.checkpoint.size {
                break;
            }
            let groups = self.asked.entries(from, 0).await?;
            let Some(last) = groups.last() else {
                return Err(withheld(newest.checkpoint.size, from));
            };
            if let Err(error) = self.take(&groups) {
                return Err(self.doubted(&last.checkpoint, error).await);
            }
        }
        let standing = self.copy.as_ref().map(|copy| copy.standing(&newest.note));
        match standing.transpose() {
            Ok(_) => Ok(()),
            Err(error) => Err(self.doubted(&newest.note, error).await),
        }
    }

    fn take(&mut self, groups: &[Group]) -> Result<(), CopyError> {
        let Some(copy) = &mut self.copy else { return Ok(()) };
        let offered = groups.iter().map(|Group { entries, checkpoint }| Offered::new(entries, checkpoint));
        tokio::task::block_in_place(|| copy.append_all(offered)).map(drop)
    }

    /// What entries that the copy does not take come to: a contradiction where their note is signed and is one.
    async fn doubted(&self, note: &str, error: CopyError) -> Trouble {
        match error {
            CopyError::Io(_) | CopyError::Spent => return Trouble::Copy(error.to_string()),
            CopyError::Size { held, signed } if held < signed => return withheld(signed, held),
            _ => {}
        }
        let signed = self.peer.log.verify(note).is_ok();
        if signed && let Err(Trouble::Found(evidence)) = self.account(Some(note), None).await {
            return Trouble::Found(evidence);
        }
        Trouble::Unverified(error.to_string())
    }
}

fn withheld(signed: u64, index: u64) -> Trouble {
    Trouble::Unverified(format!("it signed {signed} entries and withholds entry {index}"))
}

fn settled(receipt: &Receipt) -> (u64, String) {
    (receipt.index, receipt.checkpoint.clone())
}

/// Writes evidence down, and says what was found and where it lies.
fn exported(seen: &Seen, evidence: &Evidence) -> Result<Trouble, Trouble> {
    let origin = &evidence.origin;
    let entry = evidence.receipt.as_ref().map_or_else(String::new, |it| format!(", entry {}", it.index));
    let what = match evidence.kind {
        Kind::SplitView => "SPLIT VIEW: it signed two histories",
        Kind::Rollback => "ROLLBACK: it shows fewer entries than it signed",
        Kind::WithheldEntry => "WITHHELD ENTRY: it does not hand out what its receipt proves",
        Kind::Unproven => {
            "UNPROVEN: it does not prove that its newest checkpoint extends what it signed before"
        }
    };
    let kept = tokio::task::block_in_place(|| seen.find(evidence));
    // Nothing is cosigned either way; the next round finds it again.
    let name = kept.inspect_err(|_| say::aside(&format!("{origin}: {what}{entry}; it cannot be kept")))?;
    Ok(Trouble::Stands(format!("{what}{entry}; {}", standing(seen, origin, &name))))
}

fn standing(seen: &Seen, origin: &str, name: &str) -> String {
    let path = seen.evidence(name);
    format!(
        "nothing of it is cosigned; look at {}, then stop the witness and say so with --looked {origin}",
        path.display()
    )
}
