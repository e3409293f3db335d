//! What a group's name denotes, by exact comparison after normalisation; similarity decides nothing.

use crate::table::Resource as _;
use std::sync::Arc;

use imbl::{HashMap, OrdSet};
use serde::{Deserialize, Serialize};

use crate::registry::designation::{AliasProposal, AliasQuality, AliasStage, Designation};
use crate::registry::non_target::{NonTargetGroup, Stage};
use crate::registry::{State, designation};
use crate::text::folded;
use crate::time::Timestamp;

/// What a name denotes, the most protective first where it denotes several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Standing {
    /// A group that is not an acceptable target.
    NonTarget,
    /// A designated group by a name that not every party has ratified.
    UnratifiedAlias,
    /// A designated group by a ratified weak alias.
    WeakAlias,
    /// A group whose designation is not in force.
    NotInForce,
    /// A designated group by its primary name, reference or a ratified strong alias.
    Designated,
    /// No group that the registry knows.
    Unknown,
}

/// What a name was resolved to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// What it denotes.
    pub standing: Standing,
    /// The resource that decided, such as `designations/qde-115`; empty where unknown.
    pub resource: String,
    /// The name as it stands there.
    pub matched_name: String,
}

/// Which designations and non-target groups each folded name may denote; derived, so never recorded.
#[derive(Clone, Debug, Default)]
pub(super) struct NameIndex {
    designations: HashMap<String, OrdSet<String>>,
    non_targets: HashMap<String, OrdSet<String>>,
}

impl NameIndex {
    pub(super) fn index_designation(&mut self, row: &Designation) {
        let proposed = row.alias_proposals.iter().map(|proposal| &proposal.alias.name);
        let names = row.aliases.iter().map(|alias| &alias.name).chain(proposed);
        for name in names.chain([&row.primary_name, &row.list_reference]).filter(|name| !name.is_empty()) {
            self.designations.entry(folded(name)).or_default().insert(row.id.clone());
        }
    }

    pub(super) fn index_non_target(&mut self, row: &NonTargetGroup) {
        for name in row.aliases.iter().chain([&row.primary_name]) {
            self.non_targets.entry(folded(name)).or_default().insert(row.id.clone());
        }
    }
}

impl State {
    /// What `text` denotes at `at`: a name, an alias, an outside reference, or `designations/{id}`. Where it denotes
    /// several, the most protective wins, so that a name shared with a non-target group exposes nobody.
    #[must_use]
    pub fn resolve(&self, text: &str, at: Timestamp) -> Resolution {
        let name = folded(text);
        let by_resource = text.strip_prefix("designations/").and_then(|id| self.designations.get(id));
        let indexed = self.names.designations.get(&name).into_iter().flatten();
        let designations = indexed.filter_map(|id| self.designations.get(id)).chain(by_resource);
        let designated = designations.filter_map(|row| standing_of(row, text, &name, at));
        let non_targets = self.non_targets_named(&name).map(|found| (Weight::Decides, found));
        let first = designated.chain(non_targets).min_by_key(|(weight, found)| (*weight, found.standing));
        first.map(|(_, found)| found).unwrap_or(Resolution {
            standing: Standing::Unknown,
            resource: String::new(),
            matched_name: String::new(),
        })
    }

    /// The groups in force under a folded name that are not acceptable targets.
    fn non_targets_named<'a>(&'a self, name: &str) -> impl Iterator<Item = Resolution> + 'a {
        let indexed = self.names.non_targets.get(name).into_iter().flatten();
        let rows =
            indexed.filter_map(|id| self.non_target_groups.get(id)).filter(|row| row.stage == Stage::Active);
        rows.map(|row| Resolution {
            standing: Standing::NonTarget,
            resource: row.name(),
            matched_name: row.primary_name.clone(),
        })
    }

    /// Whether any name of the designation is that of a group in force that is not an acceptable target.
    pub(super) fn shares_name_with_non_target(&self, designation: &Designation) -> bool {
        let aliases = designation.aliases.iter().map(|alias| &alias.name);
        aliases
            .chain([&designation.primary_name])
            .any(|name| self.non_targets_named(&folded(name)).next().is_some())
    }

    /// The designations that carry one of the names.
    pub(super) fn designations_named<'a>(
        &'a self,
        names: impl Iterator<Item = &'a String>,
    ) -> OrdSet<&'a str> {
        let ids = names.filter_map(|name| self.names.designations.get(&folded(name)));
        ids.flatten().map(String::as_str).collect()
    }
}

/// Whether a designation that is not in force masks another of the same name: a suspension does, an end does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Decides,
    Yields,
}

/// What the designation makes of the name; nothing where it no longer carries it.
fn standing_of(
    row: &Arc<Designation>,
    text: &str,
    name: &str,
    at: Timestamp,
) -> Option<(Weight, Resolution)> {
    let found = |standing, matched: &str| Resolution {
        standing,
        resource: row.name(),
        matched_name: matched.to_owned(),
    };
    let by_resource = text.strip_prefix("designations/") == Some(row.id.as_str());
    let by_reference = !row.list_reference.is_empty() && folded(&row.list_reference) == name;
    let alias = row.aliases.iter().find(|alias| folded(&alias.name) == name);
    let proposal = row.alias_proposals.iter().rfind(|proposal| folded(&proposal.alias.name) == name);
    let (standing, matched) = if by_resource || by_reference || folded(&row.primary_name) == name {
        (Standing::Designated, &row.primary_name)
    } else if let Some(alias) = alias {
        (by_quality(alias.quality), &alias.name)
    } else {
        let AliasProposal { alias, stage, .. } = proposal?;
        let standing = match stage {
            AliasStage::Ratified => by_quality(alias.quality),
            AliasStage::Proposed | AliasStage::Rejected => Standing::UnratifiedAlias,
        };
        (standing, &alias.name)
    };
    if row.in_force(at) {
        return Some((Weight::Decides, found(standing, matched)));
    }
    let weight = if row.stage == designation::Stage::Suspended { Weight::Decides } else { Weight::Yields };
    Some((weight, found(Standing::NotInForce, matched)))
}

fn by_quality(quality: AliasQuality) -> Standing {
    match quality {
        AliasQuality::Strong => Standing::Designated,
        AliasQuality::Weak => Standing::WeakAlias,
    }
}
