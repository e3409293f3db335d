//! The UN Security Council's consolidated list in XML: its entities, and how many persons it holds.
//!
//! A listing is not a target: what is read here becomes proposals at most. Of persons nothing but their number is read.

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::{FormatError, RowError, is_html};

const FORMAT: &str = "UN consolidated list (XML)";
/// Deepest element of a true list is the fifth.
const DEPTH_MAX: usize = 12;

/// How surely an alias means the entity, as the list states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quality {
    /// `Good`, `a.k.a.` or `f.k.a.`.
    Strong,
    /// `Low`.
    Weak,
    /// Not stated.
    Unstated,
}

/// An alias of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnAlias {
    /// The name.
    pub name: String,
    /// How surely it means the entity.
    pub quality: Quality,
}

/// An entity of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnEntity {
    /// Number of the entity in the file, from 1.
    pub row: u32,
    /// Permanent reference number, such as `QDe.115`.
    pub reference_number: String,
    /// Primary name.
    pub primary_name: String,
    /// Aliases, packed ones taken apart.
    pub aliases: Vec<UnAlias>,
    /// Regime, such as `Al-Qaida`.
    pub list_type: String,
    /// Day of listing, as in the file.
    pub listed_on: String,
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnList {
    /// When the list was generated, as in the file.
    pub date_generated: String,
    /// Entities in the order of the file.
    pub entities: Vec<Result<UnEntity, RowError>>,
    /// Natural persons, counted and left out.
    pub individuals_left_out: u32,
}

/// Reads a whole list.
///
/// # Errors
/// Where the file is no such list, is cut short, or holds a document type or entities.
pub fn read(bytes: &[u8]) -> Result<UnList, FormatError> {
    if is_html(bytes) {
        return Err(refused(
            "the file is a web page (HTML)",
            None,
            "download the list itself, not an error page",
        ));
    }
    let mut walk = Walk::default();
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().expand_empty_elements = true;
    let mut closed = false;
    loop {
        let at = reader.buffer_position();
        let event =
            reader.read_event().map_err(|e| refused(e.to_string(), Some(at), "get the file again, whole"))?;
        match event {
            Event::Start(element) => {
                if walk.path.is_empty() {
                    if closed || element.name().as_ref() != "CONSOLIDATED_LIST" {
                        return Err(refused(
                            "the root is not CONSOLIDATED_LIST",
                            Some(at),
                            "give the UN's XML list",
                        ));
                    }
                    let date = element.try_get_attribute("dateGenerated").ok().flatten();
                    walk.list.date_generated = date.map(|d| d.value.into_owned()).unwrap_or_default();
                }
                walk.open(element.name().as_ref().to_owned(), at)?;
            }
            Event::End(_) => {
                walk.close();
                closed = walk.path.is_empty();
            }
            Event::Text(text) => walk.text.push_str(&text),
            Event::GeneralRef(reference) => walk.text.push_str(&resolved(&reference, at)?),
            Event::CData(data) => walk.text.push_str(&data),
            Event::DocType(_) => {
                return Err(refused(
                    "it holds a document type",
                    Some(at),
                    "remove it; the UN's list has none",
                ));
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
    if !closed {
        return Err(refused("the file is cut short", Some(bytes.len() as u64), "get the file again, whole"));
    }
    Ok(walk.list)
}

/// The five predefined entities and character references; any other would need a document type.
fn resolved(reference: &quick_xml::events::BytesRef<'_>, at: u64) -> Result<String, FormatError> {
    let character = reference.resolve_char_ref().ok().flatten();
    if let Some(character) = character {
        return Ok(character.to_string());
    }
    let name: &str = reference;
    let text = match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "apos" => "'",
        "quot" => "\"",
        _ => {
            return Err(refused(
                "it uses an entity that XML does not define",
                Some(at),
                "give the UN's list as it is",
            ));
        }
    };
    Ok(text.to_owned())
}

fn refused(what: impl Into<String>, offset: Option<u64>, remedy: &'static str) -> FormatError {
    FormatError { format: FORMAT, what: what.into(), offset, remedy }
}

#[derive(Default)]
struct Walk {
    list: UnList,
    path: Vec<String>,
    text: String,
    entity: UnEntity,
    alias: (String, String),
    seen: BTreeSet<String>,
}

impl Walk {
    fn open(&mut self, name: String, at: u64) -> Result<(), FormatError> {
        if self.path.len() >= DEPTH_MAX {
            return Err(refused("elements are nested too deeply", Some(at), "give the UN's list as it is"));
        }
        match name.as_str() {
            "INDIVIDUAL" => self.list.individuals_left_out += 1,
            "ENTITY" => self.entity = UnEntity::default(),
            "ENTITY_ALIAS" => self.alias = (String::new(), String::new()),
            _ => {}
        }
        self.path.push(name);
        self.text.clear();
        Ok(())
    }

    fn close(&mut self) {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let text = self.text.trim().to_owned();
        if let [_, "ENTITIES", "ENTITY", rest @ ..] = path.as_slice() {
            match rest {
                [] => self.finish_entity(),
                ["FIRST_NAME"] => self.entity.primary_name = text,
                ["REFERENCE_NUMBER"] => self.entity.reference_number = text,
                ["UN_LIST_TYPE"] => self.entity.list_type = text,
                ["LISTED_ON"] => self.entity.listed_on = text,
                ["ENTITY_ALIAS", "QUALITY"] => self.alias.0 = text,
                ["ENTITY_ALIAS", "ALIAS_NAME"] => self.alias.1 = text,
                ["ENTITY_ALIAS"] => self.finish_alias(),
                _ => {}
            }
        }
        self.path.pop();
        self.text.clear();
    }

    fn finish_alias(&mut self) {
        let (quality, name) = std::mem::take(&mut self.alias);
        let quality = match quality.as_str() {
            "Good" | "a.k.a." | "f.k.a." => Quality::Strong,
            "Low" => Quality::Weak,
            _ => Quality::Unstated,
        };
        self.entity.aliases.extend(unpacked(&name).into_iter().map(|name| UnAlias { name, quality }));
    }

    fn finish_entity(&mut self) {
        let mut entity = std::mem::take(&mut self.entity);
        entity.row = u32::try_from(self.list.entities.len() + 1).unwrap_or(u32::MAX);
        let error = |reason: &str| RowError {
            row: entity.row,
            key: entity.reference_number.clone(),
            reason: reason.to_owned(),
        };
        let checked = if entity.reference_number.is_empty() {
            Err(error("no REFERENCE_NUMBER; it cannot be told from other rows"))
        } else if entity.primary_name.is_empty() {
            Err(error("no FIRST_NAME; give the entity a name"))
        } else if !self.seen.insert(entity.reference_number.clone()) {
            Err(error("the REFERENCE_NUMBER stands twice; keep one of them"))
        } else {
            Ok(entity)
        };
        self.list.entities.push(checked);
    }
}

/// `name (one; two)` as its names: the list packs several spellings into one alias.
fn unpacked(packed: &str) -> Vec<String> {
    let whole = || if packed.is_empty() { Vec::new() } else { vec![packed.to_owned()] };
    let Some(inner_end) = packed.strip_suffix(')') else { return whole() };
    let mut depth = 1_u32;
    let opening = inner_end.char_indices().rev().find(|(_, c)| {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let Some((at, _)) = opening else { return whole() };
    let (head, inner) = inner_end.split_at(at);
    let inner = inner.trim_start_matches('(');
    // A bracket after a Latin name is a remark, unless it lists several.
    if !inner.contains(';') && head.is_ascii() {
        return whole();
    }
    let names = std::iter::once(head).chain(inner.split(';'));
    names
        .map(|name| name.trim().trim_end_matches("(original script)").trim())
        .filter(|n| !n.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = include_str!("../../cli/assets/designated-entities.xml");

    #[test]
    fn entities_are_read_and_persons_only_counted() {
        let list = read(FILE.as_bytes()).unwrap();
        assert_eq!(list.individuals_left_out, 2);
        let names: Vec<_> =
            list.entities.iter().map(|e| e.as_ref().unwrap().reference_number.as_str()).collect();
        assert_eq!(names, ["QDe.004", "QDe.115", "QDe.137"]);
    }

    #[test]
    fn no_beginning_of_a_list_is_taken_for_a_list() {
        let end = FILE.trim_end().len();
        for length in (0..end).filter(|length| FILE.is_char_boundary(*length)) {
            assert!(read(&FILE.as_bytes()[..length]).is_err(), "the first {length} bytes were accepted");
        }
    }

    #[test]
    fn document_types_entities_and_web_pages_are_refused() {
        for text in [
            "<!DOCTYPE CONSOLIDATED_LIST [<!ENTITY a \"b\">]><CONSOLIDATED_LIST/>",
            "<CONSOLIDATED_LIST>&a;</CONSOLIDATED_LIST>",
            "<html><body>Not found</body></html>",
            "<OTHER_LIST/>",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn packed_aliases_are_taken_apart() {
        assert_eq!(unpacked("Group (a; b (original script); c)"), ["Group", "a", "b", "c"]);
        assert_eq!(unpacked("Group (HTS)"), ["Group (HTS)"]);
        assert_eq!(unpacked("\u{62c}\u{628} (Latin)"), ["\u{62c}\u{628}", "Latin"]);
        assert!(unpacked("").is_empty());
    }
}
