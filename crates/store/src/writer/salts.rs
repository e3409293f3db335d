//! Random salts for part commitments, asked of the system many at a time.

/// Salts that were not used yet.
#[derive(Default)]
pub(super) struct Salts {
    ready: Vec<[u8; 16]>,
}

impl Salts {
    /// A salt that was never given before.
    pub(super) fn next(&mut self) -> Result<[u8; 16], String> {
        if self.ready.is_empty() {
            let mut bytes = [0; 16 * 64];
            getrandom::fill(&mut bytes).map_err(|error| format!("no randomness: {error}"))?;
            self.ready.extend(bytes.chunks_exact(16).filter_map(|chunk| chunk.first_chunk().copied()));
        }
        self.ready.pop().ok_or_else(|| "no randomness".to_owned())
    }
}
