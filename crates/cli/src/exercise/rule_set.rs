//! The rule set of an exercise, as text: the agreed kinds with the values that every case shares.

use std::fmt::Write as _;

use super::case::lists::{CoordinationRules, RegistryState, SeparationRules};

const SECONDS_PER_DAY: f64 = 86_400.0;
const SECONDS_PER_MINUTE: f64 = 60.0;

/// The text for a case; `approving` are the identifiers of the parties that must approve.
#[must_use]
pub(super) fn text(state: &RegistryState, approving: &[String]) -> String {
    let mut articles = Articles::new();
    articles.floor_and_lists();
    articles.measured(state);
    articles.incidents();
    articles.coordination(state.coordination_rules.as_ref().unwrap_or(&CoordinationRules::default()));
    articles.airspace(state.separation_rules.as_ref().unwrap_or(&SeparationRules::default()));
    if !approving.is_empty() {
        let parties: Vec<String> = approving.iter().map(|party| format!("{party:?}")).collect();
        articles.add("APPROVALS", "Approvals", &[("parties", format!("[{}]", parties.join(", ")))]);
    }
    articles.text
}

struct Articles {
    text: String,
    count: u32,
}

impl Articles {
    fn new() -> Self {
        Self { text: "title = \"Rules of the exercise\"\n".to_owned(), count: 0 }
    }

    fn add(&mut self, kind: &str, title: &str, parameters: &[(&str, String)]) {
        self.count += 1;
        // Writing to a String cannot fail.
        let _ =
            writeln!(self.text, "\n[[article]]\nnumber = {}\nkind = {kind:?}\ntitle = {title:?}", self.count);
        for (name, value) in parameters {
            let _ = writeln!(self.text, "{name} = {value}");
        }
    }

    fn floor_and_lists(&mut self) {
        let plain = [
            ("NATURAL_PERSON", "No natural person is a target"),
            ("NON_TARGET_GROUP", "Groups that are not acceptable targets"),
            ("DESIGNATION", "Only designated groups"),
            ("CEASEFIRE", "Cessations of hostilities"),
            ("BORDER_BUFFER", "Border buffers"),
            ("POPULATED_AREA", "Populated areas"),
            ("HELD_AREA", "Held areas"),
            ("GROUND_RESERVATION", "Ground areas of other parties"),
            ("IDENTIFICATION", "Positive identification"),
            ("DISSENT", "Dissenting assessments"),
            ("CIVILIAN_PRESENCE", "Presence of civilians"),
            ("BUILDING_USE", "Use of buildings"),
            ("SECONDARY_HAZARD", "Secondary hazards"),
            ("DUAL_USE", "Objects of dual use"),
            ("SELF_DEFENCE", "Claims of self-defence"),
            ("COOPERATION", "No operation while cooperation is suspended"),
            ("OPEN_WARNING", "Warnings on the hotline"),
            ("AREA_OF_APPLICATION", "Everywhere"),
        ];
        for (kind, title) in plain {
            self.add(kind, title, &[]);
        }
    }

    fn measured(&mut self, state: &RegistryState) {
        let metres = |value: f64| format!("{value:.1}");
        let nothing = [("deny_m", metres(0.0)), ("refer_m", metres(0.0))];
        self.add("PROTECTED_PROXIMITY", "Distances that the entities state", &nothing);
        self.add("HAZARDOUS_WORKS", "Works containing dangerous forces", &nothing);
        self.add("PENDING_CLAIM", "Claims of protection", &[("within_m", metres(0.0))]);
        self.add("MOVEMENT", "Movements", &[("time_pad_s", "0".into())]);
        self.add("CORROBORATION", "Two sources of different origin", &[("min_sources", "2".into())]);
        self.add("LOCATION", "The place is the one that was meant", &[("mismatch_min_m", metres(500.0))]);
        let presence = [("separation_m", metres(0.0)), ("max_age_s", "259200".into())];
        self.add("COMMINGLING", "Groups that are mixed", &presence);
        if let Some(days) = state.registry_max_age_days {
            let age =
                [("max_age_s", format!("{:.0}", days * SECONDS_PER_DAY)), ("within_m", metres(10_000.0))];
            self.add("REGISTRY_FRESHNESS", "Old entries", &age);
        }
        let harm = state.rules.clone().unwrap_or_default();
        let mut limits = vec![("refer_at_persons", format!("{:.0}", harm.harm_refer_at.unwrap_or(1.0)))];
        limits.extend(harm.harm_deny_at_killed.map(|killed| ("deny_at_killed", format!("{killed:.0}"))));
        self.add("CIVILIAN_HARM", "Expected harm to civilians", &limits);
    }

    fn incidents(&mut self) {
        let near = [("within_m", "1000.0".to_owned()), ("within_s", "86400".to_owned())];
        self.add("REPEAT_ENGAGEMENT", "Places where the response goes on", &near);
        let [within_m, within_s] = near;
        let site = [within_m, within_s, ("min_severity", "\"MODERATE\"".into()), ("count", "1".into())];
        self.add("INCIDENT_SITE", "Places of incidents", &site);
        let trigger = |basis: &str, count: u32, place: &str| {
            [
                ("basis", format!("{basis:?}")),
                ("min_severity", "\"CRITICAL\"".to_owned()),
                ("count", count.to_string()),
                ("within_s", "2592000".to_owned()),
                ("place", format!("{place:?}")),
            ]
        };
        let reported = trigger("REPORTED_BY_NON_PARTIES", 3, "ANYWHERE");
        self.add("SUSPENSION_TRIGGER", "Three critical incidents within 30 days", &reported);
        let accepted = trigger("ACCEPTED", 1, "AT_PROTECTED");
        self.add("SUSPENSION_TRIGGER", "One accepted at a protected entity", &accepted);
    }

    fn coordination(&mut self, rules: &CoordinationRules) {
        let near_border = rules.near_border_notice_required == Some(true);
        if rules.minimum_notice_minutes.is_some() || near_border {
            let lead_s = rules.minimum_notice_minutes.unwrap_or(0.0) * SECONDS_PER_MINUTE;
            let asked = if rules.minimum_notice_minutes.is_some() { "ALWAYS" } else { "NEAR_BORDER" };
            let notice = [
                ("min_lead_s", format!("{lead_s:.0}")),
                ("max_offset_m", "500.0".to_owned()),
                ("asked", format!("{asked:?}")),
            ];
            self.add("NOTICE", "Notice beforehand", &notice);
        }
        if let Some(radius_m) = rules.maximum_area_radius_m {
            self.add("EFFECT_AREA", "Largest effect area", &[("max_radius_m", format!("{radius_m:.1}"))]);
        }
    }

    fn airspace(&mut self, rules: &SeparationRules) {
        let separation = [
            ("horizontal_m", format!("{:.1}", rules.horizontal_m.unwrap_or(3_000.0))),
            ("vertical_m", format!("{:.1}", rules.vertical_m.unwrap_or(600.0))),
            ("time_s", format!("{:.0}", rules.time_minutes.unwrap_or(0.0) * SECONDS_PER_MINUTE)),
        ];
        self.add("AIRSPACE", "Separation in the air", &separation);
    }
}
