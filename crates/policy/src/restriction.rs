//! Custom articles of a rule set: Cedar statements that forbid, over the measured facts of an operation.
//!
//! They are parsed and validated once, strictly, and can only object: nothing but `forbid` is taken, and a statement
//! whose evaluation errs, which Cedar would skip, is told as failing. Every value of an enum is an entity of an enumerated
//! type, so that a misspelt one is refused when it is proposed instead of never matching.

mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr as _;
use std::sync::Arc;

use cedar_policy::{
    AuthorizationError, Authorizer as Cedar, Context, Effect, Entities, EntityId, EntityTypeName, EntityUid,
    Policy, PolicyId, PolicySet, Request, RestrictedExpression as Value, Schema, ValidationMode, Validator,
};
use concord_domain::accord::Accord;
use concord_domain::errors::Violation;
use concord_domain::ids::check_id;
use concord_domain::rules::measured::Measured;
use concord_domain::rules::restriction::{Answer, Compiler, Restriction};

use crate::PolicyError;
use shape::{Excess, NESTING_MAX, OPERATORS_MAX};

const SCHEMA: &str = include_str!("restriction.cedarschema");
const FIELD: &str = "restriction";

/// What compiles the custom articles of a rule set.
#[must_use]
pub fn compiler() -> Arc<dyn Compiler> {
    Arc::new(CedarCompiler)
}

#[derive(Debug)]
struct CedarCompiler;

/// Statements that fit the schema, and the schema that each request is held against.
#[derive(Debug)]
struct Statements {
    ids: BTreeSet<String>,
    policies: PolicySet,
    schema: Schema,
}

impl Compiler for CedarCompiler {
    fn compile(&self, text: &str, accord: &Accord) -> Result<Arc<dyn Restriction>, Vec<Violation>> {
        within_bounds(text).map_err(|violation| vec![violation])?;
        let unfit = |e: &dyn Display| vec![violation("text in the language Cedar", e)];
        let parsed = PolicySet::from_str(text).map_err(|e| unfit(&e))?;
        let (ids, policies) = identified(&parsed)?;
        let schema = schema(accord).map_err(|e| unfit(&e))?;
        let policies = PolicySet::from_policies(policies).map_err(|e| unfit(&e))?;
        let validation = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        let errors = validation.validation_errors().map(ToString::to_string);
        let warnings = validation.validation_warnings().map(ToString::to_string);
        let found: Vec<Violation> = errors
            .chain(warnings)
            .map(|e| violation("statements that fit the schema of restrictions", &e))
            .collect();
        if found.is_empty() { Ok(Arc::new(Statements { ids, policies, schema })) } else { Err(found) }
    }
}

/// The value is shortened where it is shown, and what Cedar says must be read whole.
fn violation(rule: &str, told: &dyn Display) -> Violation {
    Violation::new(FIELD, rule, told, format!("mend it: {told}"))
}

fn within_bounds(text: &str) -> Result<(), Violation> {
    let (rule, remedy) = match shape::excess(text) {
        None => return Ok(()),
        Some(Excess::Nesting) => (format!("nested at most {NESTING_MAX} deep"), "nest it less"),
        Some(Excess::Operators) => (
            format!("made of statements of at most {OPERATORS_MAX} operators"),
            "make several statements of it",
        ),
        Some(Excess::Unterminated) => ("made of strings that end".to_owned(), "end the string"),
    };
    Err(Violation::new(FIELD, rule, text, remedy))
}

/// Every statement under the identifier that its `@id` gives it.
fn identified(parsed: &PolicySet) -> Result<(BTreeSet<String>, Vec<Policy>), Vec<Violation>> {
    let (mut ids, mut policies, mut found) = (BTreeSet::new(), Vec::new(), Vec::new());
    if parsed.templates().next().is_some() {
        found.push(Violation::new(FIELD, "free of slots", "?principal or ?resource", "write it out"));
    }
    for policy in parsed.policies() {
        let id = policy.annotation("id").unwrap_or_default();
        if policy.effect() != Effect::Forbid {
            let remedy = "a restriction can only object; write forbid, or leave it out";
            found.push(Violation::new(FIELD, "made of forbid alone", format!("permit {id}"), remedy));
        }
        if let Err(violation) = check_id(&format!("{FIELD}.@id"), id) {
            found.push(violation);
        } else if !ids.insert(id.to_owned()) {
            let rule = "made of statements that have an identifier each";
            found.push(Violation::new(FIELD, rule, id, "rename one of them"));
        }
        policies.push(policy.new_id(PolicyId::new(id)));
    }
    if policies.is_empty() {
        found.push(Violation::new(FIELD, "at least one statement", "", "write what it forbids"));
    }
    if found.is_empty() { Ok((ids, policies)) } else { Err(found) }
}

fn schema(accord: &Accord) -> Result<Schema, PolicyError> {
    let parties: Vec<String> = accord.parties().map(|party| format!("{:?}", party.as_str())).collect();
    let text = format!("entity Party enum [{}];\n{SCHEMA}", parties.join(", "));
    let schema = Schema::from_cedarschema_str(&text).map_err(|e| PolicyError(e.to_string()))?;
    Ok(schema.0)
}

impl Restriction for Statements {
    fn ids(&self) -> &BTreeSet<String> {
        &self.ids
    }

    fn ask(&self, measured: &Measured) -> Answer {
        let Ok(request) = self.request(measured) else {
            return Answer { failing: self.ids.clone(), ..Answer::default() };
        };
        let response = Cedar::new().is_authorized(&request, &self.policies, &Entities::empty());
        let diagnostics = response.diagnostics();
        Answer {
            objecting: diagnostics.reason().map(ToString::to_string).collect(),
            failing: diagnostics.errors().map(failing).collect(),
        }
    }
}

fn failing(error: &AuthorizationError) -> String {
    match error {
        AuthorizationError::PolicyEvaluationError(error) => error.policy_id().to_string(),
    }
}

impl Statements {
    fn request(&self, measured: &Measured) -> Result<Request, PolicyError> {
        let error = |e: &dyn Display| PolicyError(e.to_string());
        let context = Context::from_pairs(context(measured)?).map_err(|e| error(&e))?;
        let principal = uid("Party", measured.party.as_str())?;
        let (action, resource) = (uid("Action", "Check")?, uid("Operation", "submitted")?);
        Request::new(principal, action, resource, context, Some(&self.schema)).map_err(|e| error(&e))
    }
}

fn uid(of: &str, id: &str) -> Result<EntityUid, PolicyError> {
    let name = EntityTypeName::from_str(of).map_err(|e| PolicyError(e.to_string()))?;
    Ok(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

fn one(of: &str, id: &str) -> Result<Value, PolicyError> {
    uid(of, id).map(Value::new_entity_uid)
}

fn all<'a>(of: &str, ids: impl IntoIterator<Item = &'a str>) -> Result<Value, PolicyError> {
    let values: Vec<Value> = ids.into_iter().map(|id| one(of, id)).collect::<Result<_, _>>()?;
    Ok(Value::new_set(values))
}

/// Every fact under the name that the schema gives it.
fn context(measured: &Measured) -> Result<Vec<(String, Value)>, PolicyError> {
    let Measured {
        party: _,
        class,
        kind,
        target_type,
        claimed_standing,
        claimed_resource,
        radius_m,
        accuracy_m,
        lowest_m,
        highest_m,
        lasts_s,
        starts_at_s,
        ends_at_s,
        hours_utc,
        notice_s,
        killed,
        injured,
        sources,
        civilians_ruled_out,
        civilian_use_ruled_out,
        secondary_hazard_ruled_out,
        dissent,
        dual_use,
        position_interpolated,
        data_link_lost,
        claims_urgency,
        nearest_m,
        nearest_claim_m,
        nearest_movement_m,
        touches,
        approved_by,
        attested,
    } = measured;
    let (long, truth) = (Value::new_long, Value::new_bool);
    let facts = [
        ("class", one("Class", class)?),
        ("kind", one("Kind", kind)?),
        ("target_type", one("TargetType", target_type)?),
        ("claimed_standing", one("Standing", claimed_standing)?),
        ("claimed_resource", Value::new_string(claimed_resource.clone())),
        ("radius_m", long(*radius_m)),
        ("accuracy_m", long(*accuracy_m)),
        ("lowest_m", long(*lowest_m)),
        ("highest_m", long(*highest_m)),
        ("lasts_s", long(*lasts_s)),
        ("starts_at_s", long(*starts_at_s)),
        ("ends_at_s", long(*ends_at_s)),
        ("hours_utc", Value::new_set(hours_utc.iter().map(|hour| long(*hour)))),
        ("notice_s", long(*notice_s)),
        ("killed", long(*killed)),
        ("injured", long(*injured)),
        ("sources", long(*sources)),
        ("civilians_ruled_out", truth(*civilians_ruled_out)),
        ("civilian_use_ruled_out", truth(*civilian_use_ruled_out)),
        ("secondary_hazard_ruled_out", truth(*secondary_hazard_ruled_out)),
        ("dissent", truth(*dissent)),
        ("dual_use", truth(*dual_use)),
        ("position_interpolated", truth(*position_interpolated)),
        ("data_link_lost", truth(*data_link_lost)),
        ("claims_urgency", truth(*claims_urgency)),
        ("nearest_m", nearest(nearest_m)?),
        ("nearest_claim_m", long(*nearest_claim_m)),
        ("nearest_movement_m", long(*nearest_movement_m)),
        ("touches", all("AreaKind", touches.iter().map(String::as_str))?),
        ("approved_by", all("Party", approved_by.iter().map(|party| party.as_str()))?),
        ("attested", all("Attestation", attested.iter().map(String::as_str))?),
    ];
    Ok(facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// The distances by category, and the least of them.
fn nearest(nearest_m: &BTreeMap<String, i64>) -> Result<Value, PolicyError> {
    let least_m = nearest_m.values().copied().min().unwrap_or_default();
    let each = nearest_m.iter().map(|(category, distance_m)| (category.clone(), *distance_m));
    let fields = each.chain([("ANY".to_owned(), least_m)]).map(|(name, m)| (name, Value::new_long(m)));
    Value::new_record(fields).map_err(|e| PolicyError(e.to_string()))
}

#[cfg(test)]
mod tests;
