//! Checks: heads confirmed first, then decided by the writer; and every answer that says a permit lives rests on heads
//! confirmed after the call arrived.

use std::sync::Arc;

use concord_domain::actor::Actor;
use concord_domain::errors::{Reason, Refusal};
use concord_domain::fold::Fold as _;
use concord_domain::rules::decision::{CONFIRM_WITHIN_S, Check, Decision, Status, difference, recompute};
use concord_domain::rules::evaluate::{Evaluation, Reach, Reached};
use concord_domain::rules::review::Command as ReviewCommand;
use concord_domain::rules::{Event, State};
use concord_domain::table::Resource as _;
use concord_domain::time::Timestamp;
use concord_ledger::receipt::Receipt;
use concord_proto::fields::Faults;
use concord_proto::pb::ledger::v1::AsOf;
use concord_server::call::Call;
use concord_server::clock;
use concord_server::core::{Snapshot, event_of, internal};
use concord_server::past::Time;
use concord_server::rows::Written;

use super::App;

/// Entries read at a time for a replay.
const PAGE: usize = 500;

/// Where a decision stands, and on what that rests.
#[derive(Clone, Debug)]
pub(crate) struct Stand {
    pub(crate) decision: Arc<Decision>,
    pub(crate) status: Arc<Status>,
    pub(crate) now: Timestamp,
    /// Whether it rests on heads that were confirmed after the call arrived.
    pub(crate) confirmed: bool,
    /// Until when a confirmed permit must be confirmed again.
    pub(crate) confirm_by: Option<Timestamp>,
}

fn is_confirmed(reach: Reach) -> bool {
    [reach.registry, reach.incidents, reach.clock].iter().all(|reached| *reached == Reached::Confirmed)
}

impl App {
    /// Decides on an operation; a repeated request gives the decision as first written, and where it stands now.
    pub(crate) async fn check(
        &self,
        call: Call,
        asked: Check,
    ) -> Result<(Arc<Decision>, Stand, Option<Receipt>), Refusal> {
        let reach = self.followed.confirm().await;
        let (validate_only, real) = (call.validate_only, clock::real());
        let asked = self.prepared(Check { reach, ..asked }, &call.actor, real).await?;
        let outcome = self.core.submit_at(call, asked.into(), real).await?;
        let Written { row, outcome }: Written<_, Decision> = Written::of(outcome)?;
        let decision = Arc::new(row);
        let stood = if validate_only {
            // Nothing is recorded that could ever be voided, so nothing is confirmed to live.
            let status = Arc::new(Status::first(&decision));
            let decision = Arc::clone(&decision);
            Stand { status, now: decision.at, decision, confirmed: false, confirm_by: None }
        } else if outcome.replayed {
            self.rechecked(&decision.id, reach).await?
        } else {
            // Found just now; what has voided it since is published.
            stand(&self.core.snapshot(), &decision.id, self.core.now(), reach)?
        };
        Ok((decision, stood, outcome.receipt))
    }

    /// The check, evaluated on the published state, so that the one writer need not where nothing moves meanwhile.
    async fn prepared(&self, asked: Check, by: &Actor, real: Timestamp) -> Result<Check, Refusal> {
        let turn = Arc::clone(&self.evaluating).acquire_owned().await.map_err(|e| internal(&e))?;
        let (snapshot, by) = (self.core.snapshot(), by.clone());
        let prepared = tokio::task::spawn_blocking(move || {
            let state = &snapshot.state.0;
            let prepared = asked.prepared(state, &by, state.now(real));
            drop(turn);
            prepared
        });
        prepared.await.map_err(|e| internal(&e))
    }

    /// Where a decision stands, on heads confirmed now.
    pub(crate) async fn stand(&self, id: &str) -> Result<Stand, Refusal> {
        let reach = self.followed.confirm().await;
        self.rechecked(id, reach).await
    }

    /// Where a decision stands, on heads confirmed now; or where it stood at a time, which nothing confirms any more.
    pub(crate) async fn stood(
        &self,
        name: &str,
        as_of: Option<Time>,
    ) -> Result<(Stand, Option<AsOf>), Refusal> {
        let mut faults = Faults::default();
        let id = faults.id("name", Decision::COLLECTION, name);
        let then = self.core.view(faults, as_of).await?;
        if as_of.is_none() {
            return Ok((self.stand(&id).await?, None));
        }
        let (decision, decided) = then.row::<Decision>(&id).await?;
        let (status, changed) = then.row::<Status>(&id).await?;
        let stood = Stand { decision, status, now: then.now(), confirmed: false, confirm_by: None };
        Ok((stood, then.proven(decided.into_iter().chain(changed)).await?))
    }

    /// Where a decision stands, after it was evaluated anew: an end that time alone brings about has no entry that would
    /// have voided it.
    async fn rechecked(&self, id: &str, reach: Reach) -> Result<Stand, Refusal> {
        let (snapshot, now, asked) = (self.core.snapshot(), self.core.now(), id.to_owned());
        let objected =
            tokio::task::spawn_blocking(move || !snapshot.state.0.objections_now(&asked, now).is_empty());
        if objected.await.map_err(|e| internal(&e))? {
            let operator = self.core.accord().operator().map_or_else(|| "operator".into(), |p| p.id.clone());
            let call = Call::of_service(&operator, State::SERVICE);
            self.core.submit(call, ReviewCommand::Recheck { id: id.to_owned() }.into()).await?;
        }
        stand(&self.core.snapshot(), id, self.core.now(), reach)
    }

    /// Confirms a permit for its holder.
    pub(crate) async fn confirm(&self, by: &Actor, id: &str) -> Result<Stand, Refusal> {
        let mut stood = self.stand(id).await?;
        let holder = &stood.decision.submitted_by.participant;
        if holder != &by.participant {
            return Err(Refusal::new(Reason::NotYours, format!("decisions/{id} is held by {holder}")));
        }
        stood.confirm_by = stood.confirmed.then(|| stood.now.plus_seconds(CONFIRM_WITHIN_S));
        Ok(stood)
    }

    /// Reviews a referral, or gives a decision up, on heads confirmed now.
    pub(crate) async fn review(
        &self,
        call: Call,
        asked: ReviewCommand,
    ) -> Result<(Stand, Written<State, Status>), Refusal> {
        let reach = self.followed.confirm().await;
        let command = asked.resting_on(reach);
        if command.releases() && !is_confirmed(reach) {
            return Err(Refusal::new(
                Reason::LedgerUnavailable,
                "the heads could not be confirmed; nothing is released",
            ));
        }
        let validate_only = call.validate_only;
        let written: Written<_, Status> = Written::of(self.core.submit(call, command.into()).await?)?;
        let id = &written.row.id;
        let stood = if written.outcome.replayed {
            self.rechecked(id, reach).await?
        } else {
            stand(&self.core.snapshot(), id, self.core.now(), reach)?
        };
        if validate_only {
            let status = Arc::new(written.row.clone());
            return Ok((Stand { status, confirmed: false, confirm_by: None, ..stood }, written));
        }
        Ok((stood, written))
    }

    /// Recomputes a decision from the ledgers; the stored verdict is read only to be compared.
    pub(crate) async fn replay(&self, id: &str) -> Result<(Decision, Option<String>), Refusal> {
        let (app, id) = (self.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || app.replayed(&id)).await.map_err(|e| internal(&e))?
    }

    fn replayed(&self, id: &str) -> Result<(Decision, Option<String>), Refusal> {
        let unreadable = |cause: String| Refusal::new(Reason::LedgerUnavailable, cause);
        let mut before = crate::initial();
        let decision = self.own_entries_until(id, &mut before)?;
        let rests_on = |service: &str| decision.rests_on_size(&self.core.accord().origin(service));
        let registry = self.followed.registry.events(rests_on("registry")).map_err(unreadable)?;
        registry.iter().for_each(|event| before.registry.apply(event));
        let incidents = self.followed.incidents.events(rests_on("incidents")).map_err(unreadable)?;
        incidents.iter().for_each(|event| before.incidents.apply(event));
        let again = recompute(&before, &decision)?;
        let differs = difference(&decision, &again);
        let Evaluation { class, verdict, findings } = again;
        Ok((Decision { class, verdict, findings, ..decision }, differs))
    }

    /// Folds the own ledger up to the decision, which is not folded.
    fn own_entries_until(&self, id: &str, state: &mut State) -> Result<Decision, Refusal> {
        let ledger = self.core.ledger();
        let mut next = 0;
        loop {
            let page = ledger.entries(next, PAGE).map_err(|e| internal(&e))?;
            if page.is_empty() {
                return Err(Refusal::not_found(&format!("decisions/{id}")));
            }
            for entry in &page {
                match event_of(entry)? {
                    Event::Decision(decision) if decision.id == id => return Ok(*decision),
                    event => state.apply(&event),
                }
            }
            next += page.len() as u64;
        }
    }
}

fn stand(snapshot: &Snapshot<State>, id: &str, now: Timestamp, reach: Reach) -> Result<Stand, Refusal> {
    let state = &snapshot.state.0;
    let found = state.decisions.get(id).zip(state.statuses.get(id));
    let (decision, status) = found.ok_or_else(|| Refusal::not_found(&format!("decisions/{id}")))?;
    Ok(Stand {
        decision: Arc::clone(decision),
        status: Arc::clone(status),
        now,
        confirmed: is_confirmed(reach),
        confirm_by: status.confirm_by(),
    })
}
