//! A service that has more to do than it can, and one whose disk fails: what every method that writes then says.

use std::sync::Arc;
use std::time::Duration;

use concord_cli::{Deployment, Who};
use concord_server::process::Ended;
use prost::bytes::Bytes;
use prost_reflect::MethodDescriptor;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

use crate::call::{answered, encoded, reason};
use crate::play::{Play, who};
use crate::promises::{methods, writes};

/// Calls of one connection at a time.
const STREAMS: usize = 90;
/// Calls that keep the writer busy for long.
const LONG: usize = 2 * STREAMS;
/// Calls that fill the queue behind them: more than its room and the reserve for what is vital.
const LIGHT: usize = 26 * STREAMS;
/// Longest that a reason is waited for.
const WAIT_MAX: Duration = Duration::from_secs(120);
/// What a caller does after a refusal.
const BACK_OFF: Duration = Duration::from_millis(20);

/// How a service is kept busy.
pub(crate) struct Load {
    /// Who calls.
    pub(crate) by: &'static str,
    /// A write that takes the writer long to decide.
    pub(crate) long: (&'static str, Value),
    /// A write that fills the journal fast, again and again.
    pub(crate) large: (&'static str, Value),
    /// A write that may use the reserve of the queue, and comes to nothing.
    pub(crate) light: (&'static str, Value),
}

/// Places of three times a thousand positions, as large as a request may be.
pub(crate) fn large_area() -> Value {
    let position = |middle: f64, step: u32| {
        let angle = f64::from(step % 999) / 999.0 * std::f64::consts::TAU;
        json!({"latitude": middle + 0.01 * angle.sin(), "longitude": 0.5 + 0.01 * angle.cos()})
    };
    let ring = |middle: f64| (0..1_000).map(|step| position(middle, step)).collect::<Value>();
    let polygons: Value =
        [40.0, 41.0, 42.0].map(|middle| json!({"ring": ring(middle)})).into_iter().collect();
    json!({"multi_polygon": {"polygons": polygons}})
}

/// One call that is made again and again.
#[derive(Clone)]
struct Again {
    channel: Channel,
    method: MethodDescriptor,
    messages: Vec<Bytes>,
}

impl Again {
    fn new(
        deployment: &Deployment,
        service: &str,
        by: &Who,
        method: &MethodDescriptor,
        request: &Value,
    ) -> Self {
        let channel = deployment.connect(by, service).unwrap();
        Self { channel, method: method.clone(), messages: encoded(method, request) }
    }

    /// What one call comes to; nothing where it succeeds.
    async fn told(&self) -> Option<String> {
        let answer = answered(self.channel.clone(), &self.method, self.messages.clone()).await;
        answer.err().map(|status| reason(&status))
    }

    /// Calls anew every little while, without waiting for the answers before, until one is told so; says when the
    /// first answer came, from when on there are always calls on their way.
    /// Whether one was told so before it was all `over`.
    async fn until_told(
        &self,
        wanted: &str,
        (at_once, pace): (usize, Duration),
        going: &Semaphore,
        over: &CancellationToken,
    ) -> bool {
        let (begun, mut open) = (Instant::now(), JoinSet::new());
        let mut next = interval(pace);
        loop {
            let told = tokio::select! {
                () = over.cancelled() => return false,
                Some(told) = open.join_next() => {
                    going.add_permits(1);
                    told.unwrap()
                }
                _ = next.tick(), if open.len() < at_once => {
                    let again = self.clone();
                    open.spawn(async move { again.told().await });
                    continue;
                }
            };
            if told.as_deref() == Some(wanted) {
                return true;
            }
            let name = self.method.full_name();
            assert!(begun.elapsed() < WAIT_MAX, "{name} never says {wanted}; last {told:?}");
        }
    }

    /// Calls, however it ends, until the rest is done.
    async fn until_stopped(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if self.told().await.is_some() {
                sleep(BACK_OFF).await;
            }
        }
    }
}

/// Every method that promises a reason, called until it gives it.
struct Asked {
    reason: &'static str,
    asking: JoinSet<Option<MethodDescriptor>>,
    going: Vec<Arc<Semaphore>>,
    over: CancellationToken,
}

impl Asked {
    fn begin(play: &Play, reason: &'static str, (at_once, pace): (usize, Duration)) -> Self {
        let over = CancellationToken::new();
        let mut asked = Self { reason, asking: JoinSet::new(), going: Vec::new(), over: over.clone() };
        for method in play.seen.missing(play.package, reason) {
            let (by, mut request) = play.seen.good(&method);
            if let Some(fields) = request.as_object_mut() {
                // A remembered request would be answered from memory, and never wait for the disk.
                fields.remove("request_id");
            }
            let again = Again::new(play.cluster.deployment(), play.service, &by, &method, &request);
            let going = Arc::new(Semaphore::new(0));
            asked.going.push(Arc::clone(&going));
            let over = over.clone();
            asked.asking.spawn(async move {
                again.until_told(reason, (at_once, pace), &going, &over).await.then_some(again.method)
            });
        }
        asked
    }

    /// Waits until each of them is being called.
    async fn going(&self) {
        for going in &self.going {
            let _permit = going.acquire().await.unwrap();
        }
    }

    /// Waits until each of them has given the reason, or it is over.
    async fn told(self, play: &mut Play) {
        for method in self.asking.join_all().await.into_iter().flatten() {
            play.seen.note(&method, self.reason);
        }
    }
}

/// Every method that writes says `QUEUE_FULL` while the writer has more to do than its queue holds.
pub(crate) async fn fill_the_queue(play: &mut Play, load: &Load) {
    let (stop, mut flood) = (CancellationToken::new(), JoinSet::new());
    let deployment = Arc::clone(play.cluster.deployment());
    let mut pour = |(name, request): &(&str, Value), count: usize| {
        let method = play.method(name);
        let mut request = request.clone();
        request["validate_only"] = json!(true);
        for _ in 0..count / STREAMS {
            let again = Again::new(&deployment, play.service, &who(load.by), &method, &request);
            for _ in 0..STREAMS {
                flood.spawn(again.clone().until_stopped(stop.clone()));
            }
        }
    };
    pour(&load.long, LONG);
    pour(&load.light, LIGHT);
    Asked::begin(play, "QUEUE_FULL", (STREAMS, BACK_OFF)).told(play).await;
    stop.cancel();
    flood.join_all().await;
}

/// How often the disk may have to fail until a call of every method has waited for it.
const FAILURES_MAX: usize = 20;

/// Every method that writes says `NOT_SERVING` when the journal can no longer be written, and the process ends; with the
/// journal back in its place it serves again.
pub(crate) async fn fail_the_disk(play: &mut Play, load: &Load) {
    // A method of which no call waited when the disk failed is tried at the next failure.
    for _ in 0..FAILURES_MAX {
        if !play.seen.missing(play.package, "NOT_SERVING").is_empty() {
            fail_once(play, load).await;
        }
    }
    let reads = methods(play.package).into_iter().find(|method| !writes(method)).unwrap();
    let (by, request) = play.seen.good(&reads);
    play.call(&by, &reads, &request).await.unwrap();
}

async fn fail_once(play: &mut Play, load: &Load) {
    let journal = play.cluster.data_dir(play.service).join("journal");
    let aside = journal.with_extension("aside");
    // The open segment is still written; the next one cannot be made.
    std::fs::rename(&journal, &aside).unwrap();
    // Few at once, so that the queue has room, and each anew at once, so that some of each wait in it when the disk fails.
    let asked = Asked::begin(play, "NOT_SERVING", (4, Duration::from_millis(1)));
    asked.going().await;
    let (stop, mut flood) = (CancellationToken::new(), JoinSet::new());
    let method = play.method(load.large.0);
    let again = Again::new(play.cluster.deployment(), play.service, &who(load.by), &method, &load.large.1);
    for _ in 0..8 {
        flood.spawn(again.clone().until_stopped(stop.clone()));
    }
    let ended = timeout(WAIT_MAX, play.cluster.end(play.service)).await;
    assert_eq!(ended.expect("a service whose disk fails ends"), Ended::LedgerFault);
    asked.over.cancel();
    asked.told(play).await;
    stop.cancel();
    flood.join_all().await;
    std::fs::rename(&aside, &journal).unwrap();
    play.cluster.restart(play.service).await;
}

/// What is left in a segment when a group may no longer fit, in bytes: below it nothing is taken without a next segment.
const NEARLY_FULL: usize = 1 << 20;
/// Length of a segment, in bytes.
const SEGMENT_BYTES: usize = 16 << 20;

/// Every method that writes says `DISK_FULL` while nothing is left of what is held for it, and is carried out again once
/// there is room, without a restart.
pub(crate) async fn fill_the_disk(play: &mut Play, load: &Load) {
    let folder = play.cluster.data_dir(play.service);
    fill_the_segment(play, load, &folder.join("journal")).await;
    play.cluster.stop(play.service).await;
    // Where folders stand, no files can be made.
    let obstacles = [folder.join("reserve"), folder.join("journal/spare.new")];
    for held in [&obstacles[0], &folder.join("journal/spare")] {
        std::fs::remove_file(held).unwrap();
    }
    obstacles.iter().for_each(|obstacle| std::fs::create_dir(obstacle).unwrap());
    play.cluster.restart(play.service).await;
    Asked::begin(play, "DISK_FULL", (4, BACK_OFF)).told(play).await;
    // The reserve last, so that it does not become the next segment, which is longer.
    obstacles.iter().rev().for_each(|obstacle| std::fs::remove_dir(obstacle).unwrap());
    let (begun, method) = (Instant::now(), play.method(load.large.0));
    while let Err(status) = play.call(&who(load.by), &method, &load.large.1).await {
        assert_eq!(reason(&status), "DISK_FULL");
        assert!(begun.elapsed() < WAIT_MAX, "nothing is taken though there is room again");
        sleep(BACK_OFF).await;
    }
}

/// Writes until the newest segment is nearly full.
async fn fill_the_segment(play: &Play, load: &Load, journal: &std::path::Path) {
    let method = play.method(load.large.0);
    loop {
        let segments = std::fs::read_dir(journal).unwrap().map(|found| found.unwrap().path());
        let newest = segments.filter(|path| path.extension().is_some_and(|end| end == "seg")).max().unwrap();
        let bytes = std::fs::read(newest).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default();
        if used > SEGMENT_BYTES - NEARLY_FULL {
            return;
        }
        play.call(&who(load.by), &method, &load.large.1).await.unwrap();
    }
}
