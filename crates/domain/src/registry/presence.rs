//! What each party reports about armed groups in an area: the basis of the procedure for commingled groups.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::geo::Area;
use crate::table::Resource;
use crate::time::Timestamp;

/// How present a group is, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Not there.
    None,
    /// Possibly there.
    Possible,
    /// There.
    Confirmed,
    /// Controls the area.
    Controlling,
}

/// Of whom an assessment speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// The named group.
    Group(String),
    /// Every armed group that is not designated.
    OtherArmedGroups,
}

/// One party's assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Identifier.
    pub id: String,
    /// Of whom.
    pub subject: Subject,
    /// How present.
    pub level: Level,
    /// Where.
    pub area: Area,
    /// When it was observed.
    pub observed_at: Timestamp,
    /// Who filed it.
    pub filed_by: Actor,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
}

impl Resource for Assessment {
    fn id(&self) -> &str {
        &self.id
    }
}
