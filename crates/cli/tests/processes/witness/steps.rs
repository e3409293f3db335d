//! A witness killed at every step of its writing: what it kept is whole, and never behind what left.

use super::*;

/// Killed at a call, until there is none of that number.
const CALLS: [&str; 2] = ["fsync", "rename,renameat,renameat2"];
const STEPS_MAX: usize = 16;

/// Size of the checkpoint of a ledger in the file of the party's witness.
fn kept(cluster: &Cluster, service: &str) -> u64 {
    let text = std::fs::read_to_string(witness_folder(cluster, "party-a").join("seen.json"));
    let seen: serde_json::Value =
        text.map_or(serde_json::Value::Null, |text| serde_json::from_str(&text).unwrap());
    let note = seen["logs"][cluster.deployment().accord.origin(service)]["cosigned"]["checkpoint"].as_str();
    note.map_or(0, |note| log_of(cluster, service).verify(note).unwrap().size)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cosignature_leaves_before_it_is_durable_wherever_the_witness_is_killed() {
    if Command::new("strace").arg("-V").output().await.is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "strace is required in CI");
        return println!("skipped: strace is not installed");
    }
    let cluster = Cluster::start_processes(Mode::Operational, &ALL, CONCORD).await;
    let mut killed = 0;
    for calls in CALLS {
        for step in 1..=STEPS_MAX {
            notify(&cluster).await;
            let plain = command(&cluster, "party-a");
            let mut traced = Command::new("strace");
            let inject = format!("inject={calls}:signal=KILL:when={step}");
            traced.args(["-f", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject]);
            traced.arg(CONCORD).args(plain.as_std().get_args()).arg("--once");
            let whole = traced.output().await.unwrap().status.success();
            for service in ALL {
                let left = cosigned(&cluster, service).await.map_or(0, |(checkpoint, _)| checkpoint.size);
                assert!(left <= kept(&cluster, service), "{service}: {left} left at {calls} {step}");
            }
            if whole {
                break;
            }
            killed += 1;
        }
    }
    println!("killed {killed} times");
    assert!(killed >= 2, "it was killed {killed} times only");
    ends(&cluster, "party-a", &[], 0, &format!("{ORIGIN}: cosigned over")).await;
}
