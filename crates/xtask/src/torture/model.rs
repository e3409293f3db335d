//! Random operations on a registry's ledger, with crashes, beside a model in memory that is small enough to be seen to be
//! right (`model/expected.rs`): every answer, the state, and the number of entries agree at every step.

mod expected;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_cli::Consent;
use concord_client::secret::Secret;
use concord_domain::accord::{AccordOpened, Mode};
use concord_domain::actor::{Actor, ParticipantKind, Role};
use concord_domain::fold::{Fold as _, etag};
use concord_domain::geo::Area;
use concord_domain::ids::ParticipantId;
use concord_domain::registry::protection::{Category, Command as Protect, Draft};
use concord_domain::registry::{Command, Event, State};
use concord_domain::time::Timestamp;
use concord_ledger::LogKey;
use concord_ledger::hash::{sha256, to_hex};
use concord_proto::pb::registry::v1 as pb;
use concord_proto::registry::protection::notify_from_pb;
use concord_server::folded::{Folded, Submitted};
use concord_server::verifier::dsse;
use concord_store::{
    Caller, Genesis, IndexStart, Ledger, Priority, SledPlace, Submission, Writer, WriterConfig,
};
use concord_testkit::setting::circle;

use super::faults::copy;
use super::{Run, Tally, require};
use crate::cells;
use expected::{Act, Answer, Model, Op};

/// Operations of one round, each on a ledger of its own.
const OPERATIONS: u64 = 500;
const PARTIES: [&str; 2] = ["party-a", "party-b"];

/// What is the same for all rounds.
struct Ground {
    opened: AccordOpened,
    area: Area,
    /// The parties' keys.
    keys: [Secret; 2],
}

/// A ledger in use.
struct Live {
    folder: PathBuf,
    writer: Writer<Folded<State>>,
    ledger: Ledger<Folded<State>>,
}

pub(crate) fn run(run: &Run, tally: &mut Tally) -> Result<(), String> {
    let ground = Ground::new()?;
    for round in run.rounds(20_000 / OPERATIONS, 1_000_000 / OPERATIONS) {
        let outcome = ground.round(&mut run.dice(round), tally);
        outcome.map_err(|why| format!("--from {round}: {why}"))?;
    }
    Ok(())
}

impl Ground {
    fn new() -> Result<Self, String> {
        let pki = cells::folder()?;
        let spec = concord_testkit::spec(Mode::Operational);
        concord_server::pki::init(pki.path(), &spec).map_err(|e| e.to_string())?;
        let opened = super::filled::config(pki.path())?.opened.as_ref().clone();
        let request = pb::NotifyProtectedEntityRequest {
            protected_entity: Some(pb::ProtectedEntity {
                display_name: "Clinic".to_owned(),
                category: pb::ProtectedCategory::Medical.into(),
                area: Some(circle(1.0, 1.0, 80.0)),
                ..Default::default()
            }),
            ..Default::default()
        };
        let command = notify_from_pb(request).sound().map_err(|faulty| faulty.alone().to_string())?;
        let Protect::Notify(Draft { area, .. }) = command else {
            return Err("not a notification".to_owned());
        };
        let key = |party: &str| Secret::read(&pki.path().join(party).join("signing.key"));
        let [a, b] = PARTIES;
        Ok(Self { opened, area, keys: [key(a)?, key(b)?] })
    }

    fn round(&self, dice: &mut fastrand::Rng, tally: &mut Tally) -> Result<(), String> {
        let work = cells::folder()?;
        let (mut model, mut done, mut folders) = (Model::default(), 0, 0);
        let mut live = self.open(work.path().join("0"))?;
        while done < OPERATIONS {
            let burst = dice.u64(1..=8);
            let ops: Vec<Op> = (0..burst).map(|_| model.drawn(dice)).collect();
            self.burst(&live, &mut model, &ops)?;
            done += burst;
            tally.add("operations", burst);
            if dice.u8(..24) == 0 {
                folders += 1;
                live = self.again(live, work.path().join(folders.to_string()), dice, tally)?;
                agree(&live, &model)?;
            }
        }
        let Model { accepted, refused, repeated, .. } = model;
        tally.add("accepted", accepted);
        tally.add("refused", refused);
        tally.add("given their first answer again", repeated);
        Ok(())
    }

    fn open(&self, folder: PathBuf) -> Result<Live, String> {
        let fault = |e: &dyn std::fmt::Display| e.to_string();
        let accord = &self.opened.accord;
        let event = Event::AccordOpened(Box::new(self.opened.clone()));
        let mut initial = State::new().with_verifier(dsse());
        initial.apply(&event);
        let genesis = Genesis {
            kind: State::kind(&event).to_owned(),
            actor: "service/registry".to_owned(),
            participant: "operator".to_owned(),
            at: "2026-01-01T00:00:00Z".to_owned(),
            body: serde_json::to_vec(&event).map_err(|e| fault(&e))?,
        };
        let config = WriterConfig {
            segment_bytes: 64 << 10,
            disk_reserve_bytes: 128 << 10,
            ..WriterConfig::new(&folder, &accord.id, State::SERVICE)
        };
        let seed = concord_ledger::PrivateKey::from_seed(&[3; 32]);
        let key = LogKey::new(&accord.origin(State::SERVICE), seed).map_err(|e| fault(&e))?;
        let place = SledPlace::new(&folder.join("index"));
        let opened = Writer::open(config, Folded(initial), key, &place, genesis);
        let (writer, ledger, report) = opened.map_err(|e| fault(&e))?;
        require(!matches!(report.index, IndexStart::Rebuilt { .. }), || format!("{:?}", report.index))?;
        Ok(Live { folder, writer, ledger })
    }

    /// Submits all before any is answered, so that they share groups, and compares each answer with the model's.
    fn burst(&self, live: &Live, model: &mut Model, ops: &[Op]) -> Result<(), String> {
        let state = Arc::clone(&live.ledger.published());
        let mut waiting = Vec::new();
        for op in ops {
            let submission = self.submission(op, &state.state.0)?;
            waiting.push(live.writer.enqueue(submission).map_err(|e| e.to_string())?);
        }
        for (op, answer) in ops.iter().zip(waiting) {
            let answer = answer.blocking_recv().map_err(|e| e.to_string())?;
            let answer = match answer {
                Ok(committed) => Answer::Accepted(
                    committed.entries.iter().map(|entry| entry.header_bytes().to_vec()).collect(),
                ),
                Err(concord_store::SubmitError::Refused(_)) => Answer::Refused,
                Err(concord_store::SubmitError::RequestIdReused) => Answer::Reused,
                Err(error) => return Err(error.to_string()),
            };
            model.answered(op, answer).map_err(|why| format!("{op:?}: {why}"))?;
        }
        model.burst_ended();
        agree(live, model)
    }

    fn submission(&self, op: &Op, state: &State) -> Result<Submission<Submitted<Command>>, String> {
        let Op { act, entity, by, request, .. } = op;
        let participant = PARTIES.get(*by / 2).copied().unwrap_or_default();
        let id = format!("entity-{entity}");
        let draft = || Draft {
            id: id.clone(),
            display_name: format!("Clinic {entity}"),
            category: Category::Medical,
            area: self.area.clone(),
            accuracy_m: 0.0,
            deny_distance_m: 0.0,
            refer_distance_m: 0.0,
            verified_at: None,
            source: String::new(),
        };
        let read = state.protected_entities.get(&id).map(|row| etag(row.as_ref()));
        let read = read.transpose().map_err(|e| e.to_string())?.unwrap_or_default();
        let command = match act {
            Act::Notify => Protect::Notify(draft()),
            Act::Claim => Protect::Claim(draft()),
            Act::Confirm => Protect::Confirm { id },
            Act::ConsentToRemoval => {
                let envelope = self.envelope(&id, by / 2, state)?;
                Protect::ConsentToRemoval { id, etag: read, reason: "closed".to_owned(), envelope }
            }
        };
        let actor = Actor {
            participant: ParticipantId(participant.to_owned()),
            kind: ParticipantKind::StateParty,
            role: Role::Proposer,
            name: format!("actor-{}", *by % 2),
        };
        Ok(Submission {
            caller: Caller {
                actor: "spiffe://notifier.example/proposer/actor-1".to_owned(),
                participant: participant.to_owned(),
            },
            request_id: request.to_string(),
            request_digest: to_hex(&sha256(&[format!("{act:?} {entity} {by}").as_bytes()])),
            at_ns: 1_767_225_600_000_000_000,
            at: "2026-01-01T00:00:00Z".to_owned(),
            command: Submitted { actor, fresh_id: String::new(), command: Command::Protection(command) },
            mode: concord_store::Mode::Commit,
            priority: Priority::Ordinary,
        })
    }

    /// A party's consent to removing an entity as it was read; empty where nobody has proposed that yet.
    fn envelope(&self, id: &str, party: usize, state: &State) -> Result<String, String> {
        let row = state.protected_entities.get(id).filter(|row| row.removal.is_some());
        let (Some(row), Some(key), Some(name)) = (row, self.keys.get(party), PARTIES.get(party)) else {
            return Ok(String::new());
        };
        let expires_at = Timestamp::MAX.plus_seconds(-1);
        let (accord, subject) = (self.opened.accord.id.as_str(), &row.removal_subject());
        Consent { accord, subject, expires_at }.envelope(&format!("{name}-1"), key)
    }

    /// Ends the ledger in one of several ways, and opens what is on disk.
    fn again(
        &self,
        live: Live,
        next: PathBuf,
        dice: &mut fastrand::Rng,
        tally: &mut Tally,
    ) -> Result<Live, String> {
        let how = dice.u8(..4);
        if how == 0 {
            // What a kill leaves: nothing is closed, and the files are as they are at this moment.
            copy(&live.folder, &next)?;
            tally.add("crashes", 1);
            return self.open(next);
        }
        live.writer.close();
        let Live { folder, writer, ledger } = live;
        drop((writer, ledger));
        match how {
            1 => tally.add("starts", 1),
            2 => {
                fs::remove_dir_all(folder.join("index")).map_err(|e| e.to_string())?;
                tally.add("starts without an index", 1);
            }
            _ => {
                scar(&folder.join("journal"))?;
                tally.add("starts on an unfinished group", 1);
            }
        }
        self.open(folder)
    }
}

/// Leaves the beginning of a group behind the last one, as a write does that a crash cut off.
fn scar(journal: &Path) -> Result<(), String> {
    let fault = |e: std::io::Error| e.to_string();
    let found = fs::read_dir(journal).map_err(fault)?.filter_map(Result::ok).map(|entry| entry.path());
    let last = found.filter(|path| path.extension().is_some_and(|end| end == "seg")).max();
    let last = last.ok_or("no segment")?;
    let mut bytes = fs::read(&last).map_err(fault)?;
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default() + 1;
    if let Some(room) = bytes.get_mut(used..used + 4) {
        room.copy_from_slice(b"CGRP");
    }
    fs::write(last, bytes).map_err(fault)
}

/// State and number of entries are those of the model.
fn agree(live: &Live, model: &Model) -> Result<(), String> {
    let published = live.ledger.published();
    require(published.size == model.accepted + 1, || {
        format!("{} entries, the model has {}", published.size, model.accepted + 1)
    })?;
    let rows = published.state.0.protected_entities.iter();
    let seen: Vec<String> =
        rows.map(|row| format!("{} {:?} {}", row.id, row.stage, row.removal.is_some())).collect();
    let expected = model.rows();
    require(seen == expected, || format!("the state is {seen:?}, the model has {expected:?}"))
}
