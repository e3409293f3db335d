//! Every bound on what a request may hold, each with its reason.

/// Characters in a name: the longest entity name in the UN consolidated list of 2026 has 145.
pub const NAME_MAX_CHARS: usize = 300;
/// Characters in a narrative, a reason or a message body: fits 4 KiB of most scripts.
pub const TEXT_MAX_CHARS: usize = 4_000;
/// Aliases of one designation: `QDe.115` has 16.
pub const ALIASES_MAX: usize = 100;
/// Positions in a ring or a route: bounds the work of one distance measurement.
pub const POSITIONS_MAX: usize = 1_000;
/// Groups named in one request.
pub const GROUPS_MAX: usize = 50;
/// Resources that one incident may name.
pub const RELATED_MAX: usize = 50;
/// Intelligence references of one operation.
pub const SOURCES_MAX: usize = 50;
/// Etags of one operation: more resources than this near one place are stated by a smaller distance.
pub const KNOWN_ETAGS_MAX: usize = 1_000;
/// Volumes of one air reservation.
pub const VOLUMES_MAX: usize = 20;
/// Metres: larger areas are given as polygons.
pub const RADIUS_MAX_M: f64 = 500_000.0;
/// Metres of standoff or buffer.
pub const BUFFER_MAX_M: f64 = 100_000.0;
/// Metres above or below the ellipsoid.
pub const ALTITUDE_MAX_M: f64 = 100_000.0;
/// Seconds that a window may span: a sovereign zone stands for years, nothing for longer than this.
pub const WINDOW_MAX_S: i64 = 100 * 366 * 86_400;
/// Seconds that a designation of a group may last (180 days).
pub const DESIGNATION_MAX_S: i64 = 180 * 86_400;
/// Persons in one count.
pub const PERSONS_MAX: u32 = 10_000_000;
/// Bytes of a rule set's text.
pub const RULE_SET_MAX_BYTES: usize = 60_000;
/// Bytes of the restrictions of one article: a page that a lawyer reads at once.
pub const RESTRICTION_MAX_BYTES: usize = 4_000;
/// Articles of one rule set.
pub const ARTICLES_MAX: usize = 500;
/// Entries in one page of a list; more is clamped.
pub const PAGE_MAX: usize = 1_000;
/// Entries in a page where the caller names no size.
pub const PAGE_DEFAULT: usize = 50;
