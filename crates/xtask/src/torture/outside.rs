//! The ledger of acknowledgements outside of the services: a line is synced before its client goes on, so that what it
//! holds was promised, whatever happens to anybody.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::writes::Write;

/// A write that was acknowledged, with the bytes that must come again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Acknowledged {
    pub(crate) write: Write,
    /// Hexadecimal.
    pub(crate) answer: String,
}

type Line = (String, oneshot::Sender<()>);

/// The file and the thread that writes it.
pub(crate) struct Outside {
    path: PathBuf,
    lines: Option<mpsc::Sender<Line>>,
    writing: Option<JoinHandle<Result<(), String>>>,
}

/// What a client notes its acknowledgements with.
#[derive(Clone)]
pub(crate) struct Pen(mpsc::Sender<Line>);

impl Pen {
    /// Returns once the line is durable.
    pub(crate) async fn note(&self, write: &Write, answer: &[u8]) -> Result<(), String> {
        let noted = Acknowledged { write: write.clone(), answer: hex::encode(answer) };
        let line = serde_json::to_string(&noted).map_err(|e| e.to_string())?;
        let (done, durable) = oneshot::channel();
        let gone = "the outside ledger is not written any more";
        self.0.send((line, done)).map_err(|_| gone)?;
        durable.await.map_err(|_| gone.to_owned())
    }
}

impl Outside {
    /// An empty ledger in a file.
    pub(crate) fn new(path: &Path) -> Result<Self, String> {
        let file = File::create(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let (lines, taken) = mpsc::channel();
        let writing = std::thread::spawn(move || write(file, &taken));
        Ok(Self { path: path.to_owned(), lines: Some(lines), writing: Some(writing) })
    }

    pub(crate) fn pen(&self) -> Result<Pen, String> {
        self.lines.clone().map(Pen).ok_or_else(|| "the outside ledger is closed".to_owned())
    }

    /// Ends the writing and reads back what was promised.
    pub(crate) fn read(mut self) -> Result<Vec<Acknowledged>, String> {
        self.lines = None;
        if let Some(writing) = self.writing.take() {
            writing.join().map_err(|_| "the outside ledger's thread panicked".to_owned())??;
        }
        let text = fs::read_to_string(&self.path).map_err(|e| e.to_string())?;
        text.lines().map(|line| serde_json::from_str(line).map_err(|e| e.to_string())).collect()
    }
}

/// Takes what waits, writes it, syncs once, and tells all who wait.
fn write(mut file: File, lines: &mpsc::Receiver<Line>) -> Result<(), String> {
    while let Ok(first) = lines.recv() {
        let batch: Vec<Line> = std::iter::once(first).chain(lines.try_iter()).collect();
        let text: String = batch.iter().map(|(line, _)| format!("{line}\n")).collect();
        file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(|e| e.to_string())?;
        for (_, done) in batch {
            // A client that was ended meanwhile does not wait.
            let _ = done.send(());
        }
    }
    Ok(())
}
