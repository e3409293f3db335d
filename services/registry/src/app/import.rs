//! Imports: a whole file is read before anything is written, then each row is one write under an identifier derived from
//! the row, so that a repeated import repeats nothing and nothing is removed by being absent. What stands already is compared
//! with the row: an import changes nothing of it, and says what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use concord_domain::errors::{Reason, Refusal};
use concord_domain::geo::Area;
use concord_domain::ids::{ID_MAX_CHARS, name_of};
use concord_domain::registry::designation::{self, Alias, AliasQuality, AliasStage, Kind};
use concord_domain::registry::protection;
use concord_domain::table::Resource as _;
use concord_domain::text::checked_or_empty;
use concord_formats::un_xml::{Quality, UnAlias, UnEntity};
use concord_formats::{FormatError, RowError, geojson, un_xml};
use concord_server::call::Call;

use super::App;

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowOutcome {
    /// Written.
    Accepted,
    /// Exists already, with the same content.
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

/// What a row states, or what stands in its place: the fields of the resource and their values. A name stands for itself, so
/// that more names may stand than are stated.
type Fields = Vec<(&'static str, String)>;

/// A row that was read, not yet written.
struct Stated {
    row: u32,
    key: String,
    id: String,
    resource: String,
    fields: Fields,
}

/// What stands under the identifier of a row, and what to do about a difference.
type Stands = (Fields, &'static str);

/// What earlier rows of the file stated, by identifier; with validate_only they stand nowhere else.
type Earlier = BTreeMap<String, Fields>;

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
        let mut earlier = Earlier::new();
        for entity in list.entities {
            let wanted = |reference: &str| references.is_empty() || references.contains(reference);
            let row = match entity {
                Ok(entity) if !wanted(&entity.reference_number) => continue,
                Ok(entity) => self.propose(call, entity, &mut earlier).await?,
                Err(error) => rejected(error),
            };
            imported.rows.push(row);
        }
        Ok(imported)
    }

    async fn propose(
        &self,
        call: &Call,
        entity: UnEntity,
        earlier: &mut Earlier,
    ) -> Result<ImportedRow, Refusal> {
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
        let stated = Stated {
            row,
            key,
            resource: name_of(designation::Designation::COLLECTION, &id),
            fields: fields_of_group(
                &draft.primary_name,
                &draft.aliases,
                &draft.list_reference,
                &draft.narrative_reasons,
            ),
            id,
        };
        let written = self
            .core
            .write_as::<designation::Designation>(call.clone(), designation::Command::Propose(draft));
        let standing = |id: &str| {
            let state = self.core.snapshot();
            state.state.0.designations.get(id).map(|row| {
                let further = row.alias_proposals.iter().filter(|it| it.stage != AliasStage::Rejected);
                let further = further.map(|proposal| &proposal.alias);
                let names: Vec<_> = row.aliases.iter().chain(further).cloned().collect();
                let fields =
                    fields_of_group(&row.primary_name, &names, &row.list_reference, &row.narrative_reasons);
                let remedy =
                    "propose a further name with ProposeAlias, or end it with ExpireDesignation and import it anew";
                (fields, remedy)
            })
        };
        settled(stated, earlier, written, standing).await
    }

    /// Notifies the sites of a GeoJSON file as protected entities.
    pub(crate) async fn import_sites(
        &self,
        call: &Call,
        file: &[u8],
        accuracy_m: f64,
    ) -> Result<Imported, Refusal> {
        let sites = geojson::read(file).map_err(unreadable)?;
        let (mut imported, mut earlier) = (Imported::default(), Earlier::new());
        for site in sites {
            let row = match site {
                Ok(site) => self.notify(call, site, accuracy_m, &mut earlier).await?,
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
        earlier: &mut Earlier,
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
        let stated = Stated {
            row: site.row,
            key: site.key,
            resource: name_of(protection::ProtectedEntity::COLLECTION, &id),
            fields: fields_of_site(
                &draft.display_name,
                draft.category,
                &draft.area,
                draft.accuracy_m,
                &draft.source,
                protection::Stage::Active,
            ),
            id,
        };
        let written = self
            .core
            .write_as::<protection::ProtectedEntity>(call.clone(), protection::Command::Notify(draft));
        let standing = |id: &str| {
            let state = self.core.snapshot();
            state.state.0.protected_entities.get(id).map(|row| {
                let fields = fields_of_site(
                    &row.display_name,
                    row.category,
                    &row.area,
                    row.accuracy_m,
                    &row.source,
                    row.stage,
                );
                (fields, protected_by(row.stage))
            })
        };
        settled(stated, earlier, written, standing).await
    }
}

/// Writes a row where nothing stands under its identifier, else compares it with what does.
async fn settled<T>(
    stated: Stated,
    earlier: &mut Earlier,
    written: impl Future<Output = Result<T, Refusal>>,
    standing: impl FnOnce(&str) -> Option<Stands>,
) -> Result<ImportedRow, Refusal> {
    let Stated { row, key, id, resource, fields } = stated;
    let told = |outcome, resource, reason| ImportedRow { row, key, outcome, resource, reason };
    let (stands, remedy) = match earlier.get(&id) {
        Some(fields) => (fields.clone(), "an earlier row of the file has its identifier"),
        None => match written.await {
            Ok(_) => {
                earlier.insert(id, fields);
                return Ok(told(RowOutcome::Accepted, resource, String::new()));
            }
            Err(refusal) => match refusal.reason {
                Reason::AlreadyExists => standing(&id).unwrap_or_default(),
                Reason::InvalidArgument => {
                    return Ok(told(RowOutcome::Rejected, String::new(), refusal.message));
                }
                // Anything else is no matter of this row: the import stops and says so.
                _ => return Err(refusal),
            },
        },
    };
    let differing: BTreeSet<_> =
        fields.iter().filter(|field| !stands.contains(field)).map(|(name, _)| *name).collect();
    if differing.is_empty() {
        let reason = format!("{resource} exists, and is as the row has it");
        return Ok(told(RowOutcome::Skipped, resource, reason));
    }
    let differing = differing.into_iter().collect::<Vec<_>>().join(", ");
    let reason =
        format!("{resource} exists and differs in {differing}; an import changes nothing of it; {remedy}");
    Ok(told(RowOutcome::Rejected, resource, reason))
}

/// What a site needs that stands otherwise than a row states it.
fn protected_by(stage: protection::Stage) -> &'static str {
    match stage {
        protection::Stage::Claimed => "confirm it with ConfirmProtectedEntity",
        protection::Stage::Active => "amend it with AmendProtectedEntity",
        protection::Stage::Removed => "notify it anew with NotifyProtectedEntity, under another identifier",
    }
}

fn fields_of_group(
    primary_name: &str,
    names: &[Alias],
    list_reference: &str,
    narrative_reasons: &str,
) -> Fields {
    let names =
        names.iter().map(|Alias { name, quality }| ("aliases", format!("{quality:?} {}", recorded(name))));
    let others = [
        ("primary_name", recorded(primary_name)),
        ("list_reference", recorded(list_reference)),
        ("narrative_reasons", recorded(narrative_reasons)),
    ];
    others.into_iter().chain(names).collect()
}

fn fields_of_site(
    display_name: &str,
    category: protection::Category,
    area: &Area,
    accuracy_m: f64,
    source: &str,
    stage: protection::Stage,
) -> Fields {
    vec![
        ("display_name", recorded(display_name)),
        ("category", format!("{category:?}")),
        ("area", format!("{area:?}")),
        ("accuracy_m", format!("{accuracy_m:?}")),
        ("source", recorded(source)),
        ("state", format!("{stage:?}")),
    ]
}

/// A text as it is recorded, where it can be.
fn recorded(text: &str) -> String {
    checked_or_empty("", text, usize::MAX).unwrap_or_else(|_| text.to_owned())
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
