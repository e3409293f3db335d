//! The way of a write, once for all services: decide, append, sync, index, publish, answer.
//!
//! The journal files are the truth; the index (sled) is what can be asked, and can be thrown away. One thread for each
//! ledger writes; readers take published snapshots without waiting for it.
//!
//! Deliberately absent: any knowledge of what entries mean. It moves bytes; the domain comes in through [`Machine`].

pub mod copy;
pub mod journal;
pub mod kv;
pub mod machine;
pub mod reader;
pub mod restore;
pub mod witnessed;
pub mod writer;

mod index;
mod planted;
mod space;

pub use copy::{CopyError, FollowedCopy, Offered, Standing};
pub use index::{IndexStart, StartError};
pub use journal::{
    Group, JOURNAL, JournalError, ReadError, SEGMENT_BYTES, SegmentSurvey, Survey, TornTail, Trailer,
    settle_names,
};
pub use kv::memory::MemoryPlace;
pub use kv::sled::SledPlace;
pub use kv::{Batch, Change, Kv, KvError, KvPlace, Pair, Visit};
pub use machine::{Context, Draft, Machine, Row};
pub use reader::{Head, Ledger, Page, Published};
pub use restore::{RestoreError, Restored, restore};
pub use witnessed::{Account, WitnessedError};
pub use writer::{
    Caller, Committed, DISK_RESERVE_BYTES, Genesis, Mode, OpenError, OpenReport, Priority, Submission,
    SubmitError, Writer, WriterConfig,
};
