//! Imports: a whole file is read before anything is written, then each row is one write under an identifier derived from
//! the row, so that a repeated import repeats nothing and nothing is removed by being absent.

use std::collections::BTreeSet;

use concord_domain::errors::{Reason, Refusal};
use concord_domain::geo::Area;
use concord_domain::ids::{ID_MAX_CHARS, name_of};
use concord_domain::registry::designation::{self, Alias, AliasQuality, Kind};
use concord_domain::registry::protection;
use concord_domain::table::Resource as _;
use concord_formats::un_xml::{Quality, UnAlias, UnEntity};
use concord_formats::{FormatError, RowError, geojson, un_xml};
use concord_server::call::Call;

use super::App;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowOutcome {
    /// Written.
    Accepted,
    /// Exists already.
    Skipped,
    /// Refused.
    Rejected,
}

/// One row and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct ImportedRow {
    pub(crate) row: u32,
    pub(crate) key: String,
    pub(crate) outcome: RowOutcome,
    pub(crate) resource: String,
    pub(crate) reason: String,
}

/// All rows, and how many persons were left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Imported {
    pub(crate) rows: Vec<ImportedRow>,
    pub(crate) persons_left_out: u32,
}

impl App {
    /// Proposes the entities of a UN list; where `references` are named, only those.
    pub(crate) async fn import_designations(
        &self,
        call: &Call,
        file: &[u8],
        references: &BTreeSet<String>,
    ) -> Result<Imported, Refusal> {
        let list = un_xml::read(file).map_err(unreadable)?;
        let mut imported = Imported { rows: Vec::new(), persons_left_out: list.individuals_left_out };
        for entity in list.entities {
            let wanted = |reference: &str| references.is_empty() || references.contains(reference);
            let row = match entity {
                Ok(entity) if !wanted(&entity.reference_number) => continue,
                Ok(entity) => self.propose(call, entity).await?,
                Err(error) => rejected(error),
            };
            imported.rows.push(row);
        }
        Ok(imported)
    }

    async fn propose(&self, call: &Call, entity: UnEntity) -> Result<ImportedRow, Refusal> {
        let (row, key) = (entity.row, entity.reference_number.clone());
        let id = derived_id("", &key);
        let draft = designation::Draft {
            id: id.clone(),
            kind: Kind::Group,
            primary_name: entity.primary_name,
            aliases: entity.aliases.into_iter().map(alias).collect(),
            list_reference: entity.reference_number,
            narrative_reasons: format!(
                "UN consolidated list, {}, listed on {}",
                entity.list_type, entity.listed_on
            ),
            effective_at: None,
            expires_at: None,
            site: None,
        };
        let command = designation::Command::Propose(draft);
        let written = self.core.write_as::<designation::Designation>(call.clone(), command).await;
        settled(row, key, name_of(designation::Designation::COLLECTION, &id), written.map(drop))
    }

    /// Notifies the sites of a GeoJSON file as protected entities.
    pub(crate) async fn import_sites(
        &self,
        call: &Call,
        file: &[u8],
        accuracy_m: f64,
    ) -> Result<Imported, Refusal> {
        let sites = geojson::read(file).map_err(unreadable)?;
        let mut imported = Imported::default();
        for site in sites {
            let row = match site {
                Ok(site) => self.notify(call, site, accuracy_m).await?,
                Err(error) => rejected(error),
            };
            imported.rows.push(row);
        }
        Ok(imported)
    }

    async fn notify(
        &self,
        call: &Call,
        site: geojson::Site,
        accuracy_m: f64,
    ) -> Result<ImportedRow, Refusal> {
        let id = derived_id("site-", &site.key);
        let draft = protection::Draft {
            id: id.clone(),
            display_name: site.name,
            category: site.category,
            area: Area::point(site.point),
            accuracy_m,
            deny_distance_m: 0.0,
            refer_distance_m: 0.0,
            verified_at: None,
            source: format!("imported, key {}", site.key),
        };
        let command = protection::Command::Notify(draft);
        let written = self.core.write_as::<protection::ProtectedEntity>(call.clone(), command).await;
        settled(site.row, site.key, name_of(protection::ProtectedEntity::COLLECTION, &id), written.map(drop))
    }
}

fn settled(
    row: u32,
    key: String,
    resource: String,
    written: Result<(), Refusal>,
) -> Result<ImportedRow, Refusal> {
    let told = |outcome, resource, reason| ImportedRow { row, key, outcome, resource, reason };
    match written {
        Ok(()) => Ok(told(RowOutcome::Accepted, resource, String::new())),
        Err(refusal) => match refusal.reason {
            Reason::AlreadyExists => Ok(told(RowOutcome::Skipped, resource, refusal.message)),
            Reason::InvalidArgument => Ok(told(RowOutcome::Rejected, String::new(), refusal.message)),
            // Anything else is no matter of this row: the import stops and says so.
            _ => Err(refusal),
        },
    }
}

fn rejected(error: RowError) -> ImportedRow {
    let RowError { row, key, reason } = error;
    ImportedRow { row, key, outcome: RowOutcome::Rejected, resource: String::new(), reason }
}

fn unreadable(error: FormatError) -> Refusal {
    Refusal::new(Reason::FileUnreadable, error.to_string())
}

/// Aliases of unstated quality are weak, which refers.
fn alias(alias: UnAlias) -> Alias {
    let quality = match alias.quality {
        Quality::Strong => AliasQuality::Strong,
        Quality::Weak | Quality::Unstated => AliasQuality::Weak,
    };
    Alias { name: alias.name, quality }
}

/// An identifier made of a row's key: what a path cannot hold becomes `-`.
fn derived_id(prefix: &str, key: &str) -> String {
    let plain = key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let id: String = prefix.chars().chain(plain).take(ID_MAX_CHARS).collect();
    id.trim_matches('-').to_owned()
}
