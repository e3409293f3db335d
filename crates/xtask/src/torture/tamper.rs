//! What somebody does to a copied ledger, with every checksum made right again: edits, deletions, reorders, forks and
//! rollbacks. Without the log's key the offline verifier names each; with it, the checkpoint that somebody else holds does,
//! and the service does not start on what its own key signed otherwise.

mod deed;
mod history;

use std::fs;
use std::path::{Path, PathBuf};

use concord_cli::verify_text;
use concord_domain::accord::{Accord, Mode};
use concord_ledger::checkpoint::LogVerifier;
use concord_ledger::export::ExportVerifier;
use concord_ledger::hash::Hash;
use concord_ledger::judge::{Answer, Judged, NotJudged, judge};
use concord_ledger::{LogKey, PrivateKey, Tree};
use concord_store::FollowedCopy;
use tokio::runtime::Runtime;

use super::{Run, Tally, filled, require};
use crate::cells;
use deed::Deed;
use history::History;

const GROUPS: u64 = 24;
/// Longer than any ledger of this test.
const SEGMENT_BYTES: u64 = 1 << 20;

/// The form in which the ledger was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Journal,
    Export,
}

/// The ledger of a registry, and what a witness with a full copy holds of it.
struct World {
    /// Configuration and data of the registry.
    pki: tempfile::TempDir,
    accord: Accord,
    log: LogVerifier,
    key: LogKey,
    stranger: LogKey,
    history: History,
    held: String,
    copied: Tree,
}

pub(crate) fn run(runtime: &Runtime, run: &Run, tally: &mut Tally) -> Result<(), String> {
    let world = World::new(runtime, &mut run.dice(u64::MAX))?;
    for form in [Form::Journal, Form::Export] {
        let whole = world.named(form, &world.history)?;
        require(whole.is_none(), || format!("the untouched ledger as {form:?} is named: {whole:?}"))?;
    }
    for round in run.rounds(500, 10_000) {
        let outcome = world.round(&mut run.dice(round), tally);
        outcome.map_err(|why| format!("--from {round}: {why}"))?;
    }
    Ok(())
}

impl World {
    fn new(runtime: &Runtime, dice: &mut fastrand::Rng) -> Result<Self, String> {
        let pki = cells::folder()?;
        let fault = |e: &dyn std::fmt::Display| e.to_string();
        let spec = concord_testkit::spec(Mode::Operational);
        let accord = concord_server::pki::init(pki.path(), &spec).map_err(|e| fault(&e))?;
        let core = filled::opened(pki.path())?;
        for _ in 0..GROUPS {
            runtime.block_on(filled::fill(&core, dice.u64(1..6)))?;
        }
        let groups: Result<Vec<_>, _> = core.ledger().groups(0).collect();
        let history = History::of(&groups.map_err(|e| fault(&e))?);
        let held = core.ledger().checkpoint();
        core.writer().close();
        let (log, origin) = (core.known().log.clone(), accord.origin("registry"));
        let config = filled::config(pki.path())?;
        let key = PrivateKey::from_pkcs8_pem(config.log_key_pem.expose()).map_err(|e| fault(&e))?;
        let key = LogKey::new(&origin, key).map_err(|e| fault(&e))?;
        let stranger = LogKey::new(&origin, PrivateKey::from_seed(&[9; 32])).map_err(|e| fault(&e))?;
        let copied = history.tree();
        Ok(Self { pki, accord, log, key, stranger, history, held, copied })
    }

    fn round(&self, dice: &mut fastrand::Rng, tally: &mut Tally) -> Result<(), String> {
        let deed = *dice.choice(Deed::ALL.iter()).ok_or("no deeds")?;
        let form = if dice.bool() { Form::Journal } else { Form::Export };
        let resigned = deed != Deed::Rollback && dice.bool();
        let mut history = self.history.clone();
        let from = deed.done(&mut history, resigned, dice);
        let signer = match deed {
            _ if resigned => Some(&self.key),
            Deed::Fork => Some(&self.stranger),
            _ => None,
        };
        if let Some(signer) = signer {
            history.sign_again(from, signer)?;
        }
        let how = if resigned { "signed again" } else { "unsigned" };
        if history == self.history {
            tally.add("that changed nothing", 1);
            return Ok(());
        }
        let named = self.named(form, &history)?;
        let named = named.ok_or_else(|| format!("{deed:?} as {form:?}, {how}, is not named"))?;
        tally.add(named, 1);
        Ok(())
    }

    /// Who names what is wrong with a history; nothing where nobody does.
    fn named(&self, form: Form, history: &History) -> Result<Option<&'static str>, String> {
        let lines = match form {
            Form::Export => history.lines(self.log.origin())?,
            Form::Journal => {
                let data = self.data()?;
                history.write_journal(&data.join("journal"), self.log.origin(), SEGMENT_BYTES)?;
                match exported(&data.join("journal"), &self.log) {
                    Ok(lines) => lines,
                    Err(_) => return Ok(Some("named by the reader of journals")),
                }
            }
        };
        if verify_text(&self.accord, &lines.join("\n")).is_err() {
            return Ok(Some("named by concord verify"));
        }
        let Some(named) = self.named_by_witness(&lines)? else { return Ok(None) };
        if form == Form::Journal {
            let started = filled::opened(self.pki.path());
            require(started.is_err(), || "the registry starts on what its key signed otherwise".to_owned())?;
        }
        Ok(Some(named))
    }

    /// The registry's data folder with nothing in it but the checkpoint that a witness showed.
    fn data(&self) -> Result<PathBuf, String> {
        let data = self.pki.path().join("data/registry");
        fs::remove_dir_all(&data).and_then(|()| fs::create_dir_all(&data)).map_err(|e| e.to_string())?;
        let witnessed = history::witnessed(self.log.origin(), &self.held);
        fs::write(data.join("witnessed"), witnessed).map_err(|e| e.to_string())?;
        Ok(data)
    }

    /// What the witness makes of it, whose evidence must verify.
    fn named_by_witness(&self, lines: &[String]) -> Result<Option<&'static str>, String> {
        let mut verifier = ExportVerifier::new(&self.log);
        for line in lines {
            verifier.line(line).map_err(|e| e.to_string())?;
        }
        let tree = verifier.chain().tree();
        let seen = self.log.verify(&self.held).map_err(|e| e.to_string())?;
        let answer = Answer {
            checkpoint: history::last_note(lines).ok_or("an export without a group")?,
            consistency_proof: tree.consistency_proof(seen.size, tree.size()).unwrap_or_default(),
            root: tree.root_at(seen.size),
        };
        let kept = |size: u64| -> Option<(Hash, Vec<Hash>)> {
            Some((self.copied.root_at(size)?, self.copied.consistency_proof(size, seen.size)?))
        };
        match judge(&self.log, Some(&self.held), &answer, kept) {
            Ok(Judged::Held(_) | Judged::Ahead(_)) => Ok(None),
            Err(NotJudged::Found(evidence)) => {
                let json = evidence.to_json().map_err(|e| e.to_string())?;
                let told = verify_text(&self.accord, &json).map_err(|e| format!("evidence: {e}"))?;
                let split = told.contains("two histories");
                Ok(Some(if split {
                    "named by a witness, as two histories"
                } else {
                    "named by a witness, as owed"
                }))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Reads a journal with the log's public key alone, and gives it as an export.
fn exported(journal: &Path, log: &LogVerifier) -> Result<Vec<String>, String> {
    let (copy, _) = FollowedCopy::open(journal, log.clone(), SEGMENT_BYTES).map_err(|e| e.to_string())?;
    let (mut groups, mut next) = (Vec::new(), 0);
    while let Some(group) = copy.group(next).map_err(|e| e.to_string())? {
        next = group.trailer.size;
        groups.push(group);
    }
    History::of(&groups).lines(log.origin())
}
