//! What live permits cost: every followed batch evaluates each of them anew before anything else is decided.

use std::time::Instant;

use concord_proto::pb::rules::v1 as pb;

use super::report::Line;
use super::timing::Times;
use super::world::{World, distant_clinic, is_confirmed};

/// How many permits live.
const LIVE: [usize; 3] = [100, 1_000, 10_000];
/// Checks in flight while the permits are made.
const IN_FLIGHT: usize = 64;

/// The time that `batches` followed batches take in a fresh world, beyond what they take where no permit lives.
pub(crate) async fn lines(batches: usize) -> Result<Vec<Line>, String> {
    let world = World::start().await?;
    let unmoved = world.denied().await?;
    // The first round warms up and is left out.
    followed(&world, &unmoved, batches).await?;
    let without_us = followed(&world, &unmoved, batches).await?;
    let mut live = 0;
    let mut lines = Vec::new();
    for wanted in LIVE {
        world.checked(IN_FLIGHT, wanted - live).await?;
        live = wanted;
        let beyond_ms = (followed(&world, &unmoved, batches).await? - without_us) / 1_000.0;
        let what = format!("a followed batch while {live} permits live, beyond one while none does, p50");
        lines.push(Line::new(format!("void_scan_{live}"), what, beyond_ms, "ms"));
    }
    Ok(lines)
}

/// Microseconds, at the median, from a notification until a read of rules rests on it.
async fn followed(world: &World, decision: &str, batches: usize) -> Result<f64, String> {
    let mut times = Times::new()?;
    for _ in 0..batches {
        let began = Instant::now();
        world.notify(distant_clinic()).await?;
        // With very many permits a head is not confirmed in time.
        while !is_confirmed(&get(world, decision).await?) {}
        times.record(began.elapsed());
    }
    Ok(times.quantile_us(0.5))
}

async fn get(world: &World, decision: &str) -> Result<pb::GetDecisionResponse, String> {
    let request = pb::GetDecisionRequest { name: decision.to_owned(), as_of: None };
    let answer = world.checks.clone().get_decision(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| status.message().to_owned())
}
