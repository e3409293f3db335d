//! A fixed scenario on a real registry, under strace: what it calls on its journal and on its index, and what becomes of
//! it where the k-th of those calls kills it or fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use concord_domain::accord::Mode;
use concord_testkit::Cluster;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::outside::Acknowledged;
use super::writes::Write;
use super::{binary, filled, require};

pub(crate) const REGISTRY: &str = "registry";
/// Calls that change what is on disk, or prepare to.
pub(crate) const CALLS: [&str; 8] =
    ["openat", "write", "pwrite64", "fdatasync", "fsync", "rename", "ftruncate", "fallocate"];
const WRITES: usize = 16;
/// What a segment of the second scenario has left at most, so that it is full before the scenario ends.
const ROOM_BYTES: usize = 16 * 1024;
const SEGMENT_BYTES: usize = 16 << 20;
/// Longest that a start under strace may take, or an end that nothing promises a time for.
const SLOW: Duration = Duration::from_secs(20);
/// Longest that a start on what a fault left may take.
const SERVES_WITHIN: Duration = Duration::from_secs(3);

/// On what the scenario begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Begin {
    /// Nothing: the ledger is founded.
    Fresh,
    /// A ledger whose segment is nearly full: it is replayed, the next segment is made, and groups go on in it.
    Full,
}

/// Whose file a call is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Journal,
    Index,
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Self::Journal => "/registry/journal",
            Self::Index => "/registry/index",
        }
    }
}

/// The k-th call of that name that one thread makes on files of that kind.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) begin: Begin,
    pub(crate) kind: Kind,
    pub(crate) call: &'static str,
    pub(crate) k: u64,
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { begin, kind, call, k } = self;
        write!(f, "{begin:?}, {kind:?}, {call} {k}")
    }
}

/// How one scenario went.
pub(crate) struct Lived {
    pub(crate) served: bool,
    /// Each with the time at which its answer was there.
    pub(crate) acknowledged: Vec<(Acknowledged, SystemTime)>,
    pub(crate) unanswered: Option<Write>,
    /// How it ended and when that was seen; nothing where it had to be killed.
    pub(crate) ended: Option<(ExitStatus, SystemTime)>,
    pub(crate) trace: String,
}

impl Lived {
    /// When the fault was injected, and on what file.
    pub(crate) fn fault(&self) -> Option<(SystemTime, String)> {
        let line = self.trace.lines().find(|line| line.contains("(INJECTED)"))?;
        let seconds: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        let path = paths_of(line).into_iter().next().unwrap_or_default();
        Some((UNIX_EPOCH + Duration::from_secs_f64(seconds), path))
    }
}

/// The deployment, and what the second scenario begins on.
pub(crate) struct Scene {
    pub(crate) cluster: Cluster,
    full: TempDir,
    writes: Vec<Write>,
    /// Paths by kind, as a whole run names them.
    paths: BTreeMap<Kind, BTreeSet<String>>,
}

impl Scene {
    /// Nothing where strace is not there, which is told.
    pub(crate) async fn new(dice: &mut fastrand::Rng) -> Result<Option<Self>, String> {
        if Command::new("strace").arg("-V").output().is_err() {
            require(std::env::var("CI").as_deref() != Ok("true"), || "strace is required in CI".to_owned())?;
            super::say("skipped: strace is not installed");
            return Ok(None);
        }
        let concord = binary::built()?;
        let mut cluster = Cluster::start_processes(Mode::Operational, &[REGISTRY], concord).await;
        cluster.kill(REGISTRY).await;
        let full = tempfile::tempdir().map_err(|e| e.to_string())?;
        fill_a_segment(&cluster).await?;
        copy(&cluster.data_dir(REGISTRY), full.path())?;
        let writes = (0..WRITES).map(|_| Write::new(REGISTRY, dice)).collect();
        Ok(Some(Self { cluster, full, writes, paths: BTreeMap::new() }))
    }

    /// Every moment of both scenarios, found by running them whole.
    pub(crate) async fn moments(&mut self) -> Result<Vec<Moment>, String> {
        let mut moments = Vec::new();
        for begin in [Begin::Fresh, Begin::Full] {
            let whole = self.live(begin, &[]).await?;
            let ended = whole.ended.is_some_and(|(status, _)| status.success());
            require(ended && whole.acknowledged.len() == WRITES, || {
                format!("the scenario does not run whole even without a fault: {}", whole.trace)
            })?;
            if begin == Begin::Full {
                require(whole.trace.contains("00000001.seg"), || "no segment was rolled".to_owned())?;
            }
            for kind in [Kind::Journal, Kind::Index] {
                let (counts, paths) = counted(&whole.trace, kind);
                self.paths.entry(kind).or_default().extend(paths);
                for (call, most) in counts {
                    moments.extend((1..=most).map(|k| Moment { begin, kind, call, k }));
                }
            }
        }
        Ok(moments)
    }

    /// Runs the scenario with something injected at a moment, such as `signal=KILL`.
    pub(crate) async fn live_with(&mut self, moment: &Moment, injected: &str) -> Result<Lived, String> {
        let Moment { begin, kind, call, k } = moment;
        let mut arguments = vec!["-e".to_owned(), format!("inject={call}:{injected}:when={k}")];
        if !injected.starts_with("signal") {
            // It spares the calls that are not looked at, but strace 6.1 then delivers no signal.
            arguments.push("--seccomp-bpf".to_owned());
        }
        for path in self.paths.get(kind).into_iter().flatten() {
            arguments.extend(["-P".to_owned(), path.clone()]);
        }
        self.live(*begin, &arguments).await
    }

    async fn live(&mut self, begin: Begin, more: &[String]) -> Result<Lived, String> {
        self.begin(begin)?;
        let trace = self.cluster.folder().join("trace");
        let mut strace: Vec<String> =
            ["strace", "-D", "-f", "-q", "-y", "-ttt", "-e"].map(str::to_owned).to_vec();
        strace.push(format!("trace={}", CALLS.join(",")));
        strace.extend(["-o".to_owned(), trace.display().to_string()]);
        strace.extend(more.iter().cloned());
        self.cluster.launch_under(REGISTRY, &strace);
        let leader = self.cluster.id(REGISTRY).ok_or("the process has no id")?;
        let mut ended = None;
        let mut lived = Lived {
            served: false,
            acknowledged: Vec::new(),
            unanswered: None,
            ended: None,
            trace: String::new(),
        };
        lived.served = self.serves_or_ends(&mut ended).await?;
        if lived.served {
            // A peer that says nothing must not delay an end by a fault.
            let silent = self.silent().await?;
            self.write(&mut lived).await;
            if lived.unanswered.is_some() {
                ended = self.ended(SLOW).await;
            }
            drop(silent);
        }
        if ended.is_none() {
            self.cluster.terminate(REGISTRY);
            ended = self.ended(SLOW).await;
        }
        if ended.is_none() {
            self.cluster.kill(REGISTRY).await;
        }
        lived.ended = ended;
        lived.trace = traced(&trace, leader).await?;
        Ok(lived)
    }

    async fn silent(&self) -> Result<Option<TcpStream>, String> {
        let address = self.cluster.deployment().addresses.get(REGISTRY).ok_or("no address")?;
        // A process that was killed just now takes no connection.
        Ok(TcpStream::connect(address.trim_start_matches("https://")).await.ok())
    }

    /// Waits until it serves, which is true, or has ended.
    async fn serves_or_ends(&mut self, ended: &mut Option<(ExitStatus, SystemTime)>) -> Result<bool, String> {
        let until = SystemTime::now() + SLOW;
        loop {
            if self.cluster.served_within(REGISTRY, Duration::from_millis(20)).await.is_ok() {
                return Ok(true);
            }
            *ended = self.ended(Duration::from_millis(1)).await;
            if ended.is_some() {
                return Ok(false);
            }
            require(SystemTime::now() < until, || "it neither serves nor ends".to_owned())?;
        }
    }

    async fn ended(&mut self, within: Duration) -> Option<(ExitStatus, SystemTime)> {
        let status = self.cluster.ended_within(REGISTRY, within).await;
        status.map(|status| (status, SystemTime::now()))
    }

    async fn write(&self, lived: &mut Lived) {
        for write in &self.writes {
            match write.send(self.cluster.sessions()).await {
                Ok(answer) => {
                    let noted = Acknowledged { write: write.clone(), answer: hex::encode(answer) };
                    lived.acknowledged.push((noted, SystemTime::now()));
                }
                Err(_) => {
                    lived.unanswered = Some(write.clone());
                    return;
                }
            }
        }
    }

    /// Starts it without strace on what was left: it serves in time, gives each acknowledged write its first answer, and
    /// takes the one that had none. Gives how long it took to serve.
    pub(crate) async fn recovers(&mut self, lived: &Lived) -> Result<Duration, String> {
        self.cluster.launch(REGISTRY);
        let took = self.cluster.served_within(REGISTRY, SERVES_WITHIN).await?;
        let log = binary::log_of(&self.cluster, REGISTRY)?;
        for (noted, _) in &lived.acknowledged {
            let again = noted.write.send(self.cluster.sessions()).await;
            let again = again.map_err(|status| format!("an acknowledged write is lost: {status:?}"))?;
            noted.write.is_whole(&again, &log)?;
            let same = hex::encode(again) == noted.answer;
            require(same, || format!("{} was acknowledged otherwise", noted.write.request_id))?;
        }
        let others = self.writes.iter().skip(lived.acknowledged.len());
        for write in others {
            let answer = write.send(self.cluster.sessions()).await;
            let answer = answer.map_err(|status| format!("a write is not taken afterwards: {status:?}"))?;
            write.is_whole(&answer, &log)?;
        }
        self.cluster.kill(REGISTRY).await;
        Ok(took)
    }

    fn begin(&self, begin: Begin) -> Result<(), String> {
        let data = self.cluster.data_dir(REGISTRY);
        match fs::remove_dir_all(&data) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.to_string()),
            _ => {}
        }
        if begin == Begin::Full { copy(self.full.path(), &data) } else { Ok(()) }
    }
}

/// Fills the first segment of the registry's journal until a few groups more would not fit.
async fn fill_a_segment(cluster: &Cluster) -> Result<(), String> {
    let pki = cluster.folder().to_owned();
    let opened = tokio::task::spawn_blocking(move || filled::opened(&pki)).await;
    let core = opened.map_err(|e| e.to_string())??;
    let segment = cluster.data_dir(REGISTRY).join("journal/00000000.seg");
    loop {
        let bytes = fs::read(&segment).map_err(|e| e.to_string())?;
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or_default() + 1;
        let left = SEGMENT_BYTES.saturating_sub(used);
        if left <= ROOM_BYTES {
            break;
        }
        // A clinic and its share of a group take less than 4 KiB.
        filled::fill(&core, (left / 8192).clamp(1, 256) as u64).await?;
    }
    tokio::task::spawn_blocking(move || core.writer().close()).await.map_err(|e| e.to_string())
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let fault = |e: std::io::Error| format!("{}: {e}", from.display());
    fs::create_dir_all(to).map_err(fault)?;
    for found in fs::read_dir(from).map_err(fault)? {
        let found = found.map_err(fault)?;
        let (path, target): (PathBuf, PathBuf) = (found.path(), to.join(found.file_name()));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(fault)?;
        }
    }
    Ok(())
}

/// The trace, once strace has written the end of the process into it.
async fn traced(path: &Path, leader: u32) -> Result<String, String> {
    let until = SystemTime::now() + SLOW;
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        let is_end = |line: &&str| line.starts_with(&leader.to_string()) && line.contains(" +++ ");
        if text.lines().rev().any(|line| is_end(&line)) {
            return Ok(text);
        }
        require(SystemTime::now() < until, || "strace did not tell of the end".to_owned())?;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// How often a thread makes each call on files of a kind at most, and those files.
fn counted(trace: &str, kind: Kind) -> (BTreeMap<&'static str, u64>, BTreeSet<String>) {
    let mut by_thread: BTreeMap<(&'static str, &str), u64> = BTreeMap::new();
    let mut paths = BTreeSet::new();
    for line in trace.lines() {
        let mut words = line.split_whitespace();
        let (thread, _, rest) = (words.next(), words.next(), words.next());
        let call = rest.and_then(|rest| rest.split('(').next());
        let Some(call) = CALLS.into_iter().find(|known| Some(*known) == call) else { continue };
        let of_kind = |path: &String| path.contains(kind.folder());
        let named: Vec<String> = paths_of(line).into_iter().filter(of_kind).collect();
        if !named.is_empty() {
            *by_thread.entry((call, thread.unwrap_or_default())).or_default() += 1;
            paths.extend(named);
        }
    }
    let mut most = BTreeMap::new();
    for ((call, _), count) in by_thread {
        let highest: &mut u64 = most.entry(call).or_default();
        *highest = count.max(*highest);
    }
    (most, paths)
}

/// The absolute paths that a line of a trace names.
fn paths_of(line: &str) -> Vec<String> {
    let pieces = line.split(['"', '<', '>']).filter(|piece| piece.starts_with('/'));
    pieces.map(str::to_owned).collect()
}
