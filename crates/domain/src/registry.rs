//! The registry: the jointly agreed target list, the groups that are no targets, and everything that is protected.

pub mod area;
pub mod clock;
pub mod designation;
pub mod movement;
pub mod names;
pub mod non_target;
pub mod presence;
pub mod protection;
pub mod state;

pub use state::{Command, Event, State};
