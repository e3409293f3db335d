//! Rounds with all ledgers at once, each at its own pace and each bounded in time, so that none holds up another; and what
//! is told of them.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use concord_ledger::Checkpoint;
use concord_ledger::receipt::Receipt;
use futures_util::future::{join_all, try_join_all};

use super::round::Watched;
use super::seen::Seen;
use super::trouble::Trouble;
use crate::verify::files;
use crate::{Failure, say};

/// What the rounds with all ledgers share.
pub(super) struct Rounds<'a> {
    seen: &'a Seen,
    receipts: Option<&'a Path>,
    max: Duration,
    /// Trouble that was told last, by what it is with; a running witness tells what is new.
    told: Mutex<BTreeMap<String, String>>,
}

/// The receipts that the party holds, as far as they can be read, and what of them cannot.
#[derive(Default)]
struct Held {
    receipts: Vec<Receipt>,
    unread: Vec<String>,
}

impl<'a> Rounds<'a> {
    /// Rounds of at most `max` over what was `seen`, with the receipts in a file or folder.
    pub(super) fn new(seen: &'a Seen, receipts: Option<&'a Path>, max: Duration) -> Self {
        Self { seen, receipts, max, told: Mutex::default() }
    }

    /// One round with every ledger; fails with what weighs most, and names all.
    pub(super) async fn once(&self, watched: &mut [Watched]) -> Result<(), Failure> {
        let Held { receipts, unread } = self.held();
        let rounds = watched.iter_mut().map(|ledger| async {
            let ended = self.round(ledger, &receipts).await;
            ended.err().map(|trouble| (trouble.code(), format!("{}: {trouble}", ledger.origin())))
        });
        let troubles = join_all(rounds).await.into_iter().flatten();
        let (codes, told): (Vec<_>, Vec<_>) =
            troubles.chain(unread.into_iter().map(|unread| (Failure::INPUT, unread))).unzip();
        match codes.into_iter().max() {
            None => Ok(()),
            Some(worst) => Err(Failure::new(worst, told.join("\n"))),
        }
    }

    /// Rounds with every ledger, `interval` apart, until something is found anew against one.
    pub(super) async fn go_on(&self, watched: &mut [Watched], interval: Duration) -> Failure {
        let all = watched.iter_mut().map(|ledger| self.go_on_with(ledger, interval));
        match try_join_all(all).await {
            Err(found) => found,
            Ok(_) => Failure::new(Failure::CONFIGURATION, "the accord names no ledger"),
        }
    }

    async fn go_on_with(&self, ledger: &mut Watched, interval: Duration) -> Result<Infallible, Failure> {
        let origin = ledger.origin().to_owned();
        let mut stood = self.seen.of(&origin).found.is_some();
        loop {
            let Held { receipts, unread } = self.held();
            self.tell("receipts", &unread.join("\n"));
            let trouble = self.round(ledger, &receipts).await.err();
            let said = trouble.as_ref().map_or_else(String::new, |trouble| format!("{origin}: {trouble}"));
            let stands = self.seen.of(&origin).found.is_some();
            if let Some(trouble) = trouble.filter(|_| stands && !stood) {
                return Err(Failure::new(trouble.code(), said));
            }
            self.tell(&origin, &said);
            stood = stands;
            tokio::time::sleep(interval).await;
        }
    }

    /// A round with one ledger, which is cut off when its time is over: whatever left is durable by then, and what was
    /// copied stays.
    async fn round(&self, ledger: &mut Watched, receipts: &[Receipt]) -> Result<Checkpoint, Trouble> {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let own: Vec<_> = receipts.iter().filter(|it| it.origin == ledger.origin()).cloned().collect();
        let round = tokio::time::timeout(self.max, ledger.round(self.seen, &own, at));
        let over = |_| Trouble::Unreachable(format!("its round took longer than {} s", self.max.as_secs()));
        let cosigned = round.await.map_err(over)??;
        if ledger.told.replace(cosigned.size) != Some(cosigned.size) {
            say::line(&format!("{}: cosigned over {} entries", ledger.origin(), cosigned.size));
        }
        Ok(cosigned)
    }

    /// Reads the receipts; a file that cannot be read keeps no other from being looked for.
    fn held(&self) -> Held {
        let mut held = Held::default();
        let Some(path) = self.receipts else { return held };
        let unread = |path: &Path, e: &dyn std::fmt::Display| format!("{}: {e}", path.display());
        for file in files(path).unwrap_or_else(|e| {
            held.unread.push(unread(path, &e));
            Vec::new()
        }) {
            let json = std::fs::read(&file).map_err(|e| unread(&file, &e));
            match json.and_then(|json| Receipt::from_json(&json).map_err(|e| unread(&file, &e))) {
                Ok(receipt) => held.receipts.push(receipt),
                Err(told) => held.unread.push(told),
            }
        }
        held
    }

    /// Tells of trouble, once.
    fn tell(&self, with: &str, trouble: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.insert(with.to_owned(), trouble.to_owned()).unwrap_or_default();
        if before != trouble && !trouble.is_empty() {
            say::aside(trouble);
        }
    }
}
