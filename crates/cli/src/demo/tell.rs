//! How the story is told: for each step a sentence, who asked what, what came back, and the time that it took.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use serde_json::json;

use crate::say;
use crate::session::Who;

/// Tells steps as text or as JSON lines.
pub(super) struct Teller {
    json: bool,
    /// How many parts were begun.
    parts: AtomicU32,
}

impl Teller {
    pub(super) fn new(json: bool) -> Self {
        Self { json, parts: AtomicU32::new(0) }
    }

    /// The heading of the next part of the story.
    pub(super) fn part(&self, sentence: &str) {
        let number = self.parts.fetch_add(1, Ordering::Relaxed) + 1;
        match self.json {
            true => say::line(&json!({"part": number, "sentence": sentence}).to_string()),
            false => say::line(&format!("\n{number}. {sentence}")),
        }
    }

    /// One call, what came back, and how long it took.
    pub(super) fn call(&self, by: &Who, asked: &str, answered: &str, since: Instant) {
        let ms = since.elapsed().as_secs_f64() * 1_000.0;
        match self.json {
            true => say::line(
                &json!({"by": by.to_string(), "asked": asked, "answered": answered, "ms": ms}).to_string(),
            ),
            false => {
                say::line(&format!("   {by}: {asked}"));
                say::line(&format!("      -> {answered}  ({ms:.1} ms)"));
            }
        }
    }

    /// A line that belongs to no call.
    pub(super) fn plain(&self, text: &str) {
        match self.json {
            true if text.is_empty() => {}
            true => say::line(&json!({"told": text}).to_string()),
            false => say::line(text),
        }
    }

    /// The step that went wrong.
    pub(super) fn failed(&self, cause: &str) {
        match self.json {
            true => say::line(&json!({"failed": cause}).to_string()),
            false => say::line(&format!("\nFAILED: {cause}")),
        }
    }
}
