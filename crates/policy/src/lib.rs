//! Who may call what, decided by one Cedar policy set over method, role and kind of participant. Default deny.
//!
//! Cedar skips a policy whose evaluation errors, a `forbid` too, so any diagnostic error denies. The decision depends on
//! the kind, the role and the matched method alone; it is taken once for each of them at start.

pub mod methods;
pub mod restriction;

use std::collections::HashMap;
use std::str::FromStr as _;
use std::time::Duration;

use cedar_policy::{
    Authorizer as Cedar, Context, Decision as CedarDecision, Entities, Entity, EntityId, EntityTypeName,
    EntityUid, PolicySet, Request, RestrictedExpression, Schema, ValidationMode, Validator,
};
use concord_domain::actor::{Actor, ParticipantKind, Role};

const POLICIES: &str = include_str!("rpc.cedar");
const SCHEMA: &str = include_str!("rpc.cedarschema");

/// What the policy says about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be made.
    Allow,
    /// It may not.
    Deny,
    /// There is no such method.
    Unknown,
}

/// Why no authorizer can be made.
#[derive(Debug, thiserror::Error)]
#[error("policy: {0}")]
pub struct PolicyError(String);

/// The decisions, taken once.
#[derive(Debug)]
pub struct Authorizer {
    known: HashMap<&'static str, Known>,
}

/// What is settled about a method.
#[derive(Debug)]
struct Known {
    longest: Duration,
    callers: Vec<(ParticipantKind, Role)>,
}

impl Authorizer {
    /// Parses and validates the policies, and decides for every kind, role and method.
    ///
    /// # Errors
    /// Where the policies do not parse, or do not fit their schema.
    pub fn new() -> Result<Self, PolicyError> {
        Self::with_policies(POLICIES)
    }

    fn with_policies(text: &str) -> Result<Self, PolicyError> {
        let error = |e: &dyn std::fmt::Display| PolicyError(e.to_string());
        let policies = PolicySet::from_str(text).map_err(|e| error(&e))?;
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|e| error(&e))?;
        let validation = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        if !validation.validation_passed() {
            return Err(error(&validation));
        }
        let mut known = HashMap::new();
        for method in methods::ALL {
            let mut callers = Vec::new();
            for kind in ParticipantKind::ALL {
                for role in Role::ALL {
                    if decide(&policies, &schema, kind, role, method.group)? == Decision::Allow {
                        callers.push((kind, role));
                    }
                }
            }
            known.insert(method.name, Known { longest: method.longest, callers });
        }
        Ok(Self { known })
    }

    /// Whether the actor may call the matched method, `package.Service/Method`.
    #[must_use]
    pub fn authorise(&self, actor: &Actor, method: &str) -> Decision {
        match self.known.get(method) {
            None => Decision::Unknown,
            Some(known) if known.callers.contains(&(actor.kind, actor.role)) => Decision::Allow,
            Some(_) => Decision::Deny,
        }
    }

    /// The longest that a method may take; nothing where there is no such method.
    #[must_use]
    pub fn longest(&self, method: &str) -> Option<Duration> {
        self.known.get(method).map(|known| known.longest)
    }
}

/// Asks Cedar about one kind, role and group of methods; any diagnostic error denies.
fn decide(
    policies: &PolicySet,
    schema: &Schema,
    kind: ParticipantKind,
    role: Role,
    group: &str,
) -> Result<Decision, PolicyError> {
    let error = |e: &dyn std::fmt::Display| PolicyError(e.to_string());
    let uid = |of: &str, id: &str| {
        let name = EntityTypeName::from_str(of).map_err(|e| error(&e))?;
        Ok::<_, PolicyError>(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
    };
    let caller = uid("Caller", "caller")?;
    let text = |value: String| RestrictedExpression::new_string(value);
    let attributes = HashMap::from([
        ("kind".to_owned(), text(format!("{kind:?}"))),
        ("role".to_owned(), text(role.path().to_owned())),
    ]);
    let entity = Entity::new(caller.clone(), attributes, Default::default()).map_err(|e| error(&e))?;
    let entities = Entities::from_entities([entity], Some(schema)).map_err(|e| error(&e))?;
    let (action, service) = (uid("Action", group)?, uid("Service", "concord")?);
    let request =
        Request::new(caller, action, service, Context::empty(), Some(schema)).map_err(|e| error(&e))?;
    let response = Cedar::new().is_authorized(&request, policies, &entities);
    let errors = response.diagnostics().errors().count();
    let allowed = errors == 0 && response.decision() == CedarDecision::Allow;
    Ok(if allowed { Decision::Allow } else { Decision::Deny })
}

#[cfg(test)]
mod tests;
