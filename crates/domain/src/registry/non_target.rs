//! Groups that are not acceptable targets: one party names them at once, all remove them.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::consent::{Act, Approvals, require_party};
use crate::errors::{Reason, Refusal, Violation};
use crate::fold::{Context, require_fresh};
use crate::ids::{check_id, name_of};
use crate::limits::{ALIASES_MAX, NAME_MAX_CHARS, TEXT_MAX_CHARS};
use crate::registry::{Event, State, designation};
use crate::signed::{Consented, Subject, Vouched, ended, opened_or_approved, unchanged};
use crate::table::Resource;
use crate::text::{checked, checked_or_empty};

/// Where the naming stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// In force.
    Active,
    /// Removed by every party.
    Removed,
}

/// A group that is not an acceptable target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonTargetGroup {
    /// Identifier.
    pub id: String,
    /// How often a group was named under the identifier; consents count for one version.
    pub version: u32,
    /// Primary name in NFC.
    pub primary_name: String,
    /// Further names.
    pub aliases: Vec<String>,
    /// Why; may be empty.
    pub reason: String,
    /// Where it stands.
    pub stage: Stage,
    /// Who named it.
    pub named_by: Actor,
    /// Consents to removing it.
    pub removal: Option<Approvals>,
}

impl Resource for NonTargetGroup {
    const COLLECTION: &'static str = "nonTargetGroups";

    fn id(&self) -> &str {
        &self.id
    }
}

impl NonTargetGroup {
    /// What a party that consents to removing it signs.
    #[must_use]
    pub fn removal_subject(&self) -> Subject {
        self.content().removal_of(&self.id)
    }

    /// What it says.
    #[must_use]
    pub fn content(&self) -> Content<'_> {
        let Self { version, primary_name, aliases, reason, .. } = self;
        Content { version: *version, primary_name, aliases, reason }
    }
}

/// What one version of a naming says, wherever it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Content<'a> {
    /// How often a group was named under the identifier.
    pub version: u32,
    /// Primary name in NFC.
    pub primary_name: &'a str,
    /// Further names.
    pub aliases: &'a [String],
    /// Why.
    pub reason: &'a str,
}

impl Content<'_> {
    /// What a party signs that consents to removing the group of an identifier.
    #[must_use]
    pub fn removal_of(&self, id: &str) -> Subject {
        Subject::recorded(Act::RemoveNonTargetGroup, name_of(NonTargetGroup::COLLECTION, id), self)
    }
}

impl Vouched for NonTargetGroup {
    fn exposed<'a>(&'a self, before: Option<&'a Self>) -> Result<Vec<Consented<'a>>, String> {
        let removed = |row: &Self| row.stage == Stage::Removed;
        let anew = before.is_none_or(|before| removed(before) && before.version < self.version);
        if anew && !removed(self) {
            return Ok(Vec::new());
        }
        let before = ended(self, before)?;
        unchanged(&self.name(), &before.content(), &self.content())?;
        match (removed(before), removed(self)) {
            (false, true) => Ok(vec![Consented::by_all(before.removal_subject(), &self.removal)]),
            (true, false) => Err(format!("{} was removed and came back as the same version", self.name())),
            _ => Ok(Vec::new()),
        }
    }
}

/// What happened to a group that is no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    /// Named.
    Named,
    /// A party consented to removing it.
    RemovalConsented,
    /// The last party consented.
    Removed,
}

impl Change {
    /// The kind of the entry.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Named => "non_target_group.named",
            Self::RemovalConsented => "non_target_group.removal_consented",
            Self::Removed => "non_target_group.removed",
        }
    }
}

/// What can be asked about groups that are no targets.
#[derive(Clone, Debug)]
pub enum Command {
    /// Name one.
    Name {
        /// Identifier wanted; empty has one made.
        id: String,
        /// Primary name.
        primary_name: String,
        /// Further names.
        aliases: Vec<String>,
        /// Why.
        reason: String,
    },
    /// Consent to removing one.
    ConsentToRemoval {
        /// Identifier.
        id: String,
        /// Etag that was read.
        etag: String,
        /// The party's signature, but for the consent that proposes it: a DSSE envelope as JSON.
        envelope: String,
    },
}

pub(super) fn decide(state: &State, command: &Command, context: &Context) -> Result<Vec<Event>, Refusal> {
    match command {
        Command::Name { id, primary_name, aliases, reason } => {
            let id = if id.is_empty() { &context.fresh_id } else { id };
            let row = checked_row(id, (primary_name, aliases), reason, context)?;
            name(state, row)
        }
        Command::ConsentToRemoval { id, etag, envelope } => {
            consent_to_removal(state, (id, etag), envelope, context)
        }
    }
}

fn checked_row(
    id: &str,
    (primary_name, aliases): (&str, &[String]),
    reason: &str,
    context: &Context,
) -> Result<NonTargetGroup, Refusal> {
    let mut found: Vec<Violation> = check_id("non_target_group_id", id).err().into_iter().collect();
    let field = "non_target_group";
    let primary_name = checked(&format!("{field}.primary_name"), primary_name, NAME_MAX_CHARS);
    let primary_name = primary_name.map_err(|violation| found.push(violation)).unwrap_or_default();
    let reason = checked_or_empty(&format!("{field}.reason"), reason, TEXT_MAX_CHARS);
    let reason = reason.map_err(|violation| found.push(violation)).unwrap_or_default();
    if aliases.len() > ALIASES_MAX {
        let rule = format!("at most {ALIASES_MAX} names");
        found.push(Violation::new(format!("{field}.aliases"), rule, aliases.len(), "name a second group"));
    }
    let mut names = Vec::with_capacity(aliases.len());
    for (i, alias) in aliases.iter().enumerate() {
        match checked(&format!("{field}.aliases[{i}]"), alias, NAME_MAX_CHARS) {
            Ok(name) => names.push(name),
            Err(violation) => found.push(violation),
        }
    }
    Refusal::unless_valid(found)?;
    Ok(NonTargetGroup {
        id: id.to_owned(),
        version: 1,
        primary_name,
        aliases: names,
        reason,
        stage: Stage::Active,
        named_by: context.actor.clone(),
        removal: None,
    })
}

/// Naming suspends, in the same instant, every designation in force that carries one of the names.
fn name(state: &State, row: NonTargetGroup) -> Result<Vec<Event>, Refusal> {
    let version = match state.non_target_groups.get(&row.id) {
        None => 1,
        Some(before) if before.stage == Stage::Removed => before.version.saturating_add(1),
        Some(_) => return Err(Refusal::new(Reason::AlreadyExists, format!("{} exists", row.name()))),
    };
    let row = NonTargetGroup { version, ..row };
    let named = state.designations_named(row.aliases.iter().chain([&row.primary_name]));
    let designations = named.into_iter().filter_map(|id| state.designations.get(id));
    let active = designations.filter(|designation| designation.stage == designation::Stage::Active);
    let reason = format!("{} names this group as no acceptable target", row.name());
    let suspensions: Vec<Event> = active
        .map(|designation| {
            let mut designation = designation.as_ref().clone();
            designation.stage = designation::Stage::Suspended;
            designation.stage_reason.clone_from(&reason);
            designation::event(designation::Change::Suspended, designation)
        })
        .collect();
    let mut events = vec![Event::NonTargetGroup(Change::Named, Box::new(row))];
    events.extend(suspensions);
    Ok(events)
}

fn consent_to_removal(
    state: &State,
    (id, read): (&str, &str),
    envelope: &str,
    context: &Context,
) -> Result<Vec<Event>, Refusal> {
    let row = state.non_target_groups.find(id)?;
    let name = row.name();
    let mut row = row.as_ref().clone();
    require_party(&context.actor)?;
    require_fresh(&row, &name, read)?;
    if row.stage != Stage::Active {
        return Err(Refusal::new(Reason::StateForbids, format!("{name} is removed already")));
    }
    let (by, subject) = (state.by()?, row.removal_subject());
    let approvals =
        opened_or_approved(by, row.removal.as_ref(), &subject, (String::new(), envelope), context)?;
    let complete = approvals.complete(state.accord()?, Act::RemoveNonTargetGroup);
    row.removal = Some(approvals);
    let change = if complete { Change::Removed } else { Change::RemovalConsented };
    if complete {
        row.stage = Stage::Removed;
    }
    Ok(vec![Event::NonTargetGroup(change, Box::new(row))])
}
