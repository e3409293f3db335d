//! The check over generated worlds, and every code in a world of its own.

mod codes;
mod custom;
mod properties;
mod safety;
mod standing;
mod vouched;
mod worlds;
