//! SIGSTOP: a registry that stands still with its connections open is no registry, and never a reason to permit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use concord_cli::{Sessions, Who};
use concord_domain::accord::Mode;
use concord_domain::actor::Role;
use concord_proto::pb::google::r#type::LatLng;
use concord_proto::pb::registry::v1 as registry;
use concord_proto::pb::rules::v1 as pb;
use concord_proto::pb::rules::v1::check_service_client::CheckServiceClient;
use concord_testkit::setting::{call, operation, put_in_order, told, window};
use concord_testkit::{Cluster, first, second};
use tokio::sync::watch;
use tonic::{Code, Request};

use super::{CONCORD, dice};

const ROUNDS: usize = 6;
/// What a caller waits for a check.
const DEADLINE: Duration = Duration::from_secs(5);
/// Longest that an expected answer is waited for.
const WAIT_MAX: Duration = Duration::from_secs(30);
const UNAVAILABLE: &str = "REGISTRY_UNAVAILABLE";

/// One check, as its caller saw it.
#[derive(Clone, Debug)]
struct Seen {
    checker: usize,
    began: Instant,
    ended: Instant,
    answer: Result<(pb::Verdict, Vec<String>), Code>,
}

impl Seen {
    fn is_inside(&self, from: Instant, to: Instant) -> bool {
        self.began >= from && self.ended <= to
    }

    fn says(&self, verdict: pb::Verdict) -> bool {
        self.answer.as_ref().is_ok_and(|(given, _)| *given == verdict)
    }

    fn names(&self, code: &str) -> bool {
        self.answer.as_ref().is_ok_and(|(_, codes)| codes.iter().any(|given| given == code))
    }
}

/// Checkers that go on, and all that they saw.
struct Checkers {
    seen: Arc<watch::Sender<Vec<Seen>>>,
}

fn callers() -> [Who; 4] {
    let role = Role::DutyOfficer;
    [first("party-a", role), second("party-a", role), first("party-b", role), second("party-b", role)]
}

impl Checkers {
    fn start(sessions: &Sessions) -> Self {
        let seen = Arc::new(watch::Sender::new(Vec::new()));
        for (checker, by) in callers().into_iter().enumerate() {
            let channel = sessions.channel(&by, "rules").unwrap();
            tokio::spawn(go_on(checker, CheckServiceClient::new(channel), Arc::clone(&seen)));
        }
        Self { seen }
    }

    /// Waits until what was seen is enough.
    async fn until(&self, what: &str, enough: impl Fn(&[Seen]) -> bool) {
        let mut seen = self.seen.subscribe();
        let waited = tokio::time::timeout(WAIT_MAX, seen.wait_for(|seen| enough(seen))).await;
        assert!(waited.is_ok(), "{what} was not seen; last: {:?}", self.seen.borrow().last());
    }

    /// Waits until a check that begins from now on is such.
    async fn until_one(&self, what: &str, such: impl Fn(&Seen) -> bool) {
        let from = Instant::now();
        self.until(what, |seen| seen.iter().any(|check| check.began >= from && such(check))).await;
    }

    /// Waits until every checker has had an answer to a check that begins from now on; gives that span.
    async fn one_of_each(&self) -> (Instant, Instant) {
        let from = Instant::now();
        let answered = |seen: &[Seen], checker| {
            seen.iter().any(|check: &Seen| check.checker == checker && check.began >= from)
        };
        let all = |seen: &[Seen]| (0..callers().len()).all(|checker| answered(seen, checker));
        self.until("an answer to every checker", all).await;
        (from, Instant::now())
    }

    fn inside(&self, (from, to): (Instant, Instant)) -> Vec<Seen> {
        self.seen.borrow().iter().filter(|check| check.is_inside(from, to)).cloned().collect()
    }
}

async fn go_on(
    checker: usize,
    mut client: CheckServiceClient<tonic::transport::Channel>,
    seen: Arc<watch::Sender<Vec<Seen>>>,
) {
    loop {
        let check = pb::CheckOperationRequest { operation: Some(operation()), ..Default::default() };
        let mut request = Request::new(check);
        request.set_timeout(DEADLINE);
        let began = Instant::now();
        let answer = client.check_operation(request).await;
        let answer = answer.map(|answer| told(answer.get_ref())).map_err(|status| status.code());
        let check = Seen { checker, began, ended: Instant::now(), answer };
        seen.send_modify(|seen| seen.push(check));
        // A channel whose runtime is going down refuses at once, for ever: whoever asks it must let itself be ended.
        tokio::task::yield_now().await;
    }
}

/// A convoy through the effect area, which forbids until its notifier says that it has passed.
fn convoy(id: &str) -> registry::NotifyMovementRequest {
    let plan = registry::MovementPlan {
        path: vec![LatLng { latitude: 0.5, longitude: 0.5 }],
        buffer_m: 500.0,
        window: Some(window(0, 7_200)),
        altitude_band: None,
    };
    registry::NotifyMovementRequest {
        movement_id: id.to_owned(),
        movement: Some(registry::Movement {
            display_name: "Convoy".to_owned(),
            kind: registry::MovementKind::Notified.into(),
            plan: Some(plan),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn notify(sessions: Sessions, id: String) -> Instant {
    let by = first("notifier", Role::Proposer);
    let method = "concord.registry.v1.MovementService/NotifyMovement";
    sessions.call::<_, registry::NotifyMovementResponse>(&by, method, convoy(&id)).await.unwrap();
    Instant::now()
}

async fn complete(cluster: &Cluster, id: &str) {
    let by = first("notifier", Role::Proposer);
    let request = registry::CompleteMovementRequest { name: format!("movements/{id}"), ..Default::default() };
    let method = "registry.v1.MovementService/CompleteMovement";
    call::<_, registry::CompleteMovementResponse>(cluster, &by, method, request).await.unwrap();
}

/// Pauses the registry; every check meanwhile is a denial that says so, in time.
async fn pause_and_look(cluster: &Cluster, checkers: &Checkers) {
    cluster.pause("registry").await;
    let paused = checkers.one_of_each().await;
    for check in checkers.inside(paused) {
        assert!(check.says(pb::Verdict::Deny) && check.names(UNAVAILABLE), "while paused: {check:?}");
        assert!(check.ended - check.began < DEADLINE, "{check:?}");
    }
    cluster.resume("registry");
}

/// The convoy is acknowledged, and a moment later the registry stands still. Gives when it was acknowledged.
async fn paused_after(cluster: &Cluster, checkers: &Checkers, id: &str, moment: Duration) -> Instant {
    let acknowledged = notify(cluster.sessions().clone(), id.to_owned()).await;
    tokio::time::sleep(moment).await;
    pause_and_look(cluster, checkers).await;
    acknowledged
}

/// The convoy is notified to a registry that stands still, and acknowledged when it goes on.
async fn paused_before(cluster: &Cluster, checkers: &Checkers, id: &str, moment: Duration) -> Instant {
    let notifying = tokio::spawn({
        let (sessions, id) = (cluster.sessions().clone(), id.to_owned());
        async move {
            tokio::time::sleep(moment).await;
            notify(sessions, id).await
        }
    });
    pause_and_look(cluster, checkers).await;
    notifying.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_stands_still_denies_every_check_and_no_acknowledged_convoy_is_ever_overlooked() {
    let mut dice = dice();
    let services = ["registry", "incidents", "rules"];
    let cluster = Cluster::start_processes(Mode::Operational, &services, CONCORD).await;
    put_in_order(&cluster).await;
    let checkers = Checkers::start(cluster.sessions());
    for round in 0..ROUNDS {
        checkers.until_one("a permit", |check| check.says(pb::Verdict::Permit)).await;
        let (id, moment) = (format!("convoy-{round}"), Duration::from_millis(dice.u64(..50)));
        let acknowledged = match round % 2 {
            0 => paused_after(&cluster, &checkers, &id, moment).await,
            _ => paused_before(&cluster, &checkers, &id, moment).await,
        };
        let overlap = |check: &Seen| check.names("PROTECTED_MOVEMENT_OVERLAP") && !check.names(UNAVAILABLE);
        checkers.until_one("the convoy's own denial", overlap).await;
        for check in checkers.inside((acknowledged, Instant::now())) {
            assert!(!check.says(pb::Verdict::Permit), "began after the acknowledgement: {check:?}");
        }
        complete(&cluster, &id).await;
    }
    let seen = checkers.seen.borrow().clone();
    // No answer in time is no verdict, and no permit.
    let late = |check: &&Seen| check.answer == Err(Code::DeadlineExceeded);
    let failed: Vec<_> = seen.iter().filter(|check| check.answer.is_err() && !late(check)).collect();
    assert!(failed.is_empty(), "rules was there all the time: {failed:?}");
    println!("{} checks", seen.len());
}
